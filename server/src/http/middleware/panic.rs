//! A panic in a handler is an answer with a request id, not a connection that just closes.

use std::any::Any;

use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

use crate::http::error::ApiError;

/// Turns a panic into [`ApiError::Internal`]; its place in the code is on stderr, from the panic
/// hook. A stream that has begun is not covered: it breaks off.
#[must_use]
pub fn layer() -> CatchPanicLayer<fn(Box<dyn Any + Send>) -> Response> {
    CatchPanicLayer::custom(answer)
}

fn answer(panic: Box<dyn Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("a panic without a text");
    ApiError::from(anyhow::anyhow!("panic: {text}")).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, routing::get};
    use http::{Request, StatusCode};
    use tower::ServiceExt;

    use crate::http::{error::ApiError, openai::error::body};

    #[tokio::test]
    async fn a_panic_is_a_500_whose_envelope_keeps_the_text_to_itself() {
        async fn handler() {
            panic!("secret detail");
        }
        let app: Router = Router::new()
            .route("/v1/broken", get(handler))
            .layer(super::layer());
        let request = Request::get("/v1/broken").body(Body::empty()).unwrap();

        let response = app.oneshot(request).await.unwrap();

        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let error = response.extensions().get::<ApiError>().unwrap();
        let shown = String::from_utf8(body(error, "r").to_json()).unwrap();
        assert!(shown.contains("internal_error"), "{shown}");
        assert!(!shown.contains("secret detail"), "{shown}");
    }
}
