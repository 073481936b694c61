//! A caller that sends what protocol 1.2, 1.3 and 2.1 ask for.

use grok_sim::{Options, Simulator};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

pub(crate) const NEW: &str = "/rest/app-chat/conversations/new";
/// base64 of `e:TypeError: Cannot read properties of undefined (reading 'childNodes')`
pub(crate) const STATSIG: &str = "ZTpUeXBlRXJyb3I6IENhbm5vdCByZWFkIHByb3BlcnRpZXMgb2YgdW5kZWZpbmVkIChyZWFkaW5nICdjaGlsZE5vZGVzJyk=";

pub(crate) struct Caller {
    pub(crate) client: Client,
    pub(crate) url: String,
}

/// A simulator for tests and a caller for it.
pub(crate) async fn start() -> (Simulator, Caller) {
    start_with(Options::for_tests()).await
}

pub(crate) async fn start_with(options: Options) -> (Simulator, Caller) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let simulator = Simulator::start(options).await.unwrap();
    let client = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let url = simulator.url();
    (simulator, Caller { client, url })
}

impl Caller {
    /// A JSON call with all headers and the cookies of the account.
    pub(crate) fn post(&self, path: &str, account: &str) -> RequestBuilder {
        self.client
            .post(format!("{}{path}", self.url))
            .header("origin", &self.url)
            .header("referer", format!("{}/", self.url))
            .header("user-agent", "Mozilla/5.0")
            .header("x-statsig-id", STATSIG)
            .header("x-xai-request-id", "3f0c1f5e-6d0e-4b57-9a53-3c6c9a1b2d4e")
            .header("cookie", format!("sso={account}; sso-rw={account}"))
    }

    /// Sends a chat in a new conversation.
    pub(crate) async fn chat(&self, account: &str, body: &Value) -> reqwest::Result<Response> {
        self.post(NEW, account).json(body).send().await
    }

    /// All lines of the answer to a simple question.
    pub(crate) async fn lines(&self, account: &str) -> Vec<Value> {
        let response = self.chat(account, &question("Hello?")).await.unwrap();
        assert_eq!(response.status(), 200);
        parse(&response.text().await.unwrap())
    }
}

pub(crate) fn parse(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Answer tokens of these lines, joined.
pub(crate) fn answer(lines: &[Value]) -> String {
    tokens(lines, false)
}

/// Reasoning or answer tokens, joined.
pub(crate) fn tokens(lines: &[Value], thinking: bool) -> String {
    let payloads = lines.iter().map(|line| &line["result"]["response"]);
    payloads
        .filter(|payload| payload["isThinking"] == thinking && payload["messageTag"] != "x")
        .filter_map(|payload| payload["token"].as_str())
        .collect()
}

/// The complete body of protocol 2.1 for grok-4.
pub(crate) fn question(message: &str) -> Value {
    ask("grok-4", "MODEL_MODE_GROK_4", message)
}

pub(crate) fn ask(name: &str, mode: &str, message: &str) -> Value {
    json!({
        "deviceEnvInfo": {"darkModeEnabled": false, "devicePixelRatio": 2, "screenWidth": 2056,
            "screenHeight": 1329, "viewportWidth": 2056, "viewportHeight": 1083},
        "disableMemory": true,
        "disableSearch": false,
        "disableSelfHarmShortCircuit": false,
        "disableTextFollowUps": false,
        "enableImageGeneration": true,
        "enableImageStreaming": true,
        "enableSideBySide": true,
        "fileAttachments": [],
        "forceConcise": false,
        "forceSideBySide": false,
        "imageAttachments": [],
        "imageGenerationCount": 2,
        "isAsyncChat": false,
        "isReasoning": false,
        "message": message,
        "modelMode": mode,
        "modelName": name,
        "responseMetadata": {"requestModelDetails": {"modelId": name}},
        "returnImageBytes": false,
        "returnRawGrokInXaiRequest": false,
        "sendFinalMetadata": true,
        "temporary": true,
        "toolOverrides": {},
    })
}
