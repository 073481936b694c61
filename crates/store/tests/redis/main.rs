//! What only Redis must do: be set up as a store needs it, come back, tell news.
#![expect(clippy::unwrap_used, reason = "tests")]

mod durability;
mod media;
mod memory;
mod mute;
mod news;
mod start;
#[path = "../support/mod.rs"]
mod support;
mod texts;

use std::sync::Arc;

use redis::{Client, FromRedisValue, aio::MultiplexedConnection};
use store::{Store, StoreError};

/// Another connection to the same server.
async fn connect(url: &str) -> MultiplexedConnection {
    let client = Client::open(url).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

/// Runs one command, its words parted by spaces.
async fn run<T: FromRedisValue>(url: &str, command: &str) -> T {
    let mut words = command.split(' ');
    let mut call = redis::cmd(words.next().unwrap());
    for word in words {
        call.arg(word);
    }
    call.query_async(&mut connect(url).await).await.unwrap()
}

async fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let folder = tempfile::tempdir().unwrap();
    store::open(url, folder.path(), support::key()).await
}

async fn opened(url: &str) -> Arc<dyn Store> {
    let folder = tempfile::tempdir().unwrap();
    support::open(url, folder.path()).await
}
