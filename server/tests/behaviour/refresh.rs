//! Accounts are asked about without a request: who, when, and what becomes of them.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use grok_sim::{Operation, Reply};
use pool::{Account, CheckResult, Status, Tier};
use serde_json::{Value, json};

use crate::{
    admin_api,
    support::{Server, Setup},
};

const JOB: &str = "refresh accounts";

fn on(setup: Setup) -> Setup {
    setup.with("GROK2API_TOKEN__AUTO_REFRESH", true)
}

fn hours_ago(hours: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap() - hours * 3_600_000
}

/// The last result of the job.
async fn job(server: &Server) -> Option<String> {
    let report = server.ready().await;
    let jobs = report["jobs"].as_array().unwrap();
    let found = jobs.iter().find(|job| job["name"] == JOB)?;
    Some(found["result"].as_str().unwrap().to_owned())
}

async fn wait_for(server: &Server, result: &str) {
    let is_so = async || {
        job(server)
            .await
            .is_some_and(|told| told.starts_with(result))
    };
    server.wait_until(result, is_so).await;
}

/// Accounts that the upstream was asked about, sorted.
fn asked(server: &Server) -> Vec<String> {
    let questions = server.simulator.requests_of(Operation::RateLimits);
    let mut names: Vec<_> = questions
        .into_iter()
        .filter_map(|one| one.account)
        .collect();
    names.sort();
    names
}

fn result(account: &Account) -> Option<CheckResult> {
    account.last_check.map(|check| check.result)
}

#[tokio::test]
async fn new_accounts_are_asked_at_once_and_their_plan_is_found_out() {
    let names = ["free-account", "super-account", "heavy-account"];
    let server = on(Setup::accounts(names)).start().await;
    wait_for(&server, "3 of 3 due account(s) asked, 0 without").await;
    let accounts = server.end().await;
    let found: BTreeMap<_, _> = accounts
        .values()
        .map(|account| (account.credential.expose(), (account.tier, account.quota)))
        .collect();
    let expected = [
        ("free-account", (Tier::Basic, 20)),
        ("super-account", (Tier::Super, 50)),
        ("heavy-account", (Tier::Heavy, 150)),
    ];
    assert_eq!(found, expected.into());
    for account in accounts.values() {
        assert_eq!(result(account), Some(CheckResult::Fine));
        assert!(account.last_sync_at_ms.is_some());
        let windows: Vec<_> = account.windows.iter().map(|one| &*one.model).collect();
        assert_eq!(windows, ["auto"], "one question each");
    }
}

#[tokio::test]
async fn a_replaced_cookie_is_asked_about_at_once() {
    let server = on(admin_api::setup(["first-cookie-0001"])).start().await;
    wait_for(&server, "1 of 1").await;
    let listed = admin_api::get(&server, "/tokens").await;
    let id = listed["data"][0]["id"].as_str().unwrap();
    admin_api::patch(&server, id, &json!({"token": "second-cookie-0002"})).await;
    let is_asked = async || asked(&server).contains(&"second-cookie-0002".to_owned());
    server
        .wait_until("the new cookie was asked about", is_asked)
        .await;
    server.end().await;
}

#[tokio::test]
async fn only_accounts_that_are_due_are_asked() {
    let row = |token: &str, hours: i64| json!({"token": token, "last_sync_at": hours_ago(hours)});
    let with = |mut row: Value, status: &str| {
        row["status"] = json!(status);
        row
    };
    let rows = vec![
        row("fresh-account", 1),
        row("stale-account", 20),
        with(row("stale-expired", 20), "expired"),
        with(row("stale-disabled", 20), "disabled"),
    ];
    let server = on(Setup::rows("ssoBasic", rows)).start().await;
    wait_for(&server, "1 of 1 due account(s) asked, 0 without").await;
    assert_eq!(asked(&server), ["stale-account"]);
    server.end().await;
}

#[tokio::test]
async fn a_cooling_account_that_is_refused_three_times_in_a_row_expires() {
    let cooling = json!({
        "token": "401-account", "status": "cooling", "quota": 0, "cooldown_until": hours_ago(-5),
    });
    let server = on(Setup::rows("ssoBasic", vec![cooling, json!("401-active")]));
    let server = server.start().await;
    wait_for(&server, "2 of 2 due account(s) asked, 2 without").await;
    let expected = ["401-account", "401-account", "401-account", "401-active"];
    assert_eq!(asked(&server), expected);
    let accounts = server.end().await;
    let cooling = &accounts["401-account"];
    assert_eq!((cooling.status, cooling.fail_count), (Status::Expired, 3));
    let active = &accounts["401-active"];
    assert_eq!((active.status, active.fail_count), (Status::Active, 1));
    assert_eq!(result(active), Some(CheckResult::Refused));
}

#[tokio::test]
async fn a_wall_blames_nobody_and_ends_the_run() {
    let names = ["403-1", "403-2", "403-3", "403-4", "403-5"].map(|name| format!("walled-{name}"));
    let rows = names.iter().map(|name| json!(name)).collect();
    let setup = on(Setup::rows("ssoBasic", rows));
    let server = setup.with("GROK2API_USAGE__CONCURRENT", 1).start().await;
    let ended =
        "3 of 5 due account(s) asked, 3 without a good answer; ended early: the bot protection";
    wait_for(&server, ended).await;
    assert_eq!(asked(&server).len(), 3, "requests pause from then on");
    let accounts = server.end().await;
    let results = accounts.values().filter_map(result);
    assert_eq!(results.collect::<Vec<_>>(), [CheckResult::Clearance; 3]);
    for account in accounts.values() {
        let state = (account.status, account.quota, account.fail_count);
        assert_eq!(state, (Status::Active, 80, 0));
    }
}

#[tokio::test]
async fn blocked_accounts_and_an_upstream_in_trouble_are_told_apart() {
    let names = ["blocked-account", "503-account", "limited-account"];
    let limited = (Operation::RateLimits, Reply::retry_after(7));
    let setup = on(Setup::accounts(names)).script("limited-account", limited);
    let server = setup.start().await;
    wait_for(&server, "3 of 3 due account(s) asked, 2 without").await;
    let accounts = server.end().await;
    let of = |name: &str| (accounts[name].status, result(&accounts[name]));
    let blocked = (Status::Expired, Some(CheckResult::Blocked));
    assert_eq!(of("blocked-account"), blocked);
    let silent = (Status::Active, Some(CheckResult::Unreachable));
    assert_eq!(of("503-account"), silent);
    let (status, result) = of("limited-account");
    let is_limited = matches!(result, Some(CheckResult::Limited { .. }));
    assert!(status == Status::Active && is_limited, "{result:?}");
    assert_eq!(accounts["limited-account"].last_sync_at_ms, None);
}

#[tokio::test]
async fn switched_off_nobody_is_asked() {
    let server = Setup::accounts(["new-account"]).start().await;
    wait_for(&server, "off").await;
    assert_eq!(asked(&server), [""; 0]);
    server.end().await;
}
