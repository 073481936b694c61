//! The accounts of the pool.

use crate::{
    dto::{
        AccountChoice, AccountDetail, AccountEdit, AccountList, AccountQuery, AccountSwitch,
        DeletedAccounts, ImportPreview, Tier,
    },
    error::UiError,
};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use super::{admin_service, fail, health_service, require_admin};

/// One page of accounts with the counts over all of them, and what keeps the server from working.
#[server(endpoint = "list_accounts", input = Json)]
pub async fn list_accounts(query: AccountQuery) -> Result<AccountList, UiError> {
    let admin = require_admin().await?;
    let (accounts, health) = (admin_service()?, health_service()?);
    let listed = accounts.list_accounts(admin.clone(), query).await;
    let mut list = listed.map_err(fail)?;
    list.troubles = health.reasons(admin).await;
    Ok(list)
}

/// Says what would become of pasted cookies, one per line, and changes nothing.
#[server(endpoint = "preview_accounts", input = Json)]
pub async fn preview_accounts(text: String) -> Result<ImportPreview, UiError> {
    let admin = require_admin().await?;
    admin_service()?
        .preview_accounts(admin, text)
        .await
        .map_err(fail)
}

/// Adds the new ones among pasted cookies, one per line.
#[server(endpoint = "add_accounts", input = Json)]
pub async fn add_accounts(text: String, tier: Tier) -> Result<ImportPreview, UiError> {
    let admin = require_admin().await?;
    admin_service()?
        .add_accounts(admin, text, tier)
        .await
        .map_err(fail)
}

/// Lets everybody chat without signing in, from now on.
#[server(endpoint = "open_to_visitors")]
pub async fn open_to_visitors() -> Result<(), UiError> {
    let admin = require_admin().await?;
    admin_service()?.open_to_visitors(admin).await.map_err(fail)
}

/// Brings deleted accounts back; returns how many.
#[server(endpoint = "restore_accounts", input = Json)]
pub async fn restore_accounts(undo_id: String) -> Result<u32, UiError> {
    let admin = require_admin().await?;
    admin_service()?
        .restore_accounts(admin, undo_id)
        .await
        .map_err(fail)
}

/// Everything that is shown of one account.
#[server(endpoint = "get_account", input = Json)]
pub async fn get_account(id: String) -> Result<AccountDetail, UiError> {
    let admin = require_admin().await?;
    admin_service()?.get_account(admin, id).await.map_err(fail)
}

/// Changes what `edit` names; how the account is then.
#[server(endpoint = "edit_account", input = Json)]
pub async fn edit_account(id: String, edit: AccountEdit) -> Result<AccountDetail, UiError> {
    let admin = require_admin().await?;
    admin_service()?
        .edit_account(admin, id, edit)
        .await
        .map_err(fail)
}

/// Gives an account another cookie in place of one that is refused.
#[server(endpoint = "replace_cookie", input = Json)]
pub async fn replace_cookie(id: String, cookie: String) -> Result<AccountDetail, UiError> {
    let admin = require_admin().await?;
    admin_service()?
        .replace_cookie(admin, id, cookie)
        .await
        .map_err(fail)
}

/// Switches many accounts at once; returns how many changed.
#[server(endpoint = "switch_accounts", input = Json)]
pub async fn switch_accounts(choice: AccountChoice, switch: AccountSwitch) -> Result<u32, UiError> {
    let admin = require_admin().await?;
    admin_service()?
        .switch_accounts(admin, choice, switch)
        .await
        .map_err(fail)
}

/// Deletes many accounts at once; the answer's `undo_id` brings them back for five minutes.
#[server(endpoint = "delete_chosen_accounts", input = Json)]
pub async fn delete_chosen_accounts(choice: AccountChoice) -> Result<DeletedAccounts, UiError> {
    let admin = require_admin().await?;
    admin_service()?
        .delete_chosen_accounts(admin, choice)
        .await
        .map_err(fail)
}
