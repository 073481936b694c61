//! Pictures that are moderated, cannot be fetched, or that nobody waits for.

use grok_sim::{Operation, Reply};

use super::{
    DRAW, ONE, ask, assert_pictures, card, chat, complete, lines, post, start, stream, token,
};
use crate::{
    pictures::rows,
    support::{Setup, Streamed, open_store},
};

const NOT_FETCHED: &str = "A picture that Grok made could not be fetched.";

#[tokio::test]
async fn a_moderated_picture_is_left_out() {
    let server = start().await;
    let some = [
        token("Here they are:"),
        card("i1", 100, true),
        card("i2", 100, false),
        complete("", &["i1", "i2"]),
    ];
    let words = [
        card("i3", 100, true),
        token("I may not."),
        complete("I may not.", &["i3"]),
    ];
    server.simulator.script("*", [lines(&some), lines(&words)]);
    let answer = ask(&server, &chat("Hi", false)).await;
    assert_pictures(&server, answer.text(), 1).await;
    assert_eq!(ask(&server, &chat("Hi", false)).await.text(), "I may not.");
    let paths = server.simulator.requests_of(Operation::Download);
    assert!(
        paths.iter().all(|one| one.path.contains("/i2/")),
        "{paths:?}"
    );
    server.end_with_one().await;
}

#[tokio::test]
async fn a_moderated_picture_and_nothing_else_is_a_policy_error_and_not_asked_for_again() {
    let server = Setup::accounts([ONE, "picture-account-2"]).start().await;
    let answer = ask(&server, &chat("Draw something moderated", false)).await;
    answer.assert_error(400, "content_policy_violation");
    let streamed = stream(&server, "Draw something moderated").await;
    streamed.assert_error(400, "content_policy_violation");
    assert_eq!(server.upstream_chats().len(), 2);
    assert_eq!(server.simulator.requests_of(Operation::Download).len(), 0);
    for account in server.end().await.values() {
        assert_eq!((account.quota, account.fail_count), (80, 0));
    }
}

#[tokio::test]
async fn a_picture_that_cannot_be_fetched_is_one_sentence_and_never_a_link() {
    let server = start().await;
    let size_bytes = 40 * 1024 * 1024;
    for (fault, tries) in [
        (Reply::http(404, ""), 1),
        (Reply::WrongType, 1),
        (Reply::cut(), 3),
        (Reply::HugePicture { size_bytes }, 1),
    ] {
        let faults = vec![fault.clone(); 2 * tries];
        server
            .simulator
            .script_for("*", Operation::Download, faults);
        let streamed = stream(&server, DRAW).await;
        let text = streamed.text();
        assert!(streamed.is_done, "{fault:?}: {text}");
        assert_eq!(text.matches(NOT_FETCHED).count(), 1, "{fault:?}: {text}");
        assert!(!text.contains("](") && !text.contains("users/"), "{text}");
        assert_eq!(server.simulator.unused(), []);
    }
    let log = server.gateway.log();
    assert!(log.contains("a picture of a chat is missing"), "{log}");
    let (_left, folder) = server.end_with_folder().await;
    let store = open_store(folder.path()).await;
    assert_eq!(rows(store.as_ref()).await, []);
}

#[tokio::test]
async fn a_picture_that_cannot_be_fetched_for_a_moment_is_asked_for_again() {
    let server = start().await;
    let faults = [Reply::server_error(503), Reply::server_error(503)];
    server
        .simulator
        .script_for("*", Operation::Download, faults);
    let answer = ask(&server, &chat(DRAW, false)).await;
    assert_pictures(&server, answer.text(), 2).await;
    server.end_with_one().await;
}

#[tokio::test]
async fn a_silent_host_of_pictures_keeps_nobody_waiting_for_ever() {
    let setup = Setup::accounts([ONE]).with("GROK2API_IMAGE__STREAM_FIRST_TIMEOUT", 1);
    let server = setup.start().await;
    let silent = [Reply::Hang, Reply::Hang];
    server
        .simulator
        .script_for("*", Operation::Download, silent);
    let answer = ask(&server, &chat(DRAW, false)).await;
    assert!(answer.text().ends_with(NOT_FETCHED), "{}", answer.text());
    server.end_with_one().await;
}

#[tokio::test]
async fn who_leaves_ends_the_fetching_and_pays_nothing() {
    let server = start().await;
    let silent = [Reply::Hang, Reply::Hang];
    server
        .simulator
        .script_for("*", Operation::Download, silent);
    let mut response = post(&server, "/v1/chat/completions", &chat(DRAW, true)).await;
    let mut bytes = Vec::new();
    while !Streamed::parse(200, String::new(), &bytes).has_text() {
        bytes.extend(response.chunk().await.unwrap().unwrap());
    }
    let is_asked = |requests: &[grok_sim::Recorded]| {
        let downloads = requests
            .iter()
            .filter(|one| one.operation == Operation::Download);
        downloads.count() == 2
    };
    let simulator = &server.simulator;
    simulator
        .wait_for_requests("two downloads", is_asked)
        .await
        .unwrap();
    drop(response);
    simulator.wait_for_open_streams(0).await.unwrap();
    let account = server.end_with_one().await;
    assert_eq!((account.quota, account.use_count), (80, 0));
}
