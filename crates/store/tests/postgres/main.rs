//! What only PostgreSQL must do: survive the server's crash and lost answers, tell at start what is
//! wrong, share its tables.
#![expect(clippy::unwrap_used, reason = "tests")]

mod crash;
mod proxy;
mod start;
#[path = "../support/mod.rs"]
mod support;

use std::{path::Path, sync::Arc};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use store::Store;
use test_support::databases::{Engine, Server};

async fn server() -> Server {
    Server::start(Engine::Postgres).await.unwrap()
}

async fn open(url: &str) -> Arc<dyn Store> {
    support::open(url, Path::new("unused")).await
}

/// Changes something behind the store's back, as a superuser.
async fn execute(url: &str, statement: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let statement = AssertSqlSafe(statement.to_owned());
    connection.execute(statement).await.unwrap();
    connection.close().await.unwrap();
}

/// The URL with another user, password and database.
fn url_of(url: &str, user: &str, password: &str, database: &str) -> String {
    let (_, rest) = url.split_once('@').unwrap();
    let (host, _) = rest.split_once('/').unwrap();
    format!("postgresql://{user}:{password}@{host}/{database}")
}
