//! Anthropic's envelope and its statuses.

use anthropic::{ErrorBody, ErrorKind, THREAD};
use http::StatusCode;

use crate::{gateway::GatewayError, http::error::ApiError};

/// "Overloaded", in Anthropic's table; clients wait and try again.
const OVERLOADED: u16 = 529;

/// The status of an error: as everywhere, but for 503, which this API does not know.
#[must_use]
pub fn status(error: &ApiError) -> StatusCode {
    match error.status() {
        StatusCode::SERVICE_UNAVAILABLE => {
            StatusCode::from_u16(OVERLOADED).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
        }
        status => status,
    }
}

/// The envelope's content for this request.
#[must_use]
pub fn body(error: &ApiError, request_id: &str) -> ErrorBody {
    let message = error.to_string();
    ErrorBody {
        kind: ErrorKind::from_status(status(error).as_u16()),
        // The envelope has no field for the place of a mistake.
        message: match error.param() {
            Some(param) if !message.starts_with(param) => format!("{param}: {message}"),
            _ => message,
        },
        request_id: Some(request_id.to_owned()),
        is_thread_refused: error.param() == Some(THREAD),
    }
}

impl From<anthropic::Invalid> for ApiError {
    fn from(invalid: anthropic::Invalid) -> Self {
        GatewayError::invalid("invalid_request_error", &invalid.param, invalid.message).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway;

    #[test]
    fn what_is_busy_here_is_overloaded_there() {
        let busy = ApiError::from(GatewayError::at_capacity(1, "chat.concurrent"));
        assert_eq!(status(&busy).as_u16(), 529);
        assert_eq!(body(&busy, "r").kind, ErrorKind::Overloaded);
        let upstream = gateway::ErrorKind::Upstream("upstream_error");
        let failed = ApiError::from(GatewayError::new(upstream, "No."));
        assert_eq!(status(&failed), StatusCode::BAD_GATEWAY);
        assert_eq!(body(&failed, "r").kind, ErrorKind::Api);
    }

    #[test]
    fn the_place_of_a_mistake_is_part_of_the_message() {
        let error = GatewayError::invalid("c", "messages.0.role", "Must be user or assistant.");
        assert_eq!(
            body(&error.into(), "r").message,
            "messages.0.role: Must be user or assistant."
        );
        let named = GatewayError::invalid("c", "tools", "Remove `tools`.");
        assert_eq!(body(&named.into(), "r").message, "tools: Remove `tools`.");
    }
}
