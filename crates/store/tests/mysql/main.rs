//! What only the engine for MySQL and MariaDB must do: say what is wrong with a server, and keep its
//! promises when the server or the way to it fails.
#![expect(clippy::unwrap_used, reason = "tests")]

mod outages;
mod proxy;
mod sizes;
mod start;
#[path = "../support/mod.rs"]
mod support;

use sqlx::{Connection, MySqlConnection};
use tempfile::TempDir;
use test_support::databases::{Engine, Server};

/// A server, a database in it, and a folder for what a store keeps beside it.
struct Place {
    server: Server,
    url: String,
    folder: TempDir,
}

impl Place {
    async fn new() -> Self {
        let mut server = Server::start(Engine::MariaDb).await.unwrap();
        let url = server.fresh_database().unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self {
            server,
            url,
            folder,
        }
    }

    /// A connection past the store.
    async fn connect(&self) -> MySqlConnection {
        MySqlConnection::connect(&self.url).await.unwrap()
    }
}
