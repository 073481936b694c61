//! Ordinary answers: order of frames, reasoning, follow-ups, pace, benchmarks.

use std::time::Duration;

use grok_sim::{Options, Pace, Reply};
use serde_json::json;

use crate::caller::{answer, ask, parse, question, start, start_with, tokens};

#[tokio::test]
async fn answer_has_the_frames_of_the_protocol_in_order() {
    let (simulator, caller) = start().await;
    simulator.script(
        "plain-account",
        [Reply::tokens(["A quine", " prints itself."])],
    );
    let lines = caller.lines("plain-account").await;
    let payload = |n: usize| &lines[n]["result"]["response"];
    let response = payload(1)["responseId"].as_str().unwrap();
    assert!(lines[0]["result"]["conversation"]["conversationId"].is_string());
    assert!(payload(1)["userResponse"]["responseId"].is_string());
    let hash = &payload(1)["llmInfo"]["modelHash"];
    let token = |text| json!({"token": text, "isThinking": false, "messageTag": "final", "responseId": response});
    assert_eq!(*payload(2), token("A quine"));
    assert_eq!(*payload(3), token(" prints itself."));
    let complete = json!({
        "responseId": response,
        "message": "A quine prints itself.",
        "generatedImageUrls": [],
        "cardAttachmentsJson": [],
        "metadata": {"llm_info": {"modelHash": hash}},
    });
    assert_eq!(payload(4)["modelResponse"], complete);
    assert_eq!(
        *payload(5),
        json!({"finalMetadata": {}, "isThinking": false, "isSoftStop": true})
    );
    assert_eq!(lines.len(), 6);
    simulator.stop().await;
}

#[tokio::test]
async fn only_thinking_models_think() {
    let (simulator, caller) = start().await;
    for (name, mode, thinks) in [
        ("grok-3", "MODEL_MODE_GROK_3", false),
        ("grok-3", "MODEL_MODE_GROK_3_MINI_THINKING", true),
        ("grok-4", "MODEL_MODE_HEAVY", true),
        ("grok-4-1-thinking-1129", "MODEL_MODE_EXPERT", true),
        ("grok-4-1-thinking-1129", "MODEL_MODE_FAST", false),
        ("grok-420", "MODEL_MODE_GROK_420", false),
    ] {
        let response = caller
            .chat("plain-account", &ask(name, mode, "Why?"))
            .await
            .unwrap();
        let lines = parse(&response.text().await.unwrap());
        assert_eq!(!tokens(&lines, true).is_empty(), thinks, "{name} {mode}");
        let first = &lines[2]["result"]["response"];
        assert_eq!(first["isThinking"], thinks, "reasoning comes first");
        assert_eq!(
            first["messageTag"],
            if thinks { "summary" } else { "final" }
        );
    }
    simulator.stop().await;
}

#[tokio::test]
async fn composed_answers_are_markdown_and_repeatable() {
    let (simulator, caller) = start().await;
    let mut answers = Vec::new();
    for _ in 0..2 {
        let body = question("Compare tea and coffee in a table");
        let response = caller.chat("plain-account", &body).await.unwrap();
        answers.push(answer(&parse(&response.text().await.unwrap())));
    }
    assert!(
        answers[0].contains("## ") && answers[0].contains("| --- |"),
        "{}",
        answers[0]
    );
    assert_eq!(answers[0], answers[1]);
    let response = caller
        .chat("plain-account", &question("你好"))
        .await
        .unwrap();
    assert!(
        response.text().await.unwrap().contains("演示模型"),
        "Chinese gets Chinese"
    );
    simulator.stop().await;
}

#[tokio::test]
async fn scripted_reasoning_and_text_are_used_as_given() {
    let (simulator, caller) = start().await;
    simulator.script(
        "plain-account",
        [Reply::thinking(["First.", "Second."], "Done.")],
    );
    let lines = caller.lines("plain-account").await;
    assert_eq!(tokens(&lines, true), "First.Second.");
    assert_eq!(answer(&lines), "Done.");
    let last_step = lines
        .iter()
        .filter_map(|l| l["result"]["response"]["messageStepId"].as_u64());
    assert_eq!(last_step.max(), Some(1));
    simulator.stop().await;
}

#[tokio::test]
async fn follow_up_needs_the_kept_conversation_and_its_parent() {
    let (simulator, caller) = start().await;
    let mut body = question("First?");
    body["temporary"] = json!(false);
    let first = caller
        .chat("owner-account", &body)
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let first = parse(&first);
    let id = first[0]["result"]["conversation"]["conversationId"]
        .as_str()
        .unwrap();
    let path = format!("/rest/app-chat/conversations/{id}/responses");
    body["message"] = json!("And then?");
    body["parentResponseId"] = first[1]["result"]["response"]["responseId"].clone();

    let lines = caller
        .post(&path, "owner-account")
        .json(&body)
        .send()
        .await
        .unwrap();
    let lines = parse(&lines.text().await.unwrap());
    assert!(
        lines[0]["result"]["userResponse"].is_object(),
        "the payload sits under result"
    );
    assert!(lines[1]["result"]["token"].is_string());
    assert_eq!(lines[lines.len() - 1]["result"]["isSoftStop"], true);

    let stranger = caller
        .post(&path, "other-account")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(
        stranger.status(),
        404,
        "a conversation belongs to its account"
    );
    body["parentResponseId"] = json!("unknown");
    let orphan = caller
        .post(&path, "owner-account")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(orphan.status(), 400);
    simulator.stop().await;
}

#[tokio::test]
async fn temporary_conversation_cannot_be_continued() {
    let (simulator, caller) = start().await;
    let first = caller.lines("owner-account").await;
    let id = first[0]["result"]["conversation"]["conversationId"]
        .as_str()
        .unwrap();
    let mut body = question("And then?");
    body["parentResponseId"] = first[1]["result"]["response"]["responseId"].clone();
    let path = format!("/rest/app-chat/conversations/{id}/responses");
    let response = caller
        .post(&path, "owner-account")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 404);
    simulator.stop().await;
}

#[tokio::test]
async fn every_line_is_a_write_of_its_own() {
    let (simulator, caller) = start().await;
    simulator.script("plain-account", [Reply::tokens(["a", "b", "c"])]);
    let mut response = caller
        .chat("plain-account", &question("Hello?"))
        .await
        .unwrap();
    let mut chunks = 0;
    while let Some(chunk) = response.chunk().await.unwrap() {
        assert!(chunk.ends_with(b"\n"));
        chunks += 1;
    }
    assert_eq!(chunks, 2 + 3 + 2);
    simulator.stop().await;
}

#[tokio::test]
async fn benchmark_answers_have_the_asked_length_and_fresh_ids() {
    let options = Options {
        keep_requests: 1,
        ..Options::for_benchmarks(Options::default().listen, 64)
    };
    let (simulator, caller) = start_with(options).await;
    let first = caller.lines("any-account").await;
    let second = caller.lines("any-account").await;
    assert_eq!(first.len(), 2 + 64 + 2);
    let id = |lines: &[serde_json::Value]| lines[1]["result"]["response"]["responseId"].clone();
    assert_ne!(id(&first), id(&second));
    let complete = &first[66]["result"]["response"]["modelResponse"];
    assert_eq!(complete["message"], answer(&first));
    assert_eq!(complete["responseId"], id(&first));
    assert_eq!(
        simulator.requests().len(),
        1,
        "only the newest request is kept"
    );
    assert_eq!(
        simulator.quota("any-account"),
        80,
        "benchmarks have no quota"
    );
    simulator.stop().await;
}

#[tokio::test]
async fn human_pace_waits_before_the_first_token() {
    let options = Options {
        pace: Pace::Human,
        ..Options::for_tests()
    };
    let (simulator, caller) = start_with(options).await;
    simulator.script("plain-account", [Reply::tokens(["a", "b"])]);
    let started = tokio::time::Instant::now();
    let mut response = caller
        .chat("plain-account", &question("Hello?"))
        .await
        .unwrap();
    let mut seen = Vec::new();
    while let Some(chunk) = response.chunk().await.unwrap() {
        seen.push((started.elapsed(), chunk));
    }
    let first_token = seen
        .iter()
        .find(|(_, chunk)| chunk.windows(7).any(|w| w == b"\"token\""));
    assert!(first_token.unwrap().0 >= Duration::from_millis(300));
    simulator.stop().await;
}

#[tokio::test]
async fn paced_reply_brings_its_own_pauses() {
    let (simulator, caller) = start().await;
    let text = "one two three".to_owned();
    simulator.script(
        "plain-account",
        [Reply::Paced {
            text,
            first_ms: 40,
            each_ms: 30,
        }],
    );
    let started = tokio::time::Instant::now();
    assert_eq!(
        answer(&caller.lines("plain-account").await),
        "one two three"
    );
    assert!(started.elapsed() >= Duration::from_millis(100));
    simulator.stop().await;
}

#[tokio::test]
async fn chats_consume_quota_by_mode_until_429() {
    let (simulator, caller) = start().await;
    caller.lines("basic-account").await;
    assert_eq!(simulator.quota("basic-account"), 79);
    let heavy = ask("grok-4", "MODEL_MODE_HEAVY", "Why?");
    caller
        .chat("super-account", &heavy)
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert_eq!(simulator.quota("super-account"), 136);
    simulator.set_quota("basic-account", 0);
    let response = caller
        .chat("basic-account", &question("More?"))
        .await
        .unwrap();
    assert_eq!(response.status(), 429);
    simulator.stop().await;
}
