//! HTTP: routes extract, call a service and shape the answer; nothing else.

mod address;
mod admin;
pub mod answer;
pub mod anthropic;
pub mod body;
mod bucket_file;
pub mod caller;
mod connect;
pub mod endpoint;
pub mod error;
pub mod error_page;
pub mod files;
pub mod form;
mod form_stream;
pub mod imagine;
pub mod links;
pub mod mcp;
pub mod media_archive;
pub mod middleware;
pub mod openai;
mod openapi;
pub mod ops;
pub mod pages;
mod prepared;
pub mod protocol;
pub mod public;
mod public_videos;
mod public_voice;
mod reasons;
pub mod runs;
mod several;
pub mod unknown;
mod unread_stream;
mod video_chunks;
pub mod video_runs;

use std::{net::SocketAddr, ops::Deref, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef},
    middleware as layers,
};
use grok2api_app::service::{
    AdminService, AuthService, JobService, MediaAdminService, PublicService,
};
use leptos::config::LeptosOptions;
use store::Store;
use tower_sessions::{SessionManagerLayer, cookie::SameSite};
use utoipa_axum::router::OpenApiRouter;

use self::{mcp::Mcp, openapi::access::Access, runs::Runs};
use crate::{
    auth::StoreSessions,
    delivery::Deliveries,
    gateway::{Gateway, chat::unread::UnreadAnswers},
    jobs::Jobs,
    limits::Limits,
    media::{archive::Archives, links::LinkKey, thumbnails::Thumbnails},
    reached::Reached,
    runtime::{Runtime, drain::InFlight},
    services::{accounts::Accounts, gallery::Gallery, jobs::AccountJobs},
    snapshot::Current,
    work::Work,
};

/// What every handler and every server function may use. Cheap to clone: every layer of every request
/// does it.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

impl AppState {
    #[must_use]
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}

/// What an [`AppState`] leads to.
pub struct Shared {
    pub leptos: LeptosOptions,
    pub current: Current,
    pub runtime: Arc<Runtime>,
    pub store: Arc<dyn Store>,
    pub gateway: Arc<Gateway>,
    pub link_key: LinkKey,
    pub reached: Reached,
    pub auth: Arc<dyn AuthService>,
    pub accounts: Arc<Accounts>,
    pub admin: Arc<dyn AdminService>,
    pub work: Work,
    pub account_jobs: Arc<AccountJobs>,
    pub job_service: Arc<dyn JobService>,
    pub media_admin: Arc<dyn MediaAdminService>,
    pub public: Arc<dyn PublicService>,
    pub gallery: Gallery,
    pub thumbnails: Thumbnails,
    pub archives: Archives,
    pub in_flight: InFlight,
    pub jobs: Jobs,
    pub limits: Limits,
    /// Responses that are made while nobody waits.
    pub background: openai::responses::Background,
    /// Responses and conversations of the API.
    pub kept: openai::KeptStore,
    pub unread: UnreadAnswers,
    pub deliveries: Deliveries,
    /// `None`: switched off.
    pub mcp: Option<Arc<Mcp>>,
    pub imagine_runs: Runs<imagine::Wish>,
    pub video_runs: Runs<video_runs::Wish>,
}

/// The address at the other end of the TCP connection.
#[derive(Clone, Copy, Debug)]
pub struct PeerAddr(pub SocketAddr);

/// The whole application.
///
/// Layers, outermost first:
/// 1. `middleware::request`: request id, 503 while draining, error envelope, log line and record at
///    the last byte; adds `RequestRecord` and `Snapshot`.
/// 2. `middleware::panic`: a panic is a 500.
/// 3. `middleware::body`: size, time and memory of the body; reading further is an error.
/// 4. on `/v1`: `middleware::key`: 401 without a valid API key; adds `CallerKey`.
///    On `/v1/admin`: the session layer, then `middleware::admin`: 401 for all but the operator; adds
///    `AdminProof`.
///    On the path of the MCP server: `middleware::host`, `middleware::origin`, then `mcp`'s own key check.
///    On pages and `/v1/public`: `middleware::host`, `middleware::origin`, then the session layer,
///    which adds `Session` and stands alone on probes; on pages `middleware::compress`,
///    `middleware::server_function` and `middleware::redirect`.
///    Nobody is asked for a key at `/openapi.json`, `/docs` and generated files.
///
/// # Errors
/// The document of the API cannot be written.
pub fn router(state: &AppState) -> anyhow::Result<Router> {
    let sessions = session_layer(state);
    let same_origin = layers::from_fn(middleware::origin::layer);
    let our_name = layers::from_fn_with_state(state.clone(), middleware::host::layer);
    let server_function =
        layers::from_fn_with_state(state.clone(), middleware::server_function::layer);
    let (documented, document) = documented(state, &sessions).split_for_parts();
    let (own, document) = openapi::serve::with_itself(document)?;
    let router = documented
        .merge(own)
        .merge(unknown::without_prefix())
        .merge(mcp::routes(state))
        .merge(
            pages::routes(state)
                .merge(openapi::page::routes(document))
                .layer(layers::from_fn(middleware::redirect::layer))
                .layer(server_function)
                .layer(middleware::compress::layer())
                .layer(sessions)
                .layer(same_origin)
                .layer(our_name),
        )
        .layer(DefaultBodyLimit::disable())
        .layer(layers::from_fn_with_state(
            state.clone(),
            middleware::body::layer,
        ))
        .layer(middleware::panic::layer())
        .layer(layers::from_fn_with_state(
            state.clone(),
            middleware::request::layer,
        ))
        .with_state(state.clone());
    Ok(router)
}

/// The routes that the document of the API lists, each behind the layer that says who may call it.
fn documented(
    state: &AppState,
    sessions: &SessionManagerLayer<StoreSessions>,
) -> OpenApiRouter<AppState> {
    let keyed = openai::routes()
        .merge(anthropic::routes())
        .fallback(unknown::endpoint)
        .layer(layers::from_fn(middleware::key::layer));
    let public = public::routes()
        .layer(sessions.clone())
        .layer(layers::from_fn(middleware::origin::layer))
        .layer(layers::from_fn_with_state(
            state.clone(),
            middleware::host::layer,
        ));
    let admin = admin::routes()
        .layer(layers::from_fn_with_state(
            state.clone(),
            middleware::admin::layer,
        ))
        .layer(sessions.clone());
    let ops = ops::routes().layer(sessions.clone());
    OpenApiRouter::with_openapi(openapi::empty())
        .nest("/v1/public", Access::Visitor.noted_on(public))
        .nest("/v1/admin", Access::Operator.noted_on(admin))
        .nest("/v1", Access::Open.noted_on(files::routes()))
        .nest("/v1", Access::Key.noted_on(keyed))
        .merge(Access::Open.noted_on(ops))
}

/// Cookie by `requirements.md` 1.5: HttpOnly, SameSite=Strict, and `Secure` with `__Host-` behind
/// https. How long a session may live in all is checked with each use, against the settings of then;
/// a browser keeps the cookie for as long as they said when it signed in.
fn session_layer(state: &AppState) -> SessionManagerLayer<StoreSessions> {
    let is_https = state
        .current
        .load()
        .settings
        .config
        .app
        .app_url
        .starts_with("https://");
    let name = if is_https {
        "__Host-grok2api_session"
    } else {
        "grok2api_session"
    };
    SessionManagerLayer::new(StoreSessions(state.store.clone()))
        .with_name(name)
        .with_secure(is_https)
        .with_http_only(true)
        .with_same_site(SameSite::Strict)
        .with_path("/")
}
