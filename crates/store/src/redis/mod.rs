//! Redis 7.0 or newer, or Valkey: one server, with replicas if wanted, but no cluster.
//!
//! - `server`, `client`: what the URL says, and what the server must be
//! - `engine`, `pack`, `scripts`: a batch is one call of one script, which Redis runs alone
//! - `link`, `reader`, `page`, `requests`, `media`, `media_search`, `accounts`: reading
//! - `news`: what other instances changed
//! - `keys`, `rows`: names and texts
//!
//! What is acknowledged is as durable as the server's file: with `appendfsync always` on its disk,
//! with `everysec` lost by a crash of the server within a second or two. The mark of a batch is in
//! the same file, so what is lost is lost with its mark and is written again if it is still known.

mod accounts;
mod client;
mod engine;
mod error;
mod keys;
mod link;
mod media;
mod media_search;
mod news;
mod pack;
mod page;
mod reader;
mod requests;
mod rows;
mod scripts;
mod server;
mod tables;

use std::time::Duration;

use redis::{Client, aio::MultiplexedConnection};
use tokio::time::timeout;

use crate::{MasterKey, StoreError, backend::Backend, crypto::Keys, writer::GroupWriter};
use engine::RedisEngine;
use error::unreadable;
use keys::{PREFIX, key};
use link::Link;
use news::{News, Sender};
use reader::RedisReader;
use scripts::OPEN;
use server::explain;

/// Of what is stored. A later version that stores something else brings it up to date here, and
/// older programs refuse it.
const VERSION: i64 = 1;

/// How long an opening may take.
const START_LIMIT: Duration = Duration::from_secs(9);

/// Opens the store on the server that `url` names.
pub(crate) async fn open(url: &str, key: &MasterKey) -> Result<Backend<RedisReader>, StoreError> {
    let client = client::of(url)?;
    let opened = timeout(START_LIMIT, open_with(client.clone(), key)).await;
    opened.map_err(|_| server::silent(&client))?
}

async fn open_with(client: Client, key: &MasterKey) -> Result<Backend<RedisReader>, StoreError> {
    let mut connection = server::meet(&client).await?;
    let keys = Keys::new(key);
    claim(&client, &mut connection, &keys).await?;
    let sender = Sender::new(client.get_connection_info().redis_settings().db());
    let listening = News::listen(&client, &sender).await;
    let news = listening.map_err(|error| explain(&client, &error))?;
    Ok(Backend {
        reader: RedisReader::new(Link::new(client.clone()), Some(news)),
        writer: GroupWriter::start(RedisEngine::new(client, connection, sender)),
        keys,
    })
}

/// Opens the server that `url` names for reading, whoever else uses it. Connects when first asked.
pub(crate) fn open_reader(url: &str) -> Result<RedisReader, StoreError> {
    Ok(RedisReader::new(Link::new(client::of(url)?), None))
}

/// Makes sure that what is stored is ours to read: the version, the key.
async fn claim(
    client: &Client,
    connection: &mut MultiplexedConnection,
    keys: &Keys,
) -> Result<(), StoreError> {
    let version_key = key("version");
    let opened: Vec<String> = OPEN
        .run(connection, &version_key, |call| {
            call.arg(PREFIX).arg(VERSION).arg(keys.check());
        })
        .await
        .map_err(|error| explain(client, &error))?;
    match opened.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["open"] => Ok(()),
        ["wrong key"] => Err(StoreError::WrongKey),
        ["newer", version] => {
            let version = version.parse().map_err(|_| unreadable("version", version));
            version.and_then(|migration| Err(StoreError::Newer { migration }))
        }
        _ => Err(unreadable("version", "?")),
    }
}
