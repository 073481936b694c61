//! The caller goes away: the upstream call ends and the account is free at once.

use std::time::Duration;

use grok_sim::Reply;
use pool::{Account, Status};
use serde_json::json;

use crate::support::{Setup, body};

fn assert_not_charged(account: &Account) {
    assert_eq!(account.status, Status::Active);
    assert_eq!(
        (account.quota, account.use_count, account.fail_count),
        (80, 0, 0)
    );
}

#[tokio::test]
async fn leaving_in_the_middle_of_a_stream() {
    let server = Setup::accounts(["only-account"]).start().await;
    server.simulator.script("only-account", [Reply::stall()]);
    let mut request = body("Hello?");
    request["stream"] = json!(true);
    let mut response = server.send(&request).await;
    assert!(
        response.chunk().await.unwrap().is_some(),
        "the stream has begun"
    );
    drop(response);
    server.simulator.wait_aborted("only-account").await.unwrap();
    assert_not_charged(&server.end_with_one().await);
}

#[tokio::test]
async fn leaving_before_the_first_byte() {
    let server = Setup::accounts(["only-account"]).start().await;
    server.simulator.script("only-account", [Reply::Hang]);
    let request = body("Hello?");
    let call = server.send(&request);
    tokio::select! {
        _ = call => panic!("nothing can be answered yet"),
        opened = server.simulator.wait_for_open_streams(1) => opened.unwrap(),
    }
    server.simulator.wait_aborted("only-account").await.unwrap();
    assert_not_charged(&server.end_with_one().await);
}

#[tokio::test]
async fn the_freed_account_serves_the_next_caller() {
    let server = Setup::accounts(["only-account"]).start().await;
    server
        .simulator
        .script("only-account", [Reply::Hang, Reply::text("Next, please.")]);
    let request = body("Hello?");
    let left = tokio::time::timeout(Duration::from_millis(300), server.send(&request)).await;
    assert!(left.is_err());
    server.simulator.wait_aborted("only-account").await.unwrap();
    assert_eq!(server.chat().await.text(), "Next, please.");
    assert_eq!(server.end_with_one().await.quota, 79);
}
