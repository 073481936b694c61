//! The operator's password: generated once, kept as an Argon2id hash only (`requirements.md` 1.4).

use anyhow::{Context, bail};
use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use grok2api_app::{error::PasswordRule, limits::MIN_PASSWORD_CHARS};
use rand::Rng;
use store::{Store, StoreError, bounded};
use tokio::sync::OwnedSemaphorePermit;

const HASH_SETTING: &str = "admin.password_hash";
const MUST_CHANGE_SETTING: &str = "admin.password_must_change";
/// The hash that the password of the configuration got when it was adopted.
const ADOPTED_SETTING: &str = "admin.adopted_hash";
/// The predecessor's default, which is in every scanner's word list.
const FORBIDDEN: &str = "grok2api";
pub const MIN_CHARS: usize = MIN_PASSWORD_CHARS as usize;
const MAX_CHARS: u16 = 256;
/// Longer ones are not even hashed: no password has more, whatever its characters are.
pub const MAX_BYTES: usize = 4 * MAX_CHARS as usize;
/// Without look-alikes, so that it can be typed from a terminal.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// # Errors
/// The rule that `password` breaks.
pub fn check_strength(password: &str) -> Result<(), PasswordRule> {
    if password == FORBIDDEN {
        return Err(PasswordRule::IsDefault);
    }
    match password.chars().count() {
        n if n < MIN_CHARS => Err(PasswordRule::TooShort {
            min_chars: MIN_PASSWORD_CHARS,
        }),
        n if n > usize::from(MAX_CHARS) => Err(PasswordRule::TooLong {
            max_chars: MAX_CHARS,
        }),
        _ => Ok(()),
    }
}

/// Stores `password` as the operator's.
///
/// # Errors
/// Hashing or the store failed.
pub async fn set(store: &dyn Store, password: String, must_change: bool) -> anyhow::Result<()> {
    let hash = tokio::task::spawn_blocking(move || hash(&password)).await??;
    bounded(store.set_setting(HASH_SETTING, &hash))
        .await
        .context("storing the password hash")?;
    let flag = if must_change { "1" } else { "0" };
    bounded(store.set_setting(MUST_CHANGE_SETTING, flag))
        .await
        .context("storing the password flag")?;
    Ok(())
}

/// The hash of the operator's password, if there is one.
///
/// # Errors
/// The store failed.
pub async fn hash_in_force(store: &dyn Store) -> Result<Option<String>, StoreError> {
    store.get_setting(HASH_SETTING).await
}

/// Whether `password` is the operator's. Takes tens of milliseconds of one core and 19 MiB.
///
/// # Errors
/// The store failed, or no password is set.
///
/// # Cancellation
/// The work goes on to its end, and keeps `permit` until then.
pub async fn verify(
    store: &dyn Store,
    password: String,
    permit: OwnedSemaphorePermit,
) -> anyhow::Result<bool> {
    let hash = bounded(hash_in_force(store)).await;
    let Some(hash) = hash.context("reading the password hash")? else {
        bail!("no admin password is set");
    };
    let work = move || {
        let _permit = permit;
        matches(&hash, &password)
    };
    Ok(tokio::task::spawn_blocking(work).await?)
}

/// # Errors
/// The store failed.
pub async fn must_change(store: &dyn Store) -> anyhow::Result<bool> {
    Ok(bounded(store.get_setting(MUST_CHANGE_SETTING))
        .await?
        .as_deref()
        == Some("1"))
}

/// What became of a password that the configuration names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adopted {
    /// It is the operator's from now on, and all sessions were ended.
    Now,
    /// It is the operator's since an earlier start.
    Before,
    /// It was the operator's, until another one was set.
    Outdated,
}

/// Makes a password of the configuration the operator's, unless it is the one that was adopted last.
///
/// # Errors
/// Hashing or the store failed.
pub async fn adopt(store: &dyn Store, password: String) -> anyhow::Result<Adopted> {
    let in_force = hash_in_force(store).await?;
    let adopted = store.get_setting(ADOPTED_SETTING).await?;
    // Earlier versions did not remember what they adopted: it is the one in force.
    if let (Some(in_force), Some(known)) = (&in_force, adopted.or_else(|| in_force.clone())) {
        let hashes = [known.clone(), in_force.clone()];
        let given = password.clone();
        let work = move || hashes.map(|hash| matches(&hash, &given));
        let [is_known, is_in_force] = tokio::task::spawn_blocking(work).await?;
        if is_known {
            store.set_setting(ADOPTED_SETTING, &known).await?;
            return Ok(if is_in_force {
                Adopted::Before
            } else {
                Adopted::Outdated
            });
        }
    }
    set(store, password, false).await?;
    if let Some(hash) = hash_in_force(store).await? {
        store.set_setting(ADOPTED_SETTING, &hash).await?;
    }
    store.delete_all_sessions().await?;
    Ok(Adopted::Now)
}

/// Generates and stores a first password if there is none; returns it so that it is shown once.
///
/// # Errors
/// Hashing or the store failed.
pub async fn ensure(store: &dyn Store) -> anyhow::Result<Option<String>> {
    if store
        .get_setting(HASH_SETTING)
        .await
        .context("reading the password hash")?
        .is_some()
    {
        return Ok(None);
    }
    let password = generate();
    set(store, password.clone(), true).await?;
    Ok(Some(password))
}

/// Four groups of four: about 79 bits.
#[must_use]
pub fn generate() -> String {
    let mut rng = rand::rng();
    let mut group = || -> String {
        (0..4)
            .map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())]))
            .collect()
    };
    [group(), group(), group(), group()].join("-")
}

fn hash(password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| anyhow::anyhow!("hashing the password: {error}"))?;
    Ok(hash.to_string())
}

fn matches(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|parsed| {
        Argon2::default()
            .verify_password(password.as_bytes(), &parsed)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_own_hash_only() {
        let hashed = hash("correct horse battery").unwrap();
        assert!(hashed.starts_with("$argon2id$"));
        assert!(!hashed.contains("horse"));
        assert!(matches(&hashed, "correct horse battery"));
        assert!(!matches(&hashed, "correct horse batterz"));
        assert!(!matches("not a hash", "correct horse battery"));
    }

    #[test]
    fn weak_passwords_and_the_old_default_are_refused() {
        assert_eq!(check_strength("grok2api"), Err(PasswordRule::IsDefault));
        assert_eq!(
            check_strength("short"),
            Err(PasswordRule::TooShort { min_chars: 10 })
        );
        assert_eq!(
            check_strength(&"x".repeat(2000)),
            Err(PasswordRule::TooLong { max_chars: 256 })
        );
        assert_eq!(check_strength(&generate()), Ok(()));
        assert_ne!(generate(), generate());
    }
}
