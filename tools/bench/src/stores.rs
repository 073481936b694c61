//! Streamed chat on a server's store, beside the same binary on SQLite.

use std::{path::Path, time::Duration};

use test_support::databases::{Engine, Server};

use crate::{
    compare::{Pair, Proxy, in_turns},
    load::Target,
    process::{Gateway, Upstream},
    upstream::Shape,
};

/// 32 bytes of 7: the master key.
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// The reference is SQLite. The database server works on the same cores as everything else.
pub(crate) async fn measure(
    binary: &Path,
    engine: Engine,
    events: usize,
    clients: usize,
    time: Duration,
) -> anyhow::Result<Pair> {
    let upstream = Upstream::start(&Shape {
        events,
        interval_ms: 0,
        http2: None,
        json: false,
    })
    .await?;
    // So many that no answer waits for an account.
    let accounts = clients * 4;
    let sqlite = Gateway::start(binary, &upstream.url, accounts, None).await?;
    let mut database = Server::start(engine).await?;
    let settings = settings(&mut database)?;
    let other = Gateway::start_with(binary, &upstream.url, accounts, &settings).await?;
    let targets = [sqlite.address(), other.address()].map(Target::gateway);
    let (sqlite, other) = (Proxy::Gateway(sqlite), Proxy::Gateway(other));
    in_turns((&sqlite, &targets[0]), (&other, &targets[1]), clients, time).await
}

/// Of a gateway on a database of its own.
pub(crate) fn settings(database: &mut Server) -> anyhow::Result<Vec<(&'static str, String)>> {
    let storage_type = match database.engine() {
        Engine::Postgres => "pgsql",
        Engine::MariaDb => "mysql",
        Engine::Redis => "redis",
    };
    Ok(vec![
        ("SERVER_STORAGE_TYPE", storage_type.to_owned()),
        ("SERVER_STORAGE_URL", database.fresh_database()?),
        ("GROK2API_SECRET_KEY", KEY.to_owned()),
    ])
}
