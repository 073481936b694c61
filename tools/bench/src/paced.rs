//! Many open streams at a reading pace: is every event delivered, and what does a stream cost?

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::ensure;
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    load::Target,
    process::{Gateway, Upstream},
    upstream::Shape,
};

/// Events of one answer and the time between them: a stream stays open for about half a minute.
const EVENTS: usize = 30;
const INTERVAL: Duration = Duration::from_millis(1000);
/// What a burst has taken should be given back by then.
const AFTER: Duration = Duration::from_secs(60);
/// Connections that may be in their handshake at once.
const OPENING: usize = 200;

/// What `streams` open streams cost.
pub(crate) struct Paced {
    pub(crate) streams: usize,
    /// The upstream's protocol.
    pub(crate) is_http2: bool,
    pub(crate) rest_kib: u64,
    pub(crate) open_kib: u64,
    /// A minute after the last stream has ended.
    pub(crate) after_kib: u64,
    pub(crate) events_per_stream: usize,
}

impl Paced {
    pub(crate) fn kib_per_stream(&self) -> f64 {
        self.open_kib.saturating_sub(self.rest_kib) as f64 / self.streams as f64
    }
}

/// Opens `streams` streams, measures memory while all are open, and reads every one to its end.
///
/// # Errors
/// A stream failed, or delivered another number of events than the others.
pub(crate) async fn measure(
    binary: &Path,
    streams: usize,
    http2: Option<PathBuf>,
) -> anyhow::Result<Paced> {
    let shape = Shape {
        events: EVENTS,
        interval_ms: INTERVAL.as_millis() as u64,
        http2,
        json: false,
    };
    let upstream = Upstream::start(&shape).await?;
    let trusted = shape.http2.as_deref();
    let gateway = Gateway::start(binary, &upstream.url, 200, trusted).await?;
    let rest_kib = gateway.memory_kib()?;
    let target = Target::gateway(gateway.address());
    let opening = Arc::new(Semaphore::new(OPENING));
    let mut clients = JoinSet::new();
    for _ in 0..streams {
        let (target, opening) = (target.clone(), opening.clone());
        clients.spawn(async move {
            let permit = opening.acquire().await?;
            let mut connection = target.connect().await?;
            drop(permit);
            anyhow::Ok(connection.ask(&target).await?.events)
        });
    }
    // Half of an answer's time: everything is open, nothing has ended.
    tokio::time::sleep(INTERVAL * (EVENTS as u32) / 2).await;
    let open_kib = gateway.memory_kib()?;
    let mut counts = Vec::with_capacity(streams);
    while let Some(events) = clients.join_next().await {
        counts.push(events??);
    }
    let events_per_stream = counts.first().copied().unwrap_or_default();
    ensure!(
        events_per_stream > EVENTS && counts.iter().all(|&count| count == events_per_stream),
        "streams delivered different numbers of events: {:?}…{:?}",
        counts.iter().min(),
        counts.iter().max()
    );
    drop(clients);
    tokio::time::sleep(AFTER).await;
    Ok(Paced {
        streams,
        is_http2: trusted.is_some(),
        rest_kib,
        open_kib,
        after_kib: gateway.memory_kib()?,
        events_per_stream,
    })
}
