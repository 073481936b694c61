//! What the page for videos asks; it makes and deletes them by the routes under `/v1/public/videos`.

use crate::{dto::VideoPage, error::UiError};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use super::{fail, public_service, require_visitor};

/// A page of the visitor's own videos, newest first, behind the one called `after`; `limit` at most
/// [`MAX_MEDIA_PAGE`](crate::limits::MAX_MEDIA_PAGE). To be asked by the browser, as
/// [`list_media`](super::media::list_media).
#[server(endpoint = "list_videos", input = Json)]
pub async fn list_videos(after: Option<String>, limit: u32) -> Result<VideoPage, UiError> {
    let visitor = require_visitor().await?;
    public_service()?
        .list_videos(visitor, after, limit)
        .await
        .map_err(fail)
}
