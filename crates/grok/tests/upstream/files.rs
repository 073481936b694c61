//! The calls beside the chat: quota and uploads, and the proxies of files.

use super::*;

#[tokio::test]
async fn quota_and_upload_calls_are_sent_as_documented() {
    let fake = Fake::start([
        Reply::new(
            200,
            r#"{"windowSizeSeconds":72000,"remainingQueries":61,"totalQueries":80}"#,
        ),
        Reply::new(
            200,
            r#"{"fileMetadataId":"5d1c","fileUri":"users/u1/5d1c/content"}"#,
        ),
        Reply::new(200, "not json"),
    ])
    .await;
    let client = client(&fake);
    let limits = client
        .rate_limits(CREDENTIAL, "grok-4", LONG)
        .await
        .unwrap();
    assert_eq!((limits.remaining, limits.total), (61, Some(80)));
    // Large enough to be encoded off the async threads.
    let content = Bytes::from(vec![0u8; 300_000]);
    let upload = Upload {
        name: "cat.png".to_owned(),
        mime: "image/png".to_owned(),
        content,
    };
    let id = client.upload(CREDENTIAL, &upload, LONG).await.unwrap();
    assert_eq!(id, "5d1c");
    let error = client.upload(CREDENTIAL, &upload, LONG).await.unwrap_err();
    assert_eq!(error.label(), "malformed");
    let received = fake.received();
    assert_eq!(received[0].uri, "/rest/rate-limits");
    let body: Value = serde_json::from_slice(&received[0].body).unwrap();
    assert_eq!(
        body,
        json!({"requestKind": "DEFAULT", "modelName": "grok-4"})
    );
    assert_eq!(received[1].uri, "/rest/app-chat/upload-file");
    let body: Value = serde_json::from_slice(&received[1].body).unwrap();
    assert_eq!(body["content"].as_str().unwrap().len(), 400_000);
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
    let upload = Upload {
        name: "a".to_owned(),
        mime: "text/plain".to_owned(),
        content: Bytes::new(),
    };
    client.upload(CREDENTIAL, &upload, LONG).await.unwrap();
    assert_eq!(
        base.received()[0].uri,
        "http://upstream.test/rest/app-chat/conversations/new",
        "the proxy resolves the name"
    );
    assert_eq!(
        asset.received()[0].uri,
        "http://upstream.test/rest/app-chat/upload-file"
    );
}
