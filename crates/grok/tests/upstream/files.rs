//! The calls beside the chat: quota and uploads, and the proxies of files.

use grok::{Plan, Protocol, QuotaForm, QuotaQuestion};

use super::*;

fn upload(content: Bytes) -> Upload {
    Upload {
        name: "cat.png".to_owned(),
        mime: "image/png".to_owned(),
        content,
        is_for_imagine: false,
    }
}

#[tokio::test]
async fn quota_is_asked_for_as_documented() {
    let answer = r#"{"windowSizeSeconds":72000,"remainingQueries":61,"totalQueries":80}"#;
    let fake = Fake::start([Reply::new(200, answer)]).await;
    let client = client(&fake);
    let limits = client
        .rate_limits(CREDENTIAL, "grok-4", LONG)
        .await
        .unwrap();
    assert_eq!((limits.remaining, limits.total), (61, Some(80)));
    let received = fake.received();
    assert_eq!(received[0].uri, "/rest/rate-limits");
    let body: Value = serde_json::from_slice(&received[0].body).unwrap();
    assert_eq!(
        body,
        json!({"requestKind": "DEFAULT", "modelName": "grok-4"})
    );
}

fn question(is_full: bool) -> QuotaQuestion<'static> {
    QuotaQuestion {
        models: ["grok-4", "grok-3"],
        is_full,
        timeout: LONG,
    }
}

/// Names that the upstream was asked for, and the form's kind.
fn asked(fake: &Fake) -> Vec<(String, bool)> {
    let body = |one: &fake::Received| serde_json::from_slice::<Value>(&one.body).unwrap();
    let bodies = fake.received().iter().map(body).collect::<Vec<_>>();
    let name = |body: &Value| body["modelName"].as_str().unwrap().to_owned();
    bodies
        .iter()
        .map(|body| (name(body), body.get("requestKind").is_some()))
        .collect()
}

#[tokio::test]
async fn todays_quota_is_one_question_while_something_is_left() {
    let left = r#"{"remainingQueries":12,"totalQueries":20}"#;
    let fake = Fake::start([Reply::new(200, left)]).await;
    let quota = client(&fake)
        .account_quota(CREDENTIAL, question(false))
        .await;
    let quota = quota.unwrap();
    assert_eq!((quota.remaining(), quota.plan()), (12, Some(Plan::Basic)));
    assert_eq!(quota.limits[0].1.window, Some(Duration::from_secs(7_200)));
    assert_eq!(asked(&fake), [("auto".to_owned(), false)]);
}

#[tokio::test]
async fn the_other_mode_is_asked_for_when_nothing_is_left() {
    let none = r#"{"remainingQueries":0,"totalQueries":50}"#;
    let left = r#"{"remainingQueries":9,"totalQueries":140}"#;
    let fake = Fake::start([Reply::new(200, none), Reply::new(200, left)]).await;
    let quota = client(&fake)
        .account_quota(CREDENTIAL, question(false))
        .await;
    let quota = quota.unwrap();
    assert_eq!((quota.remaining(), quota.plan()), (9, Some(Plan::Super)));
    assert_eq!(asked(&fake).len(), 2);
}

#[tokio::test]
async fn an_upstream_that_knows_no_modes_is_asked_by_model() {
    let left = r#"{"windowSizeSeconds":72000,"remainingQueries":61,"totalQueries":80}"#;
    let fake = Fake::start([Reply::new(404, "{}"), Reply::new(200, left)]).await;
    let quota = client(&fake)
        .account_quota(CREDENTIAL, question(false))
        .await;
    let quota = quota.unwrap();
    assert_eq!((quota.form, quota.plan()), (QuotaForm::Models, None));
    assert_eq!(quota.telling_window(), Some(Duration::from_secs(72_000)));
    let expected = [("auto".to_owned(), false), ("grok-4".to_owned(), true)];
    assert_eq!(asked(&fake), expected);
}

#[tokio::test]
async fn what_is_left_of_pictures_and_videos_is_asked_for_as_documented() {
    let answer = r#"{"image":null,"video":{"available":true,"remainingQueries":2}}"#;
    let fake = Fake::start([Reply::new(200, answer)]).await;
    let told = client(&fake).imagine_quota(CREDENTIAL, LONG).await.unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|one| (one.product, one.remaining))
        .collect();
    assert_eq!(told, [("video", 2)]);
    let received = fake.received();
    assert_eq!(received[0].uri, "/rest/media/imagine/quota_info");
    assert_eq!(&received[0].body[..], b"{}");
    let referer = received[0].headers["referer"].to_str().unwrap();
    assert!(referer.ends_with("/imagine"), "{referer}");
}

#[tokio::test]
async fn an_upload_is_a_form_without_signature() {
    let answer = r#"{"uploadId":"u","fileMetadata":{"fileMetadataId":"5d1c","fileUri":"users/u1/5d1c/content"}}"#;
    let fake = Fake::start([Reply::new(200, answer), Reply::new(200, "not json")]).await;
    let client = client(&fake);
    let file = upload(Bytes::from_static(b"\x89PNG"));
    let uploaded = client.upload(CREDENTIAL, &file, LONG).await.unwrap();
    assert_eq!(
        (&*uploaded.id, &*uploaded.uri),
        ("5d1c", "users/u1/5d1c/content")
    );
    let error = client.upload(CREDENTIAL, &file, LONG).await.unwrap_err();
    assert_eq!(error.label(), "malformed");
    let first = &fake.received()[0];
    assert_eq!(first.uri, "/http/upload-file-v2/direct");
    let header = |name: &str| first.headers.get(name).map(|value| value.to_str().unwrap());
    assert!(
        header("content-type")
            .unwrap()
            .starts_with("multipart/form-data; boundary=")
    );
    assert_eq!(
        (header("x-statsig-id"), header("x-xai-request-id")),
        (None, None)
    );
}

#[tokio::test]
async fn an_upstream_that_knows_no_forms_gets_json_from_then_on() {
    let answer = r#"{"fileMetadataId":"5d1c","fileUri":"users/u1/5d1c/content"}"#;
    let known = || Reply::new(200, answer);
    let fake = Fake::start([Reply::new(404, "{}"), known(), known()]).await;
    let first = client(&fake);
    // Large enough to be encoded off the async threads.
    let file = upload(Bytes::from(vec![0u8; 300_000]));
    assert_eq!(
        first.upload(CREDENTIAL, &file, LONG).await.unwrap().id,
        "5d1c"
    );
    // What was learned outlasts a change of other settings.
    let other = Settings {
        cf_clearance: "x".to_owned(),
        web_url: fake.url.clone(),
        ..Settings::default()
    };
    let second = first.with_settings(other).unwrap();
    assert_eq!(
        second.upload(CREDENTIAL, &file, LONG).await.unwrap().id,
        "5d1c"
    );
    let received = fake.received();
    let paths: Vec<_> = received.iter().map(|one| one.uri.as_str()).collect();
    let older = "/rest/app-chat/upload-file";
    assert_eq!(paths, ["/http/upload-file-v2/direct", older, older]);
    let body: Value = serde_json::from_slice(&received[1].body).unwrap();
    assert_eq!(body["content"].as_str().unwrap().len(), 400_000);
}

#[tokio::test]
async fn an_operator_can_settle_for_the_older_forms() {
    let fake = Fake::start([Reply::new(200, r#"{"fileMetadataId":"f"}"#)]).await;
    let settings = Settings {
        web_url: fake.url.clone(),
        protocol: Protocol::February,
        ..Settings::default()
    };
    let client = Client::new(settings).unwrap();
    let file = upload(Bytes::new());
    client.upload(CREDENTIAL, &file, LONG).await.unwrap();
    assert_eq!(fake.received()[0].uri, "/rest/app-chat/upload-file");
}

#[tokio::test]
async fn chat_and_files_take_their_own_proxies() {
    let base = Fake::start([Reply::new(200, END)]).await;
    let asset = Fake::start([Reply::new(200, r#"{"fileMetadataId":"f"}"#)]).await;
    let settings = Settings {
        web_url: "http://upstream.test".parse().unwrap(),
        base_proxy_url: base.url.to_string(),
        asset_proxy_url: asset.url.to_string(),
        ..Settings::default()
    };
    let client = Client::new(settings).unwrap();
    let mut stream = client.start_chat(CREDENTIAL, &call()).await.unwrap();
    assert!(tokens(&mut stream).await.is_ok());
    client
        .upload(CREDENTIAL, &upload(Bytes::new()), LONG)
        .await
        .unwrap();
    assert_eq!(
        base.received()[0].uri,
        "http://upstream.test/rest/app-chat/conversations/new",
        "the proxy resolves the name"
    );
    assert_eq!(
        asset.received()[0].uri,
        "http://upstream.test/http/upload-file-v2/direct"
    );
}
