//! A way to the server that can be cut at the worst moment.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// The packet of a `COMMIT`: length, number in the dialogue, kind, text.
const COMMIT: &[u8] = b"\x07\0\0\0\x03COMMIT";

/// What happens to the next `COMMIT`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Next {
    Passes,
    /// It does not arrive, and the connection ends.
    CutBefore,
    /// It is done, and the connection ends before the answer.
    CutAfter,
    /// It is done, and nothing comes back, ever.
    Silent,
}

const ALL: [Next; 4] = [Next::Passes, Next::CutBefore, Next::CutAfter, Next::Silent];

pub(crate) struct Proxy {
    pub(crate) port: u16,
    next: Arc<AtomicU8>,
    _accepting: JoinSet<()>,
}

impl Proxy {
    pub(crate) async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let next = Arc::new(AtomicU8::new(Next::Passes as u8));
        let mut accepting = JoinSet::new();
        let shared = Arc::clone(&next);
        accepting.spawn(async move {
            let mut ways = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (server, next) = (server.clone(), Arc::clone(&shared));
                ways.spawn(async move { carry(client, &server, &next).await });
            }
        });
        Self {
            port,
            next,
            _accepting: accepting,
        }
    }

    pub(crate) fn set(&self, next: Next) {
        self.next.store(next as u8, Ordering::SeqCst);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.next.load(Ordering::SeqCst) == Next::Passes as u8
    }
}

async fn carry(mut client: TcpStream, server: &str, next: &AtomicU8) {
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let is_commit = asked[..length].ends_with(COMMIT);
                let next = match is_commit {
                    true => ALL[usize::from(next.swap(Next::Passes as u8, Ordering::SeqCst))],
                    false => Next::Passes,
                };
                if next == Next::CutBefore {
                    return;
                }
                if server.write_all(&asked[..length]).await.is_err() {
                    return;
                }
                if next != Next::Passes {
                    // The answer is there: the server has done it.
                    let _ = server.read(&mut answered).await;
                }
                match next {
                    Next::CutAfter => return,
                    Next::Silent => std::future::pending().await,
                    Next::Passes | Next::CutBefore => {}
                }
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
