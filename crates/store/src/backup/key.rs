//! The key of a file: fresh for each one, from the master key or from a passphrase.

use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::BackupError;
use crate::{
    MasterKey,
    crypto::{authenticate, derive},
    key::KEY_BYTES,
};

/// Shortest passphrase, in characters.
const MIN_CHARS: usize = 8;
/// What guessing one passphrase costs: 64 MiB and three passes, about a fifth of a second.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
/// What a file may ask of whoever reads it.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 16;

/// What a backup is encrypted with.
pub enum BackupSecret {
    /// The master key: only who has it can read the backup.
    MasterKey,
    /// A passphrase; the master key goes along in the backup, so a lost machine is no lost backup.
    Passphrase(SecretString),
}

/// How the key of a file is made, as its header says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeyRule {
    MasterKey,
    Argon2id { memory_kib: u32, passes: u32 },
}

pub(super) struct FileKey {
    pub(super) key: [u8; KEY_BYTES],
    /// Says nothing about the key but is the same only for the same key.
    pub(super) check: [u8; KEY_BYTES],
}

impl BackupSecret {
    /// A passphrase that somebody chose.
    ///
    /// # Errors
    /// It is too short.
    pub fn passphrase(text: &str) -> Result<Self, BackupError> {
        let text = text.trim();
        if text.chars().count() < MIN_CHARS {
            return Err(BackupError::ShortPassphrase);
        }
        Ok(Self::Passphrase(text.to_owned().into()))
    }

    pub(super) fn rule(&self) -> KeyRule {
        match self {
            Self::MasterKey => KeyRule::MasterKey,
            Self::Passphrase(_) => KeyRule::Argon2id {
                memory_kib: MEMORY_KIB,
                passes: PASSES,
            },
        }
    }

    /// The key of a file with this rule and salt.
    pub(super) fn file_key(
        &self,
        master: Option<&MasterKey>,
        rule: &KeyRule,
        salt: &[u8],
    ) -> Result<FileKey, BackupError> {
        let root = match (self, rule) {
            (Self::MasterKey, KeyRule::MasterKey) => {
                let master = master.ok_or(BackupError::WrongKey)?;
                derive(master, "grok2api backup 1")
            }
            (Self::Passphrase(text), KeyRule::Argon2id { memory_kib, passes }) => {
                stretch(text, *memory_kib, *passes, salt)?
            }
            (Self::MasterKey, KeyRule::Argon2id { .. }) => {
                return Err(BackupError::NeedsPassphrase);
            }
            (Self::Passphrase(_), KeyRule::MasterKey) => return Err(BackupError::NeedsMasterKey),
        };
        let key = authenticate(&root, salt);
        Ok(FileKey {
            check: authenticate(&key, b"grok2api backup check 1"),
            key,
        })
    }

    pub(super) fn wrong(&self) -> BackupError {
        match self {
            Self::MasterKey => BackupError::WrongKey,
            Self::Passphrase(_) => BackupError::WrongPassphrase,
        }
    }
}

fn stretch(
    passphrase: &SecretString,
    memory_kib: u32,
    passes: u32,
    salt: &[u8],
) -> Result<[u8; KEY_BYTES], BackupError> {
    let odd = BackupError::Content("the rule of its key");
    if memory_kib > MAX_MEMORY_KIB || passes > MAX_PASSES {
        return Err(odd);
    }
    let Ok(params) = Params::new(memory_kib, passes, 1, Some(KEY_BYTES)) else {
        return Err(odd);
    };
    let mut key = [0; KEY_BYTES];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let made = argon2.hash_password_into(passphrase.expose_secret().as_bytes(), salt, &mut key);
    made.map_err(|_| odd)?;
    Ok(key)
}
