//! The Content-Security-Policy of a rendered page. Compiled for the server only.

use http::{HeaderName, HeaderValue, header};
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
    if let Ok(policy) = HeaderValue::from_str(&policy(&nonce, reload_source(options).as_deref())) {
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

fn policy(nonce: &str, reload: Option<&str>) -> String {
    let reload = reload
        .map(|source| format!(" {source}"))
        .unwrap_or_default();
    [
        "default-src 'self'",
        &format!("script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'"),
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data: blob:",
        &format!("connect-src 'self'{reload}"),
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
        let policy = policy("abc", None);
        assert!(policy.contains("script-src 'self' 'nonce-abc' 'wasm-unsafe-eval'"));
        assert!(!policy.contains("unsafe-inline"));
        assert!(!policy.contains("http"));
    }

    #[test]
    fn reload_socket_is_allowed_only_when_asked() {
        assert!(!policy("n", None).contains("ws:"));
        assert!(
            policy("n", Some("ws://localhost:1")).contains("connect-src 'self' ws://localhost:1;")
        );
    }
}
