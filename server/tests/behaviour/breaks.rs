//! Answers that begin well and do not end well.

use grok_sim::Reply;
use pool::{Account, Status};

use crate::support::{Server, Setup, Streamed};

async fn one() -> Server {
    Setup::accounts(["only-account"]).start().await
}

/// The streamed form of a reply that breaks, and the account afterwards.
async fn broken(setup: Setup, reply: Reply) -> (Streamed, Account) {
    let server = setup.start().await;
    server.simulator.script("only-account", [reply.held()]);
    let streamed = server.stream_held("only-account").await;
    assert_eq!(
        server.upstream_chats().len(),
        1,
        "nothing is repeated after the first byte"
    );
    (streamed, server.end_with_one().await)
}

fn assert_not_charged(account: &Account) {
    assert_eq!(account.status, Status::Active);
    assert_eq!(
        (account.quota, account.use_count, account.fail_count),
        (80, 0, 0)
    );
}

/// A stream tells the caller; a JSON answer comes from another account instead.
async fn breaks_stream_but_not_json(reply: Reply) {
    let (streamed, account) = broken(Setup::accounts(["only-account"]), reply.clone()).await;
    streamed.assert_broken("upstream_interrupted");
    assert_not_charged(&account);

    let server = Setup::accounts(["first-account", "second-account"])
        .start()
        .await;
    server
        .simulator
        .script("*", [reply, Reply::text("From the other account.")]);
    assert_eq!(server.chat().await.text(), "From the other account.");
    let chats = server.upstream_chats();
    assert_ne!(chats[0].account, chats[1].account);
    let accounts = server.end().await;
    let used: u64 = accounts.values().map(|account| account.use_count).sum();
    assert_eq!(used, 1, "only the answer that was delivered is charged");
}

#[tokio::test]
async fn cut_connection_ends_with_an_error_frame() {
    breaks_stream_but_not_json(Reply::cut()).await;
}

#[tokio::test]
async fn half_a_line_ends_with_an_error_frame() {
    breaks_stream_but_not_json(Reply::half_line()).await;
}

#[tokio::test]
async fn stall_is_an_idle_timeout() {
    let setup = || Setup::accounts(["only-account"]).with("GROK2API_CHAT__STREAM_TIMEOUT", 1);
    let (streamed, account) = broken(setup(), Reply::stall()).await;
    streamed.assert_broken("stream_idle_timeout");
    assert_not_charged(&account);

    let server = setup().start().await;
    server.simulator.script("only-account", [Reply::stall()]);
    server.chat().await.assert_error(504, "stream_idle_timeout");
    server.simulator.wait_aborted("only-account").await.unwrap();
    assert_not_charged(&server.end_with_one().await);
}

#[tokio::test]
async fn endless_answer_is_a_total_timeout() {
    let text = "word ".repeat(200);
    let reply = Reply::Paced {
        text,
        first_ms: 0,
        each_ms: 50,
    };
    let setup = Setup::accounts(["only-account"]).with("GROK2API_CHAT__STREAM_TOTAL_TIMEOUT", 1);
    let (streamed, account) = broken(setup, reply).await;
    streamed.assert_broken("stream_total_timeout");
    assert_not_charged(&account);
}

#[tokio::test]
async fn usage_limit_in_the_middle_cools_the_account() {
    let reply = Reply::UsageLimit { after_lines: 4 };
    let (streamed, account) = broken(Setup::accounts(["only-account"]), reply).await;
    streamed.assert_broken("rate_limit_exceeded");
    assert_eq!(account.status, Status::Cooling);
}

#[tokio::test]
async fn anti_bot_error_in_the_middle_ends_with_an_error_frame() {
    let reply = Reply::AntiBot { after_lines: 4 };
    let (streamed, account) = broken(Setup::accounts(["only-account"]), reply).await;
    streamed.assert_broken("upstream_clearance");
    assert_not_charged(&account);
}

#[tokio::test]
async fn stream_errors_at_the_end_are_reported() {
    let reply = Reply::StreamErrors { after_lines: 4 };
    let (streamed, account) = broken(Setup::accounts(["only-account"]), reply).await;
    streamed.assert_broken("upstream_error");
    assert_not_charged(&account);
}

#[tokio::test]
async fn moderation_in_the_stream_ends_with_a_policy_error() {
    let setup = Setup::accounts(["only-account"]);
    let (streamed, account) = broken(setup, Reply::moderated_in_stream()).await;
    streamed.assert_broken("content_policy_violation");
    assert_not_charged(&account);
}

#[tokio::test]
async fn moderated_answer_is_not_asked_for_again() {
    let server = Setup::accounts(["first-account", "second-account"])
        .start()
        .await;
    server.simulator.script("*", [Reply::moderated_in_stream()]);
    server
        .chat()
        .await
        .assert_error(400, "content_policy_violation");
    assert_eq!(server.upstream_chats().len(), 1);
    server.end().await.values().for_each(assert_not_charged);
}

#[tokio::test]
async fn line_of_17_mib_is_refused() {
    let server = one().await;
    server
        .simulator
        .script("only-account", [Reply::huge_line()]);
    server.chat().await.assert_error(502, "upstream_error");
    assert_not_charged(&server.end_with_one().await);
}

#[tokio::test]
async fn an_answer_over_the_limit_comes_as_a_stream_only() {
    let setup = Setup::accounts(["first-account", "second-account"]);
    let server = setup.with("GROK2API_CHAT__MAX_ANSWER_MB", 1).start().await;
    let size_bytes = 2 * 1024 * 1024;
    let large = || Reply::HugeLine { size_bytes };
    server.simulator.script("*", [large(), large()]);
    let whole = server.chat().await;
    whole.assert_error(502, "answer_too_large");
    assert!(whole.message().contains("chat.max_answer_mb"));
    assert_eq!(server.upstream_chats().len(), 1, "not asked again");
    assert!(server.stream().await.text().len() > size_bytes / 2);
    let accounts = server.end().await;
    let used: u64 = accounts.values().map(|account| account.use_count).sum();
    assert_eq!(used, 1);
}

#[tokio::test]
async fn line_of_3_mib_is_an_answer() {
    let server = one().await;
    let size_bytes = 3 * 1024 * 1024;
    server
        .simulator
        .script("only-account", [Reply::HugeLine { size_bytes }]);
    let length = server.chat().await.text().len();
    assert!(length > size_bytes - 1024, "{length}");
    assert_eq!(server.end_with_one().await.quota, 79);
}
