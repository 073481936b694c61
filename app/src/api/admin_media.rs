//! The operator's view of everybody's media, and of accounts' files at Grok.

use crate::{
    dto::{AssetAccounts, AssetWork, DeletedMedia, FoundMediaPage, MediaFilter, MediaOverview},
    error::UiError,
};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use super::{fail, media_admin_service, require_admin};

/// What there is in all, and what it can be filtered by.
#[server(endpoint = "get_media_overview", input = Json)]
pub async fn get_media_overview() -> Result<MediaOverview, UiError> {
    let admin = require_admin().await?;
    media_admin_service()?.overview(admin).await.map_err(fail)
}

/// A page of what a filter finds, newest first; `cursor` is the last page's `next`.
#[server(endpoint = "find_media", input = Json)]
pub async fn find_media(
    filter: MediaFilter,
    cursor: Option<String>,
) -> Result<FoundMediaPage, UiError> {
    let admin = require_admin().await?;
    media_admin_service()?
        .find(admin, filter, cursor)
        .await
        .map_err(fail)
}

/// Deletes these, whoever has them, at most [`MAX_CHOSEN_MEDIA`](crate::limits::MAX_CHOSEN_MEDIA);
/// returns how many there were.
#[server(endpoint = "delete_chosen_media", input = Json)]
pub async fn delete_chosen_media(ids: Vec<String>) -> Result<u32, UiError> {
    let admin = require_admin().await?;
    media_admin_service()?
        .delete_chosen(admin, ids)
        .await
        .map_err(fail)
}

/// Deletes the next batch of what a filter finds. To be called, with the `until_ms` that it returns,
/// until it is done.
#[server(endpoint = "delete_found_media", input = Json)]
pub async fn delete_found_media(
    filter: MediaFilter,
    until_ms: Option<i64>,
) -> Result<DeletedMedia, UiError> {
    let admin = require_admin().await?;
    media_admin_service()?
        .delete_found(admin, filter, until_ms)
        .await
        .map_err(fail)
}

/// A page of the accounts with what is known of their files, and the run that finds out more.
#[server(endpoint = "list_assets", input = Json)]
pub async fn list_assets(page: u32) -> Result<AssetAccounts, UiError> {
    let admin = require_admin().await?;
    media_admin_service()?
        .list_assets(admin, page)
        .await
        .map_err(fail)
}

/// Begins a run over these accounts; `None`: over all that can be signed in. `false` while another
/// run is under way.
#[server(endpoint = "start_assets", input = Json)]
pub async fn start_assets(work: AssetWork, ids: Option<Vec<String>>) -> Result<bool, UiError> {
    let admin = require_admin().await?;
    media_admin_service()?
        .start_assets(admin, work, ids)
        .await
        .map_err(fail)
}

/// Ends the run under way where it is.
#[server(endpoint = "stop_assets", input = Json)]
pub async fn stop_assets() -> Result<(), UiError> {
    let admin = require_admin().await?;
    media_admin_service()?
        .stop_assets(admin)
        .await
        .map_err(fail)
}
