//! A voice room, simulated: what LiveKit's own clients join, on this machine only.
//!
//! One guest and one voice. The voice says hello, then repeats what the guest says. Whoever calls
//! [`serve`] carries LiveKit's signalling messages between the guest's WebSocket and a [`Link`]; sound
//! goes over UDP on the loopback address, encrypted as WebRTC demands.
//!
//! ```text
//! guest ── signalling (protobuf over the caller's WebSocket) ── session
//! guest ── microphone ──► publisher  (WebRTC) ── ears: has the guest finished?
//! guest ◄── voice, words ── subscriber (WebRTC) ── mouth: one packet every 20 ms
//! ```
//!
//! Sound is never decoded: what the guest sends is Opus, and Opus is what goes back. How loud it is
//! stands in a header of each packet (RFC 6464).

mod ears;
mod mouth;
mod ogg;
mod peer;
mod session;
mod signal;

use std::{io, time::Duration};

use bytes::Bytes;
use tokio::sync::mpsc;

/// Who joins.
#[derive(Clone, Debug)]
pub struct Guest {
    pub identity: String,
    pub room: String,
}

/// The guest's WebSocket: whole binary messages both ways. The room ends when either side is dropped.
#[derive(Debug)]
pub struct Link {
    pub incoming: mpsc::Receiver<Bytes>,
    pub outgoing: mpsc::Sender<Bytes>,
}

/// Why a room ended before its guest left.
#[derive(Debug, thiserror::Error)]
pub enum RoomError {
    #[error("no socket for sound: {0}")]
    Socket(#[from] io::Error),
    #[error("the connection for sound failed: {0}")]
    Connection(#[from] rtc::shared::error::Error),
    #[error("a message that is not LiveKit's: {0}")]
    Message(#[from] prost::DecodeError),
    #[error("the greeting is no Opus file")]
    Greeting,
}

/// Keeps a room open until its guest leaves, or for `lifetime`: then the guest is told that the room
/// is no more.
///
/// # Errors
/// The guest speaks another protocol, or this machine has no sockets left.
///
/// # Cancellation
/// Dropping the future closes the room without a word.
pub async fn serve(guest: Guest, lifetime: Option<Duration>, link: Link) -> Result<(), RoomError> {
    Box::pin(session::run(guest, lifetime, link)).await
}
