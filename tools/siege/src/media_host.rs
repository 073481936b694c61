//! A host of images as nobody wishes it.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::sleep,
};

/// Ends when dropped.
pub(crate) struct MediaHost {
    pub(crate) address: String,
    _serving: JoinSet<()>,
}

impl MediaHost {
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                open.spawn(async move {
                    let _ = serve(socket).await;
                });
                while open.try_join_next().is_some() {}
            }
        });
        Ok(Self {
            address,
            _serving: serving,
        })
    }
}

/// `/slow` sends a byte a second, `/huge` without end, all else leads to itself.
async fn serve(mut socket: TcpStream) -> io::Result<()> {
    let mut head = vec![0; 4096];
    let count = socket.read(&mut head).await?;
    let head = String::from_utf8_lossy(head.get(..count).unwrap_or_default()).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let (piece, pause) = match path {
        "/slow" => (1, Duration::from_secs(1)),
        "/huge" => (64 * 1024, Duration::ZERO),
        other => {
            let answer = format!(
                "HTTP/1.1 302 Found\r\nlocation: {other}\r\ncontent-length: 0\r\n\
                 connection: close\r\n\r\n"
            );
            return socket.write_all(answer.as_bytes()).await;
        }
    };
    socket
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\nconnection: close\r\n\r\n")
        .await?;
    socket.write_all(b"\x89PNG\r\n\x1a\n").await?;
    let bytes = vec![0; piece];
    loop {
        socket.write_all(&bytes).await?;
        sleep(pause).await;
    }
}
