//! Accounts' files at the upstream: counted and cleared by the operator.

use std::collections::BTreeSet;

use grok_sim::{Operation, Reply};
use serde_json::{Value, json};

use crate::{
    admin_media::operator,
    browser::Browser,
    support::{Plain, Server, Setup, body},
};

const ONE: &str = "planted-asset-account-1";
const TWO: &str = "planted-asset-account-2";

fn setup<const N: usize>(accounts: [&str; N]) -> Setup {
    Setup::accounts(accounts).with("GROK2API_APP__APP_KEY", "correct horse battery")
}

/// Has an account keep `count` files, all different from those of other calls with another letter.
async fn upload(server: &Server, letter: &str, count: usize) {
    let images = (1..=count).map(|n| {
        let data = format!("data:image/png;base64,{}", letter.repeat(4 * n));
        json!({"type": "image_url", "image_url": {"url": data}})
    });
    let mut asked = body("What is it?");
    asked["messages"][0]["content"] = images.collect();
    let answer = Plain::read(server.send(&asked).await).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
}

async fn look(operator: &Browser) -> Value {
    let said = operator.call("list_assets", &json!({"page": 0})).await;
    assert_eq!(said.status, 200, "{said:?}");
    assert!(!said.json.to_string().contains("planted"), "{said:?}");
    said.json
}

async fn start(operator: &Browser, work: &str, ids: Value) -> Value {
    let asked = json!({"work": work, "ids": ids});
    operator.call("start_assets", &asked).await.json
}

/// Waits for the end of the run; the list then.
async fn ended(server: &Server, operator: &Browser) -> Value {
    let is_over = async || look(operator).await["run"]["state"] != "running";
    server.wait_until("the run is over", is_over).await;
    look(operator).await
}

fn of<'a>(list: &'a Value, credential: &str) -> &'a Value {
    let end = &credential[credential.len() - 1..];
    let accounts = list["accounts"].as_array().unwrap();
    let found = accounts
        .iter()
        .find(|one| one["masked"].as_str().unwrap().ends_with(end));
    found.unwrap()
}

fn deletions(server: &Server) -> usize {
    let requests = server.simulator.requests_of(Operation::Assets);
    requests.iter().filter(|one| one.method == "DELETE").count()
}

#[tokio::test]
async fn files_are_counted_then_cleared_and_uploaded_again_when_needed() {
    let server = setup([ONE]).start().await;
    let operator = operator(&server).await;
    upload(&server, "A", 3).await;
    let before = look(&operator).await;
    assert_eq!(
        (&before["run"], &before["total"]),
        (&Value::Null, &json!(1))
    );
    assert_eq!(of(&before, ONE)["count"], Value::Null, "not loaded");
    assert_eq!(start(&operator, "count", Value::Null).await, json!(true));
    let counted = ended(&server, &operator).await;
    assert_eq!(of(&counted, ONE)["count"], 3);
    assert_eq!(of(&counted, ONE)["cleared_at_ms"], Value::Null);

    assert_eq!(start(&operator, "clear", Value::Null).await, json!(true));
    let cleared = ended(&server, &operator).await;
    let run = json!({
        "work": "clear", "state": "done", "total": 1, "done": 1, "failed": 0, "deleted": 3,
        "failures": [],
    });
    assert_eq!(cleared["run"], run);
    assert_eq!(of(&cleared, ONE)["count"], 0);
    assert!(of(&cleared, ONE)["cleared_at_ms"].is_number());
    // The same files again: what was remembered of them is gone.
    let uploads = || server.simulator.requests_of(Operation::Upload).len();
    assert_eq!(uploads(), 3);
    upload(&server, "A", 3).await;
    assert_eq!(uploads(), 6);
    server.end_with_one().await;
}

#[tokio::test]
async fn long_lists_are_followed_page_by_page() {
    let server = setup([ONE]).start().await;
    let operator = operator(&server).await;
    for letter in ["A", "B", "C", "D", "E", "F", "G"] {
        upload(&server, letter, 8).await;
    }
    start(&operator, "clear", Value::Null).await;
    let cleared = ended(&server, &operator).await;
    assert_eq!(cleared["run"]["deleted"], 56);
    let requests = server.simulator.requests_of(Operation::Assets);
    let paths: BTreeSet<_> = requests.iter().map(|one| &one.path).collect();
    assert_eq!(paths.len(), 57, "each file, and the list");
    assert_eq!(deletions(&server), 56, "each once");
    server.end_with_one().await;
}

#[tokio::test]
async fn a_dead_session_counts_and_others_are_done() {
    let server = setup([ONE, TWO])
        .with("GROK2API_TOKEN__FAIL_THRESHOLD", 1)
        .with("GROK2API_RETRY__RETRY_BACKOFF_BASE", 0)
        .start()
        .await;
    let operator = operator(&server).await;
    // Repeated as often as `retry.max_retry` says, and counted once.
    let refused = [
        Reply::Unauthorized,
        Reply::Unauthorized,
        Reply::Unauthorized,
    ];
    server.simulator.script_for(ONE, Operation::Assets, refused);
    start(&operator, "clear", Value::Null).await;
    let list = ended(&server, &operator).await;
    let run = &list["run"];
    assert_eq!(
        (&run["done"], &run["failed"], &run["state"]),
        (&json!(2), &json!(1), &json!("done"))
    );
    let failure = &run["failures"][0];
    assert_eq!(failure["trouble"], "signed_out");
    assert_eq!(of(&list, ONE)["status"], "expired");
    assert_eq!(of(&list, TWO)["count"], 0);
    let accounts = server.end().await;
    assert_eq!(accounts[ONE].status, pool::Status::Expired);
    assert_eq!(accounts[TWO].status, pool::Status::Active);
}

#[tokio::test]
async fn one_account_alone_is_cleared_when_it_is_asked_for() {
    let server = setup([ONE, TWO]).start().await;
    let operator = operator(&server).await;
    let list = look(&operator).await;
    let ids = json!([of(&list, TWO)["id"]]);
    start(&operator, "count", ids).await;
    let counted = ended(&server, &operator).await;
    assert_eq!(counted["run"]["total"], 1);
    assert_eq!(of(&counted, ONE)["count"], Value::Null);
    assert_eq!(of(&counted, TWO)["count"], 0);
    server.end().await;
}

#[tokio::test]
async fn a_run_can_be_stopped_and_there_is_one_at_a_time() {
    let server = setup([ONE, TWO]).start().await;
    let operator = operator(&server).await;
    let hang = [Reply::Hang];
    server.simulator.script_for(ONE, Operation::Assets, hang);
    assert_eq!(start(&operator, "count", Value::Null).await, json!(true));
    let other_is_done = async || look(&operator).await["run"]["done"] == 1;
    server
        .wait_until("the other account is done", other_is_done)
        .await;
    assert_eq!(start(&operator, "count", Value::Null).await, json!(false));
    assert_eq!(operator.call("stop_assets", &json!({})).await.status, 200);
    let stopped = ended(&server, &operator).await;
    assert_eq!(stopped["run"]["state"], "stopped");
    assert_eq!(of(&stopped, TWO)["count"], 0);
    assert_eq!(start(&operator, "count", Value::Null).await, json!(true));
    let again = ended(&server, &operator).await;
    assert_eq!(
        (&again["run"]["state"], &again["run"]["done"]),
        (&json!("done"), &json!(2))
    );
    server.end().await;
}

#[tokio::test]
async fn an_account_in_use_keeps_its_files() {
    let server = setup([ONE]).start().await;
    let operator = operator(&server).await;
    upload(&server, "A", 1).await;
    server.simulator.script(ONE, [Reply::Hang]);
    let question = body("Hello?");
    let chat = server.send(&question);
    let clearing = async {
        let is_in_use = async || server.ready().await["pool"]["leases"] == 1;
        server.wait_until("the chat is under way", is_in_use).await;
        start(&operator, "clear", Value::Null).await;
        let list = ended(&server, &operator).await;
        assert_eq!(list["run"]["failures"][0]["trouble"], "in_use");
    };
    tokio::select! {
        answer = chat => panic!("the chat hangs: {answer:?}"),
        () = clearing => {}
    }
    assert_eq!(deletions(&server), 0);
    server.end_with_one().await;
}

#[tokio::test]
async fn one_file_that_cannot_be_deleted_does_not_keep_the_others() {
    let server = setup([ONE])
        .with("GROK2API_ASSET__DELETE_CONCURRENT", 1)
        .start()
        .await;
    let operator = operator(&server).await;
    upload(&server, "A", 4).await;
    // The list, then the first deletion; the others are as they are.
    let replies = [Reply::Answer, Reply::http(500, "{}")];
    server.simulator.script_for(ONE, Operation::Assets, replies);
    start(&operator, "clear", Value::Null).await;
    let list = ended(&server, &operator).await;
    assert_eq!(list["run"]["deleted"], 3);
    assert_eq!(list["run"]["failures"][0]["trouble"], "unreachable");
    assert_eq!(of(&list, ONE)["count"], 1);
    assert_eq!(of(&list, ONE)["cleared_at_ms"], Value::Null);
    server.end_with_one().await;
}
