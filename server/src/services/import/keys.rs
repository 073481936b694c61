//! `api_keys.json`.

use anyhow::Context;
use store::{DocumentKind, legacy};

use super::{FileReport, Target};

pub(super) async fn import(target: Target<'_>, text: &str) -> anyhow::Result<FileReport> {
    let found = match legacy::read_api_keys(text, target.now_ms) {
        Ok(found) => found,
        Err(error) => return Ok(FileReport::refused(&error)),
    };
    let mut report = FileReport::of("key", &found.bad);
    for key in found.entries {
        let document = key.to_document();
        let known = target
            .store
            .get_document(DocumentKind::ClientKey, &document.id);
        let is_known = known.await.context("reading the known keys")?.is_some()
            || (target.is_dry && !target.planned.add_document(&document.id));
        if is_known {
            report.known += 1;
            continue;
        }
        report.added += 1;
        if !target.is_dry {
            let stored = target.store.put_document(document).await;
            stored.context("storing a key")?;
        }
    }
    Ok(report)
}
