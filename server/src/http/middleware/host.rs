//! Doors that other web pages try: a foreign name, and an API that needs no key.

use axum::{
    Extension,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    HeaderMap, Method,
    header::{CONTENT_TYPE, HOST},
};

use super::origin;
use crate::{
    http::{AppState, error::ApiError, links::Links},
    reached::OpenedAt,
    snapshot::Snapshot,
};

/// Routes that take files.
const FORM_ROUTES: [&str; 3] = ["/v1/files", "/v1/images/edits", "/v1/videos"];

/// Refuses pages and `/v1/public` under a name that is not ours.
///
/// # Errors
/// 403 `forbidden`.
pub async fn layer(
    State(state): State<AppState>,
    Extension(snapshot): Extension<Snapshot>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    check_host(&request, &snapshot)?;
    let (mut parts, body) = request.into_parts();
    if state.reached.wants_addresses() {
        let asked = Links::as_asked(&parts, &snapshot.settings);
        parts.extensions.insert(OpenedAt(asked.base().to_owned()));
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// What an API without a key asks instead: that no web page is the caller.
///
/// # Errors
/// 403 `forbidden`.
pub(super) fn check_open(request: &Request, snapshot: &Snapshot) -> Result<(), ApiError> {
    check_host(request, snapshot)?;
    let headers = request.headers();
    let app_url = &snapshot.settings.config.app.app_url;
    if !origin::is_from_us(request.uri(), headers, app_url) {
        return Err(ApiError::Forbidden(
            "Web pages of other sites may not use this API. Call it from a program or through a \
             server of yours."
                .to_owned(),
        ));
    }
    Ok(())
}

/// The rest of it: a page of another site can send a request here without asking the browser's
/// leave, as long as it is no JSON. Routes that take files take forms as well; there it rests on what
/// browsers say of where a form comes from.
///
/// # Errors
/// 415 `unsupported_media_type`.
pub(super) fn check_media_type(request: &Request, route: &str) -> Result<(), ApiError> {
    let headers = request.headers();
    if request.method() != Method::POST || has_type(headers, "application/json") {
        return Ok(());
    }
    let takes_forms = FORM_ROUTES.contains(&route);
    match (takes_forms, has_type(headers, "multipart/form-data")) {
        (true, true) => Ok(()),
        (true, false) => Err(ApiError::UnsupportedMediaType(
            "Send the header `Content-Type: multipart/form-data` or `application/json`.",
        )),
        (false, _) => Err(ApiError::UnsupportedMediaType(
            "Send the header `Content-Type: application/json`.",
        )),
    }
}

fn check_host(request: &Request, snapshot: &Snapshot) -> Result<(), ApiError> {
    let authority = origin::authority(request.uri(), request.headers());
    // Of two names another program on the way may have believed the other one.
    let is_one = request.headers().get_all(HOST).iter().nth(1).is_none();
    // HTTP/1.0 programs need not name a host; browsers always do.
    if is_one && authority.is_none_or(|host| snapshot.settings.hosts.allows(host)) {
        return Ok(());
    }
    Err(ApiError::Forbidden(
        "This server is not known by that name. If it is yours, set `app.app_url`, or add it to \
         `server.allowed_hosts` in config.toml."
            .to_owned(),
    ))
}

/// Whether the body is said to have this media type, whatever its parameters.
pub(in crate::http) fn has_type(headers: &HeaderMap, wanted: &str) -> bool {
    let mime = headers
        .get(CONTENT_TYPE)
        .and_then(|mime| mime.to_str().ok());
    mime.and_then(|mime| mime.split(';').next())
        .is_some_and(|mime| mime.trim().eq_ignore_ascii_case(wanted))
}
