//! HTTP/1 by hand: a library would refuse to send most of this.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::KEY;

pub(super) const CHAT: &str = "/v1/chat/completions";
/// Twelve bytes tell the status: `HTTP/1.1 200`.
const STATUS_END: usize = 12;
const GIVE_UP: Duration = Duration::from_secs(60);

/// Sends these bytes and reads whatever comes, a minute at most; whether there was a connection.
pub(super) async fn send(address: String, bytes: Vec<u8>) -> bool {
    exchange(&address, &bytes).await.is_some()
}

/// As [`send`], with the status of the answer: 0 where none came.
pub(super) async fn exchange(address: &str, bytes: &[u8]) -> Option<u16> {
    let mut socket = TcpStream::connect(address).await.ok()?;
    let (mut reader, mut writer) = socket.split();
    let mut start = Vec::new();
    let talking = async {
        let reading = async {
            let mut piece = vec![0; 16 * 1024];
            while let Ok(count @ 1..) = reader.read(&mut piece).await {
                let missing = STATUS_END.saturating_sub(start.len());
                start.extend(piece.iter().take(count.min(missing)));
            }
        };
        let _ = tokio::join!(reading, writer.write_all(bytes));
    };
    let _ = timeout(GIVE_UP, talking).await;
    let text = String::from_utf8_lossy(&start);
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
    Some(status.unwrap_or(0))
}

/// The head of a JSON request with the key: the worst that one of the operator's own programs can do.
pub(super) fn post(path: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
         authorization: Bearer {KEY}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// The head of a form that anybody may send.
pub(super) fn post_form(path: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// The body of a chat.
pub(super) fn chat_body(model: &str, stream: bool) -> String {
    let body = serde_json::json!({
        "model": model, "stream": stream,
        "messages": [{"role": "user", "content": "x".repeat(2000)}],
    });
    body.to_string()
}

/// A whole chat request.
pub(super) fn chat(model: &str, stream: bool) -> Vec<u8> {
    let body = chat_body(model, stream);
    [post(CHAT, body.len()).as_bytes(), body.as_bytes()].concat()
}
