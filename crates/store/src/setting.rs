//! Named values that the program itself keeps, such as the admin password's hash.

use async_trait::async_trait;

use crate::StoreError;

/// Keeps text values by name. Names that start with `store.` belong to the store.
#[async_trait]
pub trait SettingStore: Send + Sync {
    /// The value of `name`, if it was ever set.
    async fn get_setting(&self, name: &str) -> Result<Option<String>, StoreError>;

    /// Sets `name`, replacing an earlier value. Durable when it returns.
    async fn set_setting(&self, name: &str, value: &str) -> Result<(), StoreError>;
}
