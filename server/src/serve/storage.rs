//! The store that the configuration names, and the key that it is encrypted with.

use std::{path::Path, sync::Arc};

use anyhow::Context;
use settings::{Config, ServerConfig, StorageType};
use store::{KEY_ENV, MasterKey, Store, StoreError, StoreKind};

/// Opens the store that the configuration names, creating folder, key and database as needed.
///
/// # Errors
/// The folder cannot be written, the key is wrong, or another process holds the store.
pub async fn open_store(data_dir: &Path, config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    let url = storage_url(&config.server)?;
    Ok(store::open(url, data_dir, load_key(data_dir)?).await?)
}

/// The URL of the store, if it is one of the configured type.
///
/// # Errors
/// It is not; [`StoreError::BadUrl`].
pub fn storage_url(server: &ServerConfig) -> Result<&str, StoreError> {
    let (url, kind) = (&server.storage_url, StoreKind::of(&server.storage_url)?);
    let wanted = match server.storage_type {
        StorageType::Local => StoreKind::Local,
        StorageType::Redis => StoreKind::Redis,
        StorageType::MySql => StoreKind::MySql,
        StorageType::Postgres => StoreKind::Postgres,
    };
    if kind == wanted {
        return Ok(url);
    }
    let (is, example) = (wanted.as_str(), wanted.example());
    let reason = if url.trim().is_empty() {
        format!("server.storage_type is \"{is}\", so it must be like {example}")
    } else {
        let names = kind.as_str();
        format!(
            "it is one of type \"{names}\", but server.storage_type (SERVER_STORAGE_TYPE) is \
             \"{is}\"; set that to \"{names}\", or use an address like {example}"
        )
    };
    Err(StoreError::BadUrl { reason })
}

/// Whether other instances may be working on the store.
///
/// # Errors
/// It cannot be asked.
pub async fn is_shared(store: &dyn Store) -> Result<bool, StoreError> {
    Ok(store.changes_since(None).await?.is_some())
}

/// The master key, made if there is neither one nor a store.
///
/// # Errors
/// It cannot be read or made.
pub fn load_key(data_dir: &Path) -> anyhow::Result<MasterKey> {
    std::fs::create_dir_all(data_dir)
        .with_context(|| format!("creating the data folder {}", data_dir.display()))?;
    let from_env = std::env::var(KEY_ENV).ok();
    Ok(MasterKey::load_or_create(data_dir, from_env.as_deref())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storage_url_of_another_type_is_refused_with_the_way_out() {
        let told = |storage_type, url: &str| {
            let server = ServerConfig {
                storage_type,
                storage_url: url.to_owned(),
                ..Config::default().server
            };
            storage_url(&server)
                .map(str::to_owned)
                .map_err(|error| error.to_string())
        };
        let url = "postgresql+asyncpg://u:secret@host/db";
        assert_eq!(told(StorageType::Postgres, url), Ok(url.to_owned()));
        assert_eq!(told(StorageType::Local, ""), Ok(String::new()));
        for (storage_type, url, expected) in [
            (StorageType::Local, url, "set that to \"pgsql\""),
            (StorageType::Redis, url, "address like redis://"),
            (StorageType::MySql, "", "must be like mysql://"),
        ] {
            let error = told(storage_type, url).unwrap_err();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
