//! A way to a server on which answers can be lost.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinSet,
};

/// Passes everything on; while it is on, a connection ends when the server answers, and nobody hears
/// the answer.
pub(crate) struct Mute {
    pub(crate) is_on: Arc<AtomicBool>,
    /// Of the server, this way.
    pub(crate) url: String,
    _tasks: JoinSet<()>,
}

impl Mute {
    pub(crate) async fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().to_string();
        let (begin, rest) = url.rsplit_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let is_on = Arc::<AtomicBool>::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, server.to_owned(), Arc::clone(&is_on)));
        Self {
            is_on,
            url: format!("{begin}@{own}/{database}"),
            _tasks: tasks,
        }
    }
}

async fn serve(listener: TcpListener, server: String, is_on: Arc<AtomicBool>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(&server).await.unwrap();
        let (mut from_client, to_client) = client.into_split();
        let (from_server, mut to_server) = server.into_split();
        let is_on = Arc::clone(&is_on);
        connections.spawn(async move {
            tokio::select! {
                _ = copy(&mut from_client, &mut to_server) => {}
                () = answer(from_server, to_client, &is_on) => {}
            }
        });
    }
}

async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, is_on: &AtomicBool) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if is_on.load(Ordering::SeqCst) || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
