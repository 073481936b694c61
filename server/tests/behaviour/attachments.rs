//! Images and files: fetched beside each other, before the slot, within the memory there is.

use grok_sim::{Operation, Reply};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::{Plain, Setup};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0";

fn setup() -> Setup {
    Setup::accounts(["only-account"]).with("GROK2API_UPSTREAM__ALLOW_PRIVATE_FETCH", true)
}

fn with_images(urls: &[String]) -> Value {
    let image = |url: &String| json!({"type": "image_url", "image_url": {"url": url}});
    let mut parts = vec![json!({"type": "text", "text": "What is it?"})];
    parts.extend(urls.iter().map(image));
    json!({"model": "grok-4", "messages": [{"role": "user", "content": parts}]})
}

/// A file server that answers when the test says so.
pub(crate) struct Files(TcpListener);

impl Files {
    pub(crate) async fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.0.local_addr().unwrap())
    }

    /// The next request, whole.
    pub(crate) async fn request(&self) -> TcpStream {
        let (mut socket, _) = self.0.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.unwrap());
        }
        socket
    }
}

pub(crate) async fn answer(mut socket: TcpStream) {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: {}\r\n\r\n",
        PNG.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(PNG).await.unwrap();
}

#[tokio::test]
async fn files_are_fetched_at_once_and_a_slow_one_holds_no_slot() {
    let server = setup().with("GROK2API_CHAT__CONCURRENT", 1).start().await;
    let files = Files::start().await;
    let asked = with_images(&[files.url("1.png"), files.url("2.png")]);
    let waiting = async { Plain::read(server.send(&asked).await).await };
    let meanwhile = async {
        let both = (files.request().await, files.request().await);
        let other = server.chat().await;
        assert!(!other.text().is_empty(), "the only slot is free");
        answer(both.1).await;
        answer(both.0).await;
    };
    let (described, ()) = tokio::join!(waiting, meanwhile);
    assert!(!described.text().is_empty());
    assert_eq!(server.simulator.requests_of(Operation::Upload).len(), 2);
    server.end().await;
}

#[tokio::test]
async fn a_slow_file_server_is_given_up_after_the_configured_time() {
    let setup = setup().with("GROK2API_CHAT__ATTACHMENT_TIMEOUT", 1);
    let server = setup.start().await;
    let files = Files::start().await;
    let asked = with_images(&[files.url("1.png")]);
    let slow = Plain::read(server.send(&asked).await).await;
    slow.assert_error(502, "media_unreachable");
    assert!(
        slow.message().contains("longer than 1s"),
        "{}",
        slow.message()
    );
    assert!(server.upstream_chats().is_empty());
    server.end().await;
}

#[tokio::test]
async fn files_that_find_no_memory_are_refused_and_others_are_served_after_them() {
    let setup = setup().with("GROK2API_CHAT__ATTACHMENT_MEMORY_MB", 1);
    let server = setup.start().await;
    // 600 KiB, and 400: with its base64 form a file counts 7/3.
    let data = |kib: usize| format!("data:image/png;base64,{}", "AAAA".repeat(kib * 1024 / 3));
    let large = Plain::read(server.send(&with_images(&[data(600)])).await).await;
    large.assert_error(503, "at_capacity");
    assert!(large.message().contains("chat.attachment_memory_mb"));
    assert_eq!(large.retry_after, Some(5));
    for _ in 0..3 {
        let small = Plain::read(server.send(&with_images(&[data(400)])).await).await;
        assert!(!small.text().is_empty());
    }
    server.end().await;
}

#[tokio::test]
async fn no_more_uploads_are_under_way_than_configured() {
    let setup = setup()
        .with("GROK2API_ASSET__UPLOAD_CONCURRENT", 1)
        .with("GROK2API_ASSET__UPLOAD_TIMEOUT", 1);
    let server = setup.start().await;
    let hang = [Reply::Hang];
    server
        .simulator
        .script_for("only-account", Operation::Upload, hang);
    let data = "data:image/png;base64,AAAA".to_owned();
    let asked = with_images(&[data.clone(), data]);
    let stuck = Plain::read(server.send(&asked).await).await;
    assert!(stuck.status >= 500, "{stuck:?}");
    assert_eq!(server.simulator.requests_of(Operation::Upload).len(), 1);
    assert!(!server.ask("And now?").await.text().is_empty());
    server.end().await;
}
