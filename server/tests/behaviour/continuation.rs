//! Follow-ups on a conversation that the upstream keeps (`app.temporary = false`).

use grok_sim::{Operation, Reply};
use serde_json::{Value, json};

use store::{DocumentKind, DocumentQuery};

use crate::{
    admin_api::{posted, replace},
    support::{Plain, Server, Setup, open_store},
};

/// All callers share one key, as behind a chat front end.
fn setup<const N: usize>(names: [&str; N]) -> Setup {
    open(names).with("GROK2API_APP__API_KEY", KEY)
}

/// Nothing tells callers apart.
fn open<const N: usize>(names: [&str; N]) -> Setup {
    Setup::accounts(names).with("GROK2API_APP__TEMPORARY", false)
}

const KEY: &str = "sk-one";
const PASSWORD: &str = "correct horse battery";

async fn send(server: &Server, body: &Value) -> Plain {
    server.count_request();
    let request = server.client.post(server.url("/v1/chat/completions"));
    let response = request.bearer_auth(KEY).json(body).send().await;
    Plain::read(response.unwrap()).await
}

fn turns(texts: &[&str]) -> Value {
    let roles = ["user", "assistant"].iter().cycle();
    let message = |(text, role)| json!({"role": role, "content": text});
    let messages: Vec<Value> = texts.iter().zip(roles).map(message).collect();
    json!({"model": "grok-4", "messages": messages})
}

async fn ask(server: &Server, texts: &[&str]) -> Plain {
    send(server, &turns(texts)).await
}

/// As [`ask`], in the conversation of `answer`.
async fn ask_in(server: &Server, answer: &Plain, texts: &[&str]) -> Plain {
    let mut body = turns(texts);
    body["conversation_id"] = answer.json["conversation_id"].clone();
    send(server, &body).await
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
async fn a_conversation_goes_on_after_a_restart() {
    let mut server = setup(["first-account", "second-account"]).start().await;
    let first = ask(&server, &["Hi"]).await;
    server.restart().await;
    let follow_up = ["Hi", first.text(), "More"];
    let second = ask(&server, &follow_up).await;
    let id = first.json["conversation_id"].as_str().unwrap();
    assert_eq!(second.json["conversation_id"], id);
    let sent = sent(&server);
    assert!(sent[1].0.contains(id), "{sent:?}");
    assert_eq!(sent[1].1, "More");
    server.end().await;
}

#[tokio::test]
async fn a_conversation_that_gave_way_to_another_is_not_kept_in_the_store() {
    let setup = setup(["only-account"]);
    let setup = setup.with("GROK2API_CONVERSATION__MAX_PER_TOKEN", 1);
    let mut server = setup.start().await;
    let first = ask(&server, &["Hi"]).await;
    let second = ask(&server, &["Ho"]).await;
    // What is being written is written before the end.
    server.restart().await;
    let given_way = ask(&server, &["Hi", first.text(), "More"]).await;
    assert_ne!(
        given_way.json["conversation_id"],
        first.json["conversation_id"]
    );
    server.restart().await;
    let kept = ask(&server, &["Ho", second.text(), "More"]).await;
    assert_eq!(kept.json["conversation_id"], second.json["conversation_id"]);
    let paths: Vec<_> = sent(&server).into_iter().map(|(path, _)| path).collect();
    assert!(paths[2].ends_with("/conversations/new"), "{paths:?}");
    server.end().await;
}

#[tokio::test]
async fn a_conversation_is_not_continued_with_another_credential() {
    for is_restarted in [false, true] {
        let setup = setup(["planted-before"]).with("GROK2API_APP__APP_KEY", PASSWORD);
        let mut server = setup.start().await;
        let first = ask(&server, &["Hi"]).await;
        replace(&server, "planted-before", "planted-after").await;
        if is_restarted {
            server.restart().await;
        }
        let second = ask(&server, &["Hi", first.text(), "More"]).await;
        assert_ne!(
            second.json["conversation_id"],
            first.json["conversation_id"]
        );
        let chats = server.upstream_chats();
        let accounts: Vec<_> = chats.iter().map(|chat| chat.account.as_deref()).collect();
        assert_eq!(accounts, [Some("planted-before"), Some("planted-after")]);
        let sent = sent(&server);
        assert!(sent[1].0.ends_with("/conversations/new"), "{sent:?}");
        assert!(sent[1].1.contains(first.text()) && sent[1].1.ends_with("More"));
        server.end().await;
    }
}

/// When conversations were last swept.
async fn last_sweep(server: &Server) -> i64 {
    let ready = server.ready().await;
    let jobs = ready["jobs"].as_array().unwrap();
    let sweep = jobs.iter().find(|job| job["name"] == "sweep conversations");
    sweep.map_or(0, |job| job["at_ms"].as_i64().unwrap())
}

#[tokio::test]
async fn nothing_is_kept_of_the_conversations_of_a_deleted_account() {
    let setup = setup(["planted-deleted"]).with("GROK2API_APP__APP_KEY", PASSWORD);
    let setup = setup.with("GROK2API_CONVERSATION__CLEANUP_INTERVAL_SEC", 1);
    let server = setup.start().await;
    let first = ask(&server, &["Hi"]).await;
    posted(&server, "/tokens/delete", &json!({"filter": {}})).await;
    // The run that is under way may have begun before.
    for _ in 0..2 {
        let before = last_sweep(&server).await;
        let is_over = async || last_sweep(&server).await > before;
        server.wait_until("it was swept", is_over).await;
    }
    let id = first.json["conversation_id"].as_str().unwrap().to_owned();
    let (_, folder) = server.end_with_folder().await;
    let store = open_store(folder.path()).await;
    let query = DocumentQuery {
        kind: DocumentKind::UpstreamConversation,
        group: id,
        after: None,
        limit: 10,
    };
    let left = store.list_documents(&query).await.unwrap();
    assert_eq!(left.rows.len(), 0);
    store.close().await;
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

/// Path, parent and message of each chat, in order.
fn placed(server: &Server) -> Vec<(String, Value, String)> {
    let chats = server.upstream_chats().into_iter().zip(sent(server));
    let placed = chats.map(|(chat, (path, message))| {
        let parent = chat.body["parentResponseId"].clone();
        (path, parent, message)
    });
    placed.collect()
}

#[tokio::test]
async fn two_users_of_one_key_with_the_same_greeting_do_not_hear_each_other() {
    let server = setup(["only-account"]).start().await;
    let hello = || Reply::text("Hello!");
    server.simulator.script("only-account", [hello(), hello()]);
    let first = ask(&server, &["Hi"]).await;
    let second = ask(&server, &["Hi"]).await;
    let said = ["Hi", first.text(), "My PIN is 4711"];
    ask(&server, &said).await.text();
    let next = ["Hi", second.text(), "What is my PIN?"];
    ask(&server, &next).await.text();
    ask_in(&server, &second, &next).await.text();
    let placed = placed(&server);
    let (pin, without_id, with_id) = (&placed[2], &placed[3], &placed[4]);
    assert!(pin.1.is_string(), "{placed:?}");
    assert_eq!(without_id.1, pin.1, "beside the PIN, not after it");
    assert_ne!(with_id.1, pin.1);
    let own = second.json["conversation_id"].as_str().unwrap();
    assert!(with_id.0.contains(own), "{placed:?}");
    server.end().await;
}

#[tokio::test]
async fn editing_an_earlier_turn_leaves_the_abandoned_branch() {
    let server = setup(["only-account"]).start().await;
    let first = ask(&server, &["Hi"]).await;
    let second = ask_in(&server, &first, &["Hi", first.text(), "My name is Ann"]).await;
    // The second question is asked again, in other words.
    let edited = ask_in(&server, &first, &["Hi", first.text(), "My name is Bob"]).await;
    // The first one is: nothing of the conversation is left.
    let anew = ask_in(&server, &edited, &["Ho", first.text(), "My name is Eve"]).await;
    assert!(!second.text().is_empty() && !anew.text().is_empty());
    let placed = placed(&server);
    assert!(placed[1].1.is_string());
    assert_eq!(placed[1].1, placed[2].1, "both follow the first answer");
    assert!(placed[3].0.ends_with("/conversations/new"), "{placed:?}");
    assert!(placed[3].2.contains("Ho") && placed[3].2.ends_with("My name is Eve"));
    assert_ne!(anew.json["conversation_id"], edited.json["conversation_id"]);
    server.end().await;
}

#[tokio::test]
async fn without_keys_a_conversation_must_be_named() {
    let server = open(["only-account"]).start().await;
    let first = ask(&server, &["Hi"]).await;
    let next = ["Hi", first.text(), "More"];
    let unnamed = ask(&server, &next).await;
    assert_ne!(
        unnamed.json["conversation_id"],
        first.json["conversation_id"]
    );
    let named = ask_in(&server, &first, &next).await;
    assert_eq!(named.json["conversation_id"], first.json["conversation_id"]);
    let paths: Vec<_> = sent(&server).into_iter().map(|(path, _)| path).collect();
    assert!(paths[1].ends_with("/conversations/new"), "{paths:?}");
    assert!(paths[2].ends_with("/responses"), "{paths:?}");
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
    let answer = send(&server, &first).await;
    let said = json!({"role": "assistant", "content": answer.text()});
    let second = json!({"model": "grok-4", "messages":
        [with_attachment("Hi", None), said, with_attachment("And this?", Some("notes.txt"))]});
    let follow_up = send(&server, &second).await;
    assert!(!follow_up.text().is_empty());
    assert_eq!(uploaded(&server), ["file.gif", "notes.txt"]);

    let said_too = json!({"role": "assistant", "content": follow_up.text()});
    let mut third = second.clone();
    let messages = third["messages"].as_array_mut().unwrap();
    messages.extend([said_too, with_attachment("Last", Some("more.txt"))]);
    server
        .simulator
        .script("only-account", [Reply::http(404, "not found")]);
    let last = send(&server, &third).await;
    assert!(!last.text().is_empty());
    let names = uploaded(&server);
    assert_eq!(names, ["file.gif", "notes.txt", "more.txt"], "each once");
    let attached =
        |chat: &grok_sim::Recorded| chat.body["fileAttachments"].as_array().map(Vec::len);
    let chats = server.upstream_chats();
    assert_eq!(
        chats.iter().map(attached).collect::<Vec<_>>(),
        [Some(1), Some(1), Some(1), Some(3)],
        "a follow-up has its own files, a new conversation all"
    );
    server.end().await;
}

#[tokio::test]
async fn the_conversation_of_a_response_is_told_in_a_header_streamed_or_not() {
    let server = setup(["first-account"]).start().await;
    for stream in [false, true] {
        server.count_request();
        let body = json!({"model": "grok-4", "input": "hello", "stream": stream});
        let request = server.client.post(server.url("/v1/responses"));
        let response = request.bearer_auth(KEY).json(&body).send().await.unwrap();
        let told = response.headers().get("x-conversation-id").cloned();
        let told = told.expect("a header");
        assert!(!told.is_empty(), "stream: {stream}");
        let text = response.text().await.unwrap();
        assert!(text.contains("completed"), "{text}");
    }
    server.end_with_one().await;
}
