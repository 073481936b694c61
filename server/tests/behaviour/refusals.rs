//! The upstream says no before or instead of an answer. One account, so the error reaches the caller.

use grok_sim::{Operation, Reply};
use pool::{Account, CooldownReason, Status};
use serde_json::json;

use crate::support::{Plain, Server, Setup, Streamed};

/// One account, and no repeat of what it refuses.
fn once(account: &'static str) -> Setup {
    Setup::accounts([account]).with("GROK2API_RETRY__MAX_RETRY", 1)
}

/// Both ways to ask, each with an account and a server of its own.
async fn refused(reply: Reply) -> (Plain, Streamed, [Account; 2]) {
    let server = once("only-account").start().await;
    server.simulator.script("only-account", [reply.clone()]);
    let plain = server.chat().await;
    let first = server.end_with_one().await;
    let server = once("only-account").start().await;
    server.simulator.script("only-account", [reply]);
    let streamed = server.stream().await;
    assert_eq!(
        server.upstream_chats().len(),
        1,
        "one account is asked once"
    );
    let second = server.end_with_one().await;
    (plain, streamed, [first, second])
}

/// The refusal reaches the caller as this error, the account is as new.
async fn leaves_account_alone(reply: Reply, status: u16, code: &str) {
    let (plain, streamed, accounts) = refused(reply).await;
    plain.assert_error(status, code);
    streamed.assert_error(status, code);
    for account in accounts {
        assert_untouched(&account);
    }
}

fn assert_untouched(account: &Account) {
    assert_eq!(account.status, Status::Active);
    assert_eq!(
        (account.quota, account.use_count, account.fail_count),
        (80, 0, 0)
    );
    assert_eq!(account.cooldown, None);
}

/// Seconds that the account still rests.
fn rest_secs(account: &Account) -> i64 {
    assert_eq!(account.status, Status::Cooling);
    let cooldown = account.cooldown.as_ref().unwrap();
    assert_eq!(cooldown.reason, CooldownReason::RateLimited);
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    (cooldown.until_ms - i64::try_from(now.as_millis()).unwrap()) / 1000
}

#[tokio::test]
async fn unauthorized_is_counted_and_reported_as_502() {
    let (plain, streamed, accounts) = refused(Reply::Unauthorized).await;
    plain.assert_error(502, "upstream_unauthorized");
    streamed.assert_error(502, "upstream_unauthorized");
    for account in accounts {
        assert_eq!((account.status, account.fail_count), (Status::Active, 1));
        assert_eq!(
            account.last_fail_reason.as_deref(),
            Some("app_chat_auth_failed")
        );
        assert_eq!((account.quota, account.use_count), (80, 0));
    }
}

#[tokio::test]
async fn repeated_unauthorized_expires_the_account() {
    let setup = once("only-account").with("GROK2API_TOKEN__FAIL_THRESHOLD", 2);
    let server = setup.start().await;
    server
        .simulator
        .script("only-account", [Reply::Unauthorized, Reply::Unauthorized]);
    server
        .chat()
        .await
        .assert_error(502, "upstream_unauthorized");
    server
        .chat()
        .await
        .assert_error(502, "upstream_unauthorized");
    let third = server.chat().await;
    third.assert_error(503, "no_usable_account");
    assert!(third.message().contains("1 expired"), "{}", third.message());
    assert!(third.retry_after.is_some());
    assert_eq!(server.upstream_chats().len(), 2);
    assert_eq!(server.end_with_one().await.status, Status::Expired);
}

#[tokio::test]
async fn challenge_page_does_not_harm_the_account() {
    leaves_account_alone(Reply::Challenge, 502, "upstream_clearance").await;
}

#[tokio::test]
async fn blocked_user_expires_the_account() {
    let (plain, streamed, accounts) = refused(Reply::BlockedUser).await;
    plain.assert_error(502, "upstream_account_blocked");
    streamed.assert_error(502, "upstream_account_blocked");
    for account in accounts {
        assert_eq!(account.status, Status::Expired);
    }
}

#[tokio::test]
async fn policy_decision_does_not_harm_the_account() {
    leaves_account_alone(Reply::Policy, 502, "upstream_error").await;
}

#[tokio::test]
async fn policy_decision_is_not_tried_elsewhere() {
    let server = Setup::accounts(["first-account", "second-account"])
        .start()
        .await;
    server.simulator.script("*", [Reply::Policy]);
    server.chat().await.assert_error(502, "upstream_error");
    assert_eq!(server.upstream_chats().len(), 1);
    server.end().await;
}

#[tokio::test]
async fn rate_limit_with_quota_left_rests_the_account_for_an_hour() {
    let (plain, streamed, accounts) = refused(Reply::rate_limited()).await;
    plain.assert_error(429, "rate_limit_exceeded");
    streamed.assert_error(429, "rate_limit_exceeded");
    assert!(
        plain.message().contains("1 cooling until"),
        "{}",
        plain.message()
    );
    assert!(
        plain
            .retry_after
            .is_some_and(|secs| (3_500..=3_600).contains(&secs)),
        "{plain:?}"
    );
    for account in accounts {
        assert!((3_500..=3_600).contains(&rest_secs(&account)));
        assert_eq!(
            (account.quota, account.use_count, account.fail_count),
            (80, 0, 0)
        );
    }
}

#[tokio::test]
async fn an_account_without_quota_and_window_rests_for_ten_hours() {
    let server = Setup::accounts(["only-account"]).start().await;
    let empty = Reply::http(200, r#"{"remainingQueries":0,"totalQueries":80}"#);
    server
        .simulator
        .script_for("only-account", Operation::RateLimits, [empty]);
    server
        .simulator
        .script("only-account", [Reply::rate_limited()]);
    server.chat().await.assert_error(429, "rate_limit_exceeded");
    server.wait_for_quota_question().await;
    let account = server.end_with_one().await;
    assert!((35_900..=36_000).contains(&rest_secs(&account)));
    assert_eq!(account.quota, 0);
}

#[tokio::test]
async fn a_model_without_quota_stays_away_and_others_come_back_after_the_cooldown() {
    let setup = Setup::accounts(["only-account"]);
    let server = setup.with("GROK2API_TOKEN__COOLDOWN_429_QUOTA_SEC", 1);
    let server = server.start().await;
    let empty = Reply::RateLimits {
        remaining: 0,
        total: 80,
        window_secs: 72_000,
    };
    server
        .simulator
        .script_for("only-account", Operation::RateLimits, [empty]);
    server
        .simulator
        .script("only-account", [Reply::rate_limited()]);
    server.chat().await.assert_error(429, "rate_limit_exceeded");
    server.wait_for_quota_question().await;
    let other = json!({"model": "grok-4.1-fast", "messages": [{"role": "user", "content": "Hi"}]});
    let served = async || server.send(&other).await.status() == 200;
    server.wait_until("another model is served", served).await;
    let asked = server.upstream_chats().len();
    let refused = server.chat().await;
    refused.assert_error(429, "rate_limit_exceeded");
    let message = refused.message();
    assert!(
        message.contains("1 without quota for this model"),
        "{message}"
    );
    assert!(
        refused.retry_after.is_some_and(|secs| secs > 71_000),
        "{refused:?}"
    );
    assert_eq!(server.upstream_chats().len(), asked, "nobody was asked");
    // The end of the cooldown came with the other model's answer.
    let account = server.end_with_one().await;
    assert_eq!((account.status, account.quota), (Status::Active, 79));
    assert_eq!(account.tier, pool::Tier::Basic);
}

#[tokio::test]
async fn what_a_rate_limit_taught_of_a_model_survives_a_restart() {
    let setup = Setup::accounts(["only-account"]);
    let setup = setup.with("GROK2API_TOKEN__COOLDOWN_429_QUOTA_SEC", 1);
    let mut server = setup.start().await;
    let empty = Reply::RateLimits {
        remaining: 0,
        total: 80,
        window_secs: 72_000,
    };
    server
        .simulator
        .script_for("only-account", Operation::RateLimits, [empty]);
    server
        .simulator
        .script("only-account", [Reply::rate_limited()]);
    server.chat().await.assert_error(429, "rate_limit_exceeded");
    server.wait_for_quota_question().await;
    let active = async || server.ready().await["pool"]["active"] == 1;
    server.wait_until("the cooldown is over", active).await;
    server.restart().await;
    let refused = server.chat().await;
    let message = refused.message();
    assert!(
        message.contains("1 without quota for this model"),
        "{message}"
    );
    assert_eq!(server.upstream_chats().len(), 1, "nobody was asked again");
    let window = &server.end_with_one().await.windows[0];
    assert_eq!((window.remaining, window.total), (0, Some(80)));
}

#[tokio::test]
async fn a_refused_quota_question_counts_like_a_refused_chat() {
    let server = once("only-account").start().await;
    let refused = [Reply::Unauthorized];
    server
        .simulator
        .script_for("only-account", Operation::RateLimits, refused);
    server
        .simulator
        .script("only-account", [Reply::rate_limited()]);
    server.chat().await.assert_error(429, "rate_limit_exceeded");
    server.wait_for_quota_question().await;
    assert_eq!(server.end_with_one().await.fail_count, 1);
}

#[tokio::test]
async fn moderation_with_a_5xx_is_a_policy_error_and_not_repeated() {
    let server = Setup::accounts(["first-account", "second-account"])
        .start()
        .await;
    let moderated = Reply::http(500, r#"{"code":"content-moderated"}"#);
    server.simulator.script("*", [moderated]);
    let refused = server.chat().await;
    refused.assert_error(400, "content_policy_violation");
    assert_eq!(server.upstream_chats().len(), 1);
    server.end().await.values().for_each(assert_untouched);
}

#[tokio::test]
async fn a_success_forgets_the_401s_before_it() {
    let server = once("only-account").start().await;
    for _ in 0..6 {
        server
            .simulator
            .script("only-account", [Reply::Unauthorized]);
        server
            .chat()
            .await
            .assert_error(502, "upstream_unauthorized");
        assert_eq!(server.chat().await.status, 200);
    }
    let account = server.end_with_one().await;
    assert_eq!((account.status, account.fail_count), (Status::Active, 0));
}

#[tokio::test]
async fn rate_limit_with_retry_after_reports_a_wait() {
    let (plain, _, accounts) = refused(Reply::retry_after(7)).await;
    plain.assert_error(429, "rate_limit_exceeded");
    assert!(plain.retry_after.is_some());
    assert_eq!(accounts[0].status, Status::Cooling);
}

async fn server_error_is_502(status: u16) {
    leaves_account_alone(Reply::server_error(status), 502, "upstream_unavailable").await;
}

#[tokio::test]
async fn status_408_is_502() {
    leaves_account_alone(Reply::server_error(408), 502, "upstream_error").await;
}

#[tokio::test]
async fn status_500_is_502() {
    server_error_is_502(500).await;
}

#[tokio::test]
async fn status_502_is_502() {
    server_error_is_502(502).await;
}

#[tokio::test]
async fn status_503_is_502() {
    server_error_is_502(503).await;
}

#[tokio::test]
async fn status_504_is_502() {
    server_error_is_502(504).await;
}

#[tokio::test]
async fn connection_reset_is_502() {
    leaves_account_alone(Reply::Reset, 502, "upstream_interrupted").await;
}

#[tokio::test]
async fn anti_bot_error_in_the_stream_counts_as_a_challenge() {
    leaves_account_alone(Reply::anti_bot(), 502, "upstream_clearance").await;
}

#[tokio::test]
async fn usage_limit_in_the_stream_counts_as_429() {
    let (plain, streamed, accounts) = refused(Reply::usage_limit()).await;
    plain.assert_error(429, "rate_limit_exceeded");
    streamed.assert_error(429, "rate_limit_exceeded");
    for account in accounts {
        assert!(rest_secs(&account) > 3_500);
    }
}

#[tokio::test]
async fn stream_errors_are_502() {
    leaves_account_alone(Reply::stream_errors(), 502, "upstream_error").await;
}

#[tokio::test]
async fn empty_answer_is_502() {
    leaves_account_alone(Reply::NoAnswer, 502, "empty_answer").await;
}

#[tokio::test]
async fn moderated_request_is_400_and_not_repeated() {
    let server = Setup::accounts(["first-account", "second-account"])
        .start()
        .await;
    server
        .simulator
        .script("*", [Reply::moderated(), Reply::moderated()]);
    server
        .chat()
        .await
        .assert_error(400, "content_policy_violation");
    server
        .stream()
        .await
        .assert_error(400, "content_policy_violation");
    assert_eq!(
        server.upstream_chats().len(),
        2,
        "each request is sent exactly once"
    );
    server.end().await.values().for_each(assert_untouched);
}

#[tokio::test]
async fn nothing_within_the_first_timeout_is_504() {
    let setup = || Setup::accounts(["only-account"]).with("GROK2API_CHAT__STREAM_FIRST_TIMEOUT", 1);
    let server: Server = setup().start().await;
    server.simulator.script("only-account", [Reply::Hang]);
    server
        .chat()
        .await
        .assert_error(504, "stream_first_timeout");
    server.simulator.wait_aborted("only-account").await.unwrap();
    assert_untouched(&server.end_with_one().await);
    let server = setup().start().await;
    server.simulator.script("only-account", [Reply::Hang]);
    server
        .stream()
        .await
        .assert_error(504, "stream_first_timeout");
    assert_untouched(&server.end_with_one().await);
}
