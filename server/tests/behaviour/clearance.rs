//! The upstream's bot protection refuses this server, whatever the account.

use grok_sim::Reply;

use crate::support::Setup;

#[tokio::test]
async fn after_refusals_in_a_row_no_account_is_shown_until_one_try_passes() {
    let server = Setup::accounts(["account-1", "account-2", "account-3", "account-4"])
        .with("GROK2API_RETRY__MAX_RETRY", 4)
        .with("GROK2API_PROXY__CLEARANCE_PAUSE", 4)
        .start()
        .await;
    let challenges = [Reply::Challenge, Reply::Challenge, Reply::Challenge];
    server.simulator.script("*", challenges);
    let refused = server.chat().await;
    refused.assert_error(502, "upstream_clearance");
    assert_eq!(
        server.upstream_chats().len(),
        3,
        "the fourth account is kept back"
    );
    let at_once = server.chat().await;
    at_once.assert_error(502, "upstream_clearance");
    assert!(at_once.message().contains("proxy.cf_clearance"));
    assert!(
        at_once
            .retry_after
            .is_some_and(|secs| (1..=4).contains(&secs)),
        "{at_once:?}"
    );
    assert_eq!(server.upstream_chats().len(), 3, "nobody was asked");
    let report = server.ready().await;
    assert_eq!(report["status"], "degraded");
    assert!(
        report["reasons"].to_string().contains("bot protection"),
        "{report}"
    );
    let served = async || server.chat().await.status == 200;
    server.wait_until("the pause is over", served).await;
    assert_eq!(server.upstream_chats().len(), 4);
    assert!(
        !server.ready().await["reasons"]
            .to_string()
            .contains("bot protection")
    );
    for account in server.end().await.values() {
        assert_eq!(
            (account.fail_count, account.status),
            (0, pool::Status::Active)
        );
    }
}
