//! Who reaches the MCP server.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::{
    ONE,
    client::{self, Client, initialize, setup},
};
use crate::support::{Server, Setup};

async fn send(server: &Server, headers: &[(&'static str, &str)]) -> Response {
    let request = server.client.post(server.url("/mcp"));
    let request = request.header("accept", "application/json, text/event-stream");
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request.json(&initialize()).send().await.unwrap()
}

const BEARER: (&str, &str) = ("authorization", "Bearer mcp-key-one");

#[tokio::test]
async fn switched_off_the_path_says_so() {
    let server = Setup::accounts([ONE]).start().await;
    for path in ["/mcp", "/mcp/"] {
        let request = server.client.post(server.url(path)).json(&initialize());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let body: Value = answer.json().await.unwrap();
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains("`mcp.enabled = true`"), "{message}");
    }
    assert_eq!(server.ready().await["limits"]["mcp_sessions"], Value::Null);
    server.end().await;
}

#[tokio::test]
async fn a_slash_at_the_end_of_its_path_changes_nothing() {
    let server = setup(ONE)
        .with("GROK2API_MCP__API_KEY", "mcp-key-one")
        .start()
        .await;
    for (key, status) in [
        ("Bearer mcp-key-one", StatusCode::OK),
        ("Bearer another", StatusCode::UNAUTHORIZED),
    ] {
        let request = server.client.post(server.url("/mcp/"));
        let request = request
            .header("accept", "application/json, text/event-stream")
            .header("authorization", key);
        let answer = request.json(&initialize()).send().await.unwrap();
        assert_eq!(answer.status(), status);
    }
    server.end().await;
}

#[tokio::test]
async fn only_its_own_keys_open_it_and_they_open_nothing_else() {
    let server = setup(ONE)
        .with("GROK2API_APP__API_KEY", "sk-api")
        .with("GROK2API_MCP__API_KEY", "mcp-key-one,mcp-key-two")
        .start()
        .await;
    for headers in [
        &[][..],
        &[("authorization", "Bearer sk-api")],
        &[("authorization", "Bearer mcp-key")],
    ] {
        let refused = send(&server, headers).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(refused.headers()["www-authenticate"], "Bearer");
        let body: Value = refused.json().await.unwrap();
        assert_eq!(
            (&body["jsonrpc"], &body["id"]),
            (&json!("2.0"), &Value::Null)
        );
        assert_eq!(body["error"]["data"]["code"], "invalid_api_key");
        assert!(
            body["error"]["message"]
                .as_str()
                .unwrap()
                .contains("`mcp.api_key`")
        );
    }
    for headers in [
        BEARER,
        ("authorization", "Bearer mcp-key-two"),
        ("x-api-key", "mcp-key-one"),
    ] {
        assert_eq!(send(&server, &[headers]).await.status(), StatusCode::OK);
    }
    let models = server
        .client
        .get(server.url("/v1/models"))
        .bearer_auth(client::KEY);
    assert_eq!(
        models.send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    // A session belongs to the key that opened it.
    let session = Client::connect(&server).await.session;
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    for (key, status) in [("mcp-key-two", 404), (client::KEY, 200)] {
        let request = client::post(&server, &ping).header("mcp-session-id", &session);
        let mut request = request.build().unwrap();
        let bearer = format!("Bearer {key}").parse().unwrap();
        request.headers_mut().insert("authorization", bearer);
        let response = server.client.execute(request).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{key}");
    }
    server.end().await;
}

#[tokio::test]
async fn web_pages_of_others_are_kept_out_even_with_the_key() {
    let server = setup(ONE).start().await;
    for foreign in [
        ("host", "evil.example"),
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let refused = send(&server, &[BEARER, foreign]).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{foreign:?}");
        let body: Value = refused.json().await.unwrap();
        assert_eq!(body["error"]["data"]["code"], "forbidden", "{foreign:?}");
    }
    assert_eq!(send(&server, &[BEARER]).await.status(), StatusCode::OK);
    server.end().await;
}

#[tokio::test]
async fn messages_that_cannot_be_read_are_refused_in_the_clients_form() {
    let server = setup(ONE).start().await;
    let send = async |body: String| {
        let request = client::post(&server, &Value::Null).body(body);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json::<Value>().await.unwrap())
    };
    let (status, broken) = send("{\"jsonrpc\": ".to_owned()).await;
    assert_eq!((status, &broken["error"]["code"]), (400, &json!(-32_700)));
    let (status, list) = send("[]".to_owned()).await;
    assert_eq!((status, &list["error"]["code"]), (400, &json!(-32_700)));
    let nested = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep =
        format!("{{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1, \"params\": {nested}}}");
    let (status, deep) = send(deep).await;
    assert_eq!((status, &deep["error"]["code"]), (400, &json!(-32_700)));
    let large =
        json!({"jsonrpc": "2.0", "method": "ping", "id": 1, "params": {"a": "x".repeat(1 << 20)}});
    let (status, large) = send(large.to_string()).await;
    assert_eq!(
        (status, &large["error"]["data"]["code"]),
        (400, &json!("message_too_large"))
    );
    let request = server
        .client
        .get(server.url("/mcp"))
        .bearer_auth(client::KEY);
    let stream = request
        .header("accept", "text/event-stream")
        .send()
        .await
        .unwrap();
    assert_eq!(stream.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(stream.headers()["allow"], "POST,DELETE");
    server.end().await;
}

#[tokio::test]
async fn the_path_is_the_configured_one() {
    let server = setup(ONE)
        .with("GROK2API_MCP__MOUNT_PATH", "/tools/grok")
        .start()
        .await;
    let request = server
        .client
        .post(server.url("/tools/grok"))
        .bearer_auth(client::KEY);
    let request = request.header("accept", "application/json, text/event-stream");
    let response = request.json(&initialize()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_ne!(send(&server, &[BEARER]).await.status(), StatusCode::OK);
    server.end().await;
}
