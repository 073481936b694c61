//! Connections: silent ones, too many, and those that end too early.

use std::time::Duration;

use rand::Rng;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::wire::{chat, send};
use crate::MAX_CONNECTIONS;

const MODEL: &str = "grok-3";
/// Between two floods: others must be able to connect as well.
const FLOOD_PAUSE: Duration = Duration::from_secs(5);
const FLOOD: Duration = Duration::from_secs(1);

/// Not a word.
pub(super) async fn silent(address: String) -> bool {
    send(address, Vec::new()).await
}

/// More than there may be, for a second. Who is connected already is served on.
pub(super) async fn flood(address: &str) -> usize {
    sleep(FLOOD_PAUSE).await;
    let mut opening = JoinSet::new();
    for _ in 0..MAX_CONNECTIONS + MAX_CONNECTIONS / 2 {
        let address = address.to_owned();
        opening.spawn(async move { timeout(FLOOD, TcpStream::connect(address)).await });
    }
    let opened: Vec<TcpStream> = opening
        .join_all()
        .await
        .into_iter()
        .filter_map(|opened| opened.ok()?.ok())
        .collect();
    sleep(FLOOD).await;
    opened.len()
}

/// Stops anywhere in a request.
pub(super) async fn half(address: String) -> bool {
    let whole = chat(MODEL, true);
    let cut = rand::rng().random_range(1..whole.len());
    send(address, whole.get(..cut).unwrap_or_default().to_vec()).await
}

/// Leaves up to 300 ms after its request.
pub(super) async fn hang_up(address: String) -> bool {
    let Ok(mut socket) = TcpStream::connect(&address).await else {
        return false;
    };
    let (stream, wait) = {
        let mut random = rand::rng();
        (random.random(), random.random_range(0..300))
    };
    if socket.write_all(&chat(MODEL, stream)).await.is_ok() {
        sleep(Duration::from_millis(wait)).await;
    }
    true
}
