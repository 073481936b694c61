//! A `MySQL` 8 or `MariaDB` 10.11 server: opening it, and what this engine does for the store.
//!
//! - `address`: what a URL says; `connection`: how it is connected to; `start`: what is looked at and
//!   brought up to date before the store is open; `trouble`: what is said when that fails
//! - `engine`, `apply`, `batches`, `accounts`, `media_write`, `video_job`: writing
//! - `reader`: what is not read as by every SQL engine (`sql`)
//! - `feed`: what other instances changed
//! - `statements`, `multi_row`: statements; `dialect`: in what they differ from those of others
//!
//! A committed write is as durable as the server is set up: with its defaults
//! (`innodb_flush_log_at_trx_commit = 1`) it survives a power cut.
//!
//! Any number of instances work on one database.

mod accounts;
mod address;
mod apply;
mod batches;
mod connection;
mod dialect;
mod engine;
mod error;
mod feed;
mod media_write;
mod multi_row;
mod reader;
mod start;
mod statements;
mod trouble;
mod video_job;

use std::sync::{Arc, OnceLock};

use crate::{
    MasterKey, StoreError, backend::Backend, crypto::Keys, sql::SqlReader, writer::GroupWriter,
};
use address::Address;
use connection::Pool;
use engine::MySqlEngine;
use feed::Feed;
use reader::MySqlReader;

/// Opens the database that `url` (`mysql://…`) names, creating its tables as needed.
pub(crate) async fn open(
    url: &str,
    key: &MasterKey,
) -> Result<Backend<SqlReader<MySqlReader>>, StoreError> {
    let address = Address::parse(url)?;
    let keys = Keys::new(key);
    start::prepare(&address, &keys).await?;
    let writer = Arc::default();
    Ok(Backend {
        reader: reader(&address, Arc::clone(&writer)),
        writer: GroupWriter::start(MySqlEngine::new(address.options, writer)),
        keys,
    })
}

/// The same database for reading alone; connects when first asked.
pub(crate) fn open_reader(url: &str) -> Result<SqlReader<MySqlReader>, StoreError> {
    Ok(reader(&Address::parse(url)?, Arc::default()))
}

fn reader(address: &Address, writer: Arc<OnceLock<uuid::Uuid>>) -> SqlReader<MySqlReader> {
    MySqlReader::new(Pool::new(address.options.clone()), Feed::new(writer))
}
