//! Answers that are saved as files.

use crate::error::UiError;
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Headers, HtmlAnchorElement, RequestInit, Response, Url};

/// Posts JSON and saves the answer under this name.
///
/// # Errors
/// The server refused, or could not be reached.
pub(crate) async fn save_answer(path: &str, json: &str, name: &str) -> Result<(), UiError> {
    let response = post(path, json).await.map_err(|_| UiError::Connection)?;
    match response.status() {
        200 => {}
        401 => return Err(UiError::SignInRequired),
        _ => return Err(UiError::Unavailable),
    }
    let blob = async { JsFuture::from(response.blob()?).await?.dyn_into::<Blob>() };
    let blob = blob.await.map_err(|_| UiError::Connection)?;
    save(&blob, name).map_err(|_| UiError::Connection)
}

async fn post(path: &str, json: &str) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    headers.set("content-type", "application/json")?;
    let options = RequestInit::new();
    options.set_method("POST");
    options.set_headers(&headers);
    options.set_body(&JsValue::from_str(json));
    let answer = JsFuture::from(window().fetch_with_str_and_init(path, &options)).await?;
    answer.dyn_into()
}

fn save(blob: &Blob, name: &str) -> Result<(), JsValue> {
    let url = Url::create_object_url_with_blob(blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&url)
}
