//! The browser's own store (IndexedDB): text values under text keys.
//!
//! Each call opens the database again, which costs about a millisecond, and closes it however it
//! ends: this tab never stands in the way of another one that brings a newer version of the page.

use idb::{
    Database, DatabaseEvent, Error, Factory, ObjectStoreParams, Transaction, TransactionMode,
};
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

/// The opened database, closed when it is dropped.
struct Connection(Database);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Reads and writes as one step, whatever other tabs do: the browser lets one change of the same
/// tables begin when the one before it has ended. All of it is written, or nothing.
///
/// Nothing but its own methods may be awaited before [`Change::commit`]: the browser ends a change
/// that waits for anything else.
pub(crate) struct Change {
    connection: Connection,
    transaction: Transaction,
}

impl Change {
    pub(crate) async fn begin(tables: &[Table]) -> Result<Self, StorageRefused> {
        let (connection, transaction) = open(tables, TransactionMode::ReadWrite).await?;
        Ok(Self {
            connection,
            transaction,
        })
    }

    pub(crate) async fn get(
        &self,
        table: Table,
        key: &str,
    ) -> Result<Option<String>, StorageRefused> {
        read(&self.transaction, table, key).await
    }

    pub(crate) async fn put(
        &self,
        table: Table,
        key: &str,
        value: &str,
    ) -> Result<(), StorageRefused> {
        let store = self.transaction.object_store(table.name())?;
        store
            .put(&JsValue::from_str(value), Some(&JsValue::from_str(key)))?
            .await?;
        Ok(())
    }

    /// An absent key is no error.
    pub(crate) async fn delete(&self, table: Table, key: &str) -> Result<(), StorageRefused> {
        let store = self.transaction.object_store(table.name())?;
        store.delete(JsValue::from_str(key))?.await?;
        Ok(())
    }

    /// Returns when other tabs can read what was written.
    pub(crate) async fn commit(self) -> Result<(), StorageRefused> {
        self.transaction.commit()?.await?;
        drop(self.connection);
        Ok(())
    }
}

pub(crate) async fn get(table: Table, key: &str) -> Result<Option<String>, StorageRefused> {
    let (_connection, transaction) = open(&[table], TransactionMode::ReadOnly).await?;
    read(&transaction, table, key).await
}

/// Every value of a table.
pub(crate) async fn get_all(table: Table) -> Result<Vec<String>, StorageRefused> {
    let (_connection, transaction) = open(&[table], TransactionMode::ReadOnly).await?;
    let values = transaction
        .object_store(table.name())?
        .get_all(None, None)?
        .await?;
    Ok(values
        .into_iter()
        .filter_map(|value| value.as_string())
        .collect())
}

async fn read(
    transaction: &Transaction,
    table: Table,
    key: &str,
) -> Result<Option<String>, StorageRefused> {
    let store = transaction.object_store(table.name())?;
    let value = store.get(JsValue::from_str(key))?.await?;
    Ok(value.and_then(|value| value.as_string()))
}

async fn open(
    tables: &[Table],
    mode: TransactionMode,
) -> Result<(Connection, Transaction), StorageRefused> {
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
    let connection = Connection(request.await?);
    let names: Vec<&str> = tables.iter().map(|table| table.name()).collect();
    let transaction = connection.0.transaction(&names, mode)?;
    Ok((connection, transaction))
}
