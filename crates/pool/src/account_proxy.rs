//! The address of a proxy that an account has for itself.

use std::fmt;
use std::sync::Arc;

/// Longest accepted address, in bytes.
const MAX_BYTES: usize = 2048;
const SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];

/// The URL of an account's proxy. It may hold a password: `Debug` and [`AccountProxy::redacted`]
/// leave user and password out. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountProxy(Arc<str>);

/// Why a text is no proxy's address. Never contains the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountProxyError {
    #[error("the proxy's address has more than {MAX_BYTES} characters")]
    TooLong,
    #[error("the proxy's address contains a blank or a character outside ASCII")]
    Characters,
    #[error(
        "the proxy's address must begin with http://, https://, socks4://, socks4a://, socks5:// \
         or socks5h://"
    )]
    Scheme,
    #[error("the proxy's address names no host")]
    Host,
}

impl AccountProxy {
    /// Reads an address such as `socks5h://user:password@proxy.example:1080`.
    ///
    /// # Errors
    /// [`AccountProxyError`] when it cannot be one.
    pub fn try_new(text: &str) -> Result<Self, AccountProxyError> {
        let text = text.trim();
        if text.len() > MAX_BYTES {
            return Err(AccountProxyError::TooLong);
        }
        if text.bytes().any(|byte| !byte.is_ascii_graphic()) {
            return Err(AccountProxyError::Characters);
        }
        let (scheme, rest) = text.split_once("://").ok_or(AccountProxyError::Scheme)?;
        let is_it = |known: &str| known.eq_ignore_ascii_case(scheme);
        if !SCHEMES.into_iter().any(is_it) {
            return Err(AccountProxyError::Scheme);
        }
        let host = host_and_port(rest);
        if host.is_empty() || host.starts_with(':') {
            return Err(AccountProxyError::Host);
        }
        Ok(Self(Arc::from(text)))
    }

    /// The whole address, for connecting and for encryption at rest. Never log it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port.
    pub fn redacted(&self) -> String {
        let (scheme, rest) = self.0.split_once("://").unwrap_or_default();
        format!("{scheme}://{}", host_and_port(rest))
    }
}

fn host_and_port(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

impl fmt::Debug for AccountProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountProxy({})", self.redacted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_not_shown() {
        let proxy = AccountProxy::try_new(" socks5h://me:planted-secret@10.0.0.1:1080/x ").unwrap();
        assert_eq!(
            format!("{proxy:?}"),
            "AccountProxy(socks5h://10.0.0.1:1080)"
        );
        assert_eq!(
            proxy.expose(),
            "socks5h://me:planted-secret@10.0.0.1:1080/x"
        );
        let odd = AccountProxy::try_new("http://me:planted@secret@proxy.test:80").unwrap();
        assert_eq!(odd.redacted(), "http://proxy.test:80");
    }

    #[test]
    fn other_texts_are_refused_with_their_reason() {
        for (text, error) in [
            ("", AccountProxyError::Scheme),
            ("proxy.test:80", AccountProxyError::Scheme),
            ("ftp://proxy.test", AccountProxyError::Scheme),
            ("http://", AccountProxyError::Host),
            ("http://me:secret@", AccountProxyError::Host),
            ("http://:80", AccountProxyError::Host),
            ("http://proxy test", AccountProxyError::Characters),
        ] {
            assert_eq!(AccountProxy::try_new(text), Err(error), "{text:?}");
        }
        let long = format!("http://{}", "a".repeat(2048));
        assert_eq!(
            AccountProxy::try_new(&long),
            Err(AccountProxyError::TooLong)
        );
    }
}
