//! Quota questions, uploads and downloads.

use grok_sim::{Operation, Reply};
use reqwest::Response;
use serde_json::{Value, json};

use crate::caller::{Caller, answer, parse, question, start};

async fn ask_quota(caller: &Caller, account: &str) -> Response {
    let body = json!({"requestKind": "DEFAULT", "modelName": "grok-4-1-thinking-1129"});
    caller
        .post("/rest/rate-limits", account)
        .json(&body)
        .send()
        .await
        .unwrap()
}

async fn upload(caller: &Caller, account: &str, content: &str) -> Response {
    let body = json!({"fileName": "cat.png", "fileMimeType": "image/png", "content": content});
    caller
        .post("/rest/app-chat/upload-file", account)
        .json(&body)
        .send()
        .await
        .unwrap()
}

async fn download(caller: &Caller, account: &str, path: &str) -> Response {
    caller
        .client
        .get(format!("{}/{path}", caller.url))
        .header("origin", &caller.url)
        .header("referer", format!("{}/", caller.url))
        .header("user-agent", "Mozilla/5.0")
        .header("cookie", format!("sso={account}; sso-rw={account}"))
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn quota_is_reported_by_pool() {
    let (simulator, caller) = start().await;
    let basic: Value = ask_quota(&caller, "basic-account")
        .await
        .json()
        .await
        .unwrap();
    let expected = json!({"windowSizeSeconds": 72_000, "remainingQueries": 80, "totalQueries": 80});
    assert_eq!(basic, expected);
    let paid: Value = ask_quota(&caller, "super-account")
        .await
        .json()
        .await
        .unwrap();
    let expected =
        json!({"windowSizeSeconds": 7_200, "remainingQueries": 140, "totalQueries": 140});
    assert_eq!(paid, expected);
    let empty: Value = ask_quota(&caller, "spare-empty-1")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(empty["remainingQueries"], 0);
    simulator.stop().await;
}

#[tokio::test]
async fn quota_questions_can_be_scripted_apart_from_chats() {
    let (simulator, caller) = start().await;
    let reply = Reply::RateLimits {
        remaining: 3,
        total: 30,
        window_secs: 60,
    };
    simulator.script_for(
        "one-account",
        Operation::RateLimits,
        [Reply::Unauthorized, reply],
    );
    assert!(
        !caller.lines("one-account").await.is_empty(),
        "chats are not concerned"
    );
    assert_eq!(ask_quota(&caller, "one-account").await.status(), 401);
    let scripted: Value = ask_quota(&caller, "one-account")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(scripted["remainingQueries"], 3);
    assert_eq!(scripted["windowSizeSeconds"], 60);
    simulator.stop().await;
}

#[tokio::test]
async fn quota_questions_are_checked() {
    let (simulator, caller) = start().await;
    for body in [
        json!({"modelName": "grok-4"}),
        json!({"requestKind": "DEFAULT", "modelName": "grok-4.1-fast"}),
        json!({"requestKind": "DEFAULT"}),
    ] {
        let response = caller
            .post("/rest/rate-limits", "one-account")
            .json(&body)
            .send()
            .await;
        assert_eq!(response.unwrap().status(), 400, "{body}");
    }
    simulator.stop().await;
}

#[tokio::test]
async fn uploaded_files_can_be_used_and_downloaded_by_their_account() {
    let (simulator, caller) = start().await;
    let file: Value = upload(&caller, "one-account", "aGVsbG8=")
        .await
        .json()
        .await
        .unwrap();
    let uri = file["fileUri"].as_str().unwrap();
    assert!(uri.ends_with(&format!(
        "{}/content",
        file["fileMetadataId"].as_str().unwrap()
    )));

    let bytes = download(&caller, "one-account", uri).await;
    assert_eq!(bytes.headers()["content-type"], "image/png");
    assert_eq!(bytes.text().await.unwrap(), "hello");
    assert_eq!(download(&caller, "two-account", uri).await.status(), 403);

    let mut body = question("What is this?");
    body["fileAttachments"] = json!([file["fileMetadataId"]]);
    let response = caller.chat("one-account", &body).await.unwrap();
    assert!(answer(&parse(&response.text().await.unwrap())).contains("`cat.png`"));
    let stranger = caller.chat("two-account", &body).await.unwrap();
    assert_eq!(
        stranger.status(),
        400,
        "attachments belong to the account that uploaded them"
    );
    simulator.stop().await;
}

#[tokio::test]
async fn uploads_are_checked_and_recorded_shortly() {
    let (simulator, caller) = start().await;
    for content in ["data:image/png;base64,aGVsbG8=", "aGVs\nbG8=", "%%"] {
        assert_eq!(
            upload(&caller, "one-account", content).await.status(),
            400,
            "{content}"
        );
    }
    assert_eq!(
        upload(&caller, "one-account", &"AAAA".repeat(2000))
            .await
            .status(),
        200
    );
    let requests = simulator.requests_of(Operation::Upload);
    assert_eq!(requests[3].body["content"], "(8000 characters)");
    assert_eq!(requests[3].body["fileName"], "cat.png");
    simulator.stop().await;
}

#[tokio::test]
async fn uploads_and_downloads_can_be_scripted() {
    let (simulator, caller) = start().await;
    simulator.script_for("one-account", Operation::Upload, [Reply::server_error(502)]);
    simulator.script_for(
        "one-account",
        Operation::Download,
        [Reply::redirect("http://x.example/")],
    );
    assert_eq!(
        upload(&caller, "one-account", "aGVsbG8=").await.status(),
        502
    );
    let moved = download(&caller, "one-account", "users/u/generated/i/image.jpg").await;
    assert_eq!(moved.status(), 302);
    assert_eq!(moved.headers()["location"], "http://x.example/");
    simulator.stop().await;
}

#[tokio::test]
async fn generated_images_are_drawn_and_the_rest_is_missing() {
    let (simulator, caller) = start().await;
    for (name, start) in [
        ("image.jpg", &b"\xff\xd8\xff"[..]),
        ("image.png", b"\x89PNG"),
    ] {
        let path = format!("users/u/generated/i/{name}");
        let image = download(&caller, "one-account", &path).await;
        assert!(image.bytes().await.unwrap().starts_with(start), "{name}");
    }
    for path in ["users/u/unknown/content", "favicon.ico"] {
        assert_eq!(
            download(&caller, "one-account", path).await.status(),
            404,
            "{path}"
        );
    }
    simulator.stop().await;
}

#[tokio::test]
async fn the_newer_quota_questions_are_answered_as_documented() {
    let (_simulator, caller) = start().await;
    let ask = async |path: &str, body: Value, account: &str| {
        let asked = caller.post(path, account).json(&body).send().await;
        asked.unwrap().json::<Value>().await.unwrap()
    };
    let auto = json!({"modelName": "auto"});
    let told = ask("/rest/rate-limits", auto, "heavy-one").await;
    let expected = json!({"windowSizeSeconds": 7200, "remainingQueries": 150, "totalQueries": 150});
    assert_eq!(told, expected);
    let path = "/rest/media/imagine/quota_info";
    let free = ask(path, json!({}), "free-account").await;
    assert_eq!(free["video720p"], Value::Null);
    assert_eq!(free["video"]["remainingQueries"], 10);
    let paid = ask(path, json!({}), "super-account").await;
    assert_eq!(paid["video720p"]["windowSizeSeconds"], 86_400);
}
