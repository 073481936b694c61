//! What a client reads whose base URL is not quite right, which asks for what is not here, or what is.

use reqwest::Method;
use serde_json::Value;

use crate::support::{Server, Setup};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Envelope {
    OpenAi,
    Anthropic,
}
use Envelope::{Anthropic, OpenAi};

/// The message of the 404, after its envelope was checked.
async fn missing(server: &Server, method: &str, path: &str, envelope: Envelope) -> String {
    if path.starts_with("/v1/") {
        server.count_request();
    }
    let method: Method = method.parse().unwrap();
    let request = server.client.request(method, server.url(path));
    // No JSON is announced: what is missing is missing whatever was sent.
    let response = request.body("{}").send().await.unwrap();
    assert_eq!(response.status(), 404, "{path}");
    assert_eq!(
        response.headers()["content-type"],
        "application/json",
        "{path}"
    );
    let json: Value = response.json().await.unwrap();
    let found = match json["type"] == "error" {
        true => Anthropic,
        false => OpenAi,
    };
    assert_eq!(found, envelope, "{path}: {json}");
    if envelope == OpenAi {
        assert_eq!(json["error"]["code"], "not_found", "{path}");
    }
    assert_eq!(json["error"]["type"], "not_found_error", "{path}");
    json["error"]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_base_url_that_is_not_quite_right_is_told_how_it_would_be() {
    let server = Setup::accounts(["only-account"]).start().await;
    for (method, path, envelope, hint) in [
        (
            "POST",
            "/chat/completions",
            OpenAi,
            "Add `/v1` to the base URL",
        ),
        (
            "POST",
            "/chat/completions/",
            OpenAi,
            "Add `/v1` to the base URL",
        ),
        ("GET", "/models", OpenAi, "Add `/v1` to the base URL"),
        ("GET", "/models/grok-4", OpenAi, "Add `/v1` to the base URL"),
        ("POST", "/responses", OpenAi, "Add `/v1` to the base URL"),
        ("POST", "/embeddings", OpenAi, "Add `/v1` to the base URL"),
        ("POST", "/messages", Anthropic, "`/v1/messages`"),
        (
            "POST",
            "/messages/count_tokens",
            Anthropic,
            "`/v1/messages/count_tokens`",
        ),
        (
            "POST",
            "/v1/v1/chat/completions",
            OpenAi,
            "by itself: leave it out of the base URL",
        ),
        (
            "POST",
            "/v1/v1/messages",
            Anthropic,
            "by itself: leave it out of the base URL",
        ),
        (
            "POST",
            "/v1/chat/completions/chat/completions",
            OpenAi,
            "The base URL ends with `/v1`, without `/chat/completions`",
        ),
        (
            "GET",
            "/v1/chat/completions/models",
            OpenAi,
            "The base URL ends with `/v1`, without `/chat/completions`",
        ),
        (
            "POST",
            "/v1/messages/v1/messages",
            Anthropic,
            "The base URL ends before `/v1/messages`",
        ),
        (
            "POST",
            "/v1/chat/completions/",
            OpenAi,
            "without the slash at its end",
        ),
        ("GET", "/v1/models/", OpenAi, "without the slash at its end"),
        (
            "POST",
            "/v1/messages/",
            Anthropic,
            "without the slash at its end",
        ),
    ] {
        let message = missing(&server, method, path, envelope).await;
        assert!(message.contains(&format!("`{method} {path}`")), "{message}");
        assert!(message.contains(hint), "{path}: {message}");
    }
    server.end().await;
}

#[tokio::test]
async fn an_endpoint_that_is_not_here_names_the_one_that_is() {
    let server = Setup::accounts(["only-account"]).start().await;
    let chat = "/v1/chat/completions";
    for (path, instead) in [
        ("/v1/images/variations", "/v1/images/edits"),
        ("/v1/images/nothing", "/v1/images/generations"),
        ("/v1/videos/x/nothing", "/v1/videos"),
        ("/v1/realtime", chat),
        ("/v1/threads", chat),
    ] {
        let message = missing(&server, "POST", path, OpenAi).await;
        assert!(message.contains(&format!("`POST {instead}`")), "{message}");
    }
    for (path, why) in [
        ("/v1/embeddings", "Grok makes no embeddings"),
        ("/v1/audio/speech", "Grok neither transcribes nor speaks"),
        ("/v1/moderations", "Grok has nothing of the kind"),
    ] {
        let message = missing(&server, "POST", path, OpenAi).await;
        assert!(message.contains(why), "{message}");
    }
    let message = missing(&server, "POST", "/v1/nowhere", OpenAi).await;
    assert_eq!(message, "There is no endpoint `POST /v1/nowhere` here.");
    server.end().await;
}

#[tokio::test]
async fn pages_are_not_mistaken_for_an_api_without_its_prefix() {
    let server = Setup::accounts(["only-account"]).start().await;
    for path in ["/nowhere", "/model", "/messagesx", "/chat"] {
        let response = server.client.get(server.url(path)).send().await.unwrap();
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert!(kind.starts_with("text/html"), "{path}: {kind}");
    }
    server.end().await;
}

#[tokio::test]
async fn models_that_can_be_served_are_listed_each_with_a_date_that_stays() {
    let config = "[[models]]\nid = \"grok-4\"\naliases = [\"gpt-4o\"]\n";
    let setup = Setup::accounts(["only-account"]).config(config);
    let server = setup.start().await;
    let get = async |path: &str| {
        server.count_request();
        let response = server.client.get(server.url(path)).send().await.unwrap();
        response.json::<Value>().await.unwrap()
    };
    let list = get("/v1/models").await;
    let models = list["data"].as_array().unwrap();
    assert!(models.len() > 10, "{list}");
    for model in models {
        assert!(
            model["created"].as_i64().unwrap() > 1_700_000_000,
            "{model}"
        );
    }
    let has = |id: &str| models.iter().any(|model| model["id"] == id);
    assert!(!has("grok-4-heavy"), "no account of this pool can serve it");
    assert!(get("/v1/models/grok-4-heavy").await["id"].is_string());
    for name in ["grok-4", "gpt-4o"] {
        let one = get(&format!("/v1/models/{name}")).await;
        assert_eq!(one["created"], 1_752_019_200, "{name}");
        assert!(models.contains(&one), "{name}");
    }
    server.end().await;
}
