//! How clients reach the server: the operator's page is told, and nobody else.

use serde_json::json;

use crate::browser::{Browser, start};

const PASSWORD: &str = "correct horse battery";
const KEY: &str = "sk-not-for-pages";

#[tokio::test]
async fn the_operator_alone_is_told_the_address_and_no_key_is_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let env = [
        ("GROK2API_APP__APP_KEY", PASSWORD),
        ("GROK2API_APP__API_KEY", KEY),
    ];
    let gateway = start(folder.path(), &env).await;
    let operator = Browser::new(&gateway);
    let refused = operator.another().call("get_connection", &json!({})).await;
    assert_eq!(refused.status, 401, "{refused:?}");
    assert_eq!(operator.sign_in(PASSWORD).await.status, 200);
    let told = operator.call("get_connection", &json!({})).await.json;
    assert_eq!(told["base"], gateway.url());
    assert_eq!(told["is_configured"], false);
    assert_eq!(told["is_open"], false);
    assert_eq!(told["mcp_path"], json!(null));
    assert!(
        told["models"]
            .as_array()
            .is_some_and(|models| !models.is_empty())
    );
    let page = operator.get("/admin/connect").await.text().await.unwrap();
    assert!(page.contains(&format!("{}/v1", gateway.url())), "{page}");
    assert!(!page.contains(KEY) && !told.to_string().contains(KEY));
}

#[tokio::test]
async fn a_configured_address_is_told_as_browsers_write_it() {
    let folder = tempfile::tempdir().unwrap();
    let env = [
        ("GROK2API_APP__APP_KEY", PASSWORD),
        ("GROK2API_APP__APP_URL", "http://Grok.example:80/"),
    ];
    let gateway = start(folder.path(), &env).await;
    let operator = Browser::new(&gateway);
    assert_eq!(operator.sign_in(PASSWORD).await.status, 200);
    let told = operator.call("get_connection", &json!({})).await.json;
    assert_eq!(told["base"], "http://grok.example");
    assert_eq!(told["is_configured"], true);
    assert_eq!(told["is_open"], true, "no key is set");
}
