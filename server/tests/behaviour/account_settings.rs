//! Terms, birth date and adult content of accounts: made when the operator starts it, in their order,
//! and with no birth date but the configured one.

use grok_sim::{Operation, Recorded, Reply};
use serde_json::{Value, json};

use crate::{
    admin_api::{ended, get, post, posted, setup},
    support::{Server, Setup},
};

const ONE: &str = "planted-settings-account-1";
const TWO: &str = "planted-settings-account-2";
const THREE: &str = "planted-settings-account-3";

/// A call is not made again.
const ONCE: &str = "[retry]\nmax_retry = 1\n";
const WITH_DATE: &str = "[retry]\nmax_retry = 1\n[account]\nbirth_date = \"1990-02-28\"\n";
const SETTINGS: [Operation; 4] = [
    Operation::AccountTerms,
    Operation::ProductTerms,
    Operation::BirthDate,
    Operation::FeatureControls,
];

/// The calls for settings, in their order.
fn calls(server: &Server) -> Vec<Recorded> {
    let mut calls = server.simulator.requests();
    calls.retain(|call| SETTINGS.contains(&call.operation));
    calls
}

fn calls_for(server: &Server, account: &str) -> Vec<Operation> {
    let calls = calls(server).into_iter();
    let own = calls.filter(|call| call.account.as_deref() == Some(account));
    own.map(|call| call.operation).collect()
}

fn script(setup: Setup, account: &'static str, operation: Operation, reply: Reply) -> Setup {
    setup.script(account, (operation, reply))
}

/// Starts the job for accounts and waits for its end; how it was then, and its items.
async fn run(server: &Server, chosen: &Value) -> (Value, Vec<Value>) {
    let begun = posted(server, "/tokens/nsfw/enable/async", chosen).await;
    let job = ended(server, &begun["task_id"]).await;
    let path = format!("/batch/{}/items", begun["task_id"].as_str().unwrap());
    let items = get(server, &path).await["data"].as_array().unwrap().clone();
    (job, items)
}

#[tokio::test]
async fn without_a_configured_birth_date_none_is_sent_and_the_result_says_so() {
    let server = setup([ONE, TWO]).config(ONCE).start().await;
    server.chat().await;
    posted(&server, "/tokens/refresh", &json!({"tokens": [ONE, TWO]})).await;
    assert_eq!(calls(&server).len(), 0, "nobody has started it");
    let unchosen = post(&server, "/tokens/nsfw/enable/async", &json!({})).await;
    unchosen.assert_error(400, "no_accounts_chosen");

    let (job, items) = run(&server, &json!({"filter": {}})).await;
    assert_eq!(
        (&job["kind"], &job["status"], &job["ok"], &job["fail"]),
        (
            &json!("account_settings"),
            &json!("done"),
            &json!(2),
            &json!(0)
        )
    );
    for item in items {
        assert_eq!(
            (&item["status"], &item["note"]),
            (&json!("ok"), &json!("birth_date_skipped"))
        );
    }
    let expected = [
        Operation::AccountTerms,
        Operation::ProductTerms,
        Operation::FeatureControls,
    ];
    for account in [ONE, TWO] {
        assert_eq!(calls_for(&server, account), expected, "{account}");
    }
    let sent = server.simulator.requests_of(Operation::BirthDate);
    assert_eq!(sent.len(), 0, "no birth date is made up");
    let tagged = get(&server, "/tokens?tag=nsfw").await;
    assert_eq!(tagged["total"], 2);

    let one = json!({"token": ONE});
    let again = posted(&server, "/tokens/nsfw/enable", &one).await;
    assert_eq!(again["summary"], json!({"total": 1, "ok": 1, "fail": 0}));
    assert_eq!(again["results"][0]["note"], "birth_date_skipped");
    let accounts = server.end().await;
    assert_eq!(accounts[ONE].tags, ["nsfw"], "once");
}

#[tokio::test]
async fn a_configured_birth_date_is_sent_as_it_is_and_no_other() {
    let locked = r#"{"error":{"message":"[WKE=account:birth-date-change-limit-reached]"}}"#;
    let setup = setup([ONE, TWO]).config(WITH_DATE);
    let locked = Reply::http(429, locked);
    let server = script(setup, TWO, Operation::BirthDate, locked)
        .start()
        .await;
    let (job, mut items) = run(&server, &json!({"tokens": [ONE, TWO]})).await;
    assert_eq!((&job["ok"], &job["fail"]), (&json!(2), &json!(0)));
    items.sort_by_key(|item| item["masked"].as_str().map(str::to_owned));
    let notes: Vec<_> = items.iter().map(|item| &item["note"]).collect();
    assert_eq!(notes, [&Value::Null, &json!("birth_date_locked")]);
    let sent = server.simulator.requests_of(Operation::BirthDate);
    assert_eq!(sent.len(), 2, "one each");
    for call in sent {
        assert_eq!(call.body, json!({"birthDate": "1990-02-28T16:00:00.000Z"}));
    }
    assert_eq!(calls_for(&server, ONE), SETTINGS, "in this order");
    let accounts = server.end().await;
    for account in [ONE, TWO] {
        assert_eq!(accounts[account].tags, ["nsfw"], "{account}");
    }
}

#[tokio::test]
async fn a_step_that_fails_ends_the_accounts_sequence_with_its_code() {
    let refused = Reply::Grpc {
        code: 9,
        message: "not now".to_owned(),
    };
    let setup = setup([ONE, TWO, THREE]).config(WITH_DATE);
    let setup = script(setup, ONE, Operation::AccountTerms, refused);
    let setup = script(setup, TWO, Operation::BirthDate, Reply::http(400, "{}"));
    let setup = script(setup, THREE, Operation::FeatureControls, Reply::Policy);
    let server = setup.start().await;
    let begun = posted(&server, "/tokens/nsfw/enable/async", &json!({"filter": {}})).await;
    let job = ended(&server, &begun["task_id"]).await;
    assert_eq!((&job["status"], &job["fail"]), (&json!("done"), &json!(3)));
    let mut codes: Vec<_> = job["failures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["masked"].as_str().unwrap(),
                one["code"].as_str().unwrap(),
            )
        })
        .collect();
    codes.sort_unstable();
    assert_eq!(
        codes,
        [
            ("…nt-1", "terms_refused"),
            ("…nt-2", "birth_date_refused"),
            ("…nt-3", "adult_content_refused")
        ]
    );
    assert_eq!(calls_for(&server, ONE), SETTINGS[..1]);
    assert_eq!(calls_for(&server, TWO), SETTINGS[..3]);
    assert_eq!(calls_for(&server, THREE), SETTINGS);
    assert_eq!(get(&server, "/tokens?tag=nsfw").await["total"], 0);

    let path = format!("/batch/{}/retry", begun["task_id"].as_str().unwrap());
    let again = posted(&server, &path, &json!({})).await;
    let job = ended(&server, &again["task_id"]).await;
    assert_eq!((&job["ok"], &job["fail"]), (&json!(3), &json!(0)));
    let accounts = server.end().await;
    assert_eq!(accounts[ONE].fail_count, 0, "no fault of the accounts");
    assert_eq!(accounts[THREE].tags, ["nsfw"]);
}

#[tokio::test]
async fn a_session_that_is_refused_counts_against_its_account() {
    let unauthenticated = Reply::Grpc {
        code: 16,
        message: String::new(),
    };
    let setup = setup([ONE, TWO, THREE]).config(ONCE);
    let setup = script(setup, ONE, Operation::AccountTerms, Reply::Unauthorized);
    let setup = script(setup, TWO, Operation::FeatureControls, unauthenticated);
    let setup = script(setup, THREE, Operation::ProductTerms, Reply::BlockedUser);
    let server = setup.start().await;
    let all = json!({"tokens": [ONE, TWO, THREE]});
    let done = posted(&server, "/tokens/nsfw/enable", &all).await;
    assert_eq!(done["summary"], json!({"total": 3, "ok": 0, "fail": 3}));
    let mut codes: Vec<_> = done["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["masked"].as_str().unwrap(),
                one["code"].as_str().unwrap(),
            )
        })
        .collect();
    codes.sort_unstable();
    assert_eq!(
        codes,
        [
            ("…nt-1", "signed_out"),
            ("…nt-2", "signed_out"),
            ("…nt-3", "blocked")
        ]
    );
    assert_eq!(calls_for(&server, ONE), SETTINGS[..1]);
    let accounts = server.end().await;
    for account in [ONE, TWO] {
        let Some(reason) = &accounts[account].last_fail_reason else {
            panic!("{account}: no reason");
        };
        assert_eq!(reason, "settings_auth_failed");
        assert_eq!(accounts[account].fail_count, 1);
    }
    assert_eq!(accounts[THREE].status, pool::Status::Expired);
    assert!(accounts.values().all(|account| account.tags.is_empty()));
}
