//! PostgreSQL, 15 and newer: opening it, and what this engine does for the store.
//!
//! - `url`, `connection`, `start`, `error`: from a URL to connections, and what failures mean
//! - `engine`, `records`, `apply`: batches of writes; `columns`: many rows as one array a column
//! - `media`: rows of media, written; `reader`: what is not read as by every SQL engine (`sql`)
//! - `dialect`: in what its statements differ from those of others
//! - `news`, `listener`: what other instances changed
//!
//! A group of records is one statement, and so one round trip to the server. A commit is durable as
//! the server is set up (`synchronous_commit`, `fsync`). Several instances share a database; they
//! lock rows in the same order.
//!
//! Texts of PostgreSQL cannot hold the character U+0000: it is stored as U+FFFD.

mod apply;
mod columns;
mod connection;
mod dialect;
mod engine;
mod error;
mod listener;
mod media;
mod news;
mod reader;
mod records;
mod start;
mod statements;
mod url;

use uuid::Uuid;

use crate::{
    MasterKey, StoreError, backend::Backend, crypto::Keys, sql::SqlReader, writer::GroupWriter,
};
use connection::Readers;
use engine::PostgresEngine;
use error::unusable;
use listener::Listener;
use reader::PostgresReader;

/// Opens the database that a URL names, creating tables as needed.
pub(crate) async fn open(
    url: &str,
    key: &MasterKey,
) -> Result<Backend<SqlReader<PostgresReader>>, StoreError> {
    let options = url::parse(url)?;
    let keys = Keys::new(key);
    start::prepare(&options, &keys).await?;
    let instance = Uuid::new_v4();
    let connection = connection::connect_writer(&options)
        .await
        .map_err(|error| unusable(&options, error))?;
    let listener = Listener::start(&options, instance)
        .await
        .map_err(|error| unusable(&options, error))?;
    Ok(Backend {
        reader: PostgresReader::new(Readers::new(&options), Some(listener)),
        writer: GroupWriter::start(PostgresEngine::new(options, connection, instance)),
        keys,
    })
}

/// The database that a URL names, for reading. It is connected to when it is first read.
pub(crate) fn open_reader(url: &str) -> Result<SqlReader<PostgresReader>, StoreError> {
    let options = url::parse(url)?;
    Ok(PostgresReader::new(Readers::new(&options), None))
}
