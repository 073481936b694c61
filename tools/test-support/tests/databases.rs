//! The servers that other tests rest on.
#![expect(clippy::unwrap_used, reason = "tests")]

use test_support::databases::{Engine, Server};

async fn comes_back(engine: Engine) {
    let mut server = Server::start(engine).await.unwrap();
    let first = server.fresh_database().unwrap();
    assert_ne!(first, server.fresh_database().unwrap());
    server.kill();
    server.start_again().await.unwrap();
    assert_ne!(first, server.fresh_database().unwrap());
}

#[tokio::test]
async fn postgres_comes_back_after_a_kill() {
    comes_back(Engine::Postgres).await;
}

#[tokio::test]
async fn mariadb_comes_back_after_a_kill() {
    comes_back(Engine::MariaDb).await;
}

#[tokio::test]
async fn redis_comes_back_after_a_kill() {
    comes_back(Engine::Redis).await;
}
