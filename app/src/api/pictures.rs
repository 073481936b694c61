//! What the page for pictures asks beside the streamed pictures themselves.

use crate::{dto::PictureOptions, error::UiError};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::{fail, public_service, require_public};

/// What a request for pictures may ask for.
#[server(endpoint = "get_picture_options")]
pub async fn get_picture_options() -> Result<PictureOptions, UiError> {
    let public = require_public().await?;
    public_service()?
        .picture_options(public)
        .await
        .map_err(fail)
}
