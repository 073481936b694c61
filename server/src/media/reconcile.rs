//! After anything but a clean stop (`serve/clean_stop.rs`): rows and files agree again before the first
//! request. Nothing that was generated is lost: a file without a row gets one.

use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context;
use store::{MediaKind, MediaRow, Store};
use tokio::{task::spawn_blocking, time::timeout};
use uuid::Uuid;

use super::{
    files::MediaFiles,
    inventory::Found,
    names::{is_name, type_of_name},
    verify::{ROWS, delete_rows, own, read_rows},
};

/// A start does not wait longer for it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What did not agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Rows that were deleted: their files are gone.
    pub rows: u64,
    /// Files that got a row, without an owner and with nothing of how they were made.
    pub files: usize,
}

/// Brings rows and files of the folder together. A bucket is left alone: others may be writing to it.
/// Nothing may be being stored meanwhile.
///
/// # Errors
/// Rows or files cannot be read or written, or it takes too long.
pub async fn reconcile(files: &MediaFiles, store: &dyn Store) -> anyhow::Result<Reconciled> {
    if files.bucket().is_some() {
        return Ok(Reconciled::default());
    }
    let reconciling = timeout(TIMEOUT, compare(files, store));
    reconciling.await.context("it takes too long")?
}

async fn compare(files: &MediaFiles, store: &dyn Store) -> anyhow::Result<Reconciled> {
    let mut told = read_rows(store).await?;
    let found = files.list().await.context("listing the files")?;
    let mut unknown = Vec::new();
    for file in found {
        let row = told.remove(&(file.kind, file.name.clone()));
        if row.is_none() && is_name(&file.name) {
            unknown.push(file);
        }
    }
    let gone: Vec<String> = own(&told).map(|((_, name), _)| name.clone()).collect();
    let rows = delete_rows(files, store, &gone).await?;
    let mut reconciled = Reconciled {
        rows,
        files: unknown.len(),
    };
    let mut adopted = Vec::new();
    for file in unknown {
        match adopt(files, &file).await {
            Some(row) => adopted.push(row),
            None => reconciled.files -= 1,
        }
    }
    for rows in adopted.chunks(ROWS) {
        let inserted = store.insert_media(rows.to_vec()).await;
        inserted.context("writing rows")?;
    }
    Ok(reconciled)
}

/// A row for a file of which nothing else is known; `None` for what is no picture after all.
async fn adopt(files: &MediaFiles, file: &Found) -> Option<MediaRow> {
    let place = files.folder_of(file.kind).join(&file.name);
    let (width, height) = match file.kind {
        MediaKind::Video => (0, 0),
        MediaKind::Image => {
            let size = spawn_blocking(move || imagesize::size(place))
                .await
                .ok()?
                .ok()?;
            (size.width.try_into().ok()?, size.height.try_into().ok()?)
        }
    };
    let at = file.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(MediaRow {
        id: Uuid::now_v7().simple().to_string(),
        at_ms: i64::try_from(at.as_millis()).unwrap_or(i64::MAX),
        owner: String::new(),
        kind: file.kind,
        file: file.name.clone(),
        mime: type_of_name(&file.name).to_owned(),
        bytes: file.bytes,
        width,
        height,
        prompt: String::new(),
        model: String::new(),
        params: "{}".to_owned(),
        poster: None,
        parent: None,
        account: String::new(),
        key: None,
        request_id: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use store::{MasterKey, MediaQuery};

    use super::*;

    const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0";

    #[tokio::test]
    async fn files_get_their_rows_back_and_rows_without_a_file_go() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let key = MasterKey::load_or_create(folder.path(), None).unwrap();
        let store = store::open("", folder.path(), key).await.unwrap();
        let stored = files.store_image(PICTURE.into()).await.unwrap();
        let first = reconcile(&files, store.as_ref()).await.unwrap();
        assert_eq!(first, Reconciled { rows: 0, files: 1 });
        let query = MediaQuery {
            owner: None,
            kind: Some(MediaKind::Image),
            before: None,
            limit: 10,
        };
        let rows = store.list_media(&query).await.unwrap();
        assert_eq!(
            (rows[0].file.as_str(), rows[0].width, rows[0].height),
            (&*stored.name, 2, 3)
        );
        let again = reconcile(&files, store.as_ref()).await.unwrap();
        assert_eq!(again, Reconciled::default());
        std::fs::remove_file(folder.path().join("media/image").join(&stored.name)).unwrap();
        let gone = reconcile(&files, store.as_ref()).await.unwrap();
        assert_eq!(gone, Reconciled { rows: 1, files: 0 });
        assert_eq!(store.list_media(&query).await.unwrap().rows, []);
        store.close().await;
    }
}
