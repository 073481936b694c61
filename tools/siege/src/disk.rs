//! A disk that is full for a moment.

use std::{
    io::{self, ErrorKind},
    path::Path,
    time::Duration,
};

use tokio::{fs::File, io::AsyncWriteExt, time::sleep};

const PAUSE: Duration = Duration::from_secs(7);
const FULL: Duration = Duration::from_millis(500);
const BLOCK: usize = 1024 * 1024;

/// Fills the file system of `folder`, which must be a small one, and frees it again.
///
/// # Errors
/// It could not be filled.
pub(crate) async fn fill(folder: &Path) -> io::Result<()> {
    sleep(PAUSE).await;
    let path = folder.join("filler");
    let filled = write_until_full(&path).await;
    if filled.is_ok() {
        sleep(FULL).await;
    }
    tokio::fs::remove_file(&path).await?;
    filled
}

async fn write_until_full(path: &Path) -> io::Result<()> {
    let mut file = File::create(path).await?;
    // The last bytes, too: a page of the database needs few of them.
    for block in [vec![0; BLOCK], vec![0; 512]] {
        loop {
            let written = async {
                file.write_all(&block).await?;
                file.flush().await
            };
            match written.await {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}
