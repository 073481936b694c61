//! A host that refuses or fails everybody is left alone, and what is repeated on one account.

use std::collections::BTreeSet;

use grok_sim::Reply;
use serde_json::Value;

use crate::support::{Server, Setup};

/// Accounts by the chats that the upstream got since `skip`.
fn shown(server: &Server, skip: usize) -> BTreeSet<String> {
    let chats = server.upstream_chats().into_iter().skip(skip);
    chats.filter_map(|chat| chat.account).collect()
}

#[tokio::test]
async fn a_wall_of_403s_is_shown_one_account_for_each_try() {
    let server = Setup::accounts(["account-1", "account-2", "account-3", "account-4"])
        .with("GROK2API_PROXY__CLEARANCE_FAILURES", 1)
        .with("GROK2API_PROXY__CLEARANCE_PAUSE", 1)
        .with("GROK2API_PROXY__CLEARANCE_LONGEST_PAUSE", 1)
        .start()
        .await;
    server.simulator.script("*", vec![Reply::Challenge; 3]);
    for tries in 1..=3 {
        let is_asked = async || {
            let asked = server.upstream_chats().len();
            let refused = server.chat().await;
            refused.assert_error(502, "upstream_clearance");
            let asked_now = server.upstream_chats().len() - asked;
            assert!(asked_now <= 1, "one account at most: {asked_now}");
            asked_now == 1
        };
        server.wait_until("the pause is over", is_asked).await;
        assert_eq!(server.upstream_chats().len(), tries);
        assert_eq!(shown(&server, tries - 1).len(), 1);
    }
}

#[tokio::test]
async fn an_upstream_that_fails_again_and_again_is_left_alone_for_a_while() {
    let server = Setup::accounts(["account-1", "account-2"])
        .with("GROK2API_RETRY__RETRY_BACKOFF_BASE", 0)
        .with("GROK2API_RETRY__BREAKER_FAILURES", 4)
        .with("GROK2API_RETRY__BREAKER_PAUSE", 3)
        .start()
        .await;
    server
        .simulator
        .script("*", vec![Reply::server_error(503); 4]);
    for asked in [2, 4] {
        let failed = server.chat().await;
        failed.assert_error(502, "upstream_unavailable");
        assert_eq!(server.upstream_chats().len(), asked);
    }
    let at_once = server.chat().await;
    at_once.assert_error(502, "upstream_unavailable");
    assert!(at_once.message().contains("left alone"), "{at_once:?}");
    let wait = at_once.retry_after;
    assert!(wait.is_some_and(|secs| (1..=3).contains(&secs)), "{wait:?}");
    assert_eq!(server.upstream_chats().len(), 4, "nobody was asked");
    let report = server.ready().await;
    assert_eq!(report["status"], "degraded");
    assert_eq!(report.get("breakers"), None, "strangers need not know");
    let served = async || server.chat().await.status == 200;
    server.wait_until("the pause is over", served).await;
    assert_eq!(server.upstream_chats().len(), 5);
}

#[tokio::test]
async fn callers_mistakes_never_open_a_breaker() {
    let server = Setup::accounts(["account-1"])
        .with("GROK2API_RETRY__BREAKER_FAILURES", 1)
        .with("GROK2API_PROXY__CLEARANCE_FAILURES", 1)
        .start()
        .await;
    let refused = || Reply::Moderated { status: 400 };
    let mistakes = [refused(), Reply::Policy, refused()];
    server.simulator.script("*", mistakes);
    for _ in 0..3 {
        assert_ne!(server.chat().await.status, 200);
    }
    assert_eq!(server.chat().await.status, 200);
    assert_eq!(server.upstream_chats().len(), 4);
}

/// One account, refused so often in a row.
async fn alone(reply: Reply, times: usize) -> (Server, u16) {
    let server = Setup::accounts(["only-account"])
        .with("GROK2API_RETRY__RETRY_BACKOFF_BASE", 0)
        .start()
        .await;
    server.simulator.script("*", vec![reply; times]);
    let status = server.chat().await.status;
    (server, status)
}

#[tokio::test]
async fn an_account_that_is_alone_is_asked_again_after_a_listed_status() {
    for reply in [Reply::Unauthorized, Reply::Challenge] {
        let (server, status) = alone(reply, 2).await;
        assert_eq!((status, server.upstream_chats().len()), (200, 3));
        let account = &server.end().await["only-account"];
        assert_eq!((account.fail_count, account.use_count), (0, 1));
    }
}

#[tokio::test]
async fn a_chats_429_and_a_failure_are_not_repeated_on_the_same_account() {
    for (reply, status) in [
        (Reply::rate_limited(), 429),
        (Reply::server_error(503), 502),
    ] {
        let (server, seen) = alone(reply, 1).await;
        assert_eq!((seen, server.upstream_chats().len()), (status, 1));
    }
}

#[tokio::test]
async fn a_refused_sign_in_counts_once_however_often_it_was_repeated() {
    let server = Setup::accounts(["only-account"])
        .with("GROK2API_RETRY__RETRY_BACKOFF_BASE", 0)
        .start()
        .await;
    server.simulator.script("*", vec![Reply::Unauthorized; 3]);
    let refused = server.chat().await;
    refused.assert_error(502, "upstream_unauthorized");
    assert_eq!(server.upstream_chats().len(), 3);
    assert_eq!(
        server.ready().await["limits"]["retries"]["used"],
        Value::from(0)
    );
    assert_eq!(server.end().await["only-account"].fail_count, 1);
}

#[tokio::test]
async fn nobody_waits_for_an_account_that_is_not_there() {
    let server = Setup::accounts(["only-account"]).start().await;
    let body = r#"{"error":{"message":"overloaded"}}"#.to_owned();
    let headers = vec![("Retry-After".to_owned(), "20".to_owned())];
    let status = 503;
    let overloaded = Reply::Http {
        status,
        headers,
        body,
    };
    server.simulator.script("*", [overloaded]);
    let asked = tokio::time::Instant::now();
    let failed = server.chat().await;
    failed.assert_error(502, "upstream_unavailable");
    assert!(asked.elapsed() < std::time::Duration::from_secs(15));
    assert_eq!(server.upstream_chats().len(), 1);
}
