//! The master key and what is derived from it.
//!
//! The 32 bytes of the master key are never used directly: HMAC-SHA-256 with a fixed label derives
//! one key for encryption (XChaCha20-Poly1305), one for the hash that finds duplicates, and a
//! check value that tells a wrong key from a right one without trying any ciphertext.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use rand::{RngCore, TryRngCore, rngs::OsRng};
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};

use crate::{DATABASE_FILE, StoreError};

/// Name of the generated key file in the data folder.
pub const KEY_FILE: &str = "secret.key";
/// Environment variable that takes precedence over the file.
pub const KEY_ENV: &str = "GROK2API_SECRET_KEY";

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// First characters of every ciphertext; names the scheme so that it can change one day.
const SCHEME: &str = "x1.";

/// The secret from which everything stored encrypted derives. Not printable.
pub struct MasterKey(SecretBox<[u8; KEY_BYTES]>);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// Wraps 32 bytes that the caller made at random.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// Takes the key from `from_env` (base64 of 32 bytes) if given, else from `secret.key` in
    /// `data_dir`, which is created (mode 0600) together with the folder at first start.
    ///
    /// # Errors
    /// [`StoreError::KeyMissing`] rather than a new key when a database is already there.
    pub fn load_or_create(data_dir: &Path, from_env: Option<&str>) -> Result<Self, StoreError> {
        if let Some(text) = from_env.map(str::trim).filter(|text| !text.is_empty()) {
            return decode_key(text, KEY_ENV.to_owned());
        }
        let path = data_dir.join(KEY_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => {
                warn_if_readable_by_others(&path);
                decode_key(&text, path.display().to_string())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => create_key(data_dir, &path),
            Err(source) => Err(StoreError::Files {
                doing: "read",
                path,
                source,
            }),
        }
    }

    fn derive(&self, label: &str) -> [u8; KEY_BYTES] {
        authenticate(self.0.expose_secret(), label.as_bytes())
    }
}

/// Keys derived from the master key; cheap to use, not printable.
pub(crate) struct Keys {
    cipher: XChaCha20Poly1305,
    hash: SecretBox<[u8; KEY_BYTES]>,
    check: String,
}

impl Keys {
    pub(crate) fn new(master: &MasterKey) -> Self {
        let encryption =
            SecretBox::new(Box::new(master.derive("grok2api credential encryption 1")));
        Self {
            cipher: XChaCha20Poly1305::new(encryption.expose_secret().into()),
            hash: SecretBox::new(Box::new(master.derive("grok2api credential hash 1"))),
            check: hex(&master.derive("grok2api key check 1")),
        }
    }

    /// A value that says nothing about the key but is the same only for the same key.
    pub(crate) fn check(&self) -> &str {
        &self.check
    }

    /// Keyed hash of a credential, 64 hex digits.
    pub(crate) fn hash(&self, credential: &str) -> String {
        hex(&authenticate(
            self.hash.expose_secret(),
            credential.as_bytes(),
        ))
    }

    /// Encrypts with a fresh random nonce, bound to `owner` (the account id): a ciphertext moved
    /// to another row does not decrypt.
    pub(crate) fn seal(&self, owner: &str, secret: &str) -> Result<String, StoreError> {
        let mut bytes = vec![0; NONCE_BYTES];
        rand::rng().fill_bytes(&mut bytes);
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: owner.as_bytes(),
        };
        let sealed = self.cipher.encrypt(XNonce::from_slice(&bytes), payload);
        let sealed = sealed.map_err(|_| StoreError::Constraint {
            reason: "a credential is too long to encrypt".to_owned(),
        })?;
        bytes.extend_from_slice(&sealed);
        Ok(format!("{SCHEME}{}", STANDARD.encode(bytes)))
    }

    /// Decrypts what [`seal`](Self::seal) made for the same owner.
    pub(crate) fn open(&self, owner: &str, sealed: &str) -> Result<String, StoreError> {
        self.try_open(owner, sealed)
            .ok_or_else(|| StoreError::Corrupt {
                what: format!("the credential of account {owner} does not decrypt"),
            })
    }

    fn try_open(&self, owner: &str, sealed: &str) -> Option<String> {
        let bytes = STANDARD.decode(sealed.strip_prefix(SCHEME)?).ok()?;
        let (nonce, message) = bytes.split_at_checked(NONCE_BYTES)?;
        let payload = Payload {
            msg: message,
            aad: owner.as_bytes(),
        };
        String::from_utf8(
            self.cipher
                .decrypt(XNonce::from_slice(nonce), payload)
                .ok()?,
        )
        .ok()
    }
}

/// SHA-256 as 64 hex digits: what is stored of a session id.
pub(crate) fn sha256_hex(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn authenticate(key: &[u8; KEY_BYTES], message: &[u8]) -> [u8; KEY_BYTES] {
    // The fully qualified call avoids `new_from_slice`, whose error cannot happen for HMAC.
    let mut mac = <Hmac<Sha256> as KeyInit>::new(key_block(key).as_slice().into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// HMAC's own rule for short keys: pad with zeros to the block of 64 bytes.
fn key_block(key: &[u8; KEY_BYTES]) -> [u8; 64] {
    let mut block = [0; 64];
    block[..KEY_BYTES].copy_from_slice(key);
    block
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

fn decode_key(text: &str, from: String) -> Result<MasterKey, StoreError> {
    let Ok(bytes) = STANDARD.decode(text.trim()) else {
        return Err(StoreError::BadKey {
            from,
            reason: "it is not base64",
        });
    };
    match <[u8; KEY_BYTES]>::try_from(bytes) {
        Ok(bytes) => Ok(MasterKey::from_bytes(bytes)),
        Err(_) => Err(StoreError::BadKey {
            from,
            reason: "it is not 32 bytes long",
        }),
    }
}

fn create_key(data_dir: &Path, path: &Path) -> Result<MasterKey, StoreError> {
    let database = data_dir.join(DATABASE_FILE);
    if database.exists() {
        return Err(StoreError::KeyMissing {
            database,
            key: path.to_owned(),
        });
    }
    let failed = |doing| {
        move |source| StoreError::Files {
            doing,
            path: path.to_owned(),
            source,
        }
    };
    fs::create_dir_all(data_dir).map_err(failed("create the folder of"))?;
    let mut bytes = [0; KEY_BYTES];
    OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(io::Error::other)
        .map_err(failed("make"))?;
    match write_new(path, &STANDARD.encode(bytes)) {
        Ok(()) => Ok(MasterKey::from_bytes(bytes)),
        // Another process was quicker: its key counts.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let text = fs::read_to_string(path).map_err(failed("read"))?;
            decode_key(&text, path.display().to_string())
        }
        Err(error) => Err(failed("write")(error)),
    }
}

/// Writes a file that must not exist yet: complete on disk before it gets its name, 0600.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension(format!("key.{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&draft).and_then(|mut file| {
        writeln!(file, "{text}")?;
        file.sync_all()
    });
    let named = written.and_then(|()| fs::hard_link(&draft, path));
    let named = match named {
        // Some file systems have no hard links.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => fs::rename(&draft, path),
        other => other,
    };
    let _ = fs::remove_file(&draft);
    named
}

#[cfg(unix)]
fn warn_if_readable_by_others(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)
        .map(|meta| meta.permissions().mode())
        .unwrap_or_default();
    if mode & 0o077 != 0 {
        let file = path.display();
        tracing::warn!(%file, "{file} can be read by other users; run: chmod 600 {file}");
    }
}

#[cfg(not(unix))]
fn warn_if_readable_by_others(_: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(byte: u8) -> Keys {
        Keys::new(&MasterKey::from_bytes([byte; 32]))
    }

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let sealed = keys(1).seal("a1", "a-secret-cookie").unwrap();
        assert_eq!(keys(1).open("a1", &sealed).unwrap(), "a-secret-cookie");
        assert!(!sealed.contains("a-secret-cookie"));
        assert!(keys(1).open("a2", &sealed).is_err(), "bound to its account");
        assert!(keys(2).open("a1", &sealed).is_err(), "bound to the key");
        assert!(keys(1).open("a1", "x1.AAAA").is_err(), "too short");
        assert_ne!(
            keys(1).seal("a1", "a-secret-cookie").unwrap(),
            sealed,
            "fresh nonce"
        );
    }

    #[test]
    fn hmac_matches_rfc_4231_case_2_when_padded() {
        // Key "Jefe" is 4 bytes; zero padding to 32 bytes gives the same HMAC by definition.
        let mut key = [0; KEY_BYTES];
        key[..4].copy_from_slice(b"Jefe");
        assert_eq!(
            hex(&authenticate(&key, b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn hash_depends_on_credential_and_key() {
        assert_eq!(keys(1).hash("a"), keys(1).hash("a"));
        assert_ne!(keys(1).hash("a"), keys(1).hash("b"));
        assert_ne!(keys(1).hash("a"), keys(2).hash("a"));
    }

    #[test]
    fn key_file_is_made_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("new");
        let made = MasterKey::load_or_create(&dir, None).unwrap();
        let read = MasterKey::load_or_create(&dir, None).unwrap();
        assert_eq!(made.0.expose_secret(), read.0.expose_secret());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(dir.join(KEY_FILE))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn bad_keys_are_explained() {
        let folder = tempfile::tempdir().unwrap();
        let error = |text| {
            MasterKey::load_or_create(folder.path(), Some(text))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            error("???"),
            "the key in GROK2API_SECRET_KEY is not usable: it is not base64"
        );
        assert_eq!(
            error("c2hvcnQ="),
            "the key in GROK2API_SECRET_KEY is not usable: it is not 32 bytes long"
        );
        fs::write(folder.path().join(DATABASE_FILE), "").unwrap();
        let missing = MasterKey::load_or_create(folder.path(), None).unwrap_err();
        assert!(
            matches!(missing, StoreError::KeyMissing { .. }),
            "no new key beside old data"
        );
    }
}
