//! What the gateway costs while nobody asks anything.

use std::{path::Path, time::Duration};

use crate::process::{Gateway, Simulator};

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
    let simulator = Simulator::start(&["--events", "1"]).await?;
    let first = Gateway::start(binary, &simulator.url, accounts).await?;
    let gateway = first.restart(binary, &simulator.url).await?;
    tokio::time::sleep(SETTLE).await;
    Ok(Rest {
        accounts,
        start: gateway.ready_after(),
        kib: gateway.memory_kib()?,
    })
}
