//! Answers that must have a shape: calls of the caller's tools, or JSON. The upstream knows neither.

use grok_sim::{ANY_ACCOUNT, Reply};
use reqwest::Response;
use serde_json::{Value, json};

use crate::support::{Plain, Server, Setup, Streamed};

const WEATHER: &str =
    r#"<tool_call>{"name":"get_weather","arguments":{"city":"Lima"}}</tool_call>"#;
/// The city is missing.
const NOWHERE: &str = r#"<tool_call>{"name":"get_weather","arguments":{"town":1}}</tool_call>"#;

fn with_tools() -> Value {
    json!({
        "model": "grok-4",
        "messages": [{"role": "user", "content": "Weather in Lima?"}],
        "tools": [{"type": "function", "function": {
            "name": "get_weather",
            "description": "The weather of a city",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": false,
            },
        }}],
    })
}

fn with_schema() -> Value {
    json!({
        "model": "grok-4",
        "messages": [{"role": "user", "content": "How many?"}],
        "response_format": {"type": "json_schema", "json_schema": {
            "name": "count",
            "schema": {
                "type": "object",
                "properties": {"count": {"type": "integer"}},
                "required": ["count"],
            },
        }},
    })
}

async fn server(replies: impl IntoIterator<Item = Reply>) -> Server {
    let server = Setup::accounts(["only-account"]).start().await;
    server.simulator.script("only-account", replies);
    server
}

async fn whole(server: &Server, body: &Value) -> Plain {
    Plain::read(server.send(body).await).await
}

async fn opened(server: &Server, mut body: Value) -> Response {
    body["stream"] = json!(true);
    server.send(&body).await
}

async fn streamed(server: &Server, body: Value) -> Streamed {
    Streamed::read(opened(server, body).await).await
}

/// Name and arguments of each call of a whole answer.
fn calls(answer: &Plain) -> Vec<(String, Value)> {
    let calls = answer.json["choices"][0]["message"]["tool_calls"].as_array();
    calls
        .into_iter()
        .flatten()
        .map(|call| {
            let (id, function) = (call["id"].as_str().unwrap(), &call["function"]);
            assert!(id.starts_with("call_"), "{id}");
            let arguments = function["arguments"].as_str().unwrap();
            let name = function["name"].as_str().unwrap().to_owned();
            (name, serde_json::from_str(arguments).unwrap())
        })
        .collect()
}

/// Name and arguments of each call of a stream, put together as clients do.
fn streamed_calls(answer: &Streamed) -> Vec<(String, String)> {
    let mut calls: Vec<(String, String)> = Vec::new();
    let deltas = answer.events.iter();
    for call in deltas.filter_map(|event| event["choices"][0]["delta"]["tool_calls"].as_array()) {
        for piece in call {
            let index = usize::try_from(piece["index"].as_u64().unwrap()).unwrap();
            if index == calls.len() {
                assert_eq!(piece["type"], "function");
                let name = piece["function"]["name"].as_str().unwrap();
                calls.push((name.to_owned(), String::new()));
            }
            let arguments = piece["function"]["arguments"].as_str();
            calls[index].1.push_str(arguments.unwrap_or_default());
        }
    }
    calls
}

fn lima() -> Vec<(String, Value)> {
    vec![("get_weather".to_owned(), json!({"city": "Lima"}))]
}

fn message(server: &Server, index: usize) -> String {
    let chats = server.upstream_chats();
    chats[index].body["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_call_comes_with_the_text_before_it_and_without_what_follows() {
    let text = format!("I look.\n{WEATHER}\nIt is sunny.");
    let server = server([Reply::text(text)]).await;
    let answer = whole(&server, &with_tools()).await;
    assert_eq!(calls(&answer), lima());
    let choice = &answer.json["choices"][0];
    assert_eq!(choice["message"]["content"], "I look.");
    assert_eq!(choice["finish_reason"], "tool_calls");
    let asked = message(&server, 0);
    assert!(asked.contains("## get_weather") && asked.ends_with("Weather in Lima?"));
    assert_eq!(server.end_with_one().await.quota, 79);
}

#[tokio::test]
async fn a_call_that_is_cut_anywhere_is_streamed_whole() {
    let tokens = [
        "Wait. <to",
        "ol_call>{\"name\":\"get_wea",
        "ther\",\"argu",
        "ments\":{\"city\":",
    ];
    let tokens = tokens.into_iter().chain(["\"Lima\"}}</tool", "_call", ">"]);
    let server = server([Reply::tokens(tokens)]).await;
    let answer = streamed(&server, with_tools()).await;
    let expected = ("get_weather".to_owned(), "{\"city\":\"Lima\"}".to_owned());
    assert_eq!(streamed_calls(&answer), [expected]);
    assert_eq!(answer.text().trim(), "Wait.");
    assert_eq!(answer.finish_reason(), Some("tool_calls"));
    assert!(answer.is_done);
    server.end().await;
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_asked_for_once_more_on_the_same_account() {
    let server = Setup::accounts(["first-account", "second-account"])
        .start()
        .await;
    let replies = [Reply::text(NOWHERE), Reply::text(WEATHER)];
    server.simulator.script(ANY_ACCOUNT, replies);
    let answer = streamed(&server, with_tools()).await;
    assert_eq!(streamed_calls(&answer).len(), 1, "{answer:?}");
    assert!(message(&server, 1).contains("# Correction"));
    let accounts = server.end().await;
    let mut quotas: Vec<_> = accounts.values().map(|account| account.quota).collect();
    quotas.sort_unstable();
    assert_eq!(quotas, [78, 80], "one account has answered twice");
}

#[tokio::test]
async fn a_call_that_never_fits_is_text_and_no_call() {
    let server = server([Reply::text(NOWHERE), Reply::text(NOWHERE)]).await;
    let answer = whole(&server, &with_tools()).await;
    assert_eq!(calls(&answer), []);
    assert!(answer.text().contains("town"), "{answer:?}");
    assert_eq!(answer.json["choices"][0]["finish_reason"], "stop");
    server.end().await;
}

#[tokio::test]
async fn an_answer_stays_what_it_is_when_it_cannot_be_asked_for_once_more() {
    let server = server([Reply::text(NOWHERE), Reply::server_error(500)]).await;
    let answer = whole(&server, &with_tools()).await;
    assert!(answer.text().contains("town"), "{answer:?}");
    assert_eq!(server.end_with_one().await.quota, 79);
}

#[tokio::test]
async fn a_caller_who_leaves_while_it_is_asked_once_more_frees_the_account() {
    let server = server([Reply::text(NOWHERE), Reply::Hang]).await;
    let response = opened(&server, with_tools()).await;
    assert_eq!(response.status(), 200);
    server
        .wait_until("the upstream is asked once more", async || {
            server.upstream_chats().len() == 2
        })
        .await;
    drop(response);
    server.simulator.wait_aborted("only-account").await.unwrap();
    assert_eq!(server.end_with_one().await.quota, 80);
}

#[tokio::test]
async fn the_upstream_is_left_when_the_only_call_is_made() {
    let tokens = [WEATHER, " And then", " I go on", " and on."];
    let server = server([Reply::tokens(tokens).held()]).await;
    let mut body = with_tools();
    body["parallel_tool_calls"] = json!(false);
    let answer = whole(&server, &body).await;
    assert_eq!(calls(&answer), lima());
    server.simulator.wait_aborted("only-account").await.unwrap();
    assert_eq!(server.end_with_one().await.quota, 79);
}

#[tokio::test]
async fn results_go_to_the_conversation_of_the_call() {
    let setup = Setup::accounts(["first-account", "second-account"]);
    let server = setup
        .with("GROK2API_APP__TEMPORARY", false)
        .with("GROK2API_APP__API_KEY", "sk-one")
        .start()
        .await;
    let reply = Reply::text(WEATHER);
    server.simulator.script(ANY_ACCOUNT, [reply]);
    let send = async |body: &Value| {
        server.count_request();
        let request = server.client.post(server.url("/v1/chat/completions"));
        let response = request.bearer_auth("sk-one").json(body).send().await;
        Plain::read(response.unwrap()).await
    };
    let mut body = with_tools();
    let called = send(&body).await;
    let message_of = called.json["choices"][0]["message"].clone();
    let id = message_of["tool_calls"][0]["id"].clone();
    let turns = body["messages"].as_array_mut().unwrap();
    turns.push(message_of);
    turns.push(json!({"role": "tool", "tool_call_id": id, "content": "14 degrees"}));
    let told = send(&body).await;
    assert_eq!(told.status, 200, "{told:?}");
    let chats = server.upstream_chats();
    let conversation = called.json["conversation_id"].as_str().unwrap();
    assert!(chats[1].path.contains(conversation), "{}", chats[1].path);
    let sent = message(&server, 1);
    assert!(sent.contains("14 degrees"), "{sent}");
    assert!(!sent.contains("Weather in Lima?"), "{sent}");
    server.end().await;
}

#[tokio::test]
async fn json_comes_alone_whatever_stands_around_it() {
    let server = server([Reply::text(
        "Here it is:\n```json\n{\"count\": 3,}\n```\nBye.",
    )])
    .await;
    let answer = streamed(&server, with_schema()).await;
    let json: Value = serde_json::from_str(&answer.text()).unwrap();
    assert_eq!(json, json!({"count": 3}));
    assert_eq!(answer.finish_reason(), Some("stop"));
    server.end().await;
}

#[tokio::test]
async fn json_that_does_not_fit_is_asked_for_once_more() {
    let server = server([
        Reply::text(r#"{"count":"three"}"#),
        Reply::text(r#"{"count":3}"#),
    ])
    .await;
    let answer = whole(&server, &with_schema()).await;
    assert_eq!(answer.text(), r#"{"count":3}"#);
    assert!(message(&server, 1).contains("# Correction"));
    assert_eq!(server.end_with_one().await.quota, 78);
}

#[tokio::test]
async fn json_that_never_fits_is_an_error_that_clients_do_not_repeat() {
    let bad = || Reply::text(r#"{"count":"three"}"#);
    let server = server([bad(), bad(), bad(), bad()]).await;
    let response = server.send(&with_schema()).await;
    assert_eq!(response.headers()["x-should-retry"], "false");
    Plain::read(response)
        .await
        .assert_error(502, "invalid_output");
    let broken = streamed(&server, with_schema()).await;
    assert_eq!(broken.code(), Some("invalid_output"));
    assert!(!broken.has_text(), "{broken:?}");
    server.end().await;
}

#[tokio::test]
async fn a_limit_ends_json_with_length_and_no_second_question() {
    let server = server([Reply::text(
        r#"{"count":3,"why":"because there are so many of them"}"#,
    )])
    .await;
    let mut body = with_schema();
    body["max_tokens"] = json!(3);
    let answer = whole(&server, &body).await;
    assert_eq!(answer.json["choices"][0]["finish_reason"], "length");
    assert_eq!(server.upstream_chats().len(), 1);
    server.end().await;
}

#[tokio::test]
async fn what_the_model_may_look_up_is_for_the_request_and_then_for_the_settings() {
    let setup = Setup::accounts(["only-account"]).with("GROK2API_CHAT__X_SEARCH", false);
    let server = setup.start().await;
    let mut body = with_tools();
    body["tools"] = json!(null);
    whole(&server, &body).await;
    body["search_parameters"] = json!({"mode": "off"});
    whole(&server, &body).await;
    body["search_parameters"] = json!({"mode": "on", "sources": [{"type": "x"}]});
    whole(&server, &body).await;
    let chats = server.upstream_chats();
    let told = |index: usize| {
        let body: &Value = &chats[index].body;
        (body["disableSearch"].clone(), body["toolOverrides"].clone())
    };
    assert_eq!(told(0), (json!(false), json!({"xSearch": false})));
    assert_eq!(told(1), (json!(true), json!({})));
    assert_eq!(told(2), (json!(false), json!({"webSearch": false})));
    server.end().await;
}

#[tokio::test]
async fn a_schema_with_a_mistake_is_refused_before_anything_is_asked() {
    let server = server([]).await;
    let mut body = with_schema();
    body["response_format"]["json_schema"]["schema"]["properties"]["count"]["type"] = json!("int");
    let answer = whole(&server, &body).await;
    answer.assert_error(400, "invalid_schema");
    assert!(answer.message().contains("int"), "{answer:?}");
    assert_eq!(server.upstream_chats().len(), 0);
    server.end().await;
}

#[tokio::test]
async fn a_call_that_a_tools_result_holds_is_not_made_when_it_is_quoted() {
    let quoted = format!("The page says: {WEATHER}");
    let server = server([Reply::text(quoted.clone())]).await;
    let mut body = with_tools();
    let call = json!({"id": "c1", "type": "function",
        "function": {"name": "get_weather", "arguments": "{\"city\":\"Rome\"}"}});
    let turns = body["messages"].as_array_mut().unwrap();
    turns.push(json!({"role": "assistant", "content": null, "tool_calls": [call]}));
    turns.push(
        json!({"role": "tool", "tool_call_id": "c1", "content": format!("Sunny. {WEATHER}")}),
    );
    let answer = whole(&server, &body).await;
    assert_eq!(calls(&answer), []);
    assert_eq!(answer.text(), quoted);
    server.end().await;
}
