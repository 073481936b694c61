//! What a caller did wrong, and the envelope in which every error leaves.

use serde::Serialize;

use crate::wire::to_json;

/// A mistake in a request: HTTP 400. The first one found is reported.
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

    /// A parameter that is understood but not supported yet.
    pub(crate) fn unsupported(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new("unsupported_parameter", param, message)
    }

    pub(crate) fn value(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new("invalid_value", param, message)
    }
}

/// The OpenAI error envelope: `{"error":{"message","type","param","code","request_id"}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorBody {
    pub message: String,
    /// The JSON field `type`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Written as `null` when absent.
    pub param: Option<String>,
    pub code: String,
    /// Left out when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl ErrorBody {
    /// The envelope as one JSON document.
    pub fn to_json(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Envelope<'a> {
            error: &'a ErrorBody,
        }
        to_json(&Envelope { error: self })
    }

    /// Appends the envelope as one SSE frame: `data: {"error":…}` and a blank line.
    pub fn write_frame(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&self.to_json());
        out.extend_from_slice(b"\n\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(param: Option<&str>, request_id: Option<&str>) -> ErrorBody {
        ErrorBody {
            message: "a \"b\"\n".into(),
            kind: "server_error",
            param: param.map(str::to_owned),
            code: "upstream_error".into(),
            request_id: request_id.map(str::to_owned),
        }
    }

    #[test]
    fn envelope_has_the_documented_shape() {
        assert_eq!(
            String::from_utf8(body(Some("n"), None).to_json()).unwrap(),
            r#"{"error":{"message":"a \"b\"\n","type":"server_error","param":"n","code":"upstream_error"}}"#
        );
    }

    #[test]
    fn a_frame_carries_the_request_id_and_a_null_param() {
        let mut frame = b"before ".to_vec();
        body(None, Some("req-1")).write_frame(&mut frame);
        assert_eq!(
            String::from_utf8(frame).unwrap(),
            "before data: {\"error\":{\"message\":\"a \\\"b\\\"\\n\",\"type\":\"server_error\",\
             \"param\":null,\"code\":\"upstream_error\",\"request_id\":\"req-1\"}}\n\n"
        );
    }
}
