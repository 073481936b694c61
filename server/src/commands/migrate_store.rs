//! `grok2api migrate-store`: everything from one store to another.

use std::{ops::ControlFlow, path::Path, sync::Arc};

use anyhow::{Context, bail};
use store::{
    Store, are_same_store,
    moving::{MoveProgress, move_everything},
};
use tokio_util::sync::CancellationToken;

use super::print;
use crate::serve::storage;

/// # Errors
/// Why not everything is in the target. The same command goes on where it stopped.
pub(super) async fn run(data_dir: &Path, from: &str, to: &str) -> anyhow::Result<()> {
    if !data_dir.is_dir() {
        bail!(
            "there is no data folder {}, where the master key of both stores is; name it with \
             --data-dir or DATA_DIR",
            data_dir.display()
        );
    }
    if are_same_store(from, to, data_dir)? {
        bail!("both URLs name the same store");
    }
    let kind = store::StoreKind::of(to)?.as_str();
    let key = storage::load_key(data_dir)?;
    let source = key
        .derive("grok2api name of a moved store 1")
        .mac(from.trim());
    // Opening the source would make one where there is none.
    let view = store::open_view(from, data_dir, &key).await;
    view.context("the source")?.close().await;
    let from = store::open(from, data_dir, key)
        .await
        .context("the source")?;
    let to = store::open(to, data_dir, storage::load_key(data_dir)?).await;
    let to = match to.context("the target") {
        Ok(to) => to,
        Err(error) => {
            from.close().await;
            return Err(error);
        }
    };
    let moved = move_all(&from, &to, &source).await;
    from.close().await;
    to.close().await;
    print(&format!(
        "{}\nSet SERVER_STORAGE_TYPE (server.storage_type) to {kind} and SERVER_STORAGE_URL \
         (server.storage_url) to the target, and start the server.",
        moved?
    ));
    Ok(())
}

async fn move_all(
    from: &Arc<dyn Store>,
    to: &Arc<dyn Store>,
    source: &str,
) -> anyhow::Result<String> {
    let stop = CancellationToken::new();
    let is_asked = stop.clone();
    let mut progress = move |progress: MoveProgress| {
        match progress {
            MoveProgress::Copied { table, rows } => {
                eprintln!("{}: {rows} row(s) copied", table.as_str());
            }
            MoveProgress::Compared { table, sum } => {
                eprintln!("{}: {} row(s), the same in both", table.as_str(), sum.rows);
            }
        }
        match is_asked.is_cancelled() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let moving = move_everything(from.as_ref(), to.as_ref(), source, &mut progress);
    tokio::pin!(moving);
    let moved = loop {
        tokio::select! {
            moved = &mut moving => break moved?,
            // What is being written is finished first.
            signal = tokio::signal::ctrl_c(), if !stop.is_cancelled() => {
                signal.context("waiting for Ctrl-C")?;
                stop.cancel();
            }
        }
    };
    let rows: u64 = moved.tables.iter().map(|(_, sum)| sum.rows).sum();
    let mut lines = vec![format!(
        "{rows} row(s) of {} tables are in the target, the same in both stores.",
        moved.tables.len()
    )];
    let unreadable = moved.unreadable.iter();
    lines.extend(unreadable.map(|what| format!("left out: {what}")));
    Ok(lines.join("\n"))
}
