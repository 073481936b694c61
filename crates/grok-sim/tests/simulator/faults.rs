//! Every fault, seen by a plain HTTP client.

use std::{error::Error, io, panic::AssertUnwindSafe, time::Duration};

use grok_sim::{Options, Reply, Simulator};
use serde_json::Value;

use crate::caller::{Caller, answer, parse, question, start};

async fn scripted(reply: Reply) -> (Simulator, Caller) {
    let (simulator, caller) = start().await;
    simulator.script("one-account", [reply]);
    (simulator, caller)
}

/// Status, `Retry-After` and body of a reply that is a plain HTTP answer.
async fn plain(reply: Reply) -> (u16, Option<String>, String) {
    let (simulator, caller) = scripted(reply).await;
    let response = caller
        .chat("one-account", &question("Hello?"))
        .await
        .unwrap();
    let retry_after = response
        .headers()
        .get("retry-after")
        .map(|v| v.to_str().unwrap().to_owned());
    let answer = (
        response.status().as_u16(),
        retry_after,
        response.text().await.unwrap(),
    );
    assert_eq!(simulator.requests()[0].status, Some(answer.0));
    simulator.stop().await;
    answer
}

/// Everything received until the end, and how it ended.
async fn received(mut response: reqwest::Response) -> (Vec<u8>, Option<reqwest::Error>) {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend(chunk),
            Ok(None) => return (bytes, None),
            Err(error) => return (bytes, Some(error)),
        }
    }
}

async fn body_of(reply: Reply) -> (Vec<u8>, Option<reqwest::Error>) {
    let (simulator, caller) = scripted(reply).await;
    let response = caller
        .chat("one-account", &question("Hello?"))
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let result = received(response).await;
    simulator.stop().await;
    result
}

async fn lines_of(reply: Reply) -> Vec<Value> {
    let (bytes, error) = body_of(reply).await;
    assert!(error.is_none(), "{error:?}");
    parse(&String::from_utf8(bytes).unwrap())
}

fn is_reset(error: &reqwest::Error) -> bool {
    let mut source: Option<&dyn Error> = Some(error);
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return io.kind() == io::ErrorKind::ConnectionReset;
        }
        source = error.source();
    }
    false
}

#[tokio::test]
async fn refusals_have_the_status_and_body_of_the_protocol() {
    let (status, _, body) = plain(Reply::Unauthorized).await;
    assert_eq!(status, 401, "{body}");
    let (status, _, body) = plain(Reply::Challenge).await;
    assert_eq!(status, 403);
    assert!(
        body.starts_with("<!DOCTYPE html>") && body.contains("Just a moment"),
        "{body}"
    );
    let (status, _, body) = plain(Reply::BlockedUser).await;
    assert!(status == 403 && body.contains("blocked-user"), "{body}");
    let (status, _, body) = plain(Reply::Policy).await;
    let json: Value = serde_json::from_str(&body).unwrap();
    assert!(
        status == 403 && json["error"]["code"] == "permission-denied",
        "{body}"
    );
    assert!(
        !body.contains("block"),
        "a policy decision must not look like a blocked user"
    );
    let (status, _, body) = plain(Reply::moderated()).await;
    assert!(
        status == 400 && body.contains("content-moderated"),
        "{body}"
    );
}

#[tokio::test]
async fn rate_limits_differ_by_what_is_left() {
    assert_eq!(plain(Reply::rate_limited()).await.0, 429);
    let (status, retry_after, _) = plain(Reply::retry_after(7)).await;
    assert_eq!((status, retry_after.as_deref()), (429, Some("7")));

    let (simulator, caller) = scripted(Reply::QuotaEmpty).await;
    assert_eq!(
        caller
            .chat("one-account", &question("?"))
            .await
            .unwrap()
            .status(),
        429
    );
    assert_eq!(simulator.quota("one-account"), 0);
    simulator.stop().await;
}

#[tokio::test]
async fn server_errors_have_their_status() {
    for status in [408, 500, 502, 503, 504] {
        assert_eq!(plain(Reply::server_error(status)).await.0, status);
    }
}

#[tokio::test]
async fn failing_replies_leave_the_quota_alone() {
    let (simulator, caller) = start().await;
    simulator.script(
        "one-account",
        [Reply::rate_limited(), Reply::server_error(503)],
    );
    for _ in 0..2 {
        caller.chat("one-account", &question("?")).await.unwrap();
    }
    assert_eq!(simulator.quota("one-account"), 80);
    simulator.stop().await;
}

#[tokio::test]
async fn hang_sends_nothing_and_notices_the_caller_leaving() {
    let (simulator, caller) = scripted(Reply::Hang).await;
    let body = question("Hello?");
    let call = caller.chat("one-account", &body);
    let timed_out = tokio::time::timeout(Duration::from_millis(80), call).await;
    assert!(timed_out.is_err(), "not even headers arrive");
    simulator.wait_aborted("one-account").await.unwrap();
    simulator.wait_for_open_streams(0).await.unwrap();
    assert_eq!(simulator.requests()[0].status, None);
    simulator.stop().await;
}

#[tokio::test]
async fn stall_sends_some_lines_and_stays_open() {
    let (simulator, caller) = scripted(Reply::stall()).await;
    let mut response = caller
        .chat("one-account", &question("Hello?"))
        .await
        .unwrap();
    let mut lines = 0;
    while let Ok(chunk) = tokio::time::timeout(Duration::from_millis(80), response.chunk()).await {
        lines += chunk
            .unwrap()
            .unwrap()
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
    }
    assert_eq!(lines, 4);
    assert_eq!(simulator.open_streams(), 1);
    drop(response);
    simulator.wait_aborted("one-account").await.unwrap();
    assert_eq!(simulator.open_streams(), 0);
    simulator.stop().await;
}

#[tokio::test]
async fn cut_resets_the_connection_after_half_a_line() {
    let (bytes, error) = body_of(Reply::cut()).await;
    let error = error.expect("the end is not clean");
    assert!(
        is_reset(&error),
        "a TCP reset, not a quiet close: {error:?}"
    );
    assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 4);
    assert!(!bytes.ends_with(b"\n"), "a part of the next line arrives");
}

#[tokio::test]
async fn reset_gives_no_answer() {
    let (simulator, caller) = scripted(Reply::Reset).await;
    let error = caller
        .chat("one-account", &question("Hello?"))
        .await
        .unwrap_err();
    assert!(is_reset(&error), "{error:?}");
    simulator.stop().await;
}

#[tokio::test]
async fn half_line_ends_cleanly() {
    let (bytes, error) = body_of(Reply::half_line()).await;
    assert!(error.is_none(), "{error:?}");
    let last = bytes.rsplit(|byte| *byte == b'\n').next().unwrap();
    assert!(!last.is_empty());
    assert!(
        serde_json::from_slice::<Value>(last).is_err(),
        "the last line is not whole"
    );
}

#[tokio::test]
async fn no_answer_ends_after_the_head() {
    let lines = lines_of(Reply::NoAnswer).await;
    assert_eq!(lines.len(), 2);
    assert!(lines[1]["result"]["response"]["userResponse"].is_object());
}

#[tokio::test]
async fn unknown_shapes_surround_a_good_answer() {
    let lines = lines_of(Reply::UnknownShapes).await;
    assert!(lines.iter().any(|line| line["heartbeat"].is_object()));
    assert!(
        lines
            .iter()
            .any(|line| line["result"]["response"]["sparkle"].is_object())
    );
    let message = lines
        .iter()
        .find_map(|line| line["result"]["response"]["modelResponse"]["message"].as_str());
    assert_eq!(message, Some(answer(&lines).as_str()));
}

#[tokio::test]
async fn split_utf8_breaks_characters_over_writes() {
    let (simulator, caller) = start().await;
    simulator.script("one-account", [Reply::SplitUtf8]);
    let mut response = caller.chat("one-account", &question("你好")).await.unwrap();
    let (mut bytes, mut broken) = (Vec::new(), 0);
    while let Some(chunk) = response.chunk().await.unwrap() {
        broken += usize::from(std::str::from_utf8(&chunk).is_err());
        bytes.extend(chunk);
    }
    assert!(broken > 10, "only {broken} writes end inside a character");
    let lines = parse(&String::from_utf8(bytes).unwrap());
    assert!(answer(&lines).contains("演示模型"));
    simulator.stop().await;
}

#[tokio::test]
async fn huge_line_is_as_long_as_asked() {
    let (bytes, error) = body_of(Reply::huge_line()).await;
    assert!(error.is_none(), "{error:?}");
    let longest = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::len)
        .max();
    assert_eq!(longest, Some(17 * 1024 * 1024));
    assert!(bytes.ends_with(b"\"isThinking\":false}}}\n") || bytes.ends_with(b"}}}\n"));
}

#[tokio::test]
async fn concatenated_objects_are_complete() {
    let (bytes, _) = body_of(Reply::Concatenated).await;
    assert!(!bytes.contains(&b'\n'));
    let objects = serde_json::Deserializer::from_slice(&bytes).into_iter::<Value>();
    let objects: Vec<Value> = objects.map(Result::unwrap).collect();
    assert!(!answer(&objects).is_empty());
}

#[tokio::test]
async fn event_stream_dresses_a_good_answer() {
    let (bytes, _) = body_of(Reply::EventStream).await;
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("\n\n") && text.contains("\r\n\r\n") && text.contains("data: [DONE]"));
    let good = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let good: Vec<Value> = good
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    assert!(!answer(&good).is_empty());
}

#[tokio::test]
async fn in_band_errors_come_where_asked() {
    let lines = lines_of(Reply::anti_bot()).await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["error"]["code"], 7);
    let lines = lines_of(Reply::usage_limit()).await;
    assert_eq!(lines[0]["result"]["response"]["error"]["code"], 8);
    let lines = lines_of(Reply::AntiBot { after_lines: 4 }).await;
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[4]["error"]["code"], 7);
    let lines = lines_of(Reply::stream_errors()).await;
    let errors = &lines[2]["result"]["response"]["modelResponse"]["streamErrors"];
    assert_eq!(errors[0]["code"], 13);
}

#[tokio::test]
async fn moderation_in_the_stream_leaves_no_text() {
    let lines = lines_of(Reply::moderated_in_stream()).await;
    let payload = |n: usize| &lines[n]["result"]["response"];
    assert_eq!(
        payload(4)["streamingImageGenerationResponse"]["moderated"],
        true
    );
    assert_eq!(payload(5)["modelResponse"]["message"], "");
}

#[tokio::test]
async fn elements_to_filter_are_spread_over_tokens() {
    let lines = lines_of(Reply::ToolCard).await;
    let whole = "<xai:tool_usage_card>";
    assert!(answer(&lines).contains(whole));
    let tokens = lines
        .iter()
        .filter_map(|line| line["result"]["response"]["token"].as_str());
    assert!(tokens.into_iter().all(|token| !token.contains(whole)));
    let lines = lines_of(Reply::Render).await;
    assert!(answer(&lines).contains("<grok:render card_id=\"c1\""));
    let card = lines[2]["result"]["response"]["cardAttachment"]["jsonData"]
        .as_str()
        .unwrap();
    assert_eq!(serde_json::from_str::<Value>(card).unwrap()["id"], "c1");
}

#[tokio::test]
async fn web_search_has_sources_and_a_citation_card() {
    let lines = lines_of(Reply::WebSearch).await;
    let find = |name: &str| {
        let mut payloads = lines.iter().map(|line| &line["result"]["response"][name]);
        payloads.find(|value| !value.is_null()).cloned().unwrap()
    };
    assert_eq!(
        find("webSearchResults")["results"][0]["title"],
        "Announcing Rust 1.90"
    );
    assert_eq!(
        find("toolUsageCard")["webSearch"]["args"]["query"],
        "rust 1.90"
    );
    let cards = &find("modelResponse")["cardAttachmentsJson"];
    assert!(cards[0].as_str().unwrap().contains("blog.rust-lang.org"));
}

#[tokio::test]
async fn raw_lines_and_chunks_are_sent_as_given() {
    let (bytes, _) = body_of(Reply::lines(["{\"a\":1}", "x"])).await;
    assert_eq!(bytes, b"{\"a\":1}\nx\n");
    let (bytes, _) = body_of(Reply::chunks(["{\"a\"", ":1}"])).await;
    assert_eq!(bytes, b"{\"a\":1}");
}

#[tokio::test]
async fn names_stand_for_behaviours() {
    let (simulator, caller) = start().await;
    for (account, status) in [
        ("spare-401-1", 401),
        ("spare-403-1", 403),
        ("spare-blocked-1", 403),
        ("spare-policy-1", 403),
        ("spare-429-1", 429),
        ("spare-retry-1", 429),
        ("spare-empty-1", 429),
        ("spare-503-1", 503),
        ("spare-moderated-1", 400),
        ("spare-silent-1", 200),
        ("spare-search-1", 200),
    ] {
        let response = caller.chat(account, &question("Hello?")).await.unwrap();
        assert_eq!(response.status(), status, "{account}");
    }
    assert_eq!(simulator.quota("spare-empty-1"), 0);
    assert_eq!(simulator.quota("spare-429-1"), 80);
    simulator.stop().await;
}

#[tokio::test]
async fn scripts_go_before_names() {
    let (simulator, caller) = start().await;
    simulator.script("spare-401-1", [Reply::text("Well.")]);
    assert_eq!(answer(&caller.lines("spare-401-1").await), "Well.");
    let response = caller
        .chat("spare-401-1", &question("Hello?"))
        .await
        .unwrap();
    assert_eq!(response.status(), 401);
    simulator.stop().await;
}

#[tokio::test]
async fn unused_replies_fail_the_test() {
    let simulator = Simulator::start(Options::for_tests()).await.unwrap();
    simulator.script("one-account", [Reply::Hang]);
    let dropped = std::panic::catch_unwind(AssertUnwindSafe(|| drop(simulator)));
    let message = dropped.unwrap_err();
    let message = message.downcast_ref::<String>().unwrap();
    assert!(
        message.contains("one-account") && message.contains("Hang"),
        "{message}"
    );
}

#[tokio::test]
async fn stop_cuts_streams_that_do_not_end() {
    let (simulator, caller) = scripted(Reply::stall()).await;
    let response = caller
        .chat("one-account", &question("Hello?"))
        .await
        .unwrap();
    simulator.stop().await;
    let (_, error) = received(response).await;
    assert!(
        error.is_some(),
        "the open stream was dropped at the deadline"
    );
    assert!(
        caller
            .chat("one-account", &question("Hello?"))
            .await
            .is_err(),
        "nobody listens"
    );
}

#[tokio::test]
async fn held_stream_waits_until_released() {
    let (simulator, caller) = scripted(Reply::AntiBot { after_lines: 4 }.held()).await;
    let mut response = caller
        .chat("one-account", &question("Hello?"))
        .await
        .unwrap();
    let mut lines = 0;
    while let Ok(chunk) = tokio::time::timeout(Duration::from_millis(80), response.chunk()).await {
        lines += chunk
            .unwrap()
            .unwrap()
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
    }
    assert_eq!(lines, 4);
    simulator.release("one-account");
    assert!(
        String::from_utf8(received(response).await.0)
            .unwrap()
            .contains("anti-bot")
    );
    simulator.stop().await;
}

#[tokio::test]
async fn held_refusal_waits_before_it_begins() {
    let (simulator, caller) = scripted(Reply::Policy.held()).await;
    let body = question("Hello?");
    let call = caller.chat("one-account", &body);
    tokio::pin!(call);
    assert!(
        tokio::time::timeout(Duration::from_millis(80), &mut call)
            .await
            .is_err()
    );
    simulator.release("one-account");
    assert_eq!(call.await.unwrap().status(), 403);
    simulator.stop().await;
}

#[tokio::test]
async fn release_given_early_is_kept() {
    let (simulator, caller) = scripted(Reply::text("A longer answer.").held()).await;
    simulator.release("one-account");
    assert_eq!(
        answer(&caller.lines("one-account").await),
        "A longer answer."
    );
    simulator.stop().await;
}
