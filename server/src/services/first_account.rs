//! Whether the operator has ever had an account here. Once there was one, `token.json` is not
//! imported by itself any more, since accounts that were deleted would come back, and the demo does
//! not answer instead of them.

use anyhow::Context;
use store::Store;

use crate::clock::now_ms;

/// Setting with the time (unix milliseconds) at which the first account was found.
const SETTING: &str = "accounts.first_at_ms";

/// Whether there is or ever was an account, also an unreadable one. Remembers it.
///
/// # Errors
/// The store failed.
pub async fn has_been(store: &dyn Store) -> anyhow::Result<bool> {
    let known = store.get_setting(SETTING).await;
    if known.context("reading a setting")?.is_some() {
        return Ok(true);
    }
    let loaded = store
        .load_accounts()
        .await
        .context("reading the accounts")?;
    let has_some = !loaded.accounts.is_empty() || !loaded.unreadable.is_empty();
    if has_some {
        remember(store).await.context("storing a setting")?;
    }
    Ok(has_some)
}

/// Remembers that there is an account now.
///
/// # Errors
/// The store failed.
pub async fn remember(store: &dyn Store) -> Result<(), store::StoreError> {
    if store.get_setting(SETTING).await?.is_some() {
        return Ok(());
    }
    store.set_setting(SETTING, &now_ms().to_string()).await
}
