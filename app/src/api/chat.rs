//! What the chat page asks beside the streamed answer itself.

use crate::{dto::ModelOption, error::UiError};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use super::{fail, public_service, require_public};

/// The chat models in the order in which the page offers them.
#[server(endpoint = "list_models")]
pub async fn list_models() -> Result<Vec<ModelOption>, UiError> {
    let public = require_public().await?;
    public_service()?.list_models(public).await.map_err(fail)
}

/// Colours one code block: escaped text with `<span class="hl-…">`, for at most
/// [`MAX_CODE_BYTES`](crate::limits::MAX_CODE_BYTES).
#[server(endpoint = "highlight", input = Json)]
pub async fn highlight(language: String, code: String) -> Result<String, UiError> {
    let public = require_public().await?;
    public_service()?
        .highlight(public, language, code)
        .await
        .map_err(fail)
}
