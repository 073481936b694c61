//! A cable to the server that can be cut.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Forwards connections until the answer that is chosen to be lost.
pub(crate) struct Proxy {
    /// The server's URL, by way of the proxy.
    pub(crate) url: String,
    answers_left: Arc<AtomicI64>,
    _task: JoinSet<()>,
}

impl Proxy {
    pub(crate) async fn start(url: &str) -> Self {
        let (login, rest) = url.split_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers_left = Arc::new(AtomicI64::new(i64::MAX));
        let mut task = JoinSet::new();
        task.spawn(forward_all(
            listener,
            server.to_owned(),
            Arc::clone(&answers_left),
        ));
        Self {
            url: format!("{login}@127.0.0.1:{port}/{database}"),
            answers_left,
            _task: task,
        }
    }

    /// The server still gets what leads to its answer of that number (0 is the next one), but its
    /// connection is cut instead of the answer. Once.
    pub(crate) fn lose_answer(&self, number: i64) {
        self.answers_left.store(number, Ordering::SeqCst);
    }

    /// Whether an answer was lost since.
    pub(crate) fn has_lost_it(&self) -> bool {
        self.answers_left.load(Ordering::SeqCst) > i64::MAX / 2
    }
}

async fn forward_all(listener: TcpListener, server: String, answers_left: Arc<AtomicI64>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        if let Ok(server) = TcpStream::connect(&server).await {
            connections.spawn(forward(client, server, Arc::clone(&answers_left)));
        }
    }
}

/// An answer is what the server sends at once: it waits for us after each.
async fn forward(client: TcpStream, server: TcpStream, answers_left: Arc<AtomicI64>) {
    let (mut client_reader, mut client_writer) = client.into_split();
    let (mut server_reader, mut server_writer) = server.into_split();
    let questions = async {
        let _ = tokio::io::copy(&mut client_reader, &mut server_writer).await;
    };
    let answers = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = server_reader.read(&mut buffer).await {
            if answers_left.fetch_sub(1, Ordering::SeqCst) == 0 {
                answers_left.store(i64::MAX, Ordering::SeqCst);
                return;
            }
            if client_writer.write_all(&buffer[..length]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = questions => {}
        () = answers => {}
    }
}
