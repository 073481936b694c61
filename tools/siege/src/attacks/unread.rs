//! Answers over HTTP/1 that nobody reads.

use std::{iter, net::SocketAddr};

use grok_sim::{Reply, Simulator};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    time::sleep,
};

use super::{together, wire::chat};
use crate::{TALKER, UNREAD_FOR};

const AT_ONCE: usize = 10;
/// Served by the talker alone.
const MODEL: &str = "grok-4-heavy";
/// An answer of 8 MiB: sockets hold less than that.
const EVENTS: usize = 128;
const EVENT_BYTES: usize = 64 * 1024;
/// The least that the system gives.
const RECEIVE_BYTES: u32 = 2048;

/// Ten long answers, left unread for longer than the server waits.
pub(super) async fn answers(address: &str, simulator: &Simulator) -> usize {
    // What a request without success has left is used by the next.
    let unused = simulator.unused();
    let left: usize = unused.iter().map(|queue| queue.replies.len()).sum();
    let long = Reply::tokens(vec!["x".repeat(EVENT_BYTES); EVENTS]);
    simulator.script(TALKER, iter::repeat_n(long, AT_ONCE.saturating_sub(left)));
    together(AT_ONCE, || deaf(address.to_owned())).await
}

async fn deaf(address: String) -> bool {
    let Ok(mut socket) = connect(&address).await else {
        return false;
    };
    if socket.write_all(&chat(MODEL, true)).await.is_ok() {
        sleep(UNREAD_FOR).await;
    }
    true
}

async fn connect(address: &str) -> anyhow::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(RECEIVE_BYTES)?;
    Ok(socket.connect(address.parse::<SocketAddr>()?).await?)
}
