//! Pictures in a chat: those that the model makes, fetched and kept like any other, and those that it
//! has found.

mod trouble;

use base64::{Engine, engine::general_purpose::STANDARD};
use grok_sim::{Operation, Reply};
use reqwest::Response;
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    gallery::{list, open_to_all},
    pictures::{events, rows},
    support::{Plain, Server, Setup, Streamed, open_store},
};

const ONE: &str = "picture-account-1";
const DRAW: &str = "Draw a red fox.";

async fn start() -> Server {
    Setup::accounts([ONE]).start().await
}

async fn post(server: &Server, path: &str, body: &Value) -> Response {
    server.count_request();
    let request = server.client.post(server.url(path));
    request.json(body).send().await.unwrap()
}

fn chat(question: &str, is_stream: bool) -> Value {
    let messages = [json!({"role": "user", "content": question})];
    json!({"model": "grok-3", "messages": messages, "stream": is_stream})
}

async fn ask(server: &Server, body: &Value) -> Plain {
    Plain::read(post(server, "/v1/chat/completions", body).await).await
}

async fn stream(server: &Server, question: &str) -> Streamed {
    Streamed::read(post(server, "/v1/chat/completions", &chat(question, true)).await).await
}

/// Addresses of the generated pictures in a text.
fn addresses(text: &str) -> Vec<&str> {
    let images = text.split("![image](").skip(1);
    images.map(|rest| rest.split(')').next().unwrap()).collect()
}

/// Checks that each picture stands in a paragraph of its own and opens.
async fn assert_pictures(server: &Server, text: &str, count: usize) {
    let found = addresses(text);
    assert_eq!(found.len(), count, "{text}");
    let images: Vec<&str> = text
        .split("\n\n")
        .filter(|paragraph| paragraph.starts_with("![image]("))
        .collect();
    assert_eq!(images.len(), count, "{text}");
    for address in found {
        assert!(
            address.starts_with(&server.url("/v1/files/image/")),
            "{text}"
        );
        let response = server.client.get(address).send().await.unwrap();
        assert_eq!(response.status(), 200, "{address}");
        assert_eq!(response.headers()["content-type"], "image/jpeg");
        let file = response.bytes().await.unwrap();
        assert!(imagesize::blob_size(&file).unwrap().width > 0);
    }
}

/// Lines of a chat with these payloads.
fn lines(payloads: &[Value]) -> Reply {
    let wrap = |payload: &Value| json!({"result": {"response": payload}}).to_string();
    let first = json!({"result": {"conversation": {"conversationId": "c-1"}}}).to_string();
    let last = json!({"finalMetadata": {}, "isSoftStop": true});
    let all = payloads.iter().chain([&last]).map(wrap);
    Reply::lines([first].into_iter().chain(all))
}

fn token(text: &str) -> Value {
    json!({"token": text, "messageTag": "final", "responseId": "r-1"})
}

fn card(id: &str, percent: u32, is_moderated: bool) -> Value {
    let url = format!("users/u1/generated/{id}/image.jpg");
    let chunk = json!({"imageUrl": url, "progress": percent, "moderated": is_moderated});
    let card = json!({"id": id, "cardType": "generated_image_card", "image_chunk": chunk});
    json!({"cardAttachment": {"jsonData": card.to_string()}})
}

fn complete(message: &str, ids: &[&str]) -> Value {
    let url = |id: &&str| format!("users/u1/generated/{id}/image.jpg");
    let urls: Vec<String> = ids.iter().map(url).collect();
    json!({"modelResponse": {"responseId": "r-1", "message": message, "generatedImageUrls": urls}})
}

#[tokio::test]
async fn a_picture_that_the_model_makes_is_a_link_to_this_server_and_is_in_the_gallery() {
    let server = start().await;
    let whole = ask(&server, &chat(DRAW, false)).await;
    let text = whole.text().to_owned();
    assert!(text.starts_with("Here is a red fox:\n\n"), "{text}");
    assert!(text.contains("Say what to change."), "{text}");
    assert_pictures(&server, &text, 2).await;
    let tokens = whole.json["usage"]["completion_tokens"].as_u64().unwrap();
    assert!((2 * 1056..2 * 1056 + 100).contains(&tokens), "{tokens}");
    let streamed = stream(&server, DRAW).await;
    assert!(streamed.is_done && streamed.finish_reason() == Some("stop"));
    assert_pictures(&server, &streamed.text(), 2).await;
    let body = &server.upstream_chats()[0].body;
    assert_eq!(body["enableImageGeneration"], true);
    assert_eq!(body["imageGenerationCount"], 2);
    let (left, folder) = server.end_with_folder().await;
    assert_eq!(left.accounts[ONE].use_count, 2, "one for each chat");
    let store = open_store(folder.path()).await;
    let rows = rows(store.as_ref()).await;
    assert_eq!(rows.len(), 4);
    for row in &rows {
        assert_eq!((row.prompt.as_str(), row.model.as_str()), (DRAW, "grok-3"));
        assert_eq!((row.owner.as_str(), row.account.as_str()), ("open", "nt-1"));
        assert!(row.width > 0 && left.requests.iter().any(|one| one.id == row.request_id));
    }
}

#[tokio::test]
async fn messages_and_responses_have_the_picture_in_their_text() {
    let server = start().await;
    let message = json!({"model": "grok-3", "max_tokens": 1000,
        "messages": [{"role": "user", "content": DRAW}]});
    let answer: Value = post(&server, "/v1/messages", &message)
        .await
        .json()
        .await
        .unwrap();
    let text = answer["content"][0]["text"].as_str().unwrap();
    assert_pictures(&server, text, 2).await;
    let mut streamed = message.clone();
    streamed["stream"] = true.into();
    let told = events(post(&server, "/v1/messages", &streamed).await).await;
    let text: String = told
        .iter()
        .filter_map(|(_, data)| data["delta"]["text"].as_str())
        .collect();
    assert_pictures(&server, &text, 2).await;
    assert_eq!(told.last().unwrap().0, "message_stop");
    let asked = json!({"model": "grok-3", "input": DRAW});
    let answer: Value = post(&server, "/v1/responses", &asked)
        .await
        .json()
        .await
        .unwrap();
    let output = answer["output"].as_array().unwrap();
    let message = output
        .iter()
        .find(|item| item["type"] == "message")
        .unwrap();
    assert_pictures(&server, message["content"][0]["text"].as_str().unwrap(), 2).await;
    let mut streamed = asked.clone();
    streamed["stream"] = true.into();
    let told = events(post(&server, "/v1/responses", &streamed).await).await;
    let done = told
        .iter()
        .find(|(name, _)| name == "response.output_text.done");
    assert_pictures(&server, done.unwrap().1["text"].as_str().unwrap(), 2).await;
    server.end_with_one().await;
}

#[tokio::test]
async fn the_text_goes_on_while_a_picture_is_fetched_and_the_end_waits_for_it() {
    let server = start().await;
    let held = [Reply::Answer.held(), Reply::Answer.held()];
    server.simulator.script_for("*", Operation::Download, held);
    let mut response = post(&server, "/v1/chat/completions", &chat(DRAW, true)).await;
    let (mut bytes, mut is_held) = (Vec::new(), true);
    while let Some(chunk) = response.chunk().await.unwrap() {
        bytes.extend(chunk);
        let streamed = Streamed::parse(200, String::new(), &bytes);
        if is_held && streamed.text().ends_with("Say what to change.") {
            assert_eq!(streamed.finish_reason(), None, "{streamed:?}");
            server.simulator.release(ONE);
            server.simulator.release(ONE);
            is_held = false;
        }
    }
    let streamed = Streamed::parse(200, String::new(), &bytes);
    let text = streamed.text();
    assert!(!is_held && streamed.is_done, "{text}");
    let before = text.split("![image]").next().unwrap();
    assert_eq!(before, "Here is a red fox:\n\nSay what to change.\n\n");
    assert_pictures(&server, &text, 2).await;
    server.end_with_one().await;
}

#[tokio::test]
async fn a_picture_comes_between_the_paragraphs_as_soon_as_it_is_there() {
    let server = start().await;
    let before = [token("Here it is:"), card("i1", 100, false)];
    let after = [token("A "), token("second."), complete("", &["i1"])];
    let all: Vec<Value> = before.into_iter().chain(after).collect();
    // The conversation and two payloads.
    let then = Box::new(lines(&all));
    let reply = Reply::Held {
        after_lines: 3,
        then,
    };
    server.simulator.script("*", [reply]);
    let mut response = post(&server, "/v1/chat/completions", &chat("Hi", true)).await;
    let (mut bytes, mut is_held) = (Vec::new(), true);
    while let Some(chunk) = response.chunk().await.unwrap() {
        bytes.extend(chunk);
        let text = Streamed::parse(200, String::new(), &bytes).text();
        if is_held && text.contains("![image](") {
            server.simulator.release(ONE);
            is_held = false;
        }
    }
    let text = Streamed::parse(200, String::new(), &bytes).text();
    assert!(text.starts_with("Here it is:\n\n![image]("), "{text}");
    assert!(text.ends_with(")\n\nA second."), "{text}");
    assert_pictures(&server, &text, 1).await;
    server.end_with_one().await;
}

#[tokio::test]
async fn the_same_picture_is_told_once_and_previews_are_none() {
    let server = start().await;
    let streaming = json!({"streamingImageGenerationResponse": {
        "imageIndex": 0, "progress": 100, "imageUrl": "/users/u1/generated/i1/image.jpg"}});
    let preview = json!({"streamingImageGenerationResponse": {
        "imageIndex": 0, "progress": 100, "imageUrl": "users/u1/generated/i1-part-0/image.jpg"}});
    let payloads = [
        preview,
        card("i1", 50, false),
        card("i1", 100, false),
        streaming,
        complete("", &["i1"]),
    ];
    server.simulator.script("*", [lines(&payloads)]);
    let answer = ask(&server, &chat("Hi", false)).await;
    assert_pictures(&server, answer.text(), 1).await;
    assert_eq!(server.simulator.requests_of(Operation::Download).len(), 1);
    server.end_with_one().await;
}

#[tokio::test]
async fn no_pictures_are_made_where_they_are_switched_off_or_would_be_in_the_way() {
    let tool = json!({"type": "function", "function": {"name": "get_weather",
        "parameters": {"type": "object"}}});
    let mut calling = chat("Say hello.", false);
    calling["tools"] = json!([tool]);
    let mut shaped = chat("Say hello.", false);
    shaped["response_format"] = json!({"type": "json_object"});
    let server = start().await;
    for body in [calling, shaped] {
        let answer = ask(&server, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
    }
    let is_asked = |server: &Server| {
        let chats = server.upstream_chats();
        let asked = chats
            .iter()
            .map(|one| one.body["enableImageGeneration"].clone());
        asked.collect::<Vec<_>>()
    };
    assert_eq!(is_asked(&server), [false, false]);
    server.end_with_one().await;
    let off = Setup::accounts([ONE]).with("GROK2API_CHAT__GENERATE_IMAGES", false);
    let server = off.start().await;
    // Whatever the upstream makes all the same.
    let unasked = [
        token("Here."),
        card("i1", 100, false),
        complete("", &["i1"]),
    ];
    server
        .simulator
        .script("*", [Reply::Answer, lines(&unasked)]);
    let answer = ask(&server, &chat(DRAW, false)).await;
    assert!(addresses(answer.text()).is_empty(), "{}", answer.text());
    assert_eq!(ask(&server, &chat("Hi", false)).await.text(), "Here.");
    assert_eq!(is_asked(&server), [false, false]);
    assert_eq!(server.simulator.requests_of(Operation::Download).len(), 0);
    server.end_with_one().await;
}

#[tokio::test]
async fn an_answer_that_its_caller_has_limited_ends_without_pictures() {
    let server = start().await;
    let mut body = chat(DRAW, false);
    body["stop"] = json!(["fox"]);
    let answer = ask(&server, &body).await;
    assert_eq!(answer.text(), "Here is a red ");
    server.end_with_one().await;
}

#[tokio::test]
async fn pictures_are_part_of_the_text_where_the_configuration_says_so() {
    let setup = Setup::accounts([ONE]).with("GROK2API_APP__IMAGE_FORMAT", "base64");
    // More than any disk has: it is shown although it cannot be kept.
    let setup = setup.with("GROK2API_CACHE__MIN_FREE_MB", 10_000_000);
    let server = setup.start().await;
    let answer = ask(&server, &chat(DRAW, false)).await;
    let found = addresses(answer.text());
    assert_eq!(found.len(), 2);
    for uri in found {
        let data = uri.strip_prefix("data:image/jpeg;base64,").unwrap();
        let file = STANDARD.decode(data).unwrap();
        assert!(imagesize::blob_size(&file).unwrap().width > 0);
    }
    server.end_with_one().await;
}

#[tokio::test]
async fn a_picture_that_cannot_be_kept_is_told_in_words() {
    let setup = Setup::accounts([ONE]).with("GROK2API_CACHE__MIN_FREE_MB", 10_000_000);
    let server = setup.start().await;
    let answer = ask(&server, &chat(DRAW, false)).await;
    let text = answer.text();
    assert!(text.contains("cannot be kept"), "{text}");
    assert!(addresses(text).is_empty(), "{text}");
    server.end_with_one().await;
}

#[tokio::test]
async fn the_chat_page_gets_paths_of_its_own_origin_and_finds_the_picture_in_its_gallery() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    server.count_request();
    let request = browser.post("/v1/public/chat/completions");
    let response = request.json(&chat(DRAW, false)).send().await.unwrap();
    browser.keep(&response);
    let answer = Plain::read(response).await;
    let found = addresses(answer.text());
    assert_eq!(found.len(), 2, "{}", answer.text());
    for path in found {
        assert!(path.starts_with("/v1/files/image/"), "{path}");
        let file = server.client.get(server.url(path)).send().await.unwrap();
        assert_eq!(file.status(), 200);
    }
    assert_eq!(list(&browser).await.len(), 2);
    server.end().await;
}

#[tokio::test]
async fn found_pictures_are_linked_to_their_pages() {
    let server = start().await;
    let found = json!({"id": "c1", "cardType": "image_card", "image": {
        "original": "https://a.example/fox.jpg", "title": "A fox", "link": "https://a.example"}});
    let unplaced = [
        json!({"cardAttachment": {"jsonData": found.to_string()}}),
        token("A fox."),
        complete("A fox.", &[]),
    ];
    server
        .simulator
        .script("*", [Reply::Render, lines(&unplaced)]);
    let placed = ask(&server, &chat("Hi", false)).await;
    let markdown = "[![A red fox](https://example.org/fox-small.jpg)](https://example.org/foxes)";
    assert!(placed.text().contains(markdown), "{}", placed.text());
    assert_eq!(placed.text().matches("![").count(), 1);
    let streamed = stream(&server, "Hi").await;
    let markdown = "A fox.\n[![A fox](https://a.example/fox.jpg)](https://a.example)";
    assert_eq!(streamed.text(), markdown);
    server.end_with_one().await;
}

#[tokio::test]
async fn a_conversation_goes_on_behind_a_picture() {
    // A history is recognised among the callers of one key.
    let server = Setup::accounts([ONE])
        .with("GROK2API_APP__TEMPORARY", false)
        .with("GROK2API_APP__API_KEY", "sk-one")
        .start()
        .await;
    let ask = async |body: &Value| {
        server.count_request();
        let request = server.client.post(server.url("/v1/chat/completions"));
        let response = request.bearer_auth("sk-one").json(body).send().await;
        Plain::read(response.unwrap()).await
    };
    let first = ask(&chat(DRAW, false)).await;
    assert_eq!(addresses(first.text()).len(), 2);
    let messages = json!([
        {"role": "user", "content": DRAW},
        {"role": "assistant", "content": first.text()},
        {"role": "user", "content": "Thanks."},
    ]);
    let mut body = chat("", false);
    body["messages"] = messages;
    assert_eq!(ask(&body).await.status, 200);
    let chats = server.upstream_chats();
    assert_eq!(chats[1].body["message"], "Thanks.");
    server.end_with_one().await;
}
