//! A page redirects as HTTP does, whatever its client accepts.

use axum::{extract::Request, middleware::Next, response::Response};
use http::StatusCode;
use leptos::server_fn::redirect::REDIRECT_HEADER;

use crate::http::pages::is_server_function;

/// Makes a 302 of what `leptos_axum` answers to clients that do not ask for HTML: a 200 whose headers
/// tell our code where to go. Our code asks for no pages, so that is for server functions alone.
pub async fn layer(request: Request, next: Next) -> Response {
    let is_page = !is_server_function(request.uri().path());
    let mut response = next.run(request).await;
    if is_page && response.headers_mut().remove(REDIRECT_HEADER).is_some() {
        *response.status_mut() = StatusCode::FOUND;
    }
    response
}
