//! A request of which only the success is of interest.

use super::{
    completion::Failure,
    stream::{RequestBody, refusal, request_of, unreachable_server},
};
use leptos::prelude::window;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

/// Sends it and waits for the head of the answer.
///
/// # Errors
/// The server's refusal, or that it could not be reached.
pub(crate) async fn call(
    method: &str,
    path: &str,
    body: Option<RequestBody>,
) -> Result<(), Failure> {
    let options = request_of(method, "application/json", body).map_err(unreachable_server)?;
    let answer = JsFuture::from(window().fetch_with_str_and_init(path, &options)).await;
    let response: Response = answer
        .and_then(JsCast::dyn_into)
        .map_err(unreachable_server)?;
    match response.ok() {
        true => Ok(()),
        false => Err(refusal(&response).await),
    }
}
