//! An MCP client that writes its own messages.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::support::{Server, Setup};

pub(super) const KEY: &str = "mcp-key-one";
/// The last version of the protocol that has sessions.
pub(super) const VERSION: &str = "2025-11-25";

/// A server that is switched on.
pub(super) fn setup(account: &'static str) -> Setup {
    Setup::accounts([account])
        .with("GROK2API_MCP__ENABLED", true)
        .with("GROK2API_MCP__API_KEY", KEY)
}

/// A POST as every client sends it.
pub(super) fn post(server: &Server, body: &Value) -> RequestBuilder {
    post_as(server, KEY, body)
}

/// The same with another key.
pub(super) fn post_as(server: &Server, key: &str, body: &Value) -> RequestBuilder {
    let request = server.client.post(server.url("/mcp"));
    request
        .header("accept", "application/json, text/event-stream")
        .bearer_auth(key)
        .json(body)
}

pub(super) fn initialize() -> Value {
    json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": VERSION,
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }})
}

/// The messages of an event stream.
pub(super) fn messages(text: &str) -> Vec<Value> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data:"));
    let data = data.map(str::trim).filter(|data| !data.is_empty());
    data.map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

/// A client with a session.
pub(super) struct Client<'a> {
    pub(super) server: &'a Server,
    pub(super) session: String,
    next_id: AtomicU64,
}

/// What came of a call.
#[derive(Debug)]
pub(super) struct Called {
    /// `params` of the notes that came before the result.
    pub(super) progress: Vec<Value>,
    pub(super) result: Value,
    pub(super) request_id: String,
}

impl Called {
    pub(super) fn text(&self) -> &str {
        self.result["content"][0]["text"].as_str().unwrap()
    }

    pub(super) fn is_error(&self) -> bool {
        self.result["isError"] == json!(true)
    }
}

impl<'a> Client<'a> {
    pub(super) async fn connect(server: &'a Server) -> Self {
        let response = post(server, &initialize()).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let session = response.headers()["mcp-session-id"]
            .to_str()
            .unwrap()
            .to_owned();
        let answer = messages(&response.text().await.unwrap()).remove(0);
        assert_eq!(answer["result"]["protocolVersion"], VERSION, "{answer}");
        let client = Self {
            server,
            session,
            next_id: AtomicU64::new(1),
        };
        client.notify("notifications/initialized", json!({})).await;
        client
    }

    pub(super) fn post(&self, body: &Value) -> RequestBuilder {
        post(self.server, body)
            .header("mcp-session-id", &self.session)
            .header("mcp-protocol-version", VERSION)
    }

    pub(super) async fn notify(&self, method: &str, params: Value) {
        let body = json!({"jsonrpc": "2.0", "method": method, "params": params});
        let response = self.post(&body).send().await.unwrap();
        assert_eq!(response.status(), 202, "{method}");
    }

    pub(super) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// The result of a request that is no call.
    pub(super) async fn request(&self, method: &str) -> Value {
        let body = json!({"jsonrpc": "2.0", "id": self.next_id(), "method": method, "params": {}});
        let response = self.post(&body).send().await.unwrap();
        messages(&response.text().await.unwrap()).remove(0)["result"].take()
    }

    /// Begins a call.
    pub(super) async fn begin(&self, id: u64, tool: &str, arguments: &Value) -> Response {
        self.server.count_request();
        let body = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {
            "name": tool,
            "arguments": arguments,
            "_meta": {"progressToken": format!("token-{id}")},
        }});
        self.post(&body).send().await.unwrap()
    }

    /// A whole call of a client that wants to know how far it is.
    pub(super) async fn call(&self, tool: &str, arguments: Value) -> Called {
        let id = self.next_id();
        let response = self.begin(id, tool, &arguments).await;
        assert_eq!(response.status(), 200);
        let request_id = response.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        let mut messages = messages(&response.text().await.unwrap());
        let mut last = messages.pop().unwrap();
        assert_eq!(last["id"], id, "the result is the last message: {last}");
        let progress = messages.iter_mut().map(|note| {
            assert_eq!(note["method"], "notifications/progress", "{note}");
            assert_eq!(note["params"]["progressToken"], format!("token-{id}"));
            note["params"].take()
        });
        Called {
            progress: progress.collect(),
            result: last["result"].take(),
            request_id,
        }
    }
}
