//! Reads the meaning out of refusals and in-band errors.
//!
//! Source: `upstream-protocol` 1.10 (statuses), 2.1 (in-band errors), 2.12 (moderation).

use std::time::Duration;

use serde_json::Value;

use crate::error::{Class, UpstreamError, safe_text};

const MODERATION_SIGNS: [&str; 4] = [
    "content-moderated",
    "content_moderated",
    "moderated",
    "blocked by policy",
];
const BLOCKED_SIGNS: [&str; 2] = ["blocked-user", "user is blocked"];
const CHALLENGE_SIGNS: [&str; 4] = ["just a moment", "challenge-platform", "__cf_chl", "cf-chl-"];
const ANTI_BOT_SIGN: &str = "anti-bot";
const LIMIT_SIGNS: [&str; 4] = [
    "usage limit",
    "usage quota",
    "rate limit",
    "too many requests",
];

/// gRPC `PERMISSION_DENIED`: how the upstream's anti-bot rules answer.
const CODE_PERMISSION_DENIED: i64 = 7;
/// gRPC `RESOURCE_EXHAUSTED`.
const CODE_RESOURCE_EXHAUSTED: i64 = 8;
/// gRPC `DEADLINE_EXCEEDED`.
const CODE_DEADLINE_EXCEEDED: i64 = 4;
/// gRPC `UNAVAILABLE`.
const CODE_UNAVAILABLE: i64 = 14;
/// gRPC `UNAUTHENTICATED`.
const CODE_UNAUTHENTICATED: i64 = 16;

/// Builds the error for a status other than 200.
///
/// `body` is the beginning of the answer's body; `secrets` never reach the message.
pub(crate) fn refusal(
    status: u16,
    retry_after: Option<Duration>,
    body: &[u8],
    secrets: &[&str],
) -> UpstreamError {
    let text = String::from_utf8_lossy(body);
    let report = serde_json::from_str::<Value>(&text)
        .ok()
        .filter(Value::is_object)
        .map(|value| Report::read(&value));
    let class = class_of_status(status, report.as_ref(), &text);
    let message = match (&report, class) {
        (Some(report), _) if !report.message.is_empty() => safe_text(&report.message, secrets),
        (_, Class::Clearance) => "a browser challenge instead of an answer".to_owned(),
        _ => "no explanation".to_owned(),
    };
    UpstreamError::Refused {
        status,
        class,
        retry_after,
        message,
    }
}

fn class_of_status(status: u16, report: Option<&Report>, text: &str) -> Class {
    // Whatever the status: a moderated request is never repeated.
    if report.is_some_and(|report| report.mentions(&MODERATION_SIGNS)) {
        return Class::Moderated;
    }
    match status {
        401 => Class::Unauthorized,
        403 => class_of_forbidden(report, text),
        429 => Class::RateLimited,
        408 | 500.. => Class::Retryable,
        _ => Class::Fatal,
    }
}

/// A 403 is a decision of the application when it is JSON, and the guard at the door otherwise.
fn class_of_forbidden(report: Option<&Report>, text: &str) -> Class {
    let Some(report) = report else {
        return Class::Clearance;
    };
    if report.mentions(&BLOCKED_SIGNS) {
        return Class::Blocked;
    }
    let text = text.to_lowercase();
    let is_challenge = CHALLENGE_SIGNS.iter().any(|sign| text.contains(sign));
    if is_challenge || report.mentions(&[ANTI_BOT_SIGN]) {
        Class::Clearance
    } else {
        Class::Fatal
    }
}

/// Builds the error for a gRPC status other than 0, with the HTTP status that it stands for
/// (`upstream-protocol` 2.11).
pub(crate) fn grpc(code: i64, message: &str, secrets: &[&str]) -> UpstreamError {
    let report = Report::read(&serde_json::json!({"code": code, "message": message}));
    let (status, class) = match code {
        CODE_UNAUTHENTICATED => (401, Class::Unauthorized),
        CODE_PERMISSION_DENIED => (403, class_of_forbidden(Some(&report), message)),
        CODE_RESOURCE_EXHAUSTED => (429, Class::RateLimited),
        CODE_DEADLINE_EXCEEDED => (504, Class::Retryable),
        CODE_UNAVAILABLE => (503, Class::Retryable),
        // Whatever it is, the service was there and has decided.
        _ => (502, Class::Fatal),
    };
    UpstreamError::Refused {
        status,
        class: match report.mentions(&MODERATION_SIGNS) {
            true => Class::Moderated,
            false => class,
        },
        retry_after: None,
        message: match report.message.is_empty() {
            true => "no explanation".to_owned(),
            false => safe_text(&report.message, secrets),
        },
    }
}

/// Builds the error for an error object inside a 200 answer.
pub(crate) fn in_band(value: &Value, secrets: &[&str]) -> UpstreamError {
    let report = Report::read(value);
    let class = if report.mentions(&MODERATION_SIGNS) {
        Class::Moderated
    } else if report.mentions(&BLOCKED_SIGNS) {
        Class::Blocked
    } else if report.code == Some(CODE_RESOURCE_EXHAUSTED) || report.mentions(&LIMIT_SIGNS) {
        Class::RateLimited
    } else if report.code == Some(CODE_PERMISSION_DENIED) || report.mentions(&[ANTI_BOT_SIGN]) {
        Class::Clearance
    } else {
        Class::Retryable
    };
    let message = if report.message.is_empty() {
        "no explanation".to_owned()
    } else {
        safe_text(&report.message, secrets)
    };
    UpstreamError::InBand {
        class,
        code: report.code,
        message,
    }
}

/// Builds the error for an error frame of the imagine socket.
pub(crate) fn socket_error(code: &str, message: &str) -> UpstreamError {
    let report = Report::read(&serde_json::json!({"code": code, "message": message}));
    let class = if report.mentions(&MODERATION_SIGNS) {
        Class::Moderated
    } else if code.starts_with("rate_limit") || report.mentions(&LIMIT_SIGNS) {
        Class::RateLimited
    } else {
        Class::Retryable
    };
    UpstreamError::InBand {
        class,
        code: None,
        message: safe_text(if message.is_empty() { code } else { message }, &[]),
    }
}

/// What an error object says, wherever it says it.
#[derive(Debug, Default)]
struct Report {
    code: Option<i64>,
    message: String,
    /// Every code and text, lower case, for the searches.
    said: String,
}

impl Report {
    fn read(value: &Value) -> Self {
        let mut report = Self::default();
        report.collect(value, 0);
        report
    }

    /// Objects are nested as `{"error":{…}}`; two levels were seen.
    fn collect(&mut self, value: &Value, depth: u8) {
        match value {
            Value::String(text) => self.say(text, true),
            Value::Object(fields) if depth < 3 => {
                if let Some(code) = fields.get("code") {
                    self.code = self.code.or_else(|| whole_number(code));
                    if let Value::String(name) = code {
                        self.say(name, false);
                    }
                }
                for key in ["message", "error"] {
                    if let Some(inner) = fields.get(key) {
                        self.collect(inner, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn say(&mut self, text: &str, is_message: bool) {
        if is_message && self.message.is_empty() {
            text.trim().clone_into(&mut self.message);
        }
        self.said.push_str(&text.to_lowercase());
        self.said.push('\n');
    }

    fn mentions(&self, signs: &[&str]) -> bool {
        signs.iter().any(|sign| self.said.contains(sign))
    }
}

/// A whole number, also when it was sent as a string or with a fraction.
pub(crate) fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|float| float as i64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn class(status: u16, body: &str) -> Class {
        refusal(status, None, body.as_bytes(), &[]).class()
    }

    #[test]
    fn statuses_follow_the_table() {
        assert_eq!(class(401, ""), Class::Unauthorized);
        assert_eq!(class(429, r#"{"error":"slow down"}"#), Class::RateLimited);
        for status in [408, 500, 502, 503, 504, 520, 529] {
            assert_eq!(class(status, "<html>"), Class::Retryable, "{status}");
        }
        for status in [400, 404, 409, 422, 204, 302] {
            assert_eq!(class(status, "{}"), Class::Fatal, "{status}");
        }
    }

    #[test]
    fn grpc_statuses_follow_their_table() {
        for (code, status, class) in [
            (16, 401, Class::Unauthorized),
            (7, 403, Class::Fatal),
            (8, 429, Class::RateLimited),
            (4, 504, Class::Retryable),
            (14, 503, Class::Retryable),
            (9, 502, Class::Fatal),
            (-1, 502, Class::Fatal),
        ] {
            let error = grpc(code, "why, topsecret", &["topsecret"]);
            assert_eq!((error.status(), error.class()), (Some(status), class));
            let expected = format!("the upstream answered {status}: why, …");
            assert_eq!(error.message(), expected);
        }
        let class = |message| grpc(7, message, &[]).class();
        assert_eq!(class("User is blocked"), Class::Blocked);
        assert_eq!(class("rejected by anti-bot rules"), Class::Clearance);
        assert_eq!(class("content-moderated"), Class::Moderated);
    }

    #[test]
    fn a_forbidden_page_is_a_challenge_and_forbidden_json_a_decision() {
        assert_eq!(class(403, ""), Class::Clearance);
        assert_eq!(
            class(403, "<!DOCTYPE html><title>Just a moment...</title>"),
            Class::Clearance
        );
        assert_eq!(
            class(403, r#"{"html":"…/cdn-cgi/challenge-platform/…"}"#),
            Class::Clearance
        );
        assert_eq!(class(403, r#"{"message":"__cf_chl_tk"}"#), Class::Clearance);
        assert_eq!(
            class(403, r#"{"message":"cf-chl-widget"}"#),
            Class::Clearance
        );
        let anti_bot = r#"{"error":{"code":7,"message":"Request rejected by anti-bot rules."}}"#;
        assert_eq!(class(403, anti_bot), Class::Clearance);
        assert_eq!(
            class(403, r#"{"code":7,"message":"Not allowed"}"#),
            Class::Fatal
        );
    }

    #[test]
    fn a_blocked_user_is_found_in_code_message_and_error() {
        assert_eq!(class(403, r#"{"code":"Blocked-User"}"#), Class::Blocked);
        assert_eq!(
            class(403, r#"{"message":"The USER IS BLOCKED now"}"#),
            Class::Blocked
        );
        assert_eq!(
            class(
                403,
                r#"{"error":"User is blocked [WKE=unauthorized:blocked-user]"}"#
            ),
            Class::Blocked
        );
        assert_eq!(
            class(403, r#"{"error":{"message":"blocked-user"}}"#),
            Class::Blocked
        );
    }

    #[test]
    fn moderation_is_found_whatever_the_status() {
        assert_eq!(
            class(400, r#"{"code":"content-moderated"}"#),
            Class::Moderated
        );
        assert_eq!(
            class(403, r#"{"error":{"message":"Prompt moderated."}}"#),
            Class::Moderated
        );
        assert_eq!(
            class(403, r#"{"message":"Blocked by policy"}"#),
            Class::Moderated
        );
        for status in [400, 401, 403, 408, 418, 429, 500, 502, 503, 504, 529] {
            let body = r#"{"error":{"code":"content_moderated","message":"x"}}"#;
            assert_eq!(class(status, body), Class::Moderated, "{status}");
        }
        let page = "<html>moderated</html>";
        assert_eq!(class(503, page), Class::Retryable, "only JSON says so");
    }

    fn stream_class(value: Value) -> Class {
        in_band(&value, &[]).class()
    }

    #[test]
    fn in_band_errors_follow_the_table() {
        assert_eq!(
            stream_class(json!({"code": 7, "message": "x"})),
            Class::Clearance
        );
        assert_eq!(
            stream_class(json!({"message": "Anti-Bot rules"})),
            Class::Clearance
        );
        assert_eq!(stream_class(json!({"code": 8})), Class::RateLimited);
        assert_eq!(stream_class(json!({"code": "8"})), Class::RateLimited);
        for text in [
            "Usage limit",
            "usage quota",
            "Rate Limit hit",
            "Too many requests",
        ] {
            assert_eq!(stream_class(json!(text)), Class::RateLimited, "{text}");
        }
        assert_eq!(
            stream_class(json!({"error": {"code": 8}})),
            Class::RateLimited
        );
        assert_eq!(
            stream_class(json!({"code": 7, "message": "content-moderated"})),
            Class::Moderated
        );
        assert_eq!(
            stream_class(json!({"code": 13, "message": "boom"})),
            Class::Retryable
        );
        assert_eq!(stream_class(json!(null)), Class::Retryable);
    }

    #[test]
    fn the_first_message_is_told_and_three_levels_are_read() {
        let message = |body: &str| refusal(400, None, body.as_bytes(), &[]).message();
        for (body, told) in [
            (r#"{"message":"a","error":{"message":"b"}}"#, "a"),
            (r#"{"error":"b","code":"c"}"#, "b"),
            (r#"{"error":{"error":{"message":"deep"}}}"#, "deep"),
            (
                r#"{"error":{"error":{"error":{"message":"deeper"}}}}"#,
                "no explanation",
            ),
            (r#"{"message":" "}"#, "no explanation"),
            ("{}", "no explanation"),
            ("", "no explanation"),
        ] {
            assert_eq!(message(body), format!("the upstream answered 400: {told}"));
        }
        let silent = in_band(&json!({"code": 13}), &[]).message();
        assert_eq!(silent, "the upstream reported an error: no explanation");
    }

    #[test]
    fn messages_carry_the_explanation_and_no_secret() {
        let body = br#"{"error":{"code":3,"message":"cookie sso=abcdefgh12 is odd"}}"#;
        let error = refusal(400, None, body, &["abcdefgh12"]);
        assert_eq!(
            error.message(),
            "the upstream answered 400: cookie sso=… is odd"
        );
        let error = refusal(403, None, b"<html>secret</html>", &[]);
        assert_eq!(
            error.message(),
            "the upstream answered 403: a browser challenge instead of an answer"
        );
    }
}
