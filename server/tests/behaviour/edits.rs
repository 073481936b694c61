//! Edits of images: by form and by JSON, on today's upstream and on an older one.

use base64::{Engine, engine::general_purpose::STANDARD};
use grok_sim::{Generation, Operation, Options, Reply};
use pool::Status;
use serde_json::{Value, json};

use crate::support::{Plain, Server, Setup};

const ONE: &str = "edit-account-1";
const BOTH: [&str; 2] = [ONE, "edit-account-2"];
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0";

/// A part of a form: its field, its file name if it is a file, and its content.
type Part<'p> = (&'p str, Option<&'p str>, &'p [u8]);

async fn send_form(server: &Server, parts: &[Part<'_>]) -> reqwest::Response {
    let mut body = Vec::new();
    for (field, file, content) in parts {
        let file = file.map_or_else(String::new, |name| {
            format!("; filename=\"{name}\"\r\nContent-Type: image/png")
        });
        let head =
            format!("--edge\r\nContent-Disposition: form-data; name=\"{field}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--edge--\r\n");
    server.count_request();
    let request = server.client.post(server.url("/v1/images/edits"));
    let request = request.header("content-type", "multipart/form-data; boundary=edge");
    request.body(body).send().await.unwrap()
}

async fn form(server: &Server, parts: &[Part<'_>]) -> Plain {
    Plain::read(send_form(server, parts).await).await
}

async fn ask(server: &Server, body: &Value) -> Plain {
    server.count_request();
    let request = server.client.post(server.url("/v1/images/edits"));
    Plain::read(request.json(body).send().await.unwrap()).await
}

fn data_uri(content: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(content))
}

fn older() -> Options {
    Options {
        generation: Generation::February,
        ..Options::for_tests()
    }
}

fn count(answer: &Plain) -> Option<usize> {
    answer.json["data"].as_array().map(Vec::len)
}

#[tokio::test]
async fn a_form_with_images_becomes_one_edit_of_uploaded_files() {
    let server = Setup::accounts([ONE]).start().await;
    let other = [PNG, b"x"].concat();
    let parts: [Part<'_>; 5] = [
        ("prompt", None, b"make it night"),
        ("size", None, b"1280x720"),
        ("model", None, b"grok-imagine-1.0-edit"),
        ("image[]", Some("cat.png"), PNG),
        ("image[]", Some("dog.png"), &other),
    ];
    let answer = form(&server, &parts).await;
    assert_eq!(count(&answer), Some(1), "{:?}", answer.json);
    let url = answer.json["data"][0]["url"].as_str().unwrap();
    let file = server.client.get(url).send().await.unwrap();
    let size = imagesize::blob_size(&file.bytes().await.unwrap()).unwrap();
    assert!(size.width > size.height, "16:9 as asked: {size:?}");
    let uploads = server.simulator.requests_of(Operation::Upload);
    let names: Vec<_> = uploads.iter().map(|one| &one.body["fileName"]).collect();
    assert_eq!(names.len(), 2);
    assert!(names.contains(&&json!("cat.png")) && names.contains(&&json!("dog.png")));
    assert!(uploads.iter().all(|one| {
        one.path == "/http/upload-file-v2/direct"
            && one.body["file_source"] == "IMAGINE_SELF_UPLOAD_FILE_SOURCE"
    }));
    let edits = server.simulator.requests_of(Operation::Edit);
    let input = &edits[0].body["mediaGenInput"]["imageToImage"];
    assert_eq!(input["aspectRatio"], "16:9");
    assert_eq!(input["inputAssets"].as_array().map(Vec::len), Some(2));
    assert!(edits[0].header("referer").unwrap().ends_with("/imagine"));
    let (left, _folder) = server.end_with_folder().await;
    assert_eq!(left.requests[0].endpoint, "images.edits");
    let account = &left.accounts[ONE];
    assert_eq!((account.quota, account.use_count), (76, 4));
}

#[tokio::test]
async fn the_same_image_is_uploaded_once_for_each_account() {
    let server = Setup::accounts([ONE]).start().await;
    let body = json!({"prompt": "x", "image": data_uri(PNG)});
    for _ in 0..3 {
        assert_eq!(count(&ask(&server, &body).await), Some(1));
    }
    assert_eq!(server.simulator.requests_of(Operation::Upload).len(), 1);
    server.end_with_one().await;
}

#[tokio::test]
async fn a_file_that_the_upstream_no_longer_has_is_uploaded_again() {
    let server = Setup::accounts([ONE]).start().await;
    let body = json!({"prompt": "x", "image": data_uri(PNG)});
    assert_eq!(count(&ask(&server, &body).await), Some(1));
    let lost = Reply::http(404, r#"{"code":5,"message":"file not found"}"#);
    server
        .simulator
        .script_for("*", Operation::Edit, [lost.clone()]);
    assert_eq!(count(&ask(&server, &body).await), Some(1));
    assert_eq!(server.simulator.requests_of(Operation::Upload).len(), 2);
    // With files that were uploaded just now it is a refusal like any other.
    let other = json!({"prompt": "x", "image": data_uri(&[PNG, b"2"].concat())});
    server.simulator.script_for("*", Operation::Edit, [lost]);
    ask(&server, &other)
        .await
        .assert_error(502, "upstream_error");
    server.end_with_one().await;
}

#[tokio::test]
async fn a_picture_of_this_server_can_be_edited_by_its_address() {
    let server = Setup::accounts([ONE]).start().await;
    let first = crate::pictures::ask(&server, &json!({"prompt": "a red fox"})).await;
    let url = first.json["data"][0]["url"].clone();
    let answer = ask(&server, &json!({"prompt": "at night", "image": url})).await;
    assert_eq!(count(&answer), Some(1), "{:?}", answer.json);
    let gone = server.url(&format!("/v1/files/image/{}.jpg", "0".repeat(40)));
    let answer = ask(&server, &json!({"prompt": "x", "image": gone})).await;
    answer.assert_error(400, "invalid_media");
    server.end_with_one().await;
}

#[tokio::test]
async fn as_many_edits_are_made_as_are_wanted_whatever_one_call_makes() {
    for (options, calls) in [(Options::for_tests(), 3), (older(), 2)] {
        let server = Setup::accounts([ONE]).simulator(options).start().await;
        let body = json!({"prompt": "x", "image": data_uri(PNG), "n": 3});
        let answer = ask(&server, &body).await;
        assert_eq!(count(&answer), Some(3), "{:?}", answer.json);
        let edits = server.simulator.requests_of(Operation::Edit);
        let good = edits.iter().filter(|one| one.status == Some(200)).count();
        assert_eq!(good, calls);
        let used = server.end_with_one().await.use_count;
        assert_eq!(used, 4 * calls as u64, "each call costs");
    }
}

#[tokio::test]
async fn an_older_upstream_is_found_out_and_then_asked_in_its_own_form() {
    let server = Setup::accounts([ONE]).simulator(older()).start().await;
    for image in [PNG.to_vec(), [PNG, b"2"].concat(), [PNG, b"3"].concat()] {
        let answer = ask(&server, &json!({"prompt": "x", "image": data_uri(&image)})).await;
        assert_eq!(count(&answer), Some(1), "{:?}", answer.json);
    }
    let paths = |operation| {
        let requests = server.simulator.requests_of(operation);
        let told = requests
            .iter()
            .map(|one| (one.path.clone(), one.status.unwrap()));
        told.collect::<Vec<_>>()
    };
    let (newer, json) = ("/http/upload-file-v2/direct", "/rest/app-chat/upload-file");
    // There is no such address.
    let expected = [(newer, 404), (json, 200), (json, 200), (json, 200)];
    assert_eq!(
        paths(Operation::Upload),
        expected.map(|(path, status)| (path.to_owned(), status))
    );
    let statuses: Vec<_> = paths(Operation::Edit)
        .into_iter()
        .map(|one| one.1)
        .collect();
    // The first refusal may have been the content's fault.
    assert_eq!(statuses, [400, 200, 400, 200, 200]);
    let posts = server.simulator.requests_of(Operation::Post);
    assert_eq!(posts.len(), 3);
    let edits = server.simulator.requests_of(Operation::Edit);
    let config = "/responseMetadata/modelConfigOverride/modelMap/imageEditModelConfig";
    let config = edits[1].body.pointer(config).unwrap();
    assert_eq!(config["imageReferences"][0], posts[0].body["mediaUrl"]);
    assert!(config["parentPostId"].is_string());
    server.end_with_one().await;
}

#[tokio::test]
async fn an_older_edit_is_made_without_a_post_if_there_is_none() {
    let server = Setup::accounts([ONE]).simulator(older()).start().await;
    let failing = [Reply::server_error(500)];
    server.simulator.script_for("*", Operation::Post, failing);
    let answer = ask(&server, &json!({"prompt": "x", "image": data_uri(PNG)})).await;
    assert_eq!(count(&answer), Some(1), "{:?}", answer.json);
    server.end_with_one().await;
}

#[tokio::test]
async fn a_stream_tells_progress_and_then_each_finished_edit() {
    let server = Setup::accounts([ONE]).start().await;
    let parts: [Part<'_>; 4] = [
        ("prompt", None, b"x"),
        ("n", None, b"2"),
        ("stream", None, b"true"),
        ("image", Some("a.png"), PNG),
    ];
    let text = send_form(&server, &parts).await.text().await.unwrap();
    let events: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok())
        .collect();
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let kind = event["type"].as_str().unwrap();
            let kind = kind.strip_prefix("image_edit.").unwrap();
            (
                kind,
                event["index"].as_u64().unwrap(),
                event["progress"].as_f64(),
            )
        })
        .collect();
    let of = |index| {
        let progress = |percent| ("progress", index, Some(percent));
        [
            progress(0.0),
            progress(35.0),
            progress(70.0),
            ("completed", index, None),
        ]
    };
    assert_eq!(told, [of(0), of(1)].concat());
    assert!(events[7]["b64_json"].is_string() && events[7]["usage"]["output_tokens"].is_u64());
    server.end_with_one().await;
}

/// A moderated edit is an error, asked for once, and the account is not at fault.
#[tokio::test]
async fn moderated_edits_are_a_policy_error_and_never_asked_for_again() {
    for options in [Options::for_tests(), older()] {
        for reply in [
            Reply::moderated_picture(),
            Reply::moderated_in_stream(),
            Reply::moderated(),
        ] {
            let setup = Setup::accounts(BOTH).simulator(options.clone());
            let setup = setup.config("[upstream]\nprotocol = \"2026-02\"\n");
            let server = setup.start().await;
            server.simulator.script_for("*", Operation::Edit, [reply]);
            let answer = ask(&server, &json!({"prompt": "x", "image": data_uri(PNG)})).await;
            answer.assert_error(400, "content_policy_violation");
            assert_eq!(server.simulator.requests_of(Operation::Edit).len(), 1);
            for account in server.end().await.values() {
                assert_eq!((account.status, account.use_count), (Status::Active, 0));
            }
        }
    }
}

#[tokio::test]
async fn another_account_edits_when_the_first_cannot() {
    for (operation, reply) in [
        (Operation::Upload, Reply::server_error(503)),
        (Operation::Edit, Reply::rate_limited()),
        (Operation::Edit, Reply::Cut { after_lines: 2 }),
        (Operation::Edit, Reply::usage_limit()),
        (Operation::Edit, Reply::NoAnswer),
        (Operation::Download, Reply::server_error(500)),
    ] {
        let server = Setup::accounts(BOTH).start().await;
        server.simulator.script_for("*", operation, [reply.clone()]);
        let answer = ask(&server, &json!({"prompt": "x", "image": data_uri(PNG)})).await;
        assert_eq!(count(&answer), Some(1), "{reply:?}: {:?}", answer.json);
        server.end().await;
    }
}

#[tokio::test]
async fn mistakes_in_a_form_are_named_before_anything_is_uploaded() {
    let server = Setup::accounts([ONE]).start().await;
    let prompt: Part<'_> = ("prompt", None, b"x");
    let image: Part<'_> = ("image", Some("a.png"), PNG);
    for (parts, code) in [
        (vec![prompt], "missing_image"),
        (vec![image], "empty_prompt"),
        (vec![prompt, ("image", Some("a.png"), b"")], "empty_file"),
        (
            vec![prompt, ("image", Some("a.gif"), b"GIF89a")],
            "invalid_image_type",
        ),
        (
            vec![prompt, ("image", Some("a.png"), b"<svg>")],
            "invalid_image_type",
        ),
        (
            vec![prompt, image, ("mask", Some("m.png"), PNG)],
            "unsupported_parameter",
        ),
        (vec![prompt, image, ("n", None, b"many")], "invalid_n"),
        (vec![prompt; 65], "invalid_form"),
        (
            [vec![prompt], vec![image; 17]].concat(),
            "invalid_image_count",
        ),
    ] {
        form(&server, &parts).await.assert_error(400, code);
    }
    let long = "n".repeat(257);
    for part in [
        (long.as_str(), None, &b"x"[..]),
        ("image", Some(&long[1..]), PNG),
    ] {
        let refused = form(&server, &[prompt, part]).await;
        refused.assert_error(400, "invalid_form");
        assert_eq!(refused.json["error"]["param"], "body");
        assert!(!refused.json.to_string().contains("nnn"), "it is told back");
    }
    server.count_request();
    let cut = server.client.post(server.url("/v1/images/edits"));
    let cut = cut.header("content-type", "multipart/form-data; boundary=edge");
    let cut = cut.body("--edge\r\nContent-Dis").send().await.unwrap();
    Plain::read(cut).await.assert_error(400, "invalid_form");
    assert_eq!(server.simulator.requests_of(Operation::Upload).len(), 0);
    server.end_with_one().await;
}

/// OpenAI's clients have one name for both.
#[tokio::test]
async fn a_model_for_new_pictures_stands_for_the_one_that_edits() {
    let server = Setup::accounts([ONE]).start().await;
    let model = "grok-imagine-1.0";
    let body = json!({"model": model, "prompt": "x", "image_url": data_uri(PNG)});
    let answer = ask(&server, &body).await;
    assert_eq!(count(&answer), Some(1), "{:?}", answer.json);
    let text = json!({"type": "text", "text": "make it night"});
    let image = json!({"type": "image_url", "image_url": {"url": data_uri(PNG)}});
    let messages = json!([{"role": "user", "content": [text, image]}]);
    let body = json!({"model": model, "stream": false, "messages": messages});
    let answer = Plain::read(server.send(&body).await).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
    assert_eq!(server.simulator.requests_of(Operation::Edit).len(), 2);
    assert_eq!(server.simulator.requests_of(Operation::Imagine).len(), 0);
    server.end_with_one().await;
}

#[tokio::test]
async fn the_edit_model_answers_in_a_chat_and_needs_an_image() {
    let server = Setup::accounts([ONE]).start().await;
    let chat = async |content: Value| {
        let body = json!({"model": "grok-imagine-1.0-edit", "stream": false,
                          "messages": [{"role": "user", "content": content}]});
        Plain::read(server.send(&body).await).await
    };
    let image = json!({"type": "image_url", "image_url": {"url": data_uri(PNG)}});
    let answer = chat(json!([{"type": "text", "text": "make it night"}, image])).await;
    let text = answer.json["choices"][0]["message"]["content"]
        .as_str()
        .unwrap();
    assert!(text.starts_with("![image](http"), "{text}");
    chat(json!("make it night"))
        .await
        .assert_error(400, "missing_image");
    server.end_with_one().await;
}
