//! What is not here: a 404 that says what is, for clients whose base URL is not quite right.

use axum::{Router, extract::OriginalUri, routing::any};
use http::Method;

use super::{AppState, error::ApiError};

/// Where clients ask whose base URL lacks `/v1`.
const WITHOUT_PREFIX: [&str; 16] = [
    "/chat/completions",
    "/chat/completions/",
    "/completions",
    "/conversations",
    "/embeddings",
    "/files",
    "/images/edits",
    "/images/generations",
    "/messages",
    "/messages/",
    "/messages/count_tokens",
    "/models",
    "/models/",
    "/models/{*id}",
    "/responses",
    "/videos",
];

/// Endpoints that OpenAI has under `/v1`, by the first part of their path.
const ELSEWHERE: [&str; 4] = ["assistants", "batches", "realtime", "threads"];

/// The API's paths without `/v1`. Nothing is read and nothing is told but the right path, so no key
/// is asked for.
pub fn without_prefix() -> Router<AppState> {
    // The bare prefix is no part of what is nested below it.
    let bare = Router::new().route("/v1/", any(endpoint));
    WITHOUT_PREFIX
        .iter()
        .fold(bare, |router, path| router.route(path, any(missing_prefix)))
}

async fn missing_prefix(OriginalUri(uri): OriginalUri, method: Method) -> ApiError {
    let path = uri.path();
    let right = path.trim_end_matches('/');
    ApiError::NotFound(format!(
        "There is no endpoint `{method} {path}` here; it is at `/v1{right}`. Add `/v1` to the base URL."
    ))
}

/// For every path under `/v1` that has no route.
pub async fn endpoint(OriginalUri(uri): OriginalUri, method: Method) -> ApiError {
    let path = uri.path();
    let hint = hint(path);
    ApiError::NotFound(format!(
        "There is no endpoint `{method} {path}` here.{hint}"
    ))
}

/// What to do instead.
fn hint(path: &str) -> &'static str {
    let rest = path.strip_prefix("/v1/").unwrap_or_default();
    if rest.starts_with("v1/") {
        return " The client adds `/v1` by itself: leave it out of the base URL.";
    }
    if matches!(rest, "chat/completions/" | "models/" | "messages/") {
        return " It is at this address without the slash at its end.";
    }
    if rest.starts_with("chat/completions/") {
        return " The base URL ends with `/v1`, without `/chat/completions`.";
    }
    if rest.starts_with("messages/v1/") {
        return " The base URL ends before `/v1/messages`: the client adds that.";
    }
    if rest == "images/variations" {
        return " Variations are not made; `POST /v1/images/edits` makes a picture of a picture and a text.";
    }
    match rest.split('/').next().unwrap_or_default() {
        "embeddings" => " Grok makes no embeddings: use another service or a local model for them.",
        "audio" => {
            " Grok neither transcribes nor speaks by this API. Recordings can be part of a chat \
             (`input_audio`), and `/voice` is a page to talk on."
        }
        "moderations" | "fine_tuning" => " Grok has nothing of the kind.",
        "images" => {
            " Pictures are made at `POST /v1/images/generations` and `POST /v1/images/edits`."
        }
        "videos" => " Videos are made at `POST /v1/videos`.",
        first if ELSEWHERE.contains(&first) => " Chat is at `POST /v1/chat/completions`.",
        _ => "",
    }
}
