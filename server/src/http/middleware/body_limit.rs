//! The largest body that is read, as configured when the request came in.

use axum::{Extension, body::Body, extract::Request, middleware::Next, response::Response};
use http_body_util::Limited;

use crate::snapshot::Snapshot;

/// Cuts the body off at `server.max_body_mb`; who reads it gets an error there.
pub async fn layer(
    Extension(snapshot): Extension<Snapshot>,
    request: Request,
    next: Next,
) -> Response {
    let limit = snapshot.settings.max_body_bytes();
    next.run(request.map(|body| Body::new(Limited::new(body, limit))))
        .await
}
