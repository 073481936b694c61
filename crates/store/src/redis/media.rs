//! Rows and files of generated media, read otherwise than page by page.

use std::collections::BTreeMap;

use redis::{cmd, pipe};

use super::{
    error::unreadable,
    keys::{key, place},
    link::Link,
    page::{Walk, rows_of},
};
use crate::{MediaFile, MediaKind, MediaRow, StoreError};

/// Fields that are read at once of a hash of any size.
const SCAN: usize = 1000;
/// What stands for the first pictures of videos among kinds of files.
const POSTER: &str = "poster";

/// The newest row of each file.
pub(super) async fn oldest(
    link: &Link,
    after: Option<(i64, String)>,
    limit: u32,
) -> Result<Vec<MediaRow>, StoreError> {
    let after = after.map(|(at_ms, id)| place(at_ms, &id));
    let walk = Walk::of("media:newest", false).behind(after.as_deref());
    super::page::read_page(link, walk, limit, |_| true)
        .await
        .map(|page| page.rows)
}

pub(super) async fn many(link: &Link, ids: &[String]) -> Result<Vec<MediaRow>, StoreError> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    rows_of(link, &ids).await
}

pub(super) async fn files(link: &Link) -> Result<Vec<MediaFile>, StoreError> {
    // A scan may tell the same twice.
    let mut found = BTreeMap::<String, MediaFile>::new();
    let mut cursor = "0".to_owned();
    loop {
        let (next, fields) = scan(link, "media:files", &cursor).await?;
        let mut counts = pipe();
        for (name, _) in &fields {
            counts.add_command(cmd("ZCARD").arg(key(&format!("media:file:{name}"))).clone());
        }
        let counts: Vec<u64> = match fields.is_empty() {
            true => Vec::new(),
            false => link.ask_all(&counts).await?,
        };
        for ((name, bytes), rows) in fields.into_iter().zip(counts) {
            let file = read_file(&name, &bytes, rows);
            let file = file.ok_or_else(|| unreadable("media:files", &name))?;
            found.insert(name, file);
        }
        if next == "0" {
            return Ok(found.into_values().collect());
        }
        cursor = next;
    }
}

fn read_file(name: &str, bytes: &str, rows: u64) -> Option<MediaFile> {
    let (what, file) = name.split_once('/')?;
    let is_poster = what == POSTER;
    let kind = match is_poster {
        true => MediaKind::Image,
        false => MediaKind::from_name(what)?,
    };
    Some(MediaFile {
        kind,
        file: file.to_owned(),
        bytes: bytes.parse().ok()?,
        rows,
        is_poster,
    })
}

/// Some fields of a hash, and where to go on.
pub(super) async fn scan(
    link: &Link,
    hash: &str,
    cursor: &str,
) -> Result<(String, Vec<(String, String)>), StoreError> {
    let mut scan = cmd("HSCAN");
    scan.arg(key(hash)).arg(cursor).arg("COUNT").arg(SCAN);
    link.ask(scan).await
}

/// Bytes of all files.
pub(super) async fn bytes(link: &Link) -> Result<u64, StoreError> {
    let mut get = cmd("HVALS");
    get.arg(key("media:bytes"));
    let sums: Vec<u64> = link.ask(get).await?;
    Ok(sums.into_iter().fold(0, u64::saturating_add))
}

pub(super) async fn is_used(link: &Link, kind: MediaKind, file: &str) -> Result<bool, StoreError> {
    let mut exists = cmd("EXISTS");
    exists
        .arg(key(&format!("media:file:{}/{file}", kind.as_str())))
        .arg(key(&format!("media:file:{POSTER}/{file}")))
        .arg(key(&format!("video_jobs:file:{file}")))
        .arg(key(&format!("video_jobs:poster:{file}")));
    let lists: u64 = link.ask(exists).await?;
    Ok(lists > 0)
}
