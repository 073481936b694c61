//! The master key: where it comes from.

use std::{
    fmt, fs,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rand::{TryRngCore, rngs::OsRng};
use secrecy::{ExposeSecret, SecretBox};
use tempfile::NamedTempFile;

use crate::{
    DATABASE_FILE, StoreError,
    crypto::{authenticate, derive, hex},
};

/// Name of the generated key file in the data folder.
pub const KEY_FILE: &str = "secret.key";
/// Environment variable that takes precedence over the file.
pub const KEY_ENV: &str = "GROK2API_SECRET_KEY";

pub(crate) const KEY_BYTES: usize = 32;

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
                cause: source,
            }),
        }
    }

    /// A key for another purpose, which says nothing about this one. The same purpose always gives
    /// the same key.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> DerivedKey {
        DerivedKey(Arc::new(SecretBox::new(Box::new(derive(self, purpose)))))
    }

    /// Its text in `secret.key`.
    #[must_use]
    pub(crate) fn to_base64(&self) -> String {
        STANDARD.encode(self.expose())
    }

    /// The key with that text.
    pub(crate) fn from_base64(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim()).ok()?;
        bytes.try_into().ok().map(Self::from_bytes)
    }

    /// Whether both are the same key.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        const PURPOSE: &str = "grok2api key comparison 1";
        derive(self, PURPOSE) == derive(other, PURPOSE)
    }

    /// Writes the key to `secret.key` in `data_dir`, which has none yet (mode 0600).
    ///
    /// # Errors
    /// [`StoreError::Files`], also when there is one.
    pub fn write(&self, data_dir: &Path) -> Result<(), StoreError> {
        let path = data_dir.join(KEY_FILE);
        let written = fs::create_dir_all(data_dir)
            .and_then(|()| write_new(data_dir, &path, &self.to_base64()));
        written.map_err(|cause| StoreError::Files {
            doing: "write",
            path,
            cause,
        })
    }

    pub(crate) fn expose(&self) -> &[u8; KEY_BYTES] {
        self.0.expose_secret()
    }
}

/// A key for one purpose. Not printable; cheap to clone.
#[derive(Clone, Debug)]
pub struct DerivedKey(Arc<SecretBox<[u8; KEY_BYTES]>>);

impl DerivedKey {
    /// HMAC-SHA-256 of a text, as 64 hexadecimal digits.
    #[must_use]
    pub fn mac(&self, text: &str) -> String {
        hex(&authenticate(self.0.expose_secret(), text.as_bytes()))
    }
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
            cause: source,
        }
    };
    fs::create_dir_all(data_dir).map_err(failed("create the folder of"))?;
    let mut bytes = [0; KEY_BYTES];
    OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(io::Error::other)
        .map_err(failed("make"))?;
    match write_new(data_dir, path, &STANDARD.encode(bytes)) {
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
fn write_new(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut draft = NamedTempFile::new_in(folder)?;
    writeln!(draft, "{text}")?;
    draft.as_file().sync_all()?;
    draft.persist_noclobber(path)?;
    Ok(())
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
