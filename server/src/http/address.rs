//! What an address says, or an error in the API's own envelope: axum's extractors answer in plain text.

use axum::extract::{
    FromRequestParts,
    rejection::{PathRejection, QueryRejection},
};

use super::error::ApiError;
use crate::gateway::GatewayError;

/// The variable parts of a path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub(super) struct Path<T>(pub(super) T);

/// What stands behind the `?`.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub(super) struct Query<T>(pub(super) T);

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        match rejection {
            PathRejection::FailedToDeserializePathParams(_) => {
                let message = "The path is not percent-encoded UTF-8.";
                GatewayError::invalid("invalid_path", "path", message).into()
            }
            // The route has no such part.
            rejection => anyhow::Error::from(rejection).into(),
        }
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        let message = format!("{}.", rejection.body_text());
        GatewayError::invalid("invalid_query", "query", message).into()
    }
}
