//! Keys that callers of the API present and that the store keeps, beside those of the configuration.

use anyhow::Context;
use store::{ClientKey, DocumentKind, DocumentQuery, Store};

/// Keys that are read at once.
const PAGE: u32 = 500;

/// Every key, oldest first. One that does not decrypt is named in the log by the store.
///
/// # Errors
/// The store cannot be read.
pub async fn load(store: &dyn Store) -> anyhow::Result<Vec<ClientKey>> {
    let mut keys = Vec::new();
    let mut query = DocumentQuery {
        kind: DocumentKind::ClientKey,
        group: String::new(),
        after: None,
        limit: PAGE,
    };
    loop {
        let page = store.list_documents(&query).await;
        let page = page.context("reading the keys")?;
        let last = page
            .last()
            .map(|document| (document.at_ms, document.id.clone()));
        keys.extend(page.iter().filter_map(ClientKey::from_document));
        query.after = last.filter(|_| page.has_more);
        if query.after.is_none() {
            return Ok(keys);
        }
    }
}
