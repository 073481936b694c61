//! Images that a request attaches.

use std::sync::Arc;

use super::{
    together,
    wire::{CHAT, exchange, post},
};

const MIB: usize = 1024 * 1024;
/// As many as one request may attach.
const FILES: usize = 8;

/// Five requests of each kind at once: large images inside, a host that is slow, one without end,
/// and one that sends the asker elsewhere.
pub(super) async fn images(address: &str, media: &str) -> usize {
    let inside = format!("data:image/png;base64,{}", "iVBORw0K".repeat(2 * MIB / 8));
    let broken = format!("data:image/png;base64,{}!", "A".repeat(MIB));
    let host = |path: &str| format!("http://{media}/{path}");
    let mut count = 0;
    for url in [inside, broken, host("slow"), host("huge"), host("round")] {
        let whole: Arc<[u8]> = request(&url).into();
        count += together(5, || {
            let (address, whole) = (address.to_owned(), whole.clone());
            async move { exchange(&address, &whole).await.is_some() }
        })
        .await;
    }
    count
}

fn request(url: &str) -> Vec<u8> {
    let part = serde_json::json!({"type": "image_url", "image_url": {"url": url}});
    let body = serde_json::json!({
        "model": "grok-3", "stream": true,
        "messages": [{"role": "user", "content": vec![part; FILES]}],
    });
    let body = body.to_string();
    [post(CHAT, body.len()).as_bytes(), body.as_bytes()].concat()
}
