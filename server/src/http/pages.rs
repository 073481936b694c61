//! The hydrated site: server-rendered pages, server functions and static files.

use std::{path::Path, sync::Arc};

use axum::{Router, extract::FromRef, middleware, response::Response, routing::get};
use grok2api_app::{
    App, PLAIN_PATHS, SiteFiles, plain_shell,
    service::{
        AdminService, AuthService, ConnectService, HealthService, JobService, MediaAdminService,
        PublicService,
    },
    shell,
};
use http::{HeaderValue, Request, header::CACHE_CONTROL};
use leptos::{config::LeptosOptions, prelude::provide_context};
use leptos_axum::{LeptosRoutes, generate_route_list};
use tower_http::services::ServeDir;

use super::{AppState, connect::Connect, reasons::Health};

/// Names with a hash or a version never change their content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Fonts and icons keep their names over releases.
const ONE_DAY: &str = "public, max-age=86400";

/// Whether a path is a server function's. Those alone are called by our code in the browser.
#[must_use]
pub fn is_server_function(path: &str) -> bool {
    path.starts_with("/api/")
}

/// Pages, `/api/*` server functions, `/pkg/*` and the files of `public/`.
pub fn routes(state: &AppState) -> Router<AppState> {
    let options = LeptosOptions::from_ref(state);
    let site_files = Arc::new(SiteFiles::read(&options));
    let context = {
        let (auth, admin, jobs, media_admin, public) = (
            state.auth.clone(),
            state.admin.clone(),
            state.job_service.clone(),
            state.media_admin.clone(),
            state.public.clone(),
        );
        let health = Arc::new(Health(state.clone()));
        let connect = Arc::new(Connect(state.clone()));
        move || {
            provide_context::<Arc<dyn ConnectService>>(connect.clone());
            provide_context::<Arc<dyn HealthService>>(health.clone());
            provide_context::<Arc<dyn AuthService>>(auth.clone());
            provide_context::<Arc<dyn AdminService>>(admin.clone());
            provide_context::<Arc<dyn JobService>>(jobs.clone());
            provide_context::<Arc<dyn MediaAdminService>>(media_admin.clone());
            provide_context::<Arc<dyn PublicService>>(public.clone());
            provide_context(site_files.clone());
        }
    };
    let site_root = Path::new(&*options.site_root);
    let pkg = site_root.join(&*options.site_pkg_dir);
    let pkg_path = format!("/{}", options.site_pkg_dir);
    let fallback =
        leptos_axum::file_and_error_handler_with_context::<AppState, _>(context.clone(), shell);
    let page_routes = generate_route_list(App);
    let plain = {
        let options = options.clone();
        leptos_axum::render_app_async_with_context(context.clone(), move || {
            plain_shell(options.clone())
        })
    };
    let plain_pages = PLAIN_PATHS.iter().fold(Router::new(), |router, path| {
        let plain = plain.clone();
        router.route(path, get(plain))
    });
    plain_pages
        .leptos_routes_with_context(state, page_routes, context, {
            let options = options.clone();
            move || shell(options.clone())
        })
        .nest_service(&pkg_path, files(&pkg, IMMUTABLE))
        .nest_service("/fonts", files(&site_root.join("fonts"), ONE_DAY))
        .nest_service("/vendor", files(&site_root.join("vendor"), IMMUTABLE))
        .fallback(fallback)
}

fn files(folder: &Path, cache: &'static str) -> Router {
    let service = ServeDir::new(folder)
        .precompressed_br()
        .precompressed_gzip();
    Router::new()
        .fallback_service(service)
        .layer(middleware::from_fn(
            move |request: Request<axum::body::Body>, next: middleware::Next| async move {
                let mut response: Response = next.run(request).await;
                if response.status().is_success() {
                    response
                        .headers_mut()
                        .insert(CACHE_CONTROL, HeaderValue::from_static(cache));
                }
                response
            },
        ))
}
