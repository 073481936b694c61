//! `grok2api import`, `export`, `keys`: the predecessor's files both ways.

use std::path::Path;

use anyhow::bail;
use store::{ClientKey, Row, Table};

use super::{open_view, print};
use crate::{
    clock::date_time,
    serve::{boot, storage},
    services::{
        export,
        import::{self, ImportOptions},
    },
};

/// # Errors
/// A text for the terminal; also when a file is not what its name says.
pub(super) async fn import(data_dir: &Path, dir: &Path, is_dry: bool) -> anyhow::Result<()> {
    let config = boot::load_config(data_dir)?;
    let store = storage::open_store(data_dir, &config).await?;
    let options = ImportOptions {
        is_dry,
        conversation_ttl_secs: config.conversation.ttl_seconds,
    };
    let report = import::from_dir(store.as_ref(), dir, options).await;
    store.close().await;
    let report = report?;
    print(&report.to_string());
    if report.has_refused() {
        bail!("not every file could be read");
    }
    Ok(())
}

/// # Errors
/// A text for the terminal.
pub(super) async fn export(data_dir: &Path, dir: &Path, force: bool) -> anyhow::Result<()> {
    let view = open_view(data_dir).await?;
    let report = export::to_dir(&view, dir, force).await;
    view.close().await;
    print(&report?.to_string());
    Ok(())
}

/// # Errors
/// A text for the terminal.
pub(super) async fn list_keys(data_dir: &Path) -> anyhow::Result<()> {
    let view = open_view(data_dir).await?;
    let keys = read_keys(&view).await;
    view.close().await;
    let lines: Vec<_> = keys?.iter().map(line).collect();
    print(&match lines.is_empty() {
        true => "The store keeps no key.".to_owned(),
        false => lines.join("\n"),
    });
    Ok(())
}

async fn read_keys(view: &store::StoreView) -> anyhow::Result<Vec<ClientKey>> {
    let mut tables = view.tables().await?;
    let (mut keys, mut place) = (Vec::new(), None);
    loop {
        let page = tables.page(Table::Documents, place.as_deref()).await?;
        keys.extend(page.rows.iter().filter_map(|row| match row {
            Row::Document(document) if document.kind == store::DocumentKind::ClientKey => {
                ClientKey::from_document(document)
            }
            _ => None,
        }));
        place = page.next;
        if place.is_none() {
            keys.sort_by_key(|key| key.created_at_ms);
            return Ok(keys);
        }
    }
}

fn line(key: &ClientKey) -> String {
    let state = if key.is_active { "active" } else { "off" };
    // Whoever named it may have used what a terminal obeys.
    let name: String = key.name.chars().filter(|c| !c.is_control()).collect();
    let created = date_time(key.created_at_ms);
    format!(
        "{}  {state:<6}  {created}  {}  {name}",
        key.masked(),
        key.label()
    )
}
