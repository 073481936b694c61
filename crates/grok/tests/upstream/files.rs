//! The calls beside the chat: quota, uploads, downloads, and the proxies of files.

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
    let uploaded = client.upload(CREDENTIAL, &upload, LONG).await.unwrap();
    assert_eq!(uploaded.file_metadata_id, "5d1c");
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
async fn downloads_follow_trusted_redirects_with_cookies_and_no_others() {
    let stranger = Fake::start([]).await;
    let fake = Fake::start([
        Reply::new(302, "").header("location", "/users/u1/b.png?sig=1"),
        Reply::new(200, "bytes").header("content-type", "image/png; x=1"),
        Reply::new(302, "").header("location", stranger.url.as_str()),
        Reply::new(404, "{}"),
    ])
    .await;
    let client = client(&fake);
    let download = client
        .download(CREDENTIAL, "users/u1/a.png", LONG)
        .await
        .unwrap();
    assert_eq!(download.mime(), Some("image/png"));
    assert_eq!(download.bytes(5).await.unwrap(), "bytes");
    let error = client
        .download(CREDENTIAL, "/users/u1/a.png", LONG)
        .await
        .unwrap_err();
    assert_eq!(
        error,
        UpstreamError::UntrustedHost {
            host: "127.0.0.1".to_owned()
        }
    );
    let error = client.download(CREDENTIAL, "gone", LONG).await.unwrap_err();
    assert_eq!(error.status(), Some(404));
    let error = client
        .download(CREDENTIAL, "http://evil.test/a", LONG)
        .await
        .unwrap_err();
    assert_eq!(error.label(), "untrusted_host");
    let received = fake.received();
    let uris: Vec<_> = received
        .iter()
        .map(|request| request.uri.as_str())
        .collect();
    assert_eq!(
        uris,
        [
            "/users/u1/a.png",
            "/users/u1/b.png?sig=1",
            "/users/u1/a.png",
            "/gone"
        ]
    );
    assert!(
        received
            .iter()
            .all(|r| r.header("cookie").unwrap().contains(CREDENTIAL))
    );
    assert_eq!(received[0].header("sec-fetch-dest"), Some("document"));
    assert!(
        stranger.received().is_empty(),
        "nothing was sent to the stranger"
    );
}

#[tokio::test]
async fn a_download_over_the_limit_is_refused() {
    let body = Step::Endless(Bytes::from(vec![0u8; 1024]));
    let fake = Fake::start([Reply::steps(vec![body])]).await;
    let download = client(&fake).download(CREDENTIAL, "a", LONG).await.unwrap();
    let error = download.bytes(10_000).await.unwrap_err();
    assert_eq!(
        error,
        UpstreamError::TooLarge {
            limit_bytes: 10_000
        }
    );
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
