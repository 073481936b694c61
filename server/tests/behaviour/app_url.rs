//! An `app.app_url` that leads elsewhere is told to the operator.

use std::time::Duration;

use http::header::COOKIE;
use serde_json::{Value, json};

use crate::browser::{Browser, start};

const PASSWORD: &str = "correct horse battery";
/// Nobody answers there.
const WRONG: &str = "http://127.0.0.1:1";

#[tokio::test]
async fn the_operators_pages_say_that_app_url_does_not_lead_here_and_visitors_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let env = [
        ("GROK2API_APP__APP_KEY", PASSWORD),
        ("GROK2API_APP__APP_URL", WRONG),
    ];
    let gateway = start(folder.path(), &env).await;
    let operator = Browser::new(&gateway);
    // A stranger, who comes first, says nothing about it with a cookie that he has made up.
    let stranger = operator.another();
    let elsewhere = gateway.url().replace("127.0.0.1", "localhost");
    let elsewhere = stranger
        .client
        .get(format!("{elsewhere}/admin/login"))
        .header(COOKIE, "grok2api_session=made-up");
    assert_eq!(elsewhere.send().await.unwrap().status(), 200);
    assert_eq!(operator.sign_in(PASSWORD).await.status, 200);
    // Found out by a job, which runs every ten seconds.
    let finding_out = async {
        loop {
            let told = operator.viewer().await["wrong_app_url"].clone();
            if told != Value::Null {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(60), finding_out).await;
    let expected = json!({"app_url": WRONG, "opened": gateway.url(), "is_answered": false});
    assert_eq!(told.unwrap(), expected);
    let page = operator.get("/admin/accounts").await.text().await.unwrap();
    assert!(page.contains("where nobody answers"), "the page says it");
    assert_eq!(stranger.viewer().await["wrong_app_url"], Value::Null);
}
