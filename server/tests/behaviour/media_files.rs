//! Generated files, by their addresses.

use serde_json::json;
use store::MediaKind;

use crate::{
    browser::Browser,
    gallery::{generate, list},
    pictures::ask,
    support::{Setup, open_store, s3::S3},
};

#[tokio::test]
async fn files_are_served_in_parts_for_ever_and_by_their_names_only() {
    serves_in_parts(Setup::accounts(["picture-account-1"])).await;
}

#[tokio::test]
async fn files_of_a_bucket_are_served_like_those_of_the_folder() {
    let s3 = S3::start().await;
    let mut setup = Setup::accounts(["picture-account-1"]);
    for (key, value) in s3.variables() {
        setup = setup.with(key, value);
    }
    serves_in_parts(setup).await;
    assert_eq!(s3.names("image").len(), 1);
}

#[tokio::test]
async fn signed_addresses_open_their_file_only_and_are_kept_no_longer_than_they_last() {
    let setup = Setup::accounts(["picture-account-1"]);
    let setup = setup.with("GROK2API_MEDIA__SIGNED_LINKS", true);
    let setup = setup.with("GROK2API_MEDIA__LINK_LIFETIME", 2);
    let server = setup.start().await;
    let answer = ask(&server, &json!({"prompt": "x"})).await;
    let url = answer.json["data"][0]["url"].as_str().unwrap();
    let read = server.client.get(url).send().await.unwrap();
    assert_eq!(read.status(), 200);
    let kept = read.headers()["cache-control"].to_str().unwrap();
    let seconds = kept.strip_prefix("private, max-age=").unwrap();
    let seconds: u64 = seconds.parse().unwrap();
    assert!((3600..=3 * 3600).contains(&seconds), "{seconds}");
    let (path, query) = url.split_once('?').unwrap();
    let (expires, signature) = query.split_once('&').unwrap();
    for wrong in [
        path.to_owned(),
        format!("{path}?{expires}"),
        format!("{path}?expires=9999999999&{signature}"),
        format!("{}?{query}", path.replace("/image/", "/video/")),
    ] {
        let refused = server.client.get(&wrong).send().await.unwrap();
        assert_eq!(refused.status(), 403, "{wrong}");
        let told: serde_json::Value = refused.json().await.unwrap();
        assert_eq!(told["error"]["code"], "forbidden");
        let message = told["error"]["message"].as_str().unwrap();
        assert!(message.contains("no valid signature"), "{message}");
    }
    server.end_with_one().await;
}

#[tokio::test]
async fn a_gallery_lists_addresses_that_are_signed_anew() {
    let config = "[app]\npublic_enabled = true\n[media]\nsigned_links = true\n";
    let setup = Setup::accounts(["picture-account-1"]).config(config);
    let server = setup.start().await;
    let browser = Browser::new(&server.gateway);
    generate(&server, &browser, 1).await;
    let items = list(&browser).await;
    let url = server.url(items[0]["url"].as_str().unwrap());
    assert_eq!(server.client.get(&url).send().await.unwrap().status(), 200);
    let (unsigned, _) = url.split_once('?').unwrap();
    let refused = server.client.get(unsigned).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    server.end_with_one().await;
}

#[tokio::test]
async fn an_address_that_is_no_text_is_an_error_of_the_api() {
    let server = crate::gallery::open_to_all().await;
    for (path, param) in [
        ("/v1/files/image/%ff", "path"),
        ("/v1/files/thumbnail/%ff", "path"),
        ("/v1/videos/%ff", "path"),
        ("/v1/videos/%ff/content", "path"),
        ("/v1/public/videos/%ff", "path"),
        ("/v1/public/video/sse?task_id=a&task_id=b", "query"),
        ("/healthz?prove=a&prove=b", "query"),
    ] {
        if path.contains("/videos/") {
            server.count_request();
        }
        let refused = server.client.get(server.url(path)).send().await.unwrap();
        assert_eq!(refused.status(), 400, "{path}");
        let told: serde_json::Value = refused.json().await.unwrap();
        assert_eq!(told["error"]["code"], format!("invalid_{param}"), "{path}");
        assert_eq!(told["error"]["param"], param, "{path}");
    }
    server.end_with_one().await;
}

async fn serves_in_parts(setup: Setup) {
    let server = setup.start().await;
    let answer = ask(&server, &json!({"prompt": "x"})).await;
    let url = answer.json["data"][0]["url"].as_str().unwrap();
    let whole = server.client.get(url).send().await.unwrap();
    let tag = whole.headers()["etag"].clone();
    assert!(
        whole.headers()["cache-control"]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    assert_eq!(whole.headers()["x-content-type-options"], "nosniff");
    let whole = whole.bytes().await.unwrap();
    let get = |name: &'static str, value: String| server.client.get(url).header(name, value).send();
    let part = get("range", "bytes=10-19".to_owned()).await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-type"], "image/jpeg");
    let told = format!("bytes 10-19/{}", whole.len());
    assert_eq!(part.headers()["content-range"], told.as_str());
    assert_eq!(part.bytes().await.unwrap(), whole[10..20]);
    let beyond = get("range", "bytes=99999999-".to_owned()).await.unwrap();
    assert_eq!(beyond.status(), 416);
    let told = format!("bytes */{}", whole.len());
    assert_eq!(beyond.headers()["content-range"], told.as_str());
    assert_eq!(beyond.headers()["cache-control"], "no-store");
    assert_eq!(beyond.headers().get("content-type"), None);
    let tag_text = tag.to_str().unwrap();
    for (wanted, status, caching) in [
        (tag_text.to_owned(), 304, "immutable"),
        (format!("\"other\", {tag_text}"), 304, "immutable"),
        ("*".to_owned(), 304, "immutable"),
        ("\"other\"".to_owned(), 412, "no-store"),
        (format!("W/{tag_text}"), 412, "no-store"),
    ] {
        let request = server.client.get(url).header("if-match", &wanted);
        let answer = request.header("if-none-match", tag_text).send().await;
        let answer = answer.unwrap();
        assert_eq!(answer.status(), status, "{wanted}");
        let told = answer.headers()["cache-control"].to_str().unwrap();
        assert!(told.contains(caching), "{wanted}: {told}");
    }
    let several = get("range", "bytes=0-9,20-29".to_owned()).await.unwrap();
    assert_eq!(several.status(), 200, "only one part is given at once");
    assert_eq!(several.bytes().await.unwrap(), whole);
    let known = get("if-none-match", tag.to_str().unwrap().to_owned())
        .await
        .unwrap();
    assert_eq!(known.status(), 304);
    // Each request was answered whole, as its line says.
    let lines = || server.gateway.log();
    let is_told = async || lines().contains(r#""status":304"#);
    server.wait_until("the lines of the log", is_told).await;
    let of_files = |status: &str| {
        let lines = lines();
        let lines = lines.lines().filter(|line| line.contains("/v1/files/"));
        lines.filter(|line| line.contains(status)).count()
    };
    assert_eq!(of_files(r#""status":499"#), 0, "{}", lines());
    assert_eq!(
        (of_files(r#""status":200"#), of_files(r#""status":206"#)),
        (2, 1)
    );
    let head = server.client.head(url).send().await.unwrap();
    assert_eq!(
        head.headers()["content-length"],
        whole.len().to_string().as_str()
    );
    for path in [
        "/v1/files/image/x.jpg",
        "/v1/files/video/../image/x.jpg",
        "/v1/files/image/..%2F..%2Fgrok2api.db",
        "/v1/files/other/x.jpg",
        &format!("/v1/files/image/{}.jpg", "a".repeat(40)),
        &format!("/v1/files/video/{}", url.rsplit('/').next().unwrap()),
    ] {
        let missing = server.client.get(server.url(path)).send().await.unwrap();
        assert_eq!(missing.status(), 404, "{path}");
    }
    server.end_with_one().await;
}

#[tokio::test]
async fn files_are_compared_with_their_rows_after_a_kill_and_not_after_a_stop() {
    let mut server = Setup::accounts(["picture-account-1"]).start().await;
    let answer = ask(&server, &json!({"prompt": "x"})).await;
    let url = answer.json["data"][0]["url"].as_str().unwrap();
    let name = url.rsplit('/').next().unwrap().to_owned();
    let place = server.data_dir().join("media/image").join(&name);
    std::fs::remove_file(place).unwrap();
    assert!(server.gateway.stop().await.unwrap().success());
    let has_row = async |server: &crate::support::Server| {
        let store = open_store(server.data_dir()).await;
        let used = store.is_media_file_used(MediaKind::Image, &name).await;
        store.close().await;
        used.unwrap()
    };
    server.kill_and_start().await;
    assert!(server.gateway.stop().await.unwrap().success());
    assert!(has_row(&server).await, "nobody looked");
    server.kill_and_start().await;
    server.kill_and_start().await;
    server.gateway.kill().unwrap();
    assert!(!has_row(&server).await);
}
