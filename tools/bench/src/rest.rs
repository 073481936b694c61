//! What the gateway costs while nobody asks anything.

use std::{path::Path, time::Duration};

use crate::{
    process::{Gateway, Upstream},
    upstream::Shape,
};

/// After this time a started process has freed what only its start needed.
const SETTLE: Duration = Duration::from_secs(2);

/// A gateway that was started again on its data folder.
pub(crate) struct Rest {
    pub(crate) accounts: usize,
    /// From spawn to serving.
    pub(crate) start: Duration,
    /// Resident memory.
    pub(crate) kib: u64,
}

/// The first start, which makes key, database and password and imports the accounts, is not
/// measured.
pub(crate) async fn measure(binary: &Path, accounts: usize) -> anyhow::Result<Rest> {
    let upstream = Upstream::start(&Shape {
        events: 1,
        interval_ms: 0,
        http2: None,
        json: false,
    })
    .await?;
    let first = Gateway::start(binary, &upstream.url, accounts, None).await?;
    let gateway = first.restart(binary, &upstream.url).await?;
    tokio::time::sleep(SETTLE).await;
    Ok(Rest {
        accounts,
        start: gateway.ready_after(),
        kib: gateway.memory_kib()?,
    })
}
