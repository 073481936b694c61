//! Another account helps out: before the first byte, each account at most once, `retry.max_retry`
//! accounts at most.

use std::collections::BTreeSet;

use grok_sim::Reply;
use pool::Status;

use crate::support::Setup;

/// A refusal on the first account is invisible to the caller.
async fn second_account_answers(reply: Reply) {
    for stream in [false, true] {
        let server = Setup::accounts(["first-account", "second-account"])
            .start()
            .await;
        server
            .simulator
            .script("*", [reply.clone(), Reply::text("Here you are.")]);
        let text = if stream {
            server.stream().await.text()
        } else {
            server.chat().await.text().to_owned()
        };
        assert_eq!(text, "Here you are.", "stream: {stream}");
        let chats = server.upstream_chats();
        assert_eq!(chats.len(), 2);
        assert_ne!(chats[0].account, chats[1].account);
        let helper = chats[1].account.clone().unwrap();
        let accounts = server.end().await;
        assert_eq!(
            (accounts[&helper].quota, accounts[&helper].use_count),
            (79, 1)
        );
    }
}

#[tokio::test]
async fn after_401() {
    second_account_answers(Reply::Unauthorized).await;
}

#[tokio::test]
async fn after_a_challenge() {
    second_account_answers(Reply::Challenge).await;
}

#[tokio::test]
async fn after_a_blocked_user() {
    second_account_answers(Reply::BlockedUser).await;
}

#[tokio::test]
async fn after_429() {
    second_account_answers(Reply::rate_limited()).await;
}

#[tokio::test]
async fn after_503() {
    second_account_answers(Reply::server_error(503)).await;
}

#[tokio::test]
async fn after_a_reset() {
    second_account_answers(Reply::Reset).await;
}

#[tokio::test]
async fn after_an_empty_answer() {
    second_account_answers(Reply::NoAnswer).await;
}

#[tokio::test]
async fn after_an_error_in_the_stream() {
    second_account_answers(Reply::usage_limit()).await;
}

#[tokio::test]
async fn three_accounts_at_most_and_none_twice() {
    let names = [
        "account-one",
        "account-two",
        "account-three",
        "account-four",
    ];
    let server = Setup::accounts(names).start().await;
    server
        .simulator
        .script("*", [500, 502, 503].map(Reply::server_error));
    server
        .chat()
        .await
        .assert_error(502, "upstream_unavailable");
    let chats = server.upstream_chats();
    let asked: BTreeSet<_> = chats.iter().map(|chat| chat.account.clone()).collect();
    assert_eq!((chats.len(), asked.len()), (3, 3));
    server.end().await;
}

#[tokio::test]
async fn all_accounts_at_their_limit_is_429_with_the_reason() {
    let server = Setup::accounts(["first-account", "second-account"])
        .start()
        .await;
    server
        .simulator
        .script("*", [Reply::rate_limited(), Reply::rate_limited()]);
    let answer = server.chat().await;
    answer.assert_error(429, "rate_limit_exceeded");
    assert!(
        answer.message().contains("2 cooling until"),
        "{}",
        answer.message()
    );
    assert!(answer.retry_after.is_some());
    let accounts = server.end().await;
    assert!(
        accounts
            .values()
            .all(|account| account.status == Status::Cooling)
    );
}

#[tokio::test]
async fn only_account_is_asked_again_right_after_an_error() {
    let server = Setup::accounts(["only-account"]).start().await;
    server.simulator.script(
        "only-account",
        [Reply::server_error(503), Reply::text("Here again.")],
    );
    server
        .chat()
        .await
        .assert_error(502, "upstream_unavailable");
    assert_eq!(server.chat().await.text(), "Here again.");
    server.end().await;
}

#[tokio::test]
async fn account_rests_after_an_error_while_others_serve() {
    let server = Setup::accounts(["first-account", "second-account"])
        .start()
        .await;
    server.simulator.script("*", [Reply::server_error(500)]);
    for _ in 0..4 {
        server.chat().await.text();
    }
    let chats = server.upstream_chats();
    let failed = &chats[0].account;
    assert!(
        chats[1..].iter().all(|chat| chat.account != *failed),
        "the failed one is left alone"
    );
    server.end().await;
}
