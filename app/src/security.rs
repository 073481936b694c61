//! The Content-Security-Policy of a rendered page. Compiled for the server only.

use std::sync::Arc;

use crate::service::PublicService;
use http::{HeaderName, HeaderValue, header, request::Parts};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;

/// Sets the security headers of the page that is being rendered, with this response's nonce.
pub(crate) fn set_headers(options: &LeptosOptions) {
    let Some(response) = use_context::<ResponseOptions>() else {
        return;
    };
    let nonce = use_nonce()
        .map(|nonce| nonce.to_string())
        .unwrap_or_default();
    let sources = [reload_source(options), voice_sources()];
    let sources: Vec<_> = sources.into_iter().flatten().collect();
    if let Ok(policy) = HeaderValue::from_str(&policy(&nonce, &sources)) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        response.insert_header(name, HeaderValue::from_static(value));
    }
}

/// The watcher's socket, in development only.
fn reload_source(options: &LeptosOptions) -> Option<String> {
    std::env::var_os("LEPTOS_WATCH").map(|_| {
        let port = options.reload_external_port.unwrap_or(options.reload_port);
        format!("ws://localhost:{port} ws://127.0.0.1:{port}")
    })
}

/// The page that may connect to the server of voice rooms. Links to it load the page.
const VOICE_PATH: &str = "/voice";

/// The server of voice rooms, on its page: its WebSocket, and where LiveKit's client asks why that
/// was refused.
fn voice_sources() -> Option<String> {
    let is_voice = use_context::<Parts>().is_some_and(|parts| parts.uri.path() == VOICE_PATH);
    let service = use_context::<Arc<dyn PublicService>>().filter(|_| is_voice)?;
    let socket = service.voice_server();
    let http = socket.replacen("ws", "http", 1);
    Some(format!("{socket} {http}"))
}

fn policy(nonce: &str, connect: &[String]) -> String {
    let connect: String = connect.iter().map(|source| format!(" {source}")).collect();
    [
        "default-src 'self'",
        &format!("script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'"),
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data: blob:",
        &format!("connect-src 'self'{connect}"),
        "object-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    ]
    .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_names_no_other_host_and_no_unsafe_inline() {
        let policy = policy("abc", &[]);
        assert!(policy.contains("script-src 'self' 'nonce-abc' 'wasm-unsafe-eval'"));
        assert!(!policy.contains("unsafe-inline"));
        assert!(!policy.contains("http"));
    }

    #[test]
    fn other_hosts_are_allowed_only_when_asked() {
        assert!(!policy("n", &[]).contains("ws:"));
        let sources = [
            "ws://localhost:1".to_owned(),
            "wss://rooms.example".to_owned(),
        ];
        let policy = policy("n", &sources);
        assert!(policy.contains("connect-src 'self' ws://localhost:1 wss://rooms.example;"));
    }
}
