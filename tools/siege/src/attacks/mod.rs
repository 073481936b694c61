//! The hostile clients. Each goes on until it is stopped, whatever it is answered.

mod attached;
mod bodies;
mod connections;
mod heads;
mod http2;
mod nonsense;
mod unread;
mod wire;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use grok_sim::Simulator;
use tokio::{task::JoinSet, time::sleep};

use crate::{database, disk, wall_clock};

/// One kind of hostile client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attack {
    /// Guesses the password, twenty at a time, from one address.
    SignIns,
    /// Bodies that are too large, or small on the wire and large in memory, three at a time.
    HugeBodies,
    /// Forms over what a stranger may send.
    LargeForms,
    /// Heads over the limit: one long line, many short ones, a long address, one that never ends.
    LongHeads,
    /// Images by data URL, and by the address of a host that is slow or sends without end.
    Attachments,
    /// A hundred connections that never say a word.
    SilentSockets,
    /// More connections than there may be.
    Flood,
    /// Heads and bodies that stop in the middle.
    HalfRequests,
    /// Answers over HTTP/1 that nobody reads.
    DeafReaders,
    /// A hundred streams of an HTTP/2 connection that nobody reads.
    UnreadStreams,
    /// Streams of HTTP/2 that are taken back at any moment, and heads over the limit in them.
    ResetStreams,
    /// Requests whose callers leave at any moment.
    HangUps,
    /// Random methods, paths, headers and bytes.
    Nonsense,
    /// Another process that holds the database for a moment.
    LockedStore,
    /// Another process that fills the disk for a moment.
    FullDisk,
    /// A wall clock that is set forward and back.
    ClockJumps,
}

/// Whom they attack, and what they have at hand.
pub(crate) struct Target {
    pub(crate) address: String,
    pub(crate) data_dir: PathBuf,
    /// The upstream, which says what nobody reads.
    pub(crate) simulator: Arc<Simulator>,
    /// A host of images that is no friend either.
    pub(crate) media: String,
}

impl Attack {
    /// Those that need nothing special of the machine.
    pub(crate) const PLAIN: [Self; 14] = [
        Self::SignIns,
        Self::HugeBodies,
        Self::LargeForms,
        Self::LongHeads,
        Self::Attachments,
        Self::SilentSockets,
        Self::Flood,
        Self::HalfRequests,
        Self::DeafReaders,
        Self::UnreadStreams,
        Self::ResetStreams,
        Self::HangUps,
        Self::Nonsense,
        Self::LockedStore,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SignIns => "guesses",
            Self::HugeBodies => "huge bodies",
            Self::LargeForms => "large forms",
            Self::LongHeads => "heads over the limit, refused",
            Self::Attachments => "requests with attached images",
            Self::SilentSockets => "silent sockets",
            Self::Flood => "connections of floods",
            Self::HalfRequests => "half requests",
            Self::DeafReaders => "unread answers",
            Self::UnreadStreams => "unread streams of HTTP/2",
            Self::ResetStreams => "reset streams of HTTP/2",
            Self::HangUps => "hang-ups",
            Self::Nonsense => "nonsense",
            Self::LockedStore => "locks of the database",
            Self::FullDisk => "full disks",
            Self::ClockJumps => "jumps of the clock",
        }
    }

    /// `met` counts what came to a server that listened: an attack that never does is none.
    pub(crate) async fn run(self, target: Arc<Target>, met: Arc<AtomicUsize>) {
        loop {
            let count = self.wave(&target).await;
            met.fetch_add(count, Ordering::Relaxed);
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// How many of a wave met the server.
    async fn wave(self, target: &Target) -> usize {
        let address = || target.address.clone();
        match self {
            Self::SignIns => together(20, || bodies::sign_in(address())).await,
            Self::HugeBodies => bodies::huge(&target.address).await,
            Self::LargeForms => bodies::large_forms(&target.address).await,
            Self::LongHeads => heads::over_the_limit(&target.address).await,
            Self::Attachments => attached::images(&target.address, &target.media).await,
            Self::SilentSockets => together(100, || connections::silent(address())).await,
            Self::Flood => connections::flood(&target.address).await,
            Self::HalfRequests => together(20, || connections::half(address())).await,
            Self::DeafReaders => unread::answers(&target.address, &target.simulator).await,
            Self::UnreadStreams => together_counted(2, || http2::unread(address())).await,
            Self::ResetStreams => http2::resets(address()).await,
            Self::HangUps => together(10, || connections::hang_up(address())).await,
            Self::Nonsense => together(10, || nonsense::send(address())).await,
            Self::LockedStore => usize::from(database::lock(&target.data_dir).await.is_ok()),
            Self::FullDisk => usize::from(disk::fill(&target.data_dir).await.is_ok()),
            Self::ClockJumps => usize::from(wall_clock::jump(&target.data_dir).await.is_ok()),
        }
    }
}

/// How many of them met the server.
async fn together<F>(count: usize, one: impl Fn() -> F) -> usize
where
    F: Future<Output = bool> + Send + 'static,
{
    together_counted(count, || {
        let one = one();
        async { usize::from(one.await) }
    })
    .await
}

/// What all of them count.
async fn together_counted<F>(count: usize, one: impl Fn() -> F) -> usize
where
    F: Future<Output = usize> + Send + 'static,
{
    let mut all = JoinSet::new();
    for _ in 0..count {
        all.spawn(one());
    }
    all.join_all().await.into_iter().sum()
}
