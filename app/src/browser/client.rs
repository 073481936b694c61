//! Requests as a client of the API sends them, with a key instead of this browser's session.

use super::{
    completion::Failure,
    stream::{RunningRequest, become_client, request_of, unreachable_server},
};
use serde::Deserialize;
use wasm_bindgen_futures::JsFuture;

const MODELS: &str = "/v1/models";

#[derive(Deserialize)]
struct ModelList {
    data: Vec<serde::de::IgnoredAny>,
}

/// How many models the API lists.
///
/// # Errors
/// The server's refusal, or that it could not be reached. One without a kind and a message: what
/// answered is not this API.
///
/// # Cancellation
/// Dropping the future ends the request.
pub(crate) async fn count_models(key: &str) -> Result<usize, Failure> {
    let options = request_of("GET", "application/json", None).map_err(unreachable_server)?;
    become_client(&options, key).map_err(unreachable_server)?;
    let (response, mut request) = RunningRequest::send(MODELS, &options).await?;
    let body = JsFuture::from(response.text().map_err(unreachable_server)?)
        .await
        .map_err(unreachable_server)?;
    request.end();
    let text = body.as_string().unwrap_or_default();
    let list: ModelList = serde_json::from_str(&text).map_err(|_| Failure::default())?;
    Ok(list.data.len())
}
