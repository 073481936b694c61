//! What an instance does once for all that share its store, one after the other: a first password, the
//! import of older files. Three that start at once must not each show a password of which one is right.

use std::{pin::pin, time::Duration};

use anyhow::Context;
use store::Store;
use tokio::time::{Instant, sleep};

use crate::jobs::alone::{Ended, HOLDING, alone};

const LOCK: &str = "first start";
/// Longer than one that died holds up the others, and than most imports take.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// Does the work once no other instance does it.
///
/// # Errors
/// Those of the work; the store fails, or another instance does not come to an end.
pub(super) async fn in_turn<T>(
    store: &dyn Store,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let mut work = pin!(work);
    let patience = Instant::now() + PATIENCE;
    loop {
        let ended = alone(store, LOCK, HOLDING, work.as_mut()).await;
        match ended.context("waiting for other instances that start")? {
            Ended::Done(done) => return done,
            Ended::TakenOver => {
                anyhow::bail!("the store was away during the first start; start again")
            }
            Ended::Elsewhere => {}
        }
        anyhow::ensure!(
            Instant::now() < patience,
            "another instance has been starting for too long; start again, and look at the clocks \
             of the machines if this stays"
        );
        sleep(LOOK_INTERVAL).await;
    }
}
