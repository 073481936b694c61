//! `/v1/admin/sessions`: conversations that callers can go on with, listed and deleted.

use http::Method;
use serde_json::{Value, json};

use crate::{
    admin_api::{get, post, posted, request},
    support::{Plain, Server, Setup},
};

const KEY: &str = "sk-one";

fn setup() -> Setup {
    let setup = crate::admin_api::setup(["only-account"]);
    let setup = setup.with("GROK2API_APP__API_KEY", KEY);
    setup.with("GROK2API_APP__TEMPORARY", false)
}

async fn ask(server: &Server, texts: &[&str]) -> Plain {
    let roles = ["user", "assistant"].iter().cycle();
    let message = |(text, role)| json!({"role": role, "content": text});
    let messages: Vec<Value> = texts.iter().zip(roles).map(message).collect();
    server.count_request();
    let request = server.client.post(server.url("/v1/chat/completions"));
    let body = json!({"model": "grok-4", "messages": messages});
    let response = request.bearer_auth(KEY).json(&body).send().await;
    Plain::read(response.unwrap()).await
}

fn id(answer: &Plain) -> String {
    answer.json["conversation_id"].as_str().unwrap().to_owned()
}

/// What is listed, once `count` conversations are: they are stored behind their answers.
async fn listed(server: &Server, count: usize) -> Vec<Value> {
    let list = async || {
        let page = get(server, "/sessions").await;
        page["data"].as_array().unwrap().clone()
    };
    let is_there = async || list().await.len() == count;
    server.wait_until("they are listed", is_there).await;
    list().await
}

#[tokio::test]
async fn a_conversation_is_listed_with_its_caller_and_its_answers() {
    let mut server = setup().start().await;
    let first = ask(&server, &["Hi"]).await;
    let listed_first = &listed(&server, 1).await[0];
    ask(&server, &["Hi", first.text(), "More"]).await.text();
    let has_two = async || listed(&server, 1).await[0]["answers"] == 2;
    server.wait_until("its second answer counts", has_two).await;
    server.restart().await;
    let one = &listed(&server, 1).await[0];
    assert_eq!(one["conversation_id"], id(&first));
    assert_eq!(one["created_at"], listed_first["created_at"]);
    let time = |name: &str| one[name].as_i64().unwrap();
    assert!(time("created_at") <= time("updated_at") && time("updated_at") < time("expires_at"));
    let accounts = get(&server, "/tokens").await;
    assert_eq!(one["account"], accounts["data"][0]["id"]);
    assert!(one["caller"].is_string() && one["caller"] != KEY, "{one}");
    server.end().await;
}

#[tokio::test]
async fn a_deleted_conversation_is_begun_anew_with_its_whole_history() {
    for is_restarted in [false, true] {
        let mut server = setup().start().await;
        let (deleted, kept) = (ask(&server, &["Hi"]).await, ask(&server, &["Ho"]).await);
        listed(&server, 2).await;
        let path = format!("/sessions/{}", id(&deleted));
        let answer = request(&server, Method::DELETE, &path)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        let again = request(&server, Method::DELETE, &path)
            .send()
            .await
            .unwrap();
        assert_eq!(again.status(), 404);
        if is_restarted {
            server.restart().await;
        }
        assert_eq!(listed(&server, 1).await[0]["conversation_id"], id(&kept));
        let anew = ask(&server, &["Hi", deleted.text(), "More"]).await;
        assert_ne!(id(&anew), id(&deleted));
        let chats = server.upstream_chats();
        let sent = chats[2].body["message"].as_str().unwrap();
        assert!(
            sent.contains(deleted.text()) && sent.ends_with("More"),
            "{sent}"
        );
        let goes_on = ask(&server, &["Ho", kept.text(), "More"]).await;
        assert_eq!(id(&goes_on), id(&kept));
        server.end().await;
    }
}

#[tokio::test]
async fn all_are_deleted_at_once() {
    let server = setup().start().await;
    let answers = [ask(&server, &["Hi"]).await, ask(&server, &["Ho"]).await];
    listed(&server, 2).await;
    let cleared = posted(&server, "/sessions/clear", &json!({})).await;
    assert_eq!(cleared, json!({"status": "success", "deleted": 2}));
    assert_eq!(listed(&server, 0).await, [Value::Null; 0]);
    let again = posted(&server, "/sessions/clear", &json!({})).await;
    assert_eq!(again["deleted"], 0);
    let anew = ask(&server, &["Hi", answers[0].text(), "More"]).await;
    assert_ne!(id(&anew), id(&answers[0]));
    assert_eq!(listed(&server, 1).await[0]["conversation_id"], id(&anew));
    server.end().await;
}

#[tokio::test]
async fn a_list_is_read_in_pages_and_bad_questions_are_told() {
    let server = setup().start().await;
    for text in ["Hi", "Ho", "Hu"] {
        ask(&server, &[text]).await.text();
    }
    let all = listed(&server, 3).await;
    let first = get(&server, "/sessions?limit=2").await;
    assert_eq!(first["data"].as_array().unwrap(), &all[..2]);
    assert_eq!(first["has_more"], true);
    let next = first["next"].as_str().unwrap();
    let second = get(&server, &format!("/sessions?limit=2&after={next}")).await;
    assert_eq!(second["data"].as_array().unwrap(), &all[2..]);
    assert_eq!(
        (&second["has_more"], &second["next"]),
        (&json!(false), &Value::Null)
    );
    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("after=x", "after"),
    ] {
        let path = format!("/sessions?{query}");
        let answer = request(&server, Method::GET, &path).send().await.unwrap();
        let answer = Plain::read(answer).await;
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.json["error"]["param"], param);
    }
    let without = server.client.get(server.url("/v1/admin/sessions"));
    assert_eq!(without.send().await.unwrap().status(), 401);
    let wrong = post(&server, "/sessions", &json!({})).await;
    assert_eq!(wrong.status, 405);
    server.end().await;
}
