//! What a caller did wrong, and the envelope in which every error leaves.

use crate::json;

/// The code of a parameter that is understood but not supported yet.
pub(crate) const UNSUPPORTED: &str = "unsupported_parameter";

/// A mistake in a request. The first one found is reported.
///
/// HTTP 400 in every case but an unknown model, which is 404 (see [`Invalid::status`]).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// One or two sentences for a person: what is wrong and what to send instead.
    pub message: String,
    /// Where it is wrong, as a dotted path such as `messages.0.content.1.type`.
    pub param: Option<String>,
    /// The stable code, for programs.
    pub code: &'static str,
}

impl Invalid {
    /// Makes a mistake at `param`.
    pub fn new(code: &'static str, param: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            param: Some(param.into()),
            code,
        }
    }

    /// The mistake of naming a model that is not offered.
    pub fn model_not_found(model: &str) -> Self {
        let name: String = model.chars().take(100).collect();
        let message =
            format!("The model `{name}` does not exist. GET /v1/models lists all models.");
        Self::new("model_not_found", "model", message)
    }

    pub(crate) fn unsupported(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(UNSUPPORTED, param, message)
    }

    pub(crate) fn value(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new("invalid_value", param, message)
    }

    /// The HTTP status: 404 for an unknown model, else 400.
    pub fn status(&self) -> u16 {
        if self.code == "model_not_found" {
            404
        } else {
            400
        }
    }

    /// The OpenAI error `type`.
    pub fn kind(&self) -> &'static str {
        if self.code == "model_not_found" {
            "not_found_error"
        } else {
            "invalid_request_error"
        }
    }

    /// The envelope for this mistake.
    pub fn body(&self, request_id: Option<String>) -> ErrorBody {
        ErrorBody {
            message: self.message.clone(),
            kind: self.kind(),
            param: self.param.clone(),
            code: self.code.to_owned(),
            request_id,
        }
    }
}

/// The OpenAI error envelope: `{"error":{"message","type","param","code","request_id"}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorBody {
    pub message: String,
    /// The JSON field `type`.
    pub kind: &'static str,
    /// Written as `null` when absent.
    pub param: Option<String>,
    pub code: String,
    /// Left out when absent.
    pub request_id: Option<String>,
}

impl ErrorBody {
    /// The envelope as one JSON document.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160 + self.message.len());
        self.write_json(&mut out);
        out
    }

    /// Appends the envelope as one SSE frame: `data: {"error":…}` and a blank line.
    pub fn write_frame(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"data: ");
        self.write_json(out);
        out.extend_from_slice(b"\n\n");
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"error":{"message":"#);
        json::write_str(&self.message, out);
        out.extend_from_slice(br#","type":"#);
        json::write_str(self.kind, out);
        out.extend_from_slice(br#","param":"#);
        json::write_opt(self.param.as_deref(), out);
        out.extend_from_slice(br#","code":"#);
        json::write_str(&self.code, out);
        if let Some(id) = &self.request_id {
            out.extend_from_slice(br#","request_id":"#);
            json::write_str(id, out);
        }
        out.extend_from_slice(b"}}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelope_has_the_documented_shape() {
        let body = Invalid::new("invalid_n", "n", "n must be 1").body(None);
        assert_eq!(
            String::from_utf8(body.to_json()).unwrap(),
            r#"{"error":{"message":"n must be 1","type":"invalid_request_error","param":"n","code":"invalid_n"}}"#
        );
    }

    #[test]
    fn envelope_carries_the_request_id_and_a_null_param() {
        let body = ErrorBody {
            message: "a \"b\"\n".into(),
            kind: "server_error",
            param: None,
            code: "upstream_error".into(),
            request_id: Some("req-1".into()),
        };
        let mut frame = Vec::new();
        body.write_frame(&mut frame);
        assert_eq!(
            String::from_utf8(frame).unwrap(),
            "data: {\"error\":{\"message\":\"a \\\"b\\\"\\n\",\"type\":\"server_error\",\"param\":null,\
             \"code\":\"upstream_error\",\"request_id\":\"req-1\"}}\n\n"
        );
    }

    #[test]
    fn an_unknown_model_is_404_and_everything_else_400() {
        let unknown = Invalid::model_not_found("gpt-5");
        assert_eq!((unknown.status(), unknown.kind()), (404, "not_found_error"));
        let other = Invalid::value("user", "x");
        assert_eq!(
            (other.status(), other.kind()),
            (400, "invalid_request_error")
        );
    }
}
