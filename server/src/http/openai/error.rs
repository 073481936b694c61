//! OpenAI's envelope.

use http::StatusCode;
use openai::ErrorBody;

use crate::{gateway::GatewayError, http::error::ApiError, record::RequestRecord};

/// The envelope's content for this request.
#[must_use]
pub fn body(error: &ApiError, request_id: &str) -> ErrorBody {
    ErrorBody {
        message: error.to_string(),
        kind: kind(error.status()),
        param: error.param().map(str::to_owned),
        code: error.code().to_owned(),
        request_id: Some(request_id.to_owned()),
    }
}

/// The envelope of what broke off after its status was sent; the record keeps it.
#[must_use]
pub(super) fn after_the_beginning(error: GatewayError, record: &RequestRecord) -> ErrorBody {
    let error = ApiError::from(error);
    record.error(error.status().as_u16(), error.code());
    body(&error, record.id())
}

/// `type` follows from the status.
fn kind(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    }
}

impl From<openai::Invalid> for ApiError {
    fn from(invalid: openai::Invalid) -> Self {
        let param = invalid.param.unwrap_or_default();
        crate::gateway::GatewayError::invalid(invalid.code, &param, invalid.message).into()
    }
}
