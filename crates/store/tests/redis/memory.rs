//! What rows really take.

use store::{Record, RequestQuery, Retention};
use test_support::databases::{Engine, Server};

use crate::{opened, run, support::request};

/// What the server says that it uses.
async fn used(url: &str) -> u64 {
    let info: String = run(url, "INFO memory").await;
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"));
    line.unwrap().trim().parse().unwrap()
}

/// The limit by size rests on an estimate.
#[tokio::test]
async fn the_estimated_size_of_requests_is_about_what_they_take() {
    const ROWS: u64 = 5000;
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let url = server.fresh_database().unwrap();
    let store = opened(&url).await;
    let before = used(&url).await;
    let mut receipts = Vec::new();
    for n in 0..ROWS {
        let id = format!("0191{n:028}");
        let request = Some(request(&id, i64::try_from(n).unwrap()));
        let record = Record {
            changes: Vec::new(),
            request,
        };
        receipts.push(store.submit(record).unwrap());
    }
    for receipt in receipts {
        receipt.await.unwrap();
    }
    let taken = used(&url).await - before;
    let max_bytes = Some(taken / 2);
    let retention = Retention {
        max_bytes,
        ..Retention::default()
    };
    store.prune_requests(&retention).await.unwrap();
    let left = store
        .list_requests(&RequestQuery::newest(u32::MAX))
        .await
        .unwrap();
    let share = left.len() as f64 / ROWS as f64;
    assert!(
        (0.4..0.65).contains(&share),
        "{share} of {} bytes a row",
        taken / ROWS
    );
}
