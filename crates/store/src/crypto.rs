//! What is derived from the master key, and encryption with it.
//!
//! The 32 bytes of the master key are never used directly: HMAC-SHA-256 with a fixed label derives
//! one key for encryption (XChaCha20-Poly1305), one for the hash that finds duplicates, and a
//! check value that tells a wrong key from a right one without trying any ciphertext.
//!
//! This is not HKDF: its expansion appends a counter byte to the label, so existing databases could
//! not be read with it.

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    AeadInPlace, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use rand::RngCore;
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};

use crate::{
    DerivedKey, MasterKey, StoreError,
    compression::{compress, decompress},
    key::KEY_BYTES,
};

/// Setting that tells a wrong key from a right one.
pub(crate) const KEY_CHECK: &str = "store.key_check";

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// First characters of every ciphertext; names the scheme so that it can change one day.
const SCHEME: &str = "x1.";
/// The same of a text that was compressed before.
const COMPRESSED: &str = "x2.";

/// Keys derived from the master key; cheap to use, not printable.
pub(crate) struct Keys {
    cipher: XChaCha20Poly1305,
    hash: DerivedKey,
    check: String,
}

impl Keys {
    pub(crate) fn new(master: &MasterKey) -> Self {
        let encryption =
            SecretBox::new(Box::new(derive(master, "grok2api credential encryption 1")));
        Self {
            cipher: XChaCha20Poly1305::new(encryption.expose_secret().into()),
            hash: master.derive("grok2api credential hash 1"),
            check: hex(&derive(master, "grok2api key check 1")),
        }
    }

    /// A value that says nothing about the key but is the same only for the same key.
    pub(crate) fn check(&self) -> &str {
        &self.check
    }

    /// Keyed hash of a credential, 64 hex digits.
    pub(crate) fn hash(&self, credential: &str) -> String {
        self.hash.mac(credential)
    }

    /// Encrypts with a fresh random nonce, bound to `owner` (the account id): a ciphertext moved
    /// to another row does not decrypt.
    pub(crate) fn seal(&self, owner: &str, secret: &str) -> Result<String, StoreError> {
        self.encrypt(SCHEME, owner, secret.as_bytes())
    }

    /// [`seal`](Self::seal) of a text that is compressed where that makes it shorter.
    pub(crate) fn seal_compressed(&self, owner: &str, text: &str) -> Result<String, StoreError> {
        match compress(text) {
            Some(compressed) => self.encrypt(COMPRESSED, owner, &compressed),
            None => self.seal(owner, text),
        }
    }

    fn encrypt(&self, scheme: &str, owner: &str, message: &[u8]) -> Result<String, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        rand::rng().fill_bytes(&mut nonce);
        let mut bytes = Vec::with_capacity(NONCE_BYTES + message.len() + TAG_BYTES);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(message);
        let (_, message) = bytes.split_at_mut(NONCE_BYTES);
        let tag = self
            .cipher
            .encrypt_in_place_detached(XNonce::from_slice(&nonce), owner.as_bytes(), message)
            .map_err(|_| StoreError::Constraint {
                reason: "a text is too long to encrypt".to_owned(),
            })?;
        bytes.extend_from_slice(&tag);
        let mut sealed = String::with_capacity(scheme.len() + bytes.len().div_ceil(3) * 4);
        sealed.push_str(scheme);
        STANDARD.encode_string(bytes, &mut sealed);
        Ok(sealed)
    }

    /// Decrypts what [`seal`](Self::seal) or [`seal_compressed`](Self::seal_compressed) made for the same
    /// owner.
    pub(crate) fn open(&self, owner: &str, sealed: &str) -> Option<String> {
        if let Some(sealed) = sealed.strip_prefix(COMPRESSED) {
            return decompress(&self.decrypt(owner, sealed)?);
        }
        let message = self.decrypt(owner, sealed.strip_prefix(SCHEME)?)?;
        String::from_utf8(message).ok()
    }

    fn decrypt(&self, owner: &str, base64: &str) -> Option<Vec<u8>> {
        let bytes = STANDARD.decode(base64).ok()?;
        let (nonce, msg) = bytes.split_at_checked(NONCE_BYTES)?;
        let aad = owner.as_bytes();
        let decrypted = self
            .cipher
            .decrypt(XNonce::from_slice(nonce), Payload { msg, aad });
        decrypted.ok()
    }
}

/// SHA-256 as 64 hex digits: what is stored of a session id, and of whose something is.
#[must_use]
pub fn sha256_hex(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

pub(crate) fn derive(master: &MasterKey, label: &str) -> [u8; KEY_BYTES] {
    authenticate(master.expose(), label.as_bytes())
}

pub(crate) fn authenticate(key: &[u8; KEY_BYTES], message: &[u8]) -> [u8; KEY_BYTES] {
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

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(byte: u8) -> Keys {
        Keys::new(&MasterKey::from_bytes([byte; 32]))
    }

    #[test]
    fn a_compressed_text_is_shorter_and_opens_as_the_others() {
        let text = "the same again and ".repeat(50);
        let sealed = keys(1).seal_compressed("a1", &text).unwrap();
        assert!(sealed.len() < text.len() / 4, "{}", sealed.len());
        assert_eq!(keys(1).open("a1", &sealed).unwrap(), text);
        assert!(keys(1).open("a2", &sealed).is_none(), "bound to its owner");
        let other = sealed.replacen(COMPRESSED, SCHEME, 1);
        assert_ne!(keys(1).open("a1", &other).as_deref(), Some(text.as_str()));
        let short = keys(1).seal_compressed("a1", "{}").unwrap();
        assert!(short.starts_with(SCHEME), "nothing to gain");
        assert_eq!(keys(1).open("a1", &short).unwrap(), "{}");
    }

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let sealed = keys(1).seal("a1", "a-secret-cookie").unwrap();
        assert_eq!(keys(1).open("a1", &sealed).unwrap(), "a-secret-cookie");
        assert!(!sealed.contains("a-secret-cookie"));
        assert!(
            keys(1).open("a2", &sealed).is_none(),
            "bound to its account"
        );
        assert!(keys(2).open("a1", &sealed).is_none(), "bound to the key");
        assert!(keys(1).open("a1", "x1.AAAA").is_none(), "too short");
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
}
