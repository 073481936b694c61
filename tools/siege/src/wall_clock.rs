//! A wall clock that jumps: libfaketime's, which reads how far it is off from a file.

use std::{io, path::Path, time::Duration};

use rand::Rng;
use test_support::Launch;
use tokio::time::sleep;

const FILE: &str = "faketime";
const PAUSE: Duration = Duration::from_secs(9);
/// Long enough for every second of the good client to see it.
const OFF: Duration = Duration::from_secs(4);

/// The gateway sees the clock that [`jump`] sets. The clock that only counts on stays true, as it does
/// when an operator or NTP sets the time.
pub(crate) fn fake(launch: Launch, library: &Path, folder: &Path) -> io::Result<Launch> {
    let file = folder.join(FILE);
    std::fs::write(&file, "+0")?;
    Ok(launch
        .env("LD_PRELOAD", library.display())
        .env("FAKETIME_TIMESTAMP_FILE", file.display())
        .env("FAKETIME_CACHE_DURATION", 1)
        .env("FAKETIME_DONT_FAKE_MONOTONIC", 1))
}

/// Some minutes to some weeks ahead or behind, and back.
///
/// # Errors
/// The clock could not be set.
pub(crate) async fn jump(folder: &Path) -> io::Result<()> {
    sleep(PAUSE).await;
    let seconds = rand::rng().random_range(60..3_000_000);
    let sign = if rand::rng().random() { '+' } else { '-' };
    let file = folder.join(FILE);
    tokio::fs::write(&file, format!("{sign}{seconds}")).await?;
    sleep(OFF).await;
    tokio::fs::write(&file, "+0").await
}
