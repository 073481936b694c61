//! The browser's own store (IndexedDB): text values under text keys.
//!
//! Each call opens the database again, which costs about a millisecond and never stands in the way
//! of another tab that brings a newer version of the page.

use idb::{Database, DatabaseEvent, Error, Factory, ObjectStoreParams, TransactionMode};
use wasm_bindgen::JsValue;

const NAME: &str = "grok2api-chat";
const VERSION: u32 = 1;

/// A table of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// Conversation id → summary for the list, JSON.
    Summaries,
    /// Conversation id → whole conversation, JSON.
    Conversations,
    /// File id → content as a data URI.
    Files,
}

impl Table {
    const ALL: [Self; 3] = [Self::Summaries, Self::Conversations, Self::Files];

    const fn name(self) -> &'static str {
        match self {
            Self::Summaries => "summaries",
            Self::Conversations => "conversations",
            Self::Files => "files",
        }
    }
}

/// The browser keeps nothing: storage is switched off or full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the browser's store is not available")]
pub(crate) struct StorageRefused;

impl From<Error> for StorageRefused {
    fn from(_: Error) -> Self {
        Self
    }
}

/// Writes values in one transaction: all or none.
pub(crate) async fn put_all(entries: &[(Table, &str, &str)]) -> Result<(), StorageRefused> {
    let database = open().await?;
    let names: Vec<&str> = tables(entries.iter().map(|entry| entry.0));
    let transaction = database.transaction(&names, TransactionMode::ReadWrite)?;
    for (table, key, value) in entries {
        let store = transaction.object_store(table.name())?;
        store
            .put(&JsValue::from_str(value), Some(&JsValue::from_str(key)))?
            .await?;
    }
    transaction.commit()?.await?;
    database.close();
    Ok(())
}

/// Removes values in one transaction. Absent keys are no error.
pub(crate) async fn delete_all(keys: &[(Table, &str)]) -> Result<(), StorageRefused> {
    let database = open().await?;
    let names: Vec<&str> = tables(keys.iter().map(|entry| entry.0));
    let transaction = database.transaction(&names, TransactionMode::ReadWrite)?;
    for (table, key) in keys {
        transaction
            .object_store(table.name())?
            .delete(JsValue::from_str(key))?
            .await?;
    }
    transaction.commit()?.await?;
    database.close();
    Ok(())
}

pub(crate) async fn get(table: Table, key: &str) -> Result<Option<String>, StorageRefused> {
    let database = open().await?;
    let transaction = database.transaction(&[table.name()], TransactionMode::ReadOnly)?;
    let value = transaction
        .object_store(table.name())?
        .get(JsValue::from_str(key))?
        .await?;
    database.close();
    Ok(value.and_then(|value| value.as_string()))
}

/// Every value of a table.
pub(crate) async fn get_all(table: Table) -> Result<Vec<String>, StorageRefused> {
    let database = open().await?;
    let transaction = database.transaction(&[table.name()], TransactionMode::ReadOnly)?;
    let values = transaction
        .object_store(table.name())?
        .get_all(None, None)?
        .await?;
    database.close();
    Ok(values
        .into_iter()
        .filter_map(|value| value.as_string())
        .collect())
}

fn tables(used: impl Iterator<Item = Table> + Clone) -> Vec<&'static str> {
    let is_used = |table: &Table| used.clone().any(|other| other == *table);
    Table::ALL
        .into_iter()
        .filter(is_used)
        .map(Table::name)
        .collect()
}

async fn open() -> Result<Database, StorageRefused> {
    let mut request = Factory::new()?.open(NAME, Some(VERSION))?;
    request.on_upgrade_needed(|event| {
        let Ok(database) = event.database() else {
            return;
        };
        let known = database.store_names();
        for table in Table::ALL {
            if !known.iter().any(|name| name == table.name()) {
                // A failure leaves the table out; the first use of it reports that.
                let _ = database.create_object_store(table.name(), ObjectStoreParams::new());
            }
        }
    });
    Ok(request.await?)
}
