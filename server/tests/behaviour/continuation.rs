//! Follow-ups on a conversation that the upstream keeps (`app.temporary = false`).

use grok_sim::{Operation, Reply};
use serde_json::{Value, json};

use crate::support::{Plain, Server, Setup};

fn setup<const N: usize>(names: [&str; N]) -> Setup {
    Setup::accounts(names).with("GROK2API_APP__TEMPORARY", false)
}

fn turns(texts: &[&str]) -> Value {
    let roles = ["user", "assistant"].iter().cycle();
    let message = |(text, role)| json!({"role": role, "content": text});
    let messages: Vec<Value> = texts.iter().zip(roles).map(message).collect();
    json!({"model": "grok-4", "messages": messages})
}

async fn ask(server: &Server, texts: &[&str]) -> Plain {
    Plain::read(server.send(&turns(texts)).await).await
}

/// Path and message of each chat, in order.
fn sent(server: &Server) -> Vec<(String, String)> {
    let chats = server.upstream_chats();
    let sent = chats.iter().map(|chat| {
        let message = chat.body["message"].as_str().unwrap().to_owned();
        (chat.path.clone(), message)
    });
    sent.collect()
}

#[tokio::test]
async fn follow_up_sends_the_newest_turn_to_the_same_conversation() {
    let server = setup(["first-account", "second-account"]).start().await;
    let first = ask(&server, &["Hi"]).await;
    let second = ask(&server, &["Hi", first.text(), "More"]).await;
    let id = first.json["conversation_id"].as_str().unwrap();
    assert_eq!(second.json["conversation_id"], id);
    let sent = sent(&server);
    assert!(sent[1].0.contains(id), "{sent:?}");
    assert_eq!(sent[1].1, "More");
    let third = ask(
        &server,
        &["Hi", first.text(), "More", second.text(), "Again"],
    )
    .await;
    assert_eq!(third.json["conversation_id"], id);
    server.end().await;
}

#[tokio::test]
async fn lost_conversation_starts_anew_with_the_whole_history() {
    let server = setup(["only-account"]).start().await;
    let first = ask(&server, &["Hi"]).await;
    server
        .simulator
        .script("only-account", [Reply::http(404, "not found")]);
    let second = ask(&server, &["Hi", first.text(), "More"]).await;
    assert!(!second.text().is_empty());
    let sent = sent(&server);
    assert_eq!(sent.len(), 3, "lost, then new: {sent:?}");
    assert!(sent[2].0.ends_with("/conversations/new"), "{sent:?}");
    assert!(sent[2].1.contains(first.text()) && sent[2].1.ends_with("More"));
    assert_ne!(
        second.json["conversation_id"],
        first.json["conversation_id"]
    );
    let account = server.end_with_one().await;
    assert_eq!((account.quota, account.fail_count), (78, 0));
}

#[tokio::test]
async fn another_account_gets_the_whole_history() {
    let server = setup(["first-account", "second-account"]).start().await;
    let first = ask(&server, &["Hi"]).await;
    let owner = server.upstream_chats()[0].account.clone().unwrap();
    server.simulator.script(&owner, [Reply::rate_limited()]);
    let second = ask(&server, &["Hi", first.text(), "More"]).await;
    assert!(!second.text().is_empty());
    let sent = sent(&server);
    assert!(sent[2].0.ends_with("/conversations/new"), "{sent:?}");
    assert!(sent[2].1.contains(first.text()) && sent[2].1.ends_with("More"));
    server.end().await;
}

/// A question with one attachment: an image, or a file with this name.
fn with_attachment(text: &str, file: Option<&str>) -> Value {
    let part = match file {
        None => json!({"type": "image_url", "image_url": {"url":
            "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"}}),
        Some(name) => json!({"type": "file", "file": {
            "filename": name, "file_data": "data:text/plain;base64,SGVsbG8="}}),
    };
    json!({"role": "user", "content": [{"type": "text", "text": text}, part]})
}

fn uploaded(server: &Server) -> Vec<String> {
    let uploads = server.simulator.requests_of(Operation::Upload);
    let name = |upload: &grok_sim::Recorded| upload.body["fileName"].as_str().unwrap().to_owned();
    uploads.iter().map(name).collect()
}

#[tokio::test]
async fn follow_up_uploads_the_files_of_its_own_turn_and_a_new_conversation_all() {
    let server = setup(["only-account"]).start().await;
    let first = json!({"model": "grok-4", "messages": [with_attachment("Hi", None)]});
    let answer = Plain::read(server.send(&first).await).await;
    let said = json!({"role": "assistant", "content": answer.text()});
    let second = json!({"model": "grok-4", "messages":
        [with_attachment("Hi", None), said, with_attachment("And this?", Some("notes.txt"))]});
    let follow_up = Plain::read(server.send(&second).await).await;
    assert!(!follow_up.text().is_empty());
    assert_eq!(uploaded(&server), ["file.gif", "notes.txt"]);

    let said_too = json!({"role": "assistant", "content": follow_up.text()});
    let mut third = second.clone();
    let messages = third["messages"].as_array_mut().unwrap();
    messages.extend([said_too, with_attachment("Last", Some("more.txt"))]);
    server
        .simulator
        .script("only-account", [Reply::http(404, "not found")]);
    let last = Plain::read(server.send(&third).await).await;
    assert!(!last.text().is_empty());
    let mut names = uploaded(&server);
    assert_eq!(names[2], "more.txt", "its own for the follow-up");
    names[3..].sort();
    assert_eq!(
        names[3..],
        ["file.gif", "more.txt", "notes.txt"],
        "then everything"
    );
    server.end().await;
}
