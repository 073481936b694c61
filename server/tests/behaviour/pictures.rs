//! Pictures: what a caller gets, what became of the account, and how often the upstream was asked.

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD};
use grok_sim::{Generation, Operation, Options, Recorded, Reply};
use pool::{Account, Status};
use reqwest::Response;
use serde_json::{Value, json};
use store::{MediaKind, MediaQuery, MediaRow, Store};

use crate::support::{Plain, Server, Setup, Streamed, open_store};

const ONE: &str = "picture-account-1";
const BOTH: [&str; 2] = [ONE, "picture-account-2"];

async fn post(server: &Server, body: &Value) -> Response {
    server.count_request();
    let request = server.client.post(server.url("/v1/images/generations"));
    request.json(body).send().await.unwrap()
}

pub(crate) async fn ask(server: &Server, body: &Value) -> Plain {
    Plain::read(post(server, body).await).await
}

/// The events of a stream: name and data.
pub(crate) async fn events(response: Response) -> Vec<(String, Value)> {
    let text = response.text().await.unwrap();
    let frames = text.split("\n\n").filter(|frame| !frame.is_empty());
    let read = |frame: &str| {
        let (event, data) = frame.split_once("\ndata: ").unwrap();
        let event = event.strip_prefix("event: ").unwrap().to_owned();
        (event, serde_json::from_str(data).unwrap())
    };
    frames.map(read).collect()
}

/// The requests for pictures that reached the upstream.
fn asked(server: &Server) -> Vec<Recorded> {
    server.simulator.requests_of(Operation::Imagine)
}

fn script(server: &Server, replies: impl IntoIterator<Item = Reply>) {
    server
        .simulator
        .script_for("*", Operation::Imagine, replies);
}

fn size(file: &[u8]) -> (usize, usize) {
    let size = imagesize::blob_size(file).unwrap();
    (size.width, size.height)
}

pub(crate) async fn rows(store: &dyn Store) -> Vec<MediaRow> {
    let query = MediaQuery {
        owner: None,
        kind: None,
        before: None,
        limit: 100,
    };
    store.list_media(&query).await.unwrap().rows
}

fn assert_used(account: &Account, units: u64) {
    assert_eq!(account.status, Status::Active);
    let quota = 80 - u32::try_from(units).unwrap();
    assert_eq!((account.quota, account.use_count), (quota, units));
}

#[tokio::test]
async fn a_caller_may_only_ask_for_less_than_the_operator_allows() {
    for (allowed, wanted, is_sent) in [
        (true, json!(null), true),
        (true, json!(true), true),
        (true, json!(false), false),
        (false, json!(null), false),
        (false, json!(true), false),
        (false, json!(false), false),
    ] {
        let setup = Setup::accounts([ONE]).config(&format!("[image]\nnsfw = {allowed}\n"));
        let server = setup.start().await;
        let answer = ask(&server, &json!({"prompt": "a red fox", "nsfw": wanted})).await;
        assert_eq!(answer.status, 200, "{:?}", answer.json);
        let properties = &asked(&server)[0].body["item"]["content"][0]["properties"];
        let case = format!("image.nsfw = {allowed}, asked for {wanted}");
        assert_eq!(properties["enable_nsfw"], is_sent, "{case}");
        server.end().await;
    }
}

#[tokio::test]
async fn pictures_by_address_are_files_that_last_and_leave_a_row_each() {
    let server = Setup::accounts([ONE]).start().await;
    let asked_for = json!({"prompt": "a red fox", "n": 3, "size": "1024x1792"});
    let answer = ask(&server, &asked_for).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
    let addresses: Vec<_> = answer.json["data"].as_array().unwrap().iter().collect();
    assert_eq!(addresses.len(), 3);
    for one in &addresses {
        let url = one["url"].as_str().unwrap();
        assert!(url.starts_with(&server.url("/v1/files/image/")), "{url}");
        let file = server.client.get(url).send().await.unwrap();
        assert_eq!(file.headers()["content-type"], "image/jpeg");
        assert_eq!(size(&file.bytes().await.unwrap()), (832, 1248));
    }
    let usage = &answer.json["usage"];
    assert!(usage["input_tokens"].as_u64() > Some(0) && usage["output_tokens"].as_u64() > Some(0));
    let properties = &asked(&server)[0].body["item"]["content"][0]["properties"];
    assert_eq!(properties["num_generations"], 3);
    assert_eq!(properties["aspect_ratio"], "2:3");
    let (left, folder) = server.end_with_folder().await;
    assert_used(&left.accounts[ONE], 4);
    assert_eq!(left.requests[0].endpoint, "images.generations");
    let store = open_store(folder.path()).await;
    let rows = rows(store.as_ref()).await;
    assert_eq!(rows.len(), 3);
    for row in &rows {
        assert_eq!(
            (row.kind, row.width, row.height),
            (MediaKind::Image, 832, 1248)
        );
        assert_eq!(
            (row.prompt.as_str(), row.account.as_str()),
            ("a red fox", "nt-1")
        );
        assert_eq!(row.request_id, left.requests[0].id);
        let file: PathBuf = folder.path().join("media/image").join(&row.file);
        assert_eq!(file.metadata().unwrap().len(), row.bytes);
    }
    store.close().await;
}

#[tokio::test]
async fn pictures_as_base64_are_the_files_themselves() {
    let server = Setup::accounts([ONE]).start().await;
    let body = json!({"prompt": "an owl", "quality": "hd", "response_format": "b64_json"});
    let answer = ask(&server, &body).await;
    let text = answer.json["data"][0]["b64_json"].as_str().unwrap();
    let file = STANDARD.decode(text).unwrap();
    assert!(
        file.starts_with(b"\x89PNG"),
        "the better model makes PNG here"
    );
    assert_eq!(size(&file), (1024, 1024));
    server.end_with_one().await;
}

#[tokio::test]
async fn many_pictures_take_as_many_calls_as_they_need() {
    let server = Setup::accounts([ONE]).start().await;
    let answer = ask(&server, &json!({"prompt": "x", "n": 8})).await;
    assert_eq!(answer.json["data"].as_array().unwrap().len(), 8);
    let mut counts: Vec<_> = asked(&server)
        .iter()
        .map(|one| one.body["item"]["content"][0]["properties"]["num_generations"].clone())
        .collect();
    counts.sort_by_key(Value::as_u64);
    assert_eq!(counts, [2, 6]);
    assert_used(&server.end_with_one().await, 8);
}

#[tokio::test]
async fn a_stream_shows_each_stage_once_and_ends_with_the_finished_ones() {
    let server = Setup::accounts([ONE]).start().await;
    let response = post(&server, &json!({"prompt": "x", "n": 2, "stream": true})).await;
    assert_eq!(
        response.headers()["content-type"],
        "text/event-stream; charset=utf-8"
    );
    let events = events(response).await;
    let seen: Vec<_> = events
        .iter()
        .map(|(event, data)| {
            assert_eq!(data["type"], *event);
            let event = event.strip_prefix("image_generation.").unwrap();
            (
                event,
                data["index"].as_u64().unwrap(),
                data["stage"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("partial_image", 0, "preview"),
        ("partial_image", 1, "preview"),
        ("partial_image", 0, "medium"),
        ("partial_image", 1, "medium"),
        ("completed", 0, "final"),
        ("completed", 1, "final"),
    ];
    assert_eq!(seen, expected);
    let partial = events[0].1["b64_json"].as_str().unwrap();
    assert_eq!(size(&STANDARD.decode(partial).unwrap()), (256, 256));
    // What the official clients have a field for, and what the file really is.
    let file = events[4].1["b64_json"].as_str().unwrap();
    assert_eq!(size(&STANDARD.decode(file).unwrap()), (1024, 1024));
    let told = |event: usize| {
        let event = &events[event].1;
        (
            event["size"].clone(),
            event["usage"]["total_tokens"].clone(),
        )
    };
    assert_eq!(told(0), (json!("256x256"), Value::Null));
    assert_eq!(told(4), (json!("1024x1024"), json!(1057)));
    assert_eq!(told(5), (json!("1024x1024"), json!(1056)), "not told twice");
    assert_used(&server.end_with_one().await, 4);
}

#[tokio::test]
async fn a_stream_shows_no_more_stages_than_asked_for() {
    for (partial_images, shown) in [(0, 0), (1, 1), (3, 2)] {
        let server = Setup::accounts([ONE]).start().await;
        let body = json!({"prompt": "x", "stream": true, "partial_images": partial_images});
        let events = events(post(&server, &body).await).await;
        assert_eq!(events.len(), shown + 1, "{partial_images}");
        server.end_with_one().await;
    }
}

#[tokio::test]
async fn pictures_of_which_only_the_address_comes_are_fetched_with_the_accounts_cookies() {
    let server = Setup::accounts([ONE]).start().await;
    script(&server, [Reply::LinkedPictures]);
    let answer = ask(
        &server,
        &json!({"prompt": "x", "response_format": "b64_json"}),
    )
    .await;
    let text = answer.json["data"][0]["b64_json"].as_str().unwrap();
    assert_eq!(size(&STANDARD.decode(text).unwrap()), (1024, 1024));
    let downloads = server.simulator.requests_of(Operation::Download);
    assert_eq!(downloads.len(), 1);
    assert_eq!(downloads[0].account.as_deref(), Some(ONE));
    assert_used(&server.end_with_one().await, 4);
}

#[tokio::test]
async fn a_picture_at_a_foreign_address_is_not_fetched() {
    let server = Setup::accounts([ONE]).start().await;
    for url in [
        "https://evil.test/a.png",
        "http://127.0.0.1:1/a.png",
        "file:///etc/passwd",
    ] {
        let image =
            json!({"type": "image", "image_id": "a", "percentage_complete": 100, "url": url});
        let settled = json!({"type": "json", "current_status": "completed", "image_id": "a"});
        let lines = Reply::lines([image.to_string(), settled.to_string()]);
        script(&server, [lines]);
        ask(&server, &json!({"prompt": "x"}))
            .await
            .assert_error(502, "upstream_error");
    }
    assert_eq!(server.simulator.requests_of(Operation::Download).len(), 0);
    server.end_with_one().await;
}

#[tokio::test]
async fn an_older_upstream_is_understood_too() {
    let older = Options {
        generation: Generation::February,
        ..Options::for_tests()
    };
    let server = Setup::accounts([ONE]).simulator(older).start().await;
    let answer = ask(&server, &json!({"prompt": "x", "n": 2})).await;
    assert_eq!(
        answer.json["data"].as_array().map(Vec::len),
        Some(2),
        "{:?}",
        answer.json
    );
    assert_used(&server.end_with_one().await, 4);
}

/// A moderated picture is an error, asked for once, and the account is not at fault.
#[tokio::test]
async fn moderated_pictures_are_a_policy_error_and_never_asked_for_again() {
    let after_each = ["preview", "medium", "final"];
    let replies = after_each.map(|after| {
        serde_json::from_value(json!({"kind": "moderated_picture", "after": after})).unwrap()
    });
    for reply in replies
        .into_iter()
        .chain([Reply::moderated(), Reply::socket_error("content-moderated")])
    {
        for generation in [Generation::August, Generation::February] {
            let silent = matches!(reply, Reply::ModeratedPicture { .. });
            let shown = serde_json::to_value(&reply).unwrap();
            if generation == Generation::February && shown["after"] == "preview" {
                continue; // Nothing tells it there: the socket just stays silent.
            }
            if generation == Generation::February && shown["after"] == "final" {
                continue; // A final picture of that time is a good one.
            }
            let options = Options {
                generation,
                ..Options::for_tests()
            };
            let setup = Setup::accounts(BOTH).simulator(options);
            let setup = setup.config("[image]\nblocked_grace_seconds = 1\n");
            let server = setup.start().await;
            script(&server, [reply.clone()]);
            let answer = ask(&server, &json!({"prompt": "x", "n": 2})).await;
            answer.assert_error(400, "content_policy_violation");
            let handshakes = server.simulator.requests_of(Operation::Socket).len();
            assert_eq!(handshakes, 1, "{reply:?} {generation:?}");
            assert_eq!(
                asked(&server).len(),
                usize::from(silent || reply.kind() == "socket_error")
            );
            for account in server.end().await.values() {
                assert_eq!((account.status, account.use_count), (Status::Active, 0));
            }
        }
    }
}

#[tokio::test]
async fn the_usable_ones_are_returned_when_others_are_moderated() {
    let server = Setup::accounts([ONE]).start().await;
    let frame = |id: &str| {
        json!({"type": "image", "image_id": id, "percentage_complete": 100,
               "blob": STANDARD.encode(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0")})
        .to_string()
    };
    let settled = |id: &str, moderated: bool| {
        json!({"type": "json", "current_status": "completed", "image_id": id, "moderated": moderated})
            .to_string()
    };
    let lines = [
        frame("a"),
        frame("b"),
        settled("a", true),
        settled("b", false),
    ];
    script(&server, [Reply::lines(lines)]);
    let answer = ask(&server, &json!({"prompt": "x", "n": 2})).await;
    assert_eq!(
        answer.json["data"].as_array().map(Vec::len),
        Some(1),
        "{:?}",
        answer.json
    );
    assert_used(&server.end_with_one().await, 4);
}

/// Whatever one account does wrong before anything is seen, another one serves.
#[tokio::test]
async fn another_account_serves_when_the_first_cannot() {
    let cut = |after_lines| Reply::Cut { after_lines };
    for (reply, status) in [
        (Reply::Unauthorized, Status::Active),
        (Reply::rate_limited(), Status::Cooling),
        (Reply::server_error(503), Status::Active),
        (Reply::Reset, Status::Active),
        (Reply::socket_error("rate_limit_exceeded"), Status::Cooling),
        (Reply::socket_error("internal_error"), Status::Active),
        (cut(0), Status::Active),
        (cut(3), Status::Active),
        (Reply::WrongType, Status::Active),
    ] {
        let server = Setup::accounts(BOTH).start().await;
        script(&server, [reply.clone()]);
        let answer = ask(&server, &json!({"prompt": "x"})).await;
        assert_eq!(answer.status, 200, "{reply:?}: {:?}", answer.json);
        let accounts = server.end().await;
        let (used, failed): (Vec<_>, Vec<_>) =
            accounts.values().partition(|account| account.use_count > 0);
        assert_used(used[0], 4);
        assert_eq!(failed[0].status, status, "{reply:?}");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_says_so_and_is_not_asked_for_again() {
    let server = Setup::accounts(BOTH).start().await;
    script(&server, [Reply::Cut { after_lines: 2 }]);
    let response = post(&server, &json!({"prompt": "x", "stream": true})).await;
    let events = events(response).await;
    let names: Vec<_> = events.iter().map(|(event, _)| event.as_str()).collect();
    let partial = "image_generation.partial_image";
    assert_eq!(names, [partial, partial, "error"]);
    assert_eq!(events[2].1["error"]["code"], "upstream_interrupted");
    assert_eq!(asked(&server).len(), 1);
    server.end().await;
}

#[tokio::test]
async fn silence_and_huge_pictures_end_with_a_clear_error() {
    let stall = Reply::Stall { after_lines: 1 };
    let huge = Reply::HugePicture {
        size_bytes: 40 * 1024 * 1024,
    };
    for (reply, idle_secs, status, code) in [
        (stall, 1, 504, "stream_idle_timeout"),
        (Reply::Hang, 60, 504, "stream_first_timeout"),
        (huge, 60, 502, "upstream_error"),
    ] {
        let setup = Setup::accounts([ONE]);
        let config = format!("[image]\nstream_first_timeout = 5\nstream_timeout = {idle_secs}\n");
        let server = setup.config(&config).start().await;
        script(&server, [reply]);
        let answer = ask(&server, &json!({"prompt": "x"})).await;
        answer.assert_error(status, code);
        server.end().await;
    }
}

#[tokio::test]
async fn images_that_are_gathered_in_memory_are_bounded() {
    let config = "[chat]\nmax_answer_mb = 1\n";
    let server = Setup::accounts(BOTH).config(config).start().await;
    let four = json!({"prompt": "x", "n": 4});
    assert_eq!(
        ask(&server, &four).await.status,
        200,
        "four of a fifth of a MiB fit"
    );
    let huge = Reply::HugePicture {
        size_bytes: 2 * 1024 * 1024,
    };
    script(&server, [huge]);
    let answer = ask(&server, &json!({"prompt": "x"})).await;
    answer.assert_error(502, "answer_too_large");
    assert_eq!(asked(&server).len(), 2, "no other account is asked");
    server.end().await;
}

#[tokio::test]
async fn who_leaves_ends_the_upstream_call_and_frees_the_account() {
    let server = Setup::accounts([ONE]).start().await;
    script(&server, [Reply::Stall { after_lines: 1 }]);
    let mut response = post(&server, &json!({"prompt": "x", "stream": true})).await;
    assert!(response.chunk().await.unwrap().is_some());
    drop(response);
    server.simulator.wait_aborted(ONE).await.unwrap();
    let account = server.end_with_one().await;
    assert_eq!((account.status, account.use_count), (Status::Active, 0));
}

#[tokio::test]
async fn an_image_model_answers_a_chat_with_markdown() {
    let config = "[imagine_fast]\nn = 2\nsize = \"1792x1024\"\n";
    let server = Setup::accounts([ONE]).config(config).start().await;
    let chat = |model: &str, stream: bool| {
        json!({"model": model, "stream": stream, "image_config": {"n": 3},
               "messages": [{"role": "user", "content": "a red fox"}]})
    };
    let whole = Plain::read(server.send(&chat("grok-imagine-1.0", false)).await).await;
    assert_eq!(whole.text().split("\n\n").count(), 3, "{}", whole.text());
    assert!(
        whole.text().starts_with("![image](http://"),
        "{}",
        whole.text()
    );
    assert!(whole.json["usage"]["completion_tokens"].as_u64() > Some(0));
    let streamed = Streamed::read(server.send(&chat("grok-imagine-1.0-fast", true)).await).await;
    assert_eq!(
        streamed.text().matches("![image](http://").count(),
        2,
        "its own settings"
    );
    assert_eq!(streamed.finish_reason(), Some("stop"));
    let properties = &asked(&server)[1].body["item"]["content"][0]["properties"];
    assert_eq!(properties["aspect_ratio"], "3:2");
    let chat_model = Plain::read(server.send(&chat("grok-4", false)).await).await;
    chat_model.assert_error(400, "unsupported_parameter");
    let account = server.end_with_one().await;
    assert_eq!(account.use_count, 8);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_named() {
    let server = Setup::accounts([ONE]).start().await;
    for (body, code) in [
        (
            json!({"model": "grok-4", "prompt": "x"}),
            "model_not_supported",
        ),
        (json!({"prompt": "x", "size": "1x1"}), "invalid_size"),
        (json!({"n": 2}), "empty_prompt"),
    ] {
        ask(&server, &body).await.assert_error(400, code);
    }
    let unknown = json!({"model": "none", "prompt": "x"});
    ask(&server, &unknown)
        .await
        .assert_error(404, "model_not_found");
    assert_eq!(asked(&server).len(), 0);
    server.end_with_one().await;
}
