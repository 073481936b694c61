//! What may come over an HTTP/1 connection, and when one is used again.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

use super::*;

/// Answers of one connection after the other: a list of bytes for each connection, each of which is
/// sent when a whole request has come. Then the connection is closed.
struct Scripted {
    url: String,
    _serving: AbortOnDropHandle<()>,
}

impl Scripted {
    async fn start(connections: Vec<Vec<Vec<u8>>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio_util::task::TaskTracker::new().spawn(async move {
            for answers in connections {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                for answer in answers {
                    read_request(&mut stream).await;
                    // Byte by byte: no read may count on more.
                    for byte in answer {
                        stream.write_all(&[byte]).await.unwrap();
                    }
                }
            }
        });
        Self {
            url,
            _serving: AbortOnDropHandle::new(serving),
        }
    }

    fn client(&self) -> Client {
        Client::new(Settings {
            web_url: self.url.parse().unwrap(),
            ..Settings::default()
        })
        .unwrap()
    }
}

async fn read_request(stream: &mut TcpStream) {
    let mut received = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&received).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse::<usize>().unwrap());
            if body.len() >= length {
                return;
            }
        }
        assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0, "{text}");
    }
}

fn whole() -> String {
    format!("{}{END}", token("hi"))
}

fn with_length(head: &str) -> Vec<u8> {
    let body = whole();
    format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn chunked() -> Vec<u8> {
    let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in whole().as_bytes().chunks(7) {
        answer.extend(format!("{:x};a=b\r\n", piece.len()).as_bytes());
        answer.extend(piece);
        answer.extend(b"\r\n");
    }
    answer.extend(b"0\r\nexpires: never\r\n\r\n");
    answer
}

fn announcements(count: usize) -> Vec<u8> {
    let hint = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
    let go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    let pair = [hint, go_on].into_iter().cycle();
    pair.take(count).collect::<String>().into_bytes()
}

async fn ask(client: &Client) -> Result<Vec<String>, UpstreamError> {
    let mut stream = client.start_chat(CREDENTIAL, &call()).await?;
    tokens(&mut stream).await
}

#[tokio::test]
async fn an_answer_is_read_in_every_framing() {
    let until_close = format!("HTTP/1.1 200 OK\r\n\r\n{}", whole()).into_bytes();
    let hinted = [announcements(16), with_length("HTTP/1.1 200 OK\r\n")].concat();
    let scripted = Scripted::start(vec![
        // Four on one connection: each of them is clean at its end.
        vec![
            chunked(),
            with_length("HTTP/1.1 200 \r\nContent-Type: application/json\r\n"),
            hinted,
            until_close,
        ],
    ])
    .await;
    let client = scripted.client();
    for _ in 0..4 {
        assert_eq!(ask(&client).await.unwrap(), ["hi"]);
    }
}

#[tokio::test]
async fn a_connection_is_used_again_only_if_both_sides_want_it() {
    let excess = [chunked(), b"HTTP/1.1 200 OK\r\n".to_vec()].concat();
    let scripted = Scripted::start(vec![
        vec![with_length(
            "HTTP/1.1 200 OK\r\nconnection: Keep, CLOSE\r\n",
        )],
        vec![with_length("HTTP/1.0 200 OK\r\n")],
        vec![excess],
        // Closed behind a clean answer: found out before the next request.
        vec![chunked()],
        vec![chunked(), chunked()],
    ])
    .await;
    let client = scripted.client();
    for _ in 0..6 {
        assert_eq!(ask(&client).await.unwrap(), ["hi"]);
        // The other side's goodbye has time to arrive.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_is_not_http_is_a_cut_connection() {
    let endless = [b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'x'; 70_000]].concat();
    for bad in [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd".to_vec(),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"result\":".to_vec(),
        b"HTTP/1.1 2".to_vec(),
        [announcements(17), chunked()].concat(),
        endless,
    ] {
        let scripted = Scripted::start(vec![vec![bad.clone()]]).await;
        let error = ask(&scripted.client()).await.unwrap_err();
        assert_eq!(error.label(), "cut", "{error} for {bad:.40?}");
    }
}

#[tokio::test]
async fn a_refusal_is_heard_before_a_large_request_is_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let refusing = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let refusal = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(refusal).await.unwrap();
        // Not closed and not read: the request can never end.
        std::future::pending::<()>().await;
    };
    let settings = Settings {
        web_url: url.parse().unwrap(),
        ..Settings::default()
    };
    let client = Client::new(settings).unwrap();
    let upload = Upload {
        name: "large".to_owned(),
        mime: "text/plain".to_owned(),
        content: Bytes::from(vec![0; 16 * 1024 * 1024]),
        is_for_imagine: false,
    };
    let error = tokio::select! {
        () = refusing => unreachable!("it never ends"),
        outcome = client.upload(CREDENTIAL, &upload, LONG) => outcome.unwrap_err(),
    };
    assert_eq!(error.status(), Some(413));
}

/// A question that does not fit into what the system takes at once.
async fn ask_at_length(url: &str) -> Result<Vec<String>, UpstreamError> {
    let settings = Settings {
        web_url: url.parse().unwrap(),
        ..Settings::default()
    };
    let message = "x".repeat(16 * 1024 * 1024);
    let call = ChatCall {
        message: &message,
        ..call()
    };
    let client = Client::new(settings).unwrap();
    let mut stream = client.start_chat(CREDENTIAL, &call).await?;
    tokens(&mut stream).await
}

#[tokio::test]
async fn an_answer_that_begins_early_gets_the_rest_of_its_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answering = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
        let begun = format!("{head}{}", token("hi"));
        stream.write_all(begun.as_bytes()).await.unwrap();
        // All of it, or this waits for ever.
        let mut left = 16 * 1024 * 1024;
        let mut space = vec![0; 1024 * 1024];
        while left > 0 {
            let read = stream.read(&mut space).await.unwrap();
            assert_ne!(read, 0);
            left -= left.min(space[..read].iter().filter(|&&byte| byte == b'x').count());
        }
        stream.write_all(END.as_bytes()).await.unwrap();
    };
    let both = async { tokio::join!(ask_at_length(&url), answering) };
    let (answer, ()) = tokio::time::timeout(LONG, both).await.unwrap();
    assert_eq!(answer.unwrap(), ["hi"]);
}

#[tokio::test]
async fn an_answer_to_half_a_request_is_none() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answering = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_ne!(stream.read(&mut [0; 1024]).await.unwrap(), 0);
        let answer = with_length("HTTP/1.1 200 OK\r\n");
        stream.write_all(&answer).await.unwrap();
        stream.shutdown().await.unwrap();
        // Its answer has time to arrive before it is gone.
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let both = async { tokio::join!(ask_at_length(&url), answering) };
    let (answer, ()) = tokio::time::timeout(LONG, both).await.unwrap();
    assert_eq!(answer.unwrap_err().label(), "cut");
}

/// A brotli stream of one uncompressed block; the first `bits` of `window` are its header.
fn brotli(window: u64, bits: u32, content: &[u8]) -> Vec<u8> {
    // Not the last block, four digits of length, the length, not compressed.
    let block = (content.len() as u64 - 1) << 3 | 1 << 19;
    let head = (window | block << bits).to_le_bytes();
    let head = &head[..(bits as usize + 20).div_ceil(8)];
    [head, content, &[3]].concat()
}

/// A zstd frame of one raw block.
fn zstd(window_log: u8, content: &[u8]) -> Vec<u8> {
    let head = [0x28, 0xb5, 0x2f, 0xfd, 0, (window_log - 10) << 3];
    let block = (u32::try_from(content.len()).unwrap() << 3 | 1).to_le_bytes();
    [&head[..], &block[..3], content].concat()
}

/// A frame of zstd that nobody may ask for comes behind one that is small, too.
#[tokio::test]
async fn a_compression_that_asks_for_much_memory_is_refused() {
    let content = whole().into_bytes();
    let (first, second) = content.split_at(9);
    let both = |log: u8| [zstd(17, first), zstd(log, second)].concat();
    for (coding, body, is_read) in [
        ("br", brotli(0x0f, 4, &content), true),
        ("br", brotli(30 << 8 | 0x11, 14, &content), false),
        ("br", brotli(24 << 8 | 0x11, 14, &content), false),
        ("zstd", both(23), true),
        ("zstd", zstd(24, &content), false),
        ("zstd", both(27), false),
    ] {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: {coding}\r\ncontent-length: {length}\r\n\r\n"
        );
        let answer = [head.as_bytes(), &body].concat();
        let scripted = Scripted::start(vec![vec![answer]]).await;
        match ask(&scripted.client()).await {
            Ok(tokens) => assert!(is_read && tokens == ["hi"], "{coding} {body:x?}"),
            Err(error) => assert!(!is_read && error.label() == "cut", "{error} for {body:x?}"),
        }
    }
}
