//! Bytes without sense.

use std::time::Duration;

use rand::{Rng, RngCore};
use tokio::time::timeout;

use super::wire::{self, CHAT};

/// Any method, path, header and body, two seconds at most.
pub(super) async fn send(address: String) -> bool {
    let bytes = {
        let mut random = rand::rng();
        let mut pick = |from: &[&str]| {
            let index = random.random_range(0..from.len());
            from.get(index).copied().unwrap_or_default().to_owned()
        };
        let method = pick(&[
            "GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PRI", "\0", "GÉT",
        ]);
        let path = pick(&[
            "/",
            "/login",
            "/admin/accounts",
            "/v1/models",
            "/v1/models/%00",
            CHAT,
            "/v1/messages",
            "/v1/messages/count_tokens",
            "/api/sign_in",
            "/api/list_accounts",
            "/api/highlight",
            "/pkg/../../etc/passwd",
            "/%2e%2e/%2e%2e/",
            "//",
            "/v1/public/chat/completions",
            "*",
            "/readyz?x=%ff",
            "/fonts/%252e",
        ]);
        let header = pick(&[
            "content-length: -1",
            "content-length: 18446744073709551616",
            "transfer-encoding: chunked",
            "host: \u{7f}",
            "cookie: grok2api_session=AAAA; ; =",
            "expect: 100-continue",
            "x-forwarded-for: ,,,",
            "authorization: Bearer",
            "content-type: ;;;",
        ]);
        let mut body = vec![0; random.random_range(0..2000)];
        random.fill_bytes(&mut body);
        let head = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{header}\r\n\r\n");
        [head.as_bytes(), &body].concat()
    };
    let sent = timeout(Duration::from_secs(2), wire::send(address, bytes));
    sent.await.unwrap_or(true)
}
