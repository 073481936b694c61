//! `grok2api media`: what can be done about generated files while the server is stopped.

use std::path::Path;

use anyhow::bail;

use super::print;
use crate::{
    cli::MediaCommand,
    media::{files::MediaFiles, verify},
    serve::{boot, storage},
};

const MAY_BE_ANOTHERS: &str = "nothing is repaired: other instances may have this database, and what \
    is missing here may lie in their folders. If all of them have this `media` folder in common, stop \
    them and add --shared-folder. If each has a folder of its own, nothing has to be done: \
    `cache.limit_mb` bounds what lies here, and files that no row names go first";

/// # Errors
/// A text for the terminal; also when something differs and stays so.
pub(super) async fn run(data_dir: &Path, command: &MediaCommand) -> anyhow::Result<()> {
    let MediaCommand::Verify {
        repair,
        shared_folder,
    } = command;
    // Opening the store would make one there.
    if !data_dir.is_dir() {
        bail!("there is no folder {}: set DATA_DIR", data_dir.display());
    }
    let config = boot::load_config(data_dir)?;
    let files = MediaFiles::look(data_dir);
    let files = files.with_bucket_of(&config.media).await?;
    let store = storage::open_store(data_dir, &config).await?;
    let checked = async {
        let has_others = storage::is_shared(store.as_ref()).await? && !shared_folder;
        if *repair && has_others && files.bucket().is_none() {
            bail!(MAY_BE_ANOTHERS);
        }
        let files = files.among_others(has_others);
        let report = verify::verify(&files, store.as_ref()).await?;
        print(&report.to_string());
        if !repair || report.mendable() == 0 {
            return Ok(report);
        }
        verify::repair(&files, store.as_ref(), &report.differences).await?;
        let after = verify::verify(&files, store.as_ref()).await?;
        print(&format!("After the repair:\n{after}"));
        anyhow::Ok(after)
    };
    let checked = checked.await;
    store.close().await;
    match checked?.mendable() {
        0 => Ok(()),
        _ if *repair => bail!("not everything could be repaired"),
        _ => bail!("rows and files differ; `grok2api media verify --repair` deletes what does"),
    }
}
