//! Video models in a chat.

use grok_sim::{Operation, Reply};
use serde_json::{Value, json};

use super::*;
use crate::support::{Setup, Streamed};

fn chat(prompt: &str, is_stream: bool) -> Value {
    json!({
        "model": "grok-imagine-1.0-video", "stream": is_stream,
        "messages": [{"role": "user", "content": prompt}],
    })
}

#[tokio::test]
async fn a_stream_tells_how_far_it_is_and_ends_with_the_video() {
    let server = Setup::accounts([ONE]).start().await;
    let answer = Streamed::read(server.send(&chat("a paper boat", true)).await).await;
    server.count_request();
    assert_eq!((answer.status, answer.code()), (200, None));
    let text = answer.text();
    let video = server.url("/v1/files/video/");
    assert!(text.starts_with("<video id=\"video\""), "{text}");
    assert!(text.contains(&format!("src=\"{video}")), "{text}");
    assert!(text.contains("poster=\""), "{text}");
    let reasoning = answer.reasoning();
    assert!(reasoning.contains("Progress: "), "{reasoning}");
    let wish = &asked(&server)[0].body["mediaGenInput"]["textToVideo"];
    assert_eq!(
        (&wish["aspectRatio"], &wish["duration"]),
        (&json!("3:2"), &json!(6))
    );
    assert_used(&server.end_with_one().await, COST);
}

#[tokio::test]
async fn the_answer_is_written_as_configured_and_takes_the_callers_wishes() {
    for (format, start) in [("url", "http://"), ("markdown", "[video](http://")] {
        let server = Setup::accounts([ONE])
            .with("GROK2API_APP__VIDEO_FORMAT", format)
            .start()
            .await;
        let mut body = chat("a paper boat", false);
        body["video_config"] = json!({"aspect_ratio": "16:9", "video_length": 10,
            "resolution_name": "480p", "preset": "fun"});
        let answer = Plain::read(server.send(&body).await).await;
        server.count_request();
        assert!(answer.text().starts_with(start), "{}", answer.text());
        let url = answer.text().trim().trim_start_matches("[video](");
        let file = server
            .client
            .get(url.trim_end_matches(')'))
            .send()
            .await
            .unwrap();
        assert_eq!(file.headers()["content-type"], "video/mp4");
        assert_eq!(seconds_of(&file.bytes().await.unwrap()), 10);
        let message = &asked(&server)[0].body["message"];
        assert_eq!(message, "a paper boat --mode=extremely-crazy");
        server.end_with_one().await;
    }
}

#[tokio::test]
async fn an_image_of_the_conversation_is_what_the_video_begins_with() {
    let server = Setup::accounts([ONE]).start().await;
    let mut body = chat("", false);
    let image = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA=";
    body["messages"][0]["content"] = json!([
        {"type": "text", "text": "it sails"},
        {"type": "image_url", "image_url": {"url": image}},
    ]);
    let answer = Plain::read(server.send(&body).await).await;
    server.count_request();
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert_eq!(server.simulator.requests_of(Operation::Upload).len(), 1);
    server.end_with_one().await;
}

#[tokio::test]
async fn errors_have_their_status_and_moderation_is_asked_once() {
    for is_stream in [false, true] {
        let server = Setup::accounts(BOTH).start().await;
        script(&server, [Reply::moderated()]);
        let answer = Plain::read(server.send(&chat("x", is_stream)).await).await;
        server.count_request();
        answer.assert_error(400, "content_policy_violation");
        assert_eq!(asked(&server).len(), 1);
        server.end().await;
    }
}

#[tokio::test]
async fn a_caller_who_leaves_cancels_the_video() {
    let server = Setup::accounts([ONE]).start().await;
    script(&server, [Reply::Answer.held()]);
    let mut response = server.send(&chat("a paper boat", true)).await;
    server.count_request();
    assert!(response.chunk().await.unwrap().is_some(), "it has begun");
    drop(response);
    server.simulator.wait_aborted(ONE).await.unwrap();
    assert_used(&server.end_with_one().await, 0);
}

#[tokio::test]
async fn a_chat_waits_for_its_turn_no_longer_than_for_a_first_sign() {
    let server = Setup::accounts([ONE])
        .with("GROK2API_VIDEO__CONCURRENT", 1)
        .with("GROK2API_VIDEO__STREAM_FIRST_TIMEOUT", 1)
        .start()
        .await;
    script(&server, [Reply::Answer.held()]);
    let first = create(&server, &boat()).await;
    wait_until_held(&server, &first).await;
    for is_stream in [false, true] {
        let answer = Plain::read(server.send(&chat("an owl", is_stream)).await).await;
        server.count_request();
        answer.assert_error(503, "at_capacity");
        assert!(answer.message().contains("video.concurrent"));
    }
    server.simulator.release(ONE);
    wait_for(&server, &first, "completed").await;
    assert_used(&server.end_with_one().await, COST);
}

#[tokio::test]
async fn wishes_for_a_video_are_for_video_models() {
    let server = Setup::accounts([ONE]).start().await;
    let mut body = chat("x", false);
    body["model"] = json!("grok-4");
    body["video_config"] = json!({"preset": "fun"});
    let answer = Plain::read(server.send(&body).await).await;
    answer.assert_error(400, "unsupported_parameter");
    server.end_with_one().await;
}
