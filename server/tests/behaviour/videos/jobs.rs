//! From a request to a file.

use grok_sim::{Generation, Operation, Options, Reply};
use serde_json::{Value, json};
use store::{MediaKind, MediaQuery, Outcome};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;
use crate::support::{Setup, open_store};

#[tokio::test]
async fn a_video_is_queued_at_once_made_and_kept() {
    let server = Setup::accounts([ONE]).start().await;
    script(&server, [Reply::Answer.held()]);
    let body = json!({"prompt": "a paper boat", "seconds": "8", "size": "1280x720"});
    let queued = post(&server, "/v1/videos", &body).await;
    server.count_request();
    let id = queued.json["id"].as_str().unwrap().to_owned();
    assert_eq!((id.len(), &id[..6]), (38, "video_"));
    assert_eq!(queued.json["object"], "video");
    assert_eq!(queued.json["status"], "queued");
    assert_eq!(queued.json["seconds"], "8");
    assert_eq!(queued.json["size"], "1280x720");
    assert_eq!(queued.json["quality"], "high", "720 lines were asked for");
    let path = format!("/v1/videos/{id}");
    wait_until_held(&server, &id).await;
    let early = get(&server, &format!("{path}/content")).await;
    early.assert_error(409, "video_not_ready");
    server.simulator.release(ONE);
    let done = wait_for(&server, &id, "completed").await;
    assert_eq!(done["progress"], 100);
    assert!(done["completed_at"].as_i64() >= done["created_at"].as_i64());
    let file = content(&server, &id).await;
    assert_eq!((&file[4..8], seconds_of(&file)), (&b"ftyp"[..], 8));
    let wish = &asked(&server)[0].body["mediaGenInput"]["textToVideo"];
    assert_eq!(wish["aspectRatio"], "16:9");
    let (left, folder) = server.end_with_folder().await;
    assert_used(&left.accounts[ONE], COST);
    let row = left
        .requests
        .iter()
        .find(|row| row.endpoint == "videos.job");
    let row = row.unwrap();
    assert_eq!((row.outcome, row.cost), (Outcome::Served, 4));
    assert_eq!(row.attempts.len(), 1);
    let store = open_store(folder.path()).await;
    let query = MediaQuery {
        owner: None,
        kind: Some(MediaKind::Video),
        before: None,
        limit: 10,
    };
    let rows = store.list_media(&query).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].prompt, "a paper boat");
    assert_eq!(rows[0].bytes, file.len() as u64);
    store.close().await;
}

#[tokio::test]
async fn the_file_is_read_in_parts_and_has_a_first_picture() {
    let server = Setup::accounts([ONE]).start().await;
    let video = made(&server, &boat()).await;
    let url = server.url(&format!(
        "/v1/videos/{}/content",
        video["id"].as_str().unwrap()
    ));
    let fetch = async |query: &str, range: &str| {
        server.count_request();
        let request = server.client.get(format!("{url}{query}"));
        request.header("range", range).send().await.unwrap()
    };
    let part = fetch("", "bytes=4-7").await;
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-type"], "video/mp4");
    assert!(
        part.headers()["cache-control"]
            .to_str()
            .unwrap()
            .starts_with("private")
    );
    assert_eq!(part.bytes().await.unwrap(), "ftyp");
    let picture = fetch("?variant=thumbnail", "bytes=0-").await;
    assert_eq!(picture.headers()["content-type"], "image/jpeg");
    let odd = Plain::read(fetch("?variant=spritesheet", "bytes=0-").await).await;
    odd.assert_error(400, "invalid_variant");
    server.end_with_one().await;
}

#[tokio::test]
async fn longer_videos_are_made_in_parts_on_one_account() {
    for (seconds, lengths) in [(12, [6, 6]), (16, [10, 6]), (20, [10, 10])] {
        let server = Setup::accounts(BOTH).start().await;
        let video = made(
            &server,
            &json!({"prompt": "a paper boat", "seconds": seconds}),
        )
        .await;
        let file = content(&server, video["id"].as_str().unwrap()).await;
        assert_eq!(seconds_of(&file), seconds);
        let asked = asked(&server);
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[0].account, asked[1].account);
        let config = "/responseMetadata/modelConfigOverride/modelMap/videoGenModelConfig";
        let config = asked[1].body.pointer(config).unwrap();
        assert_eq!(config["videoLength"], lengths[1]);
        let used: u64 = server.end().await.values().map(|one| one.use_count).sum();
        assert_eq!(used, 2 * COST);
    }
}

#[tokio::test]
async fn an_older_upstream_is_asked_in_its_own_form() {
    let options = Options {
        generation: Generation::February,
        ..Options::for_tests()
    };
    let server = Setup::accounts([ONE]).simulator(options).start().await;
    let video = made(&server, &json!({"prompt": "a paper boat", "seconds": 4})).await;
    let file = content(&server, video["id"].as_str().unwrap()).await;
    assert_eq!(seconds_of(&file), 6, "the next longer one that it knows");
    for _ in 0..2 {
        made(&server, &boat()).await;
    }
    let replies: Vec<_> = asked(&server).iter().filter_map(|one| one.status).collect();
    // The first refusal may have been the content's fault.
    assert_eq!(replies, [400, 200, 400, 200, 200], "it is learned");
    assert_eq!(server.simulator.requests_of(Operation::Post).len(), 3);
    server.end_with_one().await;
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0";

fn form(fields: &[(&str, &str)], file: Option<&[u8]>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part =
            format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.into_bytes());
    }
    if let Some(file) = file {
        let head = "--edge\r\ncontent-disposition: form-data; name=\"input_reference\"; \
                    filename=\"a.png\"\r\ncontent-type: image/png\r\n\r\n";
        body.extend(head.as_bytes());
        body.extend(file);
        body.extend(b"\r\n");
    }
    body.extend(b"--edge--\r\n");
    body
}

async fn send_form(server: &Server, body: Vec<u8>) -> Plain {
    server.count_request();
    let request = server.client.post(server.url("/v1/videos"));
    let request = request.header("content-type", "multipart/form-data; boundary=edge");
    Plain::read(request.body(body).send().await.unwrap()).await
}

#[tokio::test]
async fn a_form_with_an_image_makes_a_video_that_begins_with_it() {
    let server = Setup::accounts([ONE]).start().await;
    let fields = [
        ("prompt", "it sails"),
        ("seconds", "6"),
        ("size", "1024x1024"),
    ];
    let answer = send_form(&server, form(&fields, Some(PNG))).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    server.count_request();
    let id = answer.json["id"].as_str().unwrap();
    wait_for(&server, id, "completed").await;
    assert_eq!(server.simulator.requests_of(Operation::Upload).len(), 1);
    let post = &server.simulator.requests_of(Operation::Post)[0].body;
    assert_eq!(post["mediaType"], "MEDIA_POST_TYPE_IMAGE");
    assert!(post["mediaUrl"].as_str().unwrap().ends_with("/content"));
    assert_eq!(
        asked(&server)[0].body["toolOverrides"],
        json!({"videoGen": true})
    );
    for (file, code) in [
        (&b""[..], "empty_file"),
        (b"no image", "invalid_image_type"),
    ] {
        let odd = send_form(&server, form(&fields, Some(file))).await;
        odd.assert_error(400, code);
    }
    server.end_with_one().await;
}

#[tokio::test]
async fn what_free_accounts_make_is_enlarged_and_stays_small_where_that_fails() {
    let server = Setup::accounts([ONE]).start().await;
    let large = json!({"prompt": "a paper boat", "resolution_name": "720p"});
    let size = async |video: &Value| {
        let id = video["id"].as_str().unwrap().to_owned();
        content(&server, &id).await.len()
    };
    let enlarged = made(&server, &large).await;
    assert_eq!(enlarged["quality"], "high");
    server.simulator.script_for(
        ONE,
        Operation::Upscale,
        [Reply::ServerError { status: 500 }],
    );
    let kept = made(&server, &large).await;
    assert!(size(&enlarged).await > size(&kept).await);
    assert_eq!(server.simulator.requests_of(Operation::Upscale).len(), 2);
    assert_used(&server.end_with_one().await, 2 * COST);
}

#[tokio::test]
async fn demanding_videos_go_to_paid_accounts_first() {
    let setup = Setup::accounts([ONE]).and("ssoSuper", &["video-super-1"]);
    let server = setup.start().await;
    made(&server, &boat()).await;
    made(&server, &json!({"prompt": "x", "resolution_name": "720p"})).await;
    made(&server, &json!({"prompt": "x", "seconds": 10})).await;
    let accounts: Vec<_> = asked(&server)
        .into_iter()
        .map(|one| one.account.unwrap())
        .collect();
    assert_eq!(accounts, [ONE, "video-super-1", "video-super-1"]);
    assert_eq!(server.simulator.requests_of(Operation::Upscale).len(), 0);
    server.end().await;
}

#[tokio::test]
async fn a_remix_begins_with_the_first_picture_of_its_source() {
    let server = Setup::accounts([ONE]).start().await;
    let source = made(
        &server,
        &json!({"prompt": "x", "size": "1280x720", "seconds": 10}),
    )
    .await;
    let path = format!("/v1/videos/{}/remix", source["id"].as_str().unwrap());
    let remix = post(&server, &path, &json!({"prompt": "by night"})).await;
    server.count_request();
    assert_eq!(remix.json["remixed_from_video_id"], source["id"]);
    for field in ["seconds", "size", "quality", "model"] {
        assert_eq!(remix.json[field], source[field], "{field}");
    }
    wait_for(&server, remix.json["id"].as_str().unwrap(), "completed").await;
    assert_eq!(server.simulator.requests_of(Operation::Upload).len(), 1);
    let missing = post(&server, &path, &json!({})).await;
    missing.assert_error(400, "empty_prompt");
    server.end_with_one().await;
}

#[tokio::test]
async fn lists_are_paged_both_ways_and_nobody_sees_what_is_not_theirs() {
    let server = Setup::accounts([ONE])
        .config("[app]\napi_key = [\"key-of-one\", \"key-of-two\"]\n")
        .start()
        .await;
    let ask = async |key: &str, method: Method, path: &str, body: Option<Value>| {
        server.count_request();
        let request = server
            .client
            .request(method, server.url(path))
            .bearer_auth(key);
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        Plain::read(request.send().await.unwrap()).await
    };
    let mut ids = Vec::new();
    for _ in 0..3 {
        let answer = ask("key-of-one", Method::POST, "/v1/videos", Some(boat())).await;
        server.count_request();
        let id = answer.json["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/videos/{id}");
        let is_made = async || {
            let video = ask("key-of-one", Method::GET, &path, None).await;
            video.json["status"] == "completed"
        };
        server.wait_until("it is made", is_made).await;
        ids.push(id);
    }
    for (order, expected) in [("asc", [0, 1, 2]), ("desc", [2, 1, 0])] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/videos?limit=2&order={order}{after}");
            let page = ask("key-of-one", Method::GET, &path, None).await;
            let data = page.json["data"].as_array().unwrap();
            seen.extend(
                data.iter()
                    .map(|one| one["id"].as_str().unwrap().to_owned()),
            );
            if page.json["has_more"] == false {
                break;
            }
            after = format!("&after={}", page.json["last_id"].as_str().unwrap());
        }
        assert_eq!(seen, expected.map(|n| ids[n].clone()));
    }
    let foreign = ask("key-of-two", Method::GET, "/v1/videos", None).await;
    assert_eq!(foreign.json["data"], json!([]));
    let path = format!("/v1/videos/{}", ids[0]);
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::POST, format!("{path}/cancel")),
        (Method::GET, format!("{path}/content")),
    ] {
        let refused = ask("key-of-two", method, &path, None).await;
        refused.assert_error(404, "not_found");
    }
    let after = format!("/v1/videos?after={}", ids[0]);
    let refused = ask("key-of-two", Method::GET, &after, None).await;
    refused.assert_error(400, "invalid_after");
    server.end_with_one().await;
}

#[tokio::test]
async fn a_deleted_video_is_gone_with_its_files() {
    let server = Setup::accounts([ONE]).start().await;
    let video = made(&server, &boat()).await;
    let path = format!("/v1/videos/{}", video["id"].as_str().unwrap());
    let deleted = call(&server, Method::DELETE, &path, None).await;
    assert_eq!(deleted.json["object"], "video.deleted");
    assert_eq!(deleted.json["deleted"], true);
    get(&server, &path).await.assert_error(404, "not_found");
    let again = call(&server, Method::DELETE, &path, None).await;
    again.assert_error(404, "not_found");
    for folder in ["video", "image", "unfinished"] {
        let folder = server.data_dir().join("media").join(folder);
        assert_eq!(folder.read_dir().unwrap().count(), 0, "{folder:?}");
    }
    server.end_with_one().await;
}

#[tokio::test]
async fn mistakes_are_told_before_anything_is_queued() {
    let server = Setup::accounts([ONE]).start().await;
    for (body, code) in [
        (json!({}), "empty_prompt"),
        (json!({"prompt": "x", "seconds": 7}), "invalid_seconds"),
        (json!({"prompt": "x", "size": "1x1"}), "invalid_size"),
        (
            json!({"prompt": "x", "model": "grok-4"}),
            "model_not_supported",
        ),
        (
            json!({"prompt": "x", "input_reference": "data:image/png;base64,QUJD"}),
            "invalid_image_type",
        ),
    ] {
        post(&server, "/v1/videos", &body)
            .await
            .assert_error(400, code);
    }
    let unknown = post(
        &server,
        "/v1/videos",
        &json!({"prompt": "x", "model": "no"}),
    )
    .await;
    unknown.assert_error(404, "model_not_found");
    assert_eq!(get(&server, "/v1/videos").await.json["data"], json!([]));
    let models = get(&server, "/v1/models").await;
    let models = models.json["data"].as_array().unwrap().clone();
    assert!(
        models
            .iter()
            .any(|one| one["id"] == "grok-imagine-1.0-video")
    );
    server.end_with_one().await;
}

#[tokio::test]
async fn a_video_that_begins_with_an_image_says_how_long_it_becomes() {
    let server = Setup::accounts([ONE]).start().await;
    for (wanted, becomes) in [(4, 6), (8, 10), (12, 12)] {
        let mut body = sailing();
        body["seconds"] = json!(wanted);
        let video = made(&server, &body).await;
        assert_eq!(video["seconds"], becomes.to_string());
        let file = content(&server, video["id"].as_str().unwrap()).await;
        assert_eq!(seconds_of(&file), becomes);
    }
    server.end_with_one().await;
}

/// More of them than a system buffers.
const LISTS: usize = 32;

/// A page may have a hundred; these are large together.
#[tokio::test]
async fn a_list_ends_by_its_bytes_and_goes_on_behind_its_last() {
    let server = Setup::accounts([ONE])
        .with("GROK2API_VIDEO__CONCURRENT", 1)
        .start()
        .await;
    script(&server, [Reply::Answer.held()]);
    let prompt = "x".repeat(32 * 1024);
    let mut ids = Vec::new();
    for _ in 0..34 {
        ids.push(create(&server, &json!({"prompt": prompt})).await);
    }
    ids.reverse();
    let mut listed = Vec::new();
    for (count, has_more) in [(32, true), (2, false)] {
        let after = listed
            .last()
            .map_or(String::new(), |id| format!("&after={id}"));
        let path = format!("/v1/videos?limit=100{after}");
        let page = get(&server, &path).await.json;
        assert_eq!(page["has_more"], has_more);
        let videos = page["data"].as_array().unwrap();
        assert_eq!(videos.len(), count);
        let id = |video: &Value| video["id"].as_str().unwrap().to_owned();
        listed.extend(videos.iter().map(id));
    }
    assert_eq!(listed, ids);
    // What nobody reads counts until it has gone; the system takes some of it at once.
    let mut deaf = TcpStream::connect(&server.gateway.address).await.unwrap();
    let list = "GET /v1/videos?limit=100 HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let lists = list.repeat(LISTS);
    deaf.write_all(lists.as_bytes()).await.unwrap();
    let held = async || server.ready().await["limits"]["answer_bytes"]["used"].clone();
    let is_held = async || held().await.as_u64() > Some(1_000_000);
    server.wait_until("a list is held", is_held).await;
    let mut sent = 0;
    while sent < LISTS << 20 {
        sent += deaf.read(&mut vec![0; 1 << 20]).await.unwrap();
    }
    let is_read = async || held().await == 0;
    server.wait_until("all have gone", is_read).await;
    (0..LISTS).for_each(|_| server.count_request());
    for id in &ids {
        let cancelled = post(&server, &format!("/v1/videos/{id}/cancel"), &json!({})).await;
        let video = &cancelled.json;
        assert_eq!(video["status"], "cancelled");
        let time = |name: &str| video[name].as_i64().unwrap();
        assert!(time("expires_at") - time("completed_at") <= 3600, "{video}");
    }
    server.end_with_one().await;
}
