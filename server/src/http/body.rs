//! The body of an API request, read as a whole.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use http_body_util::{BodyExt, LengthLimitError};

use super::{AppState, error::ApiError};
use crate::snapshot::Snapshot;

/// A whole request body, at most `server.max_body_mb` long.
pub struct WholeBody(pub Bytes);

impl FromRequest<AppState> for WholeBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let snapshot = parts.extensions.get::<Snapshot>();
        let limit_mb = match snapshot {
            Some(snapshot) => snapshot.settings.config.server.max_body_mb,
            None => state.current.load().settings.config.server.max_body_mb,
        };
        let collected = body.collect().await;
        collected
            .map(|body| Self(body.to_bytes()))
            .map_err(|error| match is_too_long(&error) {
                true => ApiError::BodyTooLarge { limit_mb },
                false => ApiError::UnreadableBody,
            })
    }
}

fn is_too_long(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}
