//! The MCP server: who may come in, what its tools answer, and what ends them.

mod client;
mod doors;
mod sessions;

use base64::{Engine, engine::general_purpose::STANDARD};
use grok_sim::{Operation, Reply};
use pool::Status;
use serde_json::json;
use store::Outcome;

use self::client::{Client, messages, setup};
use crate::{
    pictures::rows,
    support::{Left, Server, open_store},
};

const ONE: &str = "mcp-account-1";

/// The one call, charged and recorded like any other.
fn assert_served(left: &Left, quota: u32) {
    let account = &left.accounts[ONE];
    assert_eq!((account.status, account.quota), (Status::Active, quota));
    let row = left.requests.last().unwrap();
    assert_eq!(
        (row.endpoint.as_str(), row.status, row.outcome),
        ("mcp", 200, Outcome::Served)
    );
    assert!(row.key.as_deref().unwrap().starts_with("key-"), "{row:?}");
}

/// Calls that were refused or left cost nothing.
fn assert_free(left: &Left) {
    let account = &left.accounts[ONE];
    assert_eq!(
        (account.status, account.quota, account.use_count),
        (Status::Active, 80, 0)
    );
}

#[tokio::test]
async fn the_tools_say_what_they_take_and_give() {
    let server = setup(ONE).start().await;
    let client = Client::connect(&server).await;
    let tools = client.request("tools/list").await;
    let tools = tools["tools"].as_array().unwrap();
    let names: Vec<_> = tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["ask_grok", "generate_image", "search"]);
    for (tool, required) in tools.iter().zip(["query", "prompt", "query"]) {
        let schema = &tool["inputSchema"];
        assert_eq!(schema["required"], json!([required]), "{tool}");
        let properties = schema["properties"].as_object().unwrap();
        for (name, property) in properties {
            assert!(property["description"].is_string(), "{name} of {tool}");
        }
        assert!(tool["description"].is_string(), "{tool}");
    }
    let models = tools[0]["inputSchema"]["properties"]["model"]["description"].as_str();
    assert!(models.unwrap().contains("grok-4"), "{models:?}");
    assert_eq!(
        tools[2]["outputSchema"]["required"],
        json!(["answer", "sources"])
    );
    // Nothing of this is a call.
    let left = server.end_with_all().await;
    assert_free(&left);
}

#[tokio::test]
async fn grok_is_asked_and_progress_comes_before_the_answer() {
    let server = setup(ONE).start().await;
    server
        .simulator
        .script(ONE, [Reply::text("Tides follow the moon.")]);
    let client = Client::connect(&server).await;
    let asked = json!({"query": "Why are there tides?", "system_prompt": "Answer briefly.", "model": "grok-4"});
    let called = client.call("ask_grok", asked).await;
    assert_eq!(
        (called.text(), called.is_error()),
        ("Tides follow the moon.", false)
    );
    let progress: Vec<_> = called
        .progress
        .iter()
        .map(|note| note["progress"].as_f64().unwrap())
        .collect();
    assert!(progress.len() >= 2, "{:?}", called.progress);
    assert_eq!(progress[0], 0.0);
    assert!(
        progress.is_sorted_by(|one, next| one < next),
        "{progress:?}"
    );
    assert!(
        called.progress[1]["message"]
            .as_str()
            .unwrap()
            .ends_with(" characters"),
        "{:?}",
        called.progress
    );
    let prompt = server.upstream_chats()[0].body["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(prompt.contains("Why are there tides?") && prompt.contains("Answer briefly."));
    let left = server.end_with_all().await;
    assert_served(&left, 79);
    assert_eq!(left.requests[0].id, called.request_id);
    assert_eq!(left.requests[0].model.as_deref(), Some("grok-4"));
}

#[tokio::test]
async fn who_wants_no_progress_gets_the_result_alone_and_the_sources_as_links() {
    let server = setup(ONE).start().await;
    server.simulator.script(ONE, [Reply::WebSearch]);
    let client = Client::connect(&server).await;
    server.count_request();
    let body = json!({"jsonrpc": "2.0", "id": "one", "method": "tools/call", "params": {
        "name": "ask_grok",
        "arguments": {"query": "What is new in Rust?"},
    }});
    let response = client.post(&body).send().await.unwrap();
    let messages = messages(&response.text().await.unwrap());
    assert_eq!(messages.len(), 1, "{messages:?}");
    let text = messages[0]["result"]["content"][0]["text"]
        .as_str()
        .unwrap();
    let (answer, sources) = text.split_once("\n\nSources:\n").unwrap();
    assert!(answer.contains("LLD"), "{answer}");
    assert!(sources.starts_with("1. ["), "{sources}");
    assert!(
        sources.ends_with("](https://blog.rust-lang.org/1.90)"),
        "{sources}"
    );
    assert_served(&server.end_with_all().await, 79);
}

#[tokio::test]
async fn a_search_answers_with_its_sources_as_data() {
    let server = setup(ONE).start().await;
    server.simulator.script(ONE, [Reply::WebSearch]);
    let client = Client::connect(&server).await;
    let called = client
        .call("search", json!({"query": "rust 1.90", "source": "x"}))
        .await;
    assert!(!called.is_error(), "{called:?}");
    let found = &called.result["structuredContent"];
    assert!(found["answer"].as_str().unwrap().contains("LLD"), "{found}");
    assert_eq!(found["sources"].as_array().unwrap().len(), 1);
    assert_eq!(
        found["sources"][0]["url"],
        "https://blog.rust-lang.org/1.90"
    );
    assert!(found["sources"][0]["title"].is_string());
    assert!(called.text().contains("https://blog.rust-lang.org/1.90"));
    // Of the two look-ups one was switched off.
    let sent = server.upstream_chats()[0].body.to_string();
    assert!(!sent.contains("\"disableSearch\":true"), "{sent}");
    assert_served(&server.end_with_all().await, 79);
}

#[tokio::test]
async fn pictures_are_shown_and_linked() {
    let server = setup(ONE).start().await;
    let client = Client::connect(&server).await;
    let asked = json!({"prompt": "a red fox", "n": 2, "aspect_ratio": "2:3"});
    let called = client.call("generate_image", asked).await;
    assert!(!called.is_error(), "{called:?}");
    let content = called.result["content"].as_array().unwrap();
    assert_eq!(content.len(), 3);
    let last = called.progress.last().unwrap();
    assert_eq!(last["total"], json!(200.0), "{last}");
    for (at, (line, picture)) in called.text().lines().zip(&content[1..]).enumerate() {
        let url = line.strip_prefix(&format!("Picture {}: ", at + 1)).unwrap();
        assert!(url.starts_with(&server.url("/v1/files/image/")), "{url}");
        let file = server.client.get(url).send().await.unwrap();
        assert_eq!(file.status(), 200);
        let mime = file.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(
            (picture["type"].as_str(), picture["mimeType"].as_str()),
            (Some("image"), Some(mime.as_str()))
        );
        let shown = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        assert_eq!(shown, file.bytes().await.unwrap());
    }
    let sent = &server.simulator.requests_of(Operation::Imagine)[0].body;
    let properties = &sent["item"]["content"][0]["properties"];
    assert_eq!(
        (&properties["num_generations"], &properties["aspect_ratio"]),
        (&json!(2), &json!("2:3"))
    );
    let (left, folder) = server.end_with_folder().await;
    let store = open_store(folder.path()).await;
    let owners: Vec<_> = rows(store.as_ref())
        .await
        .into_iter()
        .map(|row| row.owner)
        .collect();
    let key = left.requests[0].key.as_deref().unwrap();
    assert_eq!(owners, vec![format!("key:mcp:{key}"); 2]);
    store.close().await;
    assert_eq!(left.requests[0].endpoint, "mcp");
    assert_eq!((left.accounts[ONE].quota, left.requests[0].cost), (76, 4));
}

#[tokio::test]
async fn refusals_are_results_with_the_sentence_of_the_api() {
    let server = setup(ONE).start().await;
    let client = Client::connect(&server).await;
    let calls = [
        (
            "ask_grok",
            json!({}),
            "`query` is missing: it must be a text.",
        ),
        (
            "ask_grok",
            json!({"query": "Hi", "model": "no-such"}),
            "The model `no-such` does not exist.",
        ),
        (
            "ask_grok",
            json!({"query": "Hi", "n": 1}),
            "There is no argument \"n\".",
        ),
        (
            "search",
            json!({"query": "Hi", "source": "mail"}),
            "`source` must be one of `web`, `x`, `both`.",
        ),
        (
            "generate_image",
            json!({"prompt": "x", "n": 9}),
            "`n` must be a whole number from 1 to 4.",
        ),
        (
            "generate_image",
            json!({"prompt": "x", "model": "grok-4"}),
            "`grok-4`",
        ),
    ];
    let count = calls.len();
    for (tool, arguments, sentence) in calls {
        let called = client.call(tool, arguments).await;
        assert!(called.is_error(), "{called:?}");
        assert!(
            called.text().starts_with(sentence) || called.text().contains(sentence),
            "{called:?}"
        );
    }
    let left = server.end_with_all().await;
    assert_free(&left);
    assert_eq!(left.requests.len(), count);
    for row in &left.requests {
        assert_eq!(
            (row.outcome, row.endpoint.as_str()),
            (Outcome::Refused, "mcp"),
            "{row:?}"
        );
        assert!(row.error_code.is_some(), "{row:?}");
    }
}

#[tokio::test]
async fn what_was_moderated_is_an_error() {
    let server = setup(ONE).start().await;
    server
        .simulator
        .script(ONE, [Reply::moderated(), Reply::moderated_in_stream()]);
    let pictures = [Reply::moderated_picture()];
    server
        .simulator
        .script_for(ONE, Operation::Imagine, pictures);
    let client = Client::connect(&server).await;
    for (tool, arguments) in [
        ("ask_grok", json!({"query": "Something forbidden"})),
        ("ask_grok", json!({"query": "Something forbidden"})),
        ("generate_image", json!({"prompt": "Something forbidden"})),
    ] {
        let called = client.call(tool, arguments).await;
        assert!(called.is_error(), "{called:?}");
        assert!(called.text().contains("policy"), "{called:?}");
    }
    let left = server.end_with_all().await;
    for row in &left.requests {
        assert_eq!(
            row.error_code.as_deref(),
            Some("content_policy_violation"),
            "{row:?}"
        );
    }
}

/// The first note of a call that has come to its answer.
async fn wait_for_text(response: &mut reqwest::Response) {
    let mut seen = String::new();
    while !seen.contains("characters") {
        let chunk = response.chunk().await.unwrap().unwrap();
        seen.push_str(str::from_utf8(&chunk).unwrap());
    }
}

/// Waits until the account is free, and asks once more.
async fn assert_account_is_free(server: &Server, client: &Client<'_>) {
    server.simulator.wait_aborted(ONE).await.unwrap();
    let next = client
        .call("ask_grok", json!({"query": "Still there?"}))
        .await;
    assert_eq!((next.text(), next.is_error()), ("Next, please.", false));
}

/// `code`: whoever hangs up is told nothing, so there is none.
fn assert_first_was_left(left: &Left, code: Option<&str>) {
    assert_eq!(
        left.accounts[ONE].quota, 79,
        "only the second call is charged"
    );
    let row = &left.requests[0];
    assert_eq!(
        (row.outcome, row.status, row.error_code.as_deref()),
        (Outcome::ClientGone, 499, code),
        "{row:?}"
    );
    assert_served(left, 79);
}

#[tokio::test]
async fn a_cancelled_call_ends_at_the_upstream_and_frees_the_account() {
    let server = setup(ONE).start().await;
    server
        .simulator
        .script(ONE, [Reply::stall(), Reply::text("Next, please.")]);
    let client = Client::connect(&server).await;
    let id = client.next_id();
    let mut response = client
        .begin(id, "ask_grok", &json!({"query": "Hello?"}))
        .await;
    wait_for_text(&mut response).await;
    let cancelled = json!({"requestId": id, "reason": "the user changed their mind"});
    client.notify("notifications/cancelled", cancelled).await;
    assert_account_is_free(&server, &client).await;
    let rest = response.text().await.unwrap();
    assert!(
        !rest.contains("\"result\""),
        "a cancelled call has no result: {rest}"
    );
    assert_first_was_left(&server.end_with_all().await, Some("client_gone"));
}

#[tokio::test]
async fn hanging_up_ends_the_call_and_frees_the_account() {
    let server = setup(ONE).start().await;
    server
        .simulator
        .script(ONE, [Reply::stall(), Reply::text("Next, please.")]);
    let client = Client::connect(&server).await;
    let mut response = client
        .begin(7, "ask_grok", &json!({"query": "Hello?"}))
        .await;
    wait_for_text(&mut response).await;
    drop(response);
    assert_account_is_free(&server, &client).await;
    assert_first_was_left(&server.end_with_all().await, None);
}

#[tokio::test]
async fn ending_a_session_ends_its_calls() {
    let server = setup(ONE).start().await;
    server
        .simulator
        .script(ONE, [Reply::stall(), Reply::text("Next, please.")]);
    let client = Client::connect(&server).await;
    let mut response = client
        .begin(7, "ask_grok", &json!({"query": "Hello?"}))
        .await;
    wait_for_text(&mut response).await;
    let url = server.url("/mcp");
    let end = server.client.delete(url).bearer_auth(client::KEY);
    let ended = end
        .header("mcp-session-id", &client.session)
        .send()
        .await
        .unwrap();
    assert_eq!(ended.status(), 202);
    server.simulator.wait_aborted(ONE).await.unwrap();
    let refused = client.post(&client::initialize()).send().await.unwrap();
    assert_eq!(refused.status(), 404, "the session is gone");
    let other = Client::connect(&server).await;
    assert_account_is_free(&server, &other).await;
    drop(response);
    assert_first_was_left(&server.end_with_all().await, Some("client_gone"));
}

#[tokio::test]
async fn a_version_without_sessions_is_served_and_hanging_up_ends_its_call() {
    let server = setup(ONE).start().await;
    server
        .simulator
        .script(ONE, [Reply::text("No session."), Reply::stall()]);
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "ask_grok",
        "arguments": {"query": "Hello?"},
        "_meta": {
            "progressToken": 1,
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    }});
    let send = || async {
        server.count_request();
        let request = client::post(&server, &call).header("mcp-protocol-version", "2026-07-28");
        let request = request
            .header("mcp-method", "tools/call")
            .header("mcp-name", "ask_grok");
        request.send().await.unwrap()
    };
    let answer = send().await.text().await.unwrap();
    let last = messages(&answer).pop().unwrap();
    assert_eq!(
        last["result"]["content"][0]["text"], "No session.",
        "{answer}"
    );
    let mut stalled = send().await;
    wait_for_text(&mut stalled).await;
    drop(stalled);
    server.simulator.wait_aborted(ONE).await.unwrap();
    let left = server.end_with_all().await;
    assert_eq!(left.accounts[ONE].quota, 79);
    assert_eq!(left.requests[1].outcome, Outcome::ClientGone);
}
