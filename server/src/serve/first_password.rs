//! The operator's password at a start: from the configuration, or generated and told once.

use std::path::Path;

use anyhow::bail;
use secrecy::{ExposeSecret, SecretString};
use settings::Config;
use store::Store;

use crate::auth::password::{self, Adopted};

/// A plaintext `app.app_key` becomes the password's hash and is blanked in the file
/// (`requirements.md` 1.4). One from the environment comes again with every start: it is adopted
/// once, so that it does not undo what was changed since.
///
/// # Errors
/// It is too weak; the store does not take it.
pub(super) async fn adopt_plaintext_password(
    data_dir: &Path,
    config: &mut Config,
    store: &dyn Store,
) -> anyhow::Result<()> {
    let plain = config.app.app_key.expose_secret().to_owned();
    if plain.is_empty() {
        return Ok(());
    }
    if let Err(rule) = password::check_strength(&plain) {
        bail!(
            "`app.app_key` cannot become the admin password: {rule}. Or leave it empty and run \
             `grok2api admin set-password`"
        );
    }
    config.app.app_key = SecretString::default();
    match password::adopt(store, plain).await? {
        Adopted::Now => {
            tracing::info!("app.app_key is stored as a hash now; all sessions were ended")
        }
        Adopted::Before => tracing::debug!("app.app_key is the password in force"),
        Adopted::Outdated => tracing::warn!(
            "app.app_key is ignored: the password was changed after this value was adopted. Take \
             it out of the environment and of config.toml; `grok2api admin set-password` sets one"
        ),
    }
    match settings::blank_app_key(data_dir) {
        Ok(true) => tracing::info!("app.app_key was blanked in config.toml"),
        Ok(false) => {}
        Err(error) => {
            let error = anyhow::Error::from(error);
            tracing::warn!("app.app_key cannot be blanked and stands in clear: {error:#}");
        }
    }
    Ok(())
}

/// The generated first password, once, on the terminal and not in the log.
pub(super) fn announce_password(generated: Option<String>) {
    let Some(password) = generated else { return };
    eprintln!();
    eprintln!("  First start: the admin password is  {password}");
    eprintln!(
        "  It is not shown again. Sign in at /admin and change it, or stop the server and run"
    );
    eprintln!("  `make password` (or `grok2api admin set-password --generate`).");
    eprintln!();
}

#[cfg(test)]
mod tests {
    use store::MasterKey;

    use super::*;

    #[tokio::test]
    async fn a_password_that_cannot_be_blanked_does_not_stop_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let key = MasterKey::load_or_create(folder.path(), None).unwrap();
        let store = store::open("", folder.path(), key).await.unwrap();
        // Whoever may write everything cannot write this.
        std::fs::create_dir(folder.path().join(settings::CONFIG_FILE)).unwrap();
        let mut config = Config::default();
        config.app.app_key = "correct horse battery".to_owned().into();
        adopt_plaintext_password(folder.path(), &mut config, store.as_ref())
            .await
            .unwrap();
        assert!(config.app.app_key.expose_secret().is_empty());
        assert_eq!(password::ensure(store.as_ref()).await.unwrap(), None);
        store.close().await;
    }
}
