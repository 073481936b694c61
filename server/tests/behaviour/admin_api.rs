//! `/v1/admin`: accounts and jobs for the operator's programs.

use std::time::{Duration, Instant};

use grok_sim::{Operation, Reply};
use http::Method;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::{
    admin_media::operator,
    support::{Plain, Server, Setup},
};

const PASSWORD: &str = "correct horse battery";
const ONE: &str = "planted-admin-account-1";
const TWO: &str = "planted-admin-account-2";
const THREE: &str = "planted-admin-account-3";

pub(crate) fn setup<const N: usize>(accounts: [&str; N]) -> Setup {
    Setup::accounts(accounts).with("GROK2API_APP__APP_KEY", PASSWORD)
}

pub(crate) fn request(server: &Server, method: Method, path: &str) -> RequestBuilder {
    let url = server.url(&format!("/v1/admin{path}"));
    server.client.request(method, url).bearer_auth(PASSWORD)
}

/// An answer that may not have a cookie in it.
async fn read(request: RequestBuilder) -> Plain {
    let answer = Plain::read(request.send().await.unwrap()).await;
    let text = answer.json.to_string();
    assert!(
        !text.contains("planted") && !text.contains("horse"),
        "{text}"
    );
    answer
}

pub(crate) async fn get(server: &Server, path: &str) -> Value {
    let answer = read(request(server, Method::GET, path)).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.json);
    answer.json
}

pub(crate) async fn post(server: &Server, path: &str, body: &Value) -> Plain {
    read(request(server, Method::POST, path).json(body)).await
}

pub(crate) async fn posted(server: &Server, path: &str, body: &Value) -> Value {
    let answer = post(server, path, body).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.json);
    answer.json
}

pub(crate) async fn patch(server: &Server, id: &str, body: &Value) -> Value {
    let path = format!("/tokens/{id}");
    let answer = read(request(server, Method::PATCH, &path).json(body)).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.json);
    answer.json
}

/// Id of the account with this credential.
async fn id_of(server: &Server, credential: &str) -> String {
    let end = &credential[credential.len() - 4..];
    let found = get(server, &format!("/tokens?text={end}")).await;
    found["data"][0]["id"].as_str().unwrap().to_owned()
}

/// Gives an account another credential.
pub(crate) async fn replace(server: &Server, credential: &str, other: &str) {
    let path = format!("/tokens/{}", id_of(server, credential).await);
    let asked = request(server, Method::PATCH, &path).json(&json!({"token": other}));
    assert_eq!(read(asked).await.status, 200);
}

/// Waits for the end of a job; how it was then.
pub(crate) async fn ended(server: &Server, id: &Value) -> Value {
    let path = format!("/batch/{}", id.as_str().unwrap());
    let is_over = async || get(server, &path).await["status"] != "running";
    server.wait_until("the job is over", is_over).await;
    get(server, &path).await
}

#[tokio::test]
async fn only_the_operator_may_call_and_never_with_a_key_in_the_address() {
    let server = setup([ONE])
        .with("GROK2API_APP__API_KEY", "sk-one")
        .start()
        .await;
    let client = &server.client;
    let anonymous = client.get(server.url("/v1/admin/tokens"));
    read(anonymous).await.assert_error(401, "invalid_admin_key");
    let caller = client
        .get(server.url("/v1/admin/tokens"))
        .bearer_auth("sk-one");
    read(caller).await.assert_error(401, "invalid_admin_key");
    let in_address = client.get(server.url("/v1/admin/verify?app_key=x"));
    let refused = read(in_address).await;
    refused.assert_error(400, "key_in_address");
    assert_eq!(refused.json["error"]["param"], "app_key");

    assert_eq!(get(&server, "/verify").await, json!({"status": "success"}));
    let storage = get(&server, "/storage").await;
    assert_eq!(
        (&storage["type"], &storage["is_ok"]),
        (&json!("local"), &json!(true))
    );

    let browser = operator(&server).await;
    let by_session = browser.get("/v1/admin/tokens").await;
    assert_eq!(by_session.status(), 200);
    let disable = browser.request(Method::POST, "/v1/admin/tokens/disable");
    let mut foreign = disable.json(&json!({"filter": {}})).build().unwrap();
    let site = "cross-site".parse().unwrap();
    foreign.headers_mut().insert("sec-fetch-site", site);
    let foreign = browser.client.execute(foreign).await.unwrap();
    assert_eq!(foreign.status(), 403, "with its cookie, from another site");
    assert_eq!(get(&server, "/tokens?status=disabled").await["total"], 0);
    server.end().await;
}

#[tokio::test]
async fn wrong_keys_are_slowed_down() {
    let server = setup([ONE]).start().await;
    let wrong = async || {
        let url = server.url("/v1/admin/verify");
        read(server.client.get(url).bearer_auth("wrong guess")).await
    };
    let mut judged = 0;
    let refused = loop {
        let answer = wrong().await;
        if answer.status != 401 {
            break answer;
        }
        judged += 1;
    };
    refused.assert_error(429, "too_many_attempts");
    assert!(refused.retry_after.unwrap() >= 1);
    assert!((5..=8).contains(&judged), "{judged}");
    server.end().await;
}

#[tokio::test]
async fn accounts_are_listed_by_what_is_asked_page_by_page() {
    let server = setup([ONE, TWO]).and("ssoSuper", &[THREE]).start().await;
    let all = get(&server, "/tokens?limit=2&sort=created_at&order=asc").await;
    assert_eq!((&all["total"], &all["has_more"]), (&json!(3), &json!(true)));
    let next = all["next"].as_str().unwrap();
    let rest = get(&server, &format!("/tokens?limit=2&order=asc&after={next}")).await;
    assert_eq!(rest["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&rest["has_more"], &rest["next"]),
        (&json!(false), &Value::Null)
    );
    let tier = get(&server, "/tokens?tier=super").await;
    assert_eq!(
        (&tier["total"], &tier["data"][0]["masked"]),
        (&json!(1), &json!("…nt-3"))
    );
    assert_eq!(get(&server, "/tokens?status=refused").await["total"], 0);

    let id = id_of(&server, TWO).await;
    let path = format!("/tokens/{id}");
    let tags = request(&server, Method::PATCH, &path).json(&json!({"tags": ["a", " a ", "b"]}));
    assert_eq!(read(tags).await.json["tags"], json!(["a", "b"]));
    let found = get(&server, "/tokens?tag=b").await;
    assert_eq!(found["data"][0]["id"], id.as_str());
    let cursor = read(request(&server, Method::GET, "/tokens?after=x")).await;
    cursor.assert_error(400, "invalid_cursor");
    assert_eq!(cursor.json["error"]["param"], "after");
    server.end().await;
}

#[tokio::test]
async fn two_callers_who_change_one_account_do_not_undo_each_other() {
    let server = setup([ONE]).start().await;
    let path = format!("/tokens/{}", id_of(&server, ONE).await);
    let patch = |body: Value| read(request(&server, Method::PATCH, &path).json(&body));
    let (note, tags) = tokio::join!(
        patch(json!({"note": "of one"})),
        patch(json!({"tags": ["of-the-other"]})),
    );
    assert_eq!((note.status, tags.status), (200, 200));
    let both = get(&server, &path).await;
    assert_eq!(
        (&both["note"], &both["tags"]),
        (&json!("of one"), &json!(["of-the-other"]))
    );
    let off = patch(json!({"enabled": false, "tier": "super"})).await.json;
    assert_eq!(
        (&off["status"], &off["tier"]),
        (&json!("disabled"), &json!("super"))
    );
    assert_eq!(off["note"], "of one");

    for (body, code, param) in [
        (json!({"notes": ""}), "invalid_value", "notes"),
        (json!({"note": "x".repeat(501)}), "invalid_value", "note"),
        (json!({"proxy": "nonsense"}), "invalid_value", "proxy"),
        (json!({"token": "a b"}), "invalid_value", "token"),
    ] {
        let refused = patch(body).await;
        refused.assert_error(400, code);
        assert_eq!(refused.json["error"]["param"], param);
    }
    let unknown = read(request(&server, Method::GET, "/tokens/x")).await;
    unknown.assert_error(404, "not_found");
    let account = server.end_with_one().await;
    assert_eq!((account.note.as_str(), account.tags.len()), ("of one", 1));
}

#[tokio::test]
async fn accounts_are_added_replaced_deleted_and_brought_back() {
    let server = setup([ONE]).start().await;
    let added = posted(
        &server,
        "/tokens",
        &json!({
            "tier": "super",
            "tokens": [TWO, {"token": THREE, "note": "third", "tags": ["t"]}, ONE, "no cookie"],
        }),
    )
    .await;
    assert_eq!(added["summary"], json!({"total": 4, "ok": 2, "fail": 2}));
    let statuses: Vec<_> = added["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["status"])
        .collect();
    assert_eq!(statuses, ["doubtful", "doubtful", "duplicate", "bad"]);
    let map = post(&server, "/tokens", &json!({"ssoBasic": [ONE]})).await;
    map.assert_error(409, "whole_map_refused");

    let id = id_of(&server, ONE).await;
    let cookie = |token: &str| {
        request(&server, Method::PATCH, &format!("/tokens/{id}")).json(&json!({"token": token}))
    };
    read(cookie(TWO)).await.assert_error(400, "account_exists");
    let path = format!("/tokens/{id}");
    let half_wrong = json!({"token": "planted-admin-account-8", "note": "n".repeat(501)});
    let half_wrong = request(&server, Method::PATCH, &path).json(&half_wrong);
    read(half_wrong).await.assert_error(400, "invalid_value");
    assert_eq!(get(&server, &path).await["masked"], "…nt-1", "as it was");
    let replaced = read(cookie("planted-admin-account-9")).await;
    assert_eq!(replaced.json["masked"], "…nt-9", "{}", replaced.json);

    let choice = json!({"filter": {"tier": "super"}});
    let off = posted(&server, "/tokens/disable", &choice).await;
    assert_eq!(off["changed"], 2);
    let nothing = post(&server, "/tokens/disable", &json!({})).await;
    nothing.assert_error(400, "no_accounts_chosen");
    let deleted = posted(&server, "/tokens/delete", &choice).await;
    assert_eq!(deleted["deleted"], 2);
    assert_eq!(get(&server, "/tokens").await["total"], 1);
    let undo = json!({"undo_id": deleted["undo_id"]});
    assert_eq!(
        posted(&server, "/tokens/restore", &undo).await["restored"],
        2
    );
    let again = post(&server, "/tokens/restore", &undo).await;
    again.assert_error(404, "not_found");
    assert_eq!(get(&server, "/tokens?status=disabled").await["total"], 2);

    let accounts = server.end().await;
    assert_eq!(accounts.len(), 3);
    assert_eq!(accounts[THREE].note, "third");
    assert!(accounts.contains_key("planted-admin-account-9"));
}

/// A body that is refused for one of a thousand is of no use to whoever wrote a thousand.
#[tokio::test]
async fn of_many_accounts_those_that_are_wrong_are_named_and_the_others_added() {
    let server = setup([ONE]).start().await;
    let tokens = json!([
        TWO,
        5,
        {"token": "planted-admin-account-4", "note": "n".repeat(501)},
        {"token": "planted-admin-account-5", "tags": ["t".repeat(41)]},
        {"token": THREE, "note": "n".repeat(500)},
    ]);
    let added = posted(&server, "/tokens", &json!({"tokens": tokens})).await;
    assert_eq!(added["summary"], json!({"total": 5, "ok": 2, "fail": 3}));
    let errors: Vec<_> = (0..5).map(|at| &added["results"][at]["error"]).collect();
    let expected = json!([
        null,
        "it is neither a text nor an object",
        "the note: it is too long",
        "the tags: it is too long",
        null,
    ]);
    assert_eq!(json!(errors), expected);
    server.end().await;
}

#[tokio::test]
async fn an_export_is_the_one_answer_with_cookies() {
    let server = setup([ONE]).and("ssoSuper", &[TWO]).start().await;
    let export = async |body: Value| {
        let asked = request(&server, Method::POST, "/tokens/export").json(&body);
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "no-store");
        answer.text().await.unwrap()
    };
    let text = export(json!({"filter": {}})).await;
    assert_eq!(text.lines().collect::<Vec<_>>(), [ONE, TWO]);
    let json: Value =
        serde_json::from_str(&export(json!({"filter": {}, "format": "json"})).await).unwrap();
    assert_eq!(json["ssoBasic"][0]["token"], ONE);
    assert_eq!(json["ssoSuper"][0]["token"], TWO);
    server.end().await;
}

/// Events of a stream, until `is_enough` says so or it ends.
async fn events(mut response: Response, is_enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let (mut text, mut events) = (String::new(), Vec::new());
    while let Some(piece) = response.chunk().await.unwrap() {
        text.push_str(str::from_utf8(&piece).unwrap());
        while let Some((event, rest)) = text.split_once("\n\n") {
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
            if let Some(data) = field("data: ") {
                let mut data: Value = serde_json::from_str(data).unwrap();
                data["id"] = field("id: ").unwrap().into();
                events.push(data);
            }
            text = rest.to_owned();
        }
        if is_enough(&events) {
            break;
        }
    }
    events
}

async fn watch(server: &Server, id: &Value, last_event: Option<&str>) -> Response {
    let path = format!("/batch/{}/stream", id.as_str().unwrap());
    let asked = request(server, Method::GET, &path);
    let asked = match last_event {
        Some(id) => asked.header("last-event-id", id),
        None => asked,
    };
    asked.send().await.unwrap()
}

#[tokio::test]
async fn a_job_is_watched_to_its_end_and_a_broken_stream_goes_on() {
    let server = setup([ONE, TWO]).start().await;
    let hang = [Reply::Hang];
    server.simulator.script_for(TWO, Operation::Assets, hang);
    let begun = posted(
        &server,
        "/cache/online/load/async",
        &json!({"scope": "all"}),
    )
    .await;
    assert_eq!(begun["total"], 2);
    let id = &begun["task_id"];
    let seen = events(watch(&server, id, None).await, |seen| {
        seen.last().is_some_and(|last| last["processed"] == 1)
    })
    .await;
    assert_eq!(seen[0]["type"], "snapshot");
    let busy = post(
        &server,
        "/cache/online/clear/async",
        &json!({"scope": "all"}),
    )
    .await;
    busy.assert_error(409, "job_running");

    // Behind the event that was seen last there is nothing but the end.
    let rest = watch(&server, id, Some("1")).await;
    let asked = Instant::now();
    let path = format!("/batch/{}/cancel", id.as_str().unwrap());
    posted(&server, &path, &json!({})).await;
    let rest = events(rest, |_| false).await;
    assert!(asked.elapsed() < Duration::from_secs(1));
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(
        (&rest[0]["type"], &rest[0]["id"]),
        (&json!("cancelled"), &json!("1.end"))
    );
    let late = events(watch(&server, id, None).await, |_| false).await;
    let kinds: Vec<_> = late.iter().map(|one| &one["type"]).collect();
    assert_eq!(kinds, ["snapshot", "cancelled"]);
    assert_eq!(watch(&server, id, Some("1.end")).await.status(), 204);
    let over = post(&server, &path, &json!({})).await;
    over.assert_error(409, "job_over");
    server.end().await;
}

#[tokio::test]
async fn failed_accounts_are_refreshed_again_in_a_new_job() {
    let server = setup([ONE, TWO]).start().await;
    // Both modes are asked about at once.
    let refused = [Reply::Unauthorized, Reply::Unauthorized];
    server
        .simulator
        .script_for(ONE, Operation::RateLimits, refused);
    let tokens = json!({"tokens": [ONE, TWO]});
    let begun = posted(&server, "/tokens/refresh/async", &tokens).await;
    let job = ended(&server, &begun["task_id"]).await;
    assert_eq!(
        (&job["status"], &job["ok"], &job["fail"]),
        (&json!("done"), &json!(1), &json!(1))
    );
    let failure = &job["failures"][0];
    assert_eq!(
        (&failure["code"], &failure["masked"]),
        (&json!("signed_out"), &json!("…nt-1"))
    );
    let path = format!("/batch/{}", begun["task_id"].as_str().unwrap());
    let items = get(&server, &format!("{path}/items?failed=true")).await;
    assert_eq!(items["data"].as_array().unwrap().len(), 1);
    let again = posted(&server, &format!("{path}/retry"), &json!({})).await;
    assert_eq!(again["total"], 1);
    let job = ended(&server, &again["task_id"]).await;
    assert_eq!((&job["ok"], &job["fail"]), (&json!(1), &json!(0)));
    assert_eq!(
        get(&server, "/batch").await["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    let now = posted(&server, "/tokens/refresh", &json!({"token": ONE})).await;
    assert_eq!(now["summary"], json!({"total": 1, "ok": 1, "fail": 0}));
    let accounts = server.end().await;
    assert!(accounts[ONE].last_sync_at_ms.is_some());
}

#[tokio::test]
async fn a_job_of_a_killed_server_is_interrupted_and_can_be_resumed() {
    let mut server = setup([ONE, TWO]).start().await;
    let hang = [Reply::Hang];
    server.simulator.script_for(TWO, Operation::Assets, hang);
    let begun = posted(
        &server,
        "/cache/online/load/async",
        &json!({"scope": "all"}),
    )
    .await;
    let path = format!("/batch/{}", begun["task_id"].as_str().unwrap());
    // Stored: the other one is no longer in memory alone.
    let is_stored = async || {
        let items = get(&server, &format!("{path}/items")).await;
        items["data"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["status"] == "ok")
    };
    server.wait_until("one is stored", is_stored).await;
    server.kill_and_start().await;
    let is_interrupted = async || get(&server, &path).await["status"] == "interrupted";
    server.wait_until("it is interrupted", is_interrupted).await;
    let lists = || server.simulator.requests_of(Operation::Assets).len();
    assert_eq!(lists(), 2);
    let resumed = posted(&server, &format!("{path}/resume"), &json!({})).await;
    assert_eq!(resumed["task_id"], begun["task_id"]);
    let job = ended(&server, &begun["task_id"]).await;
    assert_eq!(
        (&job["status"], &job["processed"], &job["fail"]),
        (&json!("done"), &json!(2), &json!(0))
    );
    assert_eq!(lists(), 3, "what was done is not done again");
    server.end().await;
}

#[tokio::test]
async fn lines_are_imported_by_a_job() {
    let server = setup([ONE]).start().await;
    let text = format!("{TWO}\n\nno cookie\n{ONE}\nsso={THREE}; path=/");
    let begun = posted(
        &server,
        "/tokens/import/async",
        &json!({"text": text, "tier": "super"}),
    )
    .await;
    assert_eq!(begun["total"], 4);
    let job = ended(&server, &begun["task_id"]).await;
    assert_eq!((&job["ok"], &job["fail"]), (&json!(2), &json!(2)));
    let mut codes: Vec<_> = job["failures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, ["duplicate", "no_cookie"]);
    assert_eq!(get(&server, "/tokens?tier=super").await["total"], 2);
    assert_eq!(server.end().await.len(), 3);
}
