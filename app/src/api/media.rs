//! The gallery: what was generated in the visitor's browser.

use crate::{
    dto::{MediaKind, MediaPage},
    error::UiError,
};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use super::{fail, public_service, require_visitor};

/// A page of the visitor's own pictures and videos, newest first; `cursor` is the last page's `next`,
/// and `limit` at most [`MAX_MEDIA_PAGE`](crate::limits::MAX_MEDIA_PAGE).
///
/// To be asked by the browser: while a page is rendered for somebody who comes from a link elsewhere
/// the cookie is not there yet (`SameSite=Strict`), and the gallery looks empty.
#[server(endpoint = "list_media", input = Json)]
pub async fn list_media(
    kind: Option<MediaKind>,
    cursor: Option<String>,
    limit: u32,
) -> Result<MediaPage, UiError> {
    let visitor = require_visitor().await?;
    public_service()?
        .list_media(visitor, kind, cursor, limit)
        .await
        .map_err(fail)
}

/// Deletes what is the visitor's own of these, at most
/// [`MAX_CHOSEN_MEDIA`](crate::limits::MAX_CHOSEN_MEDIA); returns how many that were.
#[server(endpoint = "delete_media", input = Json)]
pub async fn delete_media(ids: Vec<String>) -> Result<u32, UiError> {
    let visitor = require_visitor().await?;
    public_service()?
        .delete_media(visitor, ids)
        .await
        .map_err(fail)
}
