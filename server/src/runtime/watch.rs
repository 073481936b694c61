//! Notices that `config.toml` has changed.

use std::{path::Path, sync::Arc, time::Duration};

use settings::CONFIG_FILE;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Runtime;

/// Looking costs one system call; file events would not see through every kind of mount.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// What tells one state of the file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified_ns: i128,
    len: u64,
    inode: u64,
}

/// Reloads when the file has changed and then stayed the same for one look, so that a file half
/// written is left alone, and whenever `asked` is notified. Ends with `stop`.
pub async fn run(runtime: Arc<Runtime>, asked: Arc<Notify>, stop: CancellationToken) {
    let path = runtime.data_dir().join(CONFIG_FILE);
    let mut in_force = stamp(&path).await;
    let mut last = in_force;
    let mut looks = tokio::time::interval(LOOK_INTERVAL);
    loop {
        let is_asked = tokio::select! {
            () = stop.cancelled() => return,
            () = asked.notified() => true,
            _ = looks.tick() => false,
        };
        let now = stamp(&path).await;
        let is_settled = now == last;
        last = now;
        if !is_asked && (now == in_force || !is_settled) {
            continue;
        }
        in_force = now;
        let runtime = Arc::clone(&runtime);
        // Reading a file blocks.
        if let Err(error) = tokio::task::spawn_blocking(move || runtime.reload()).await {
            tracing::error!(%error, "the configuration could not be read again");
        }
    }
}

/// `None` when there is no file.
async fn stamp(path: &Path) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let meta = tokio::fs::metadata(path).await.ok()?;
    Some(Stamp {
        modified_ns: i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec()),
        len: meta.len(),
        inode: meta.ino(),
    })
}
