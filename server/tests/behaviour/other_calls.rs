//! Faults in the calls beside the chat: uploads and quota questions.

use grok_sim::{Operation, Reply};
use pool::Status;
use serde_json::{Value, json};

use crate::support::{Plain, Setup};

fn with_picture() -> Value {
    // One transparent pixel.
    let picture = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
    json!({"model": "grok-4", "messages": [{"role": "user", "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": picture}},
    ]}]})
}

#[tokio::test]
async fn failed_upload_moves_the_request_to_another_account() {
    let server = Setup::accounts(["first-account", "second-account"])
        .start()
        .await;
    server
        .simulator
        .script_for("*", Operation::Upload, [Reply::server_error(503)]);
    let answer = Plain::read(server.send(&with_picture()).await).await;
    assert!(
        answer.text().contains("I received your file"),
        "{}",
        answer.text()
    );
    let uploads = server.simulator.requests_of(Operation::Upload);
    assert_eq!(
        uploads.len(),
        2,
        "the file is sent again with the account that chats"
    );
    assert_eq!(uploads[1].account, server.upstream_chats()[0].account);
    server.end().await;
}

#[tokio::test]
async fn refused_upload_is_counted_like_a_refused_chat() {
    let server = Setup::accounts(["only-account"])
        .with("GROK2API_RETRY__RETRY_BACKOFF_BASE", 0)
        .start()
        .await;
    let refused = vec![Reply::Unauthorized; 3];
    server
        .simulator
        .script_for("only-account", Operation::Upload, refused);
    let answer = Plain::read(server.send(&with_picture()).await).await;
    answer.assert_error(502, "upstream_unauthorized");
    assert!(server.upstream_chats().is_empty());
    let account = server.end_with_one().await;
    assert_eq!((account.fail_count, account.quota), (1, 80));
}

#[tokio::test]
async fn moderated_upload_is_a_policy_error() {
    let server = Setup::accounts(["first-account", "second-account"])
        .start()
        .await;
    server
        .simulator
        .script_for("*", Operation::Upload, [Reply::moderated()]);
    let answer = Plain::read(server.send(&with_picture()).await).await;
    answer.assert_error(400, "content_policy_violation");
    assert_eq!(server.simulator.requests_of(Operation::Upload).len(), 1);
    server.end().await;
}

#[tokio::test]
async fn the_caller_does_not_wait_for_the_quota_question() {
    let setup = Setup::accounts(["only-account"]).with("GROK2API_USAGE__TIMEOUT", 1);
    let server = setup.start().await;
    server
        .simulator
        .script("only-account", [Reply::rate_limited()]);
    server
        .simulator
        .script_for("only-account", Operation::RateLimits, [Reply::Hang]);
    server.chat().await.assert_error(429, "rate_limit_exceeded");
    let questions = server.simulator.requests_of(Operation::RateLimits);
    assert!(questions.iter().all(|one| !one.finished), "it still hangs");
    let account = server.end_with_one().await;
    assert_eq!(
        (account.status, account.quota),
        (Status::Cooling, 80),
        "the shorter cooldown stays in force"
    );
}
