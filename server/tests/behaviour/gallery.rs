//! What visitors find of what was generated in their browser.

use std::{
    collections::BTreeSet,
    io::{self, Cursor},
};

use serde_json::{Value, json};
use store::{MediaKind, MediaRow};
use zip::ZipArchive;

use crate::{
    admin_media::lay_files,
    browser::Browser,
    support::{Server, Setup, open_store},
};

const COOKIE: &str = "grok2api_visitor";

pub(crate) async fn open_to_all() -> Server {
    let config = "[app]\npublic_enabled = true\n";
    let setup = Setup::accounts(["picture-account-1"]).config(config);
    setup.start().await
}

/// Makes pictures as the page does.
pub(crate) async fn generate(server: &Server, browser: &Browser, count: u32) -> Value {
    server.count_request();
    let request = browser.post("/v1/public/images/generations");
    let body = json!({"prompt": "a red fox", "n": count, "size": "1024x1792"});
    let response = request.json(&body).send().await.unwrap();
    browser.keep(&response);
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

/// The newest items, at most 100.
pub(crate) async fn list(browser: &Browser) -> Vec<Value> {
    let said = browser.call("list_media", &json!({"limit": 100})).await;
    assert_eq!(said.status, 200, "{said:?}");
    assert_eq!(said.json["next"], Value::Null);
    said.json["items"].as_array().unwrap().clone()
}

pub(crate) fn ids(items: &[Value]) -> Vec<&str> {
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn arguments_that_cannot_be_read_are_the_callers_mistake() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    for (function, input, told) in [
        ("list_media", json!({"limit": -1}), "-1"),
        ("list_media", json!({"kind": null}), "limit"),
        ("list_videos", json!({"after": 1, "limit": 1}), "expected"),
        ("delete_media", json!({"ids": "a".repeat(2000)}), "aaa"),
    ] {
        let request = browser.post(&format!("/api/{function}")).json(&input);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 400, "{function}");
        let id = answer.headers()["x-request-id"].clone();
        let error: Value = answer.json().await.unwrap();
        assert_eq!(error["kind"], "malformed", "{error}");
        assert_eq!(error["request_id"], id.to_str().unwrap());
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(told) && message.len() <= 300, "{message}");
    }
    let log = server.gateway.log();
    assert!(!log.contains("\"ERROR\""), "{log}");
    server.end().await;
}

#[tokio::test]
async fn a_visitor_sees_and_deletes_its_own_pictures_only() {
    let server = open_to_all().await;
    let one = Browser::new(&server.gateway);
    let other = one.another();
    generate(&server, &one, 2).await;
    generate(&server, &other, 1).await;
    let (of_one, of_other) = (list(&one).await, list(&other).await);
    assert_eq!((of_one.len(), of_other.len()), (2, 1));
    let item = &of_one[0];
    assert_eq!(
        (&item["kind"], &item["prompt"], &item["aspect_ratio"]),
        (&json!("image"), &json!("a red fox"), &json!("2:3"))
    );
    let file = one.get(item["url"].as_str().unwrap()).await;
    assert_eq!(file.status(), 200);
    let bytes = file.bytes().await.unwrap().len();
    assert_eq!(item["bytes"], bytes);

    let foreign = json!({"ids": ids(&of_one)});
    let said = other.call("delete_media", &foreign).await;
    assert_eq!((said.status, said.json), (200, json!(0)));
    assert_eq!(list(&one).await, of_one);
    let said = one.call("delete_media", &foreign).await;
    assert_eq!((said.status, said.json), (200, json!(2)));
    assert_eq!(list(&one).await, [Value::Null; 0]);
    assert_eq!(list(&other).await, of_other);
    server.end_with_one().await;
}

#[tokio::test]
async fn finished_pictures_name_their_items_in_the_gallery() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    let answer = generate(&server, &browser, 2).await;
    server.count_request();
    let request = browser.post("/v1/public/images/generations");
    let body = json!({"prompt": "x", "stream": true, "response_format": "b64_json"});
    let events = crate::pictures::events(request.json(&body).send().await.unwrap()).await;
    let (partial, completed) = (&events[0].1, &events[events.len() - 1].1);
    assert_eq!(partial["media_id"], Value::Null);
    let told = answer["data"].as_array().unwrap().iter().chain([completed]);
    let told: BTreeSet<_> = told.map(|one| one["media_id"].as_str().unwrap()).collect();
    let items = list(&browser).await;
    assert_eq!(ids(&items).into_iter().collect::<BTreeSet<_>>(), told);
    assert_eq!(told.len(), 3);
    server.end_with_one().await;
}

#[tokio::test]
async fn a_deleted_picture_is_no_longer_served() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    generate(&server, &browser, 1).await;
    let items = list(&browser).await;
    let url = items[0]["url"].as_str().unwrap();
    assert_eq!(browser.get(url).await.status(), 200);
    let chosen = json!({"ids": ids(&items)});
    browser.call("delete_media", &chosen).await;
    assert_eq!(browser.get(url).await.status(), 404);
    server.end_with_one().await;
}

#[tokio::test]
async fn the_gallery_outlives_a_restart_and_needs_no_session() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    generate(&server, &browser, 1).await;
    let before = list(&browser).await;
    let cookie = browser.cookie(COOKIE);
    let (_, folder) = server.end_with_folder().await;
    let gateway = crate::browser::start(folder.path(), &[]).await;
    let again = Browser::new(&gateway);
    assert_eq!(list(&again).await, [Value::Null; 0]);
    again.set_cookie(COOKIE, cookie);
    assert_eq!(list(&again).await, before);
}

#[tokio::test]
async fn callers_of_the_api_leave_nothing_in_a_visitors_gallery() {
    let server = open_to_all().await;
    crate::pictures::ask(&server, &json!({"prompt": "x"})).await;
    assert_eq!(list(&Browser::new(&server.gateway)).await, [Value::Null; 0]);
    let (_, folder) = server.end_with_folder().await;
    let store = open_store(folder.path()).await;
    let rows = crate::pictures::rows(store.as_ref()).await;
    let owners: Vec<_> = rows.iter().map(|row| row.owner.as_str()).collect();
    assert_eq!(owners, ["open"]);
}

#[tokio::test]
async fn a_visitors_name_is_in_the_cookie_alone() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    let page = browser.get("/").await;
    assert!(page.headers().get("set-cookie").is_none());
    browser.set_cookie(COOKIE, Some("../etc".to_owned()));
    let list = browser.post("/api/list_media").json(&json!({"limit": 1}));
    let response = list.send().await.unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=31536000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    browser.keep(&response);
    let value = browser.cookie(COOKIE).unwrap();
    assert_eq!(value.len(), 32, "nonsense was replaced");
    generate(&server, &browser, 1).await;
    assert_eq!(browser.cookie(COOKIE), Some(value.clone()));
    let (_, folder) = server.end_with_folder().await;
    let store = open_store(folder.path()).await;
    let rows = crate::pictures::rows(store.as_ref()).await;
    assert!(rows[0].owner.starts_with("visitor:") && !rows[0].owner.contains(&value));
}

#[tokio::test]
async fn who_may_not_use_the_pages_gets_no_gallery_and_no_name() {
    let setup = Setup::accounts(["picture-account-1"]);
    let server = setup.config("[app]\napi_key = \"sk-1\"\n").start().await;
    let browser = Browser::new(&server.gateway);
    for (function, input) in [
        ("list_media", json!({"limit": 1})),
        ("delete_media", json!({"ids": []})),
    ] {
        let said = browser.call(function, &input).await;
        assert_eq!((said.status, said.kind()), (401, "sign_in_required"));
    }
    assert_eq!(browser.cookie(COOKIE), None);
    server.end_with_one().await;
}

/// A row as an earlier run of the server left it.
fn row(n: i64, owner: &str) -> MediaRow {
    MediaRow {
        id: format!("m{n:04}"),
        at_ms: 1000 + n / 7,
        kind: [MediaKind::Image, MediaKind::Video][n as usize % 2],
        file: format!("{n:040x}.png"),
        mime: "image/png".to_owned(),
        bytes: 1,
        width: 1,
        height: 1,
        prompt: "x".to_owned(),
        model: "m".to_owned(),
        params: "{}".to_owned(),
        poster: None,
        parent: None,
        account: "abcd".to_owned(),
        owner: owner.to_owned(),
        key: None,
        request_id: "r".to_owned(),
    }
}

#[tokio::test]
async fn paging_gives_each_of_250_items_once() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    generate(&server, &browser, 1).await;
    let cookie = browser.cookie(COOKIE);
    let (_, folder) = server.end_with_folder().await;
    let store = open_store(folder.path()).await;
    let owner = crate::pictures::rows(store.as_ref()).await[0].owner.clone();
    let rows = (0..500).map(|n| row(n, if n < 249 { &owner } else { "open" }));
    let rows: Vec<_> = rows.collect();
    lay_files(folder.path(), &rows);
    store.insert_media(rows).await.unwrap();
    store.close().await;

    let gateway = crate::browser::start(folder.path(), &[]).await;
    let browser = Browser::new(&gateway);
    browser.set_cookie(COOKIE, cookie);
    for (kind, pages, total) in [(Value::Null, 3, 250), (json!("video"), 2, 124)] {
        let (mut seen, mut asked, mut cursor) = (BTreeSet::new(), 0, Value::Null);
        loop {
            let input = json!({"limit": 1000, "kind": kind, "cursor": cursor});
            let page = browser.call("list_media", &input).await;
            asked += 1;
            for item in page.json["items"].as_array().unwrap() {
                assert!(seen.insert(item["id"].as_str().unwrap().to_owned()));
            }
            cursor = page.json["next"].clone();
            if cursor.is_null() {
                break;
            }
        }
        assert_eq!((asked, seen.len()), (pages, total));
    }
    let odd = json!({"limit": 1, "cursor": "nonsense"});
    let said = browser.call("list_media", &odd).await;
    assert_eq!((said.status, said.kind()), (404, "not_found"));
    let too_many: Vec<_> = (0..501).map(|n| format!("m{n:04}")).collect();
    let said = browser
        .call("delete_media", &json!({"ids": too_many}))
        .await;
    assert_eq!((said.status, said.kind()), (400, "invalid"));
    let said = browser
        .call("delete_media", &json!({"ids": too_many[..500]}))
        .await;
    assert_eq!((said.status, said.json), (200, json!(249)));
}

/// Asks for an archive, as a form of the page does.
async fn pack(browser: &Browser, ids: &[&str]) -> reqwest::Response {
    let pairs: Vec<_> = ids.iter().map(|id| format!("ids={id}")).collect();
    let request = browser.post("/v1/public/media/zip");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.body(pairs.join("&")).send().await.unwrap()
}

#[tokio::test]
async fn an_archive_holds_own_pictures_under_names_from_time_and_prompt() {
    let server = open_to_all().await;
    let (one, other) = (Browser::new(&server.gateway), Browser::new(&server.gateway));
    generate(&server, &one, 2).await;
    generate(&server, &other, 1).await;
    let (own, foreign) = (list(&one).await, list(&other).await);
    let asked = [ids(&own), ids(&foreign)].concat();
    server.count_request();
    let response = pack(&one, &asked).await;
    assert_eq!(response.headers()["content-type"], "application/zip");
    let disposition = response.headers()["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment; filename=\"grok2api-2"));
    let body = response.bytes().await.unwrap();
    let mut archive = ZipArchive::new(Cursor::new(body)).unwrap();
    let names: Vec<_> = archive
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    assert!(names[0].ends_with("-a-red-fox-1.jpg"), "{names:?}");
    assert!(names[1].ends_with("-a-red-fox-2.jpg"), "{names:?}");
    for (n, item) in own.iter().enumerate() {
        let mut packed = Vec::new();
        io::copy(&mut archive.by_index(n).unwrap(), &mut packed).unwrap();
        let file = one.get(item["url"].as_str().unwrap()).await;
        assert_eq!(packed, file.bytes().await.unwrap());
    }
    let missing = io::read_to_string(archive.by_index(2).unwrap()).unwrap();
    assert!(missing.contains(asked[2]), "{missing}");

    server.count_request();
    assert_eq!(pack(&other, &ids(&own)).await.status(), 404);
    for (body, status) in [
        (json!({"ids": asked}), 200),
        (json!({"ids": 1}), 400),
        (json!({"ids": vec!["x"; 501]}), 400),
    ] {
        server.count_request();
        let request = one.post("/v1/public/media/zip").json(&body);
        assert_eq!(request.send().await.unwrap().status(), status, "{body}");
    }
    let left = server.end_with_all().await;
    let packs = left.requests.iter().skip(2);
    assert!(packs.clone().count() == 5);
    assert!(packs.clone().all(|row| row.endpoint == "public.media.zip"));
}

#[tokio::test]
async fn a_thumbnail_is_small_and_served_like_its_picture() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    generate(&server, &browser, 1).await;
    let items = list(&browser).await;
    let path = items[0]["thumbnail"].as_str().unwrap();
    let asked = futures::future::join_all((0..50).map(|_| browser.get(path)));
    for response in asked.await {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "image/jpeg");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        let cache = response.headers()["cache-control"].to_str().unwrap();
        assert!(cache.contains("immutable"), "{cache}");
        let tag = response.headers()["etag"].clone();
        let file = response.bytes().await.unwrap();
        let size = imagesize::blob_size(&file).unwrap();
        assert_eq!((size.width, size.height), (341, 512));
        let known = browser.client.get(server.url(path));
        let known = known.header("if-none-match", tag).send().await.unwrap();
        assert_eq!(known.status(), 304);
    }
    browser
        .call("delete_media", &json!({"ids": ids(&items)}))
        .await;
    assert_eq!(browser.get(path).await.status(), 404);
    for name in ["x.jpg", "..%2Fimage", &format!("{}.mp4", "a".repeat(40))] {
        let path = format!("/v1/files/thumbnail/{name}");
        assert_eq!(browser.get(&path).await.status(), 404, "{name}");
    }
    let (_, folder) = server.end_with_folder().await;
    let left = folder.path().join("media/thumbnail").read_dir().unwrap();
    assert_eq!(left.count(), 0);
}
