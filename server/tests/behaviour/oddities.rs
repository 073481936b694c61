//! Good answers in odd dress: the caller must not notice.

use grok_sim::Reply;
use serde_json::json;

use crate::support::{Setup, Streamed, body};

/// The answer in this dress equals the plain one, streamed or not, and each is charged.
async fn answers_as_usual(reply: Reply, question: &str) {
    let server = Setup::accounts(["only-account"]).start().await;
    let usual = server.ask(question).await;
    server
        .simulator
        .script("only-account", [reply.clone(), reply]);
    assert_eq!(server.ask(question).await.text(), usual.text());
    let mut request = body(question);
    request["stream"] = json!(true);
    let streamed = Streamed::read(server.send(&request).await).await;
    assert_eq!(streamed.text(), usual.text());
    assert_eq!(streamed.finish_reason(), Some("stop"));
    assert!(streamed.is_done);
    let account = server.end_with_one().await;
    assert_eq!((account.quota, account.use_count), (77, 3));
}

#[tokio::test]
async fn unknown_fields_and_events_are_skipped() {
    answers_as_usual(Reply::UnknownShapes, "Hello?").await;
}

#[tokio::test]
async fn characters_may_be_split_over_writes() {
    answers_as_usual(Reply::SplitUtf8, "用表格比较茶和咖啡").await;
}

#[tokio::test]
async fn objects_may_be_concatenated() {
    answers_as_usual(Reply::Concatenated, "Write a Rust function").await;
}

#[tokio::test]
async fn lines_may_look_like_server_sent_events() {
    answers_as_usual(Reply::EventStream, "Hello?").await;
}

/// The text of this reply, streamed and not; both must agree.
async fn text_of(reply: Reply) -> String {
    let server = Setup::accounts(["only-account"]).start().await;
    server
        .simulator
        .script("only-account", [reply.clone(), reply]);
    let plain = server.chat().await.text().to_owned();
    let streamed = server.stream().await;
    assert_eq!(streamed.text(), plain, "streamed and whole answer agree");
    assert_eq!(streamed.finish_reason(), Some("stop"));
    let account = server.end_with_one().await;
    assert_eq!(account.quota, 78);
    plain
}

#[tokio::test]
async fn tool_cards_are_filtered_and_their_neighbours_kept() {
    let text = text_of(Reply::ToolCard).await;
    assert!(text.starts_with("Let me check."), "{text}");
    assert!(
        text.ends_with("The tide turns at noon, as 1 < 2."),
        "{text}"
    );
    assert!(!text.contains("xai") && !text.contains("hidden"), "{text}");
}

#[tokio::test]
async fn render_elements_do_not_leak() {
    let text = text_of(Reply::Render).await;
    assert!(
        text.starts_with("A red fox:") && text.ends_with("It lives in the north."),
        "{text}"
    );
    assert!(!text.contains("grok:render"), "{text}");
}

#[tokio::test]
async fn web_search_leaves_the_answer_whole() {
    let text = text_of(Reply::WebSearch).await;
    assert!(
        text.starts_with("Rust 1.90 makes LLD the default linker on Linux"),
        "{text}"
    );
    assert!(text.ends_with(" and builds are quicker."), "{text}");
    assert!(!text.contains("grok:render"), "{text}");
}

#[tokio::test]
async fn exact_tokens_arrive_exactly() {
    let tokens = ["a", "  ", "\n", "\"quoted\" \\ ", "é🌍", "</b>", " end"];
    assert_eq!(text_of(Reply::tokens(tokens)).await, tokens.concat());
}

#[tokio::test]
async fn raw_lines_without_a_final_message_still_answer() {
    let lines = [
        r#"{"result":{"conversation":{"conversationId":"c-1"}}}"#,
        r#"{"result":{"response":{"token":"Only tokens.","responseId":"r-1"}}}"#,
        r#"{"result":{"response":{"isSoftStop":true}}}"#,
    ];
    assert_eq!(text_of(Reply::lines(lines)).await, "Only tokens.");
}

#[tokio::test]
async fn final_message_without_tokens_still_answers() {
    let chunks = [
        "{\"result\":{\"response\":{\"modelResponse\":{\"responseId\":\"r-1\",",
        "\"message\":\"Only the message.\"}}}}\n{\"result\":{\"response\":{\"isSoftStop\":true}}}",
    ];
    assert_eq!(text_of(Reply::chunks(chunks)).await, "Only the message.");
}

#[tokio::test]
async fn reasoning_that_looked_like_the_beginning_of_a_mark_is_not_lost_at_the_end() {
    let server = Setup::accounts(["only-account"]).start().await;
    let reply = Reply::thinking(["Is a ", "<xai"], "Yes.");
    server.simulator.script("only-account", [reply]);
    let answer = server.chat().await;
    assert_eq!(answer.text(), "Yes.");
    let message = &answer.json["choices"][0]["message"];
    assert_eq!(message["reasoning_content"], "Is a <xai");
    server.end().await;
}
