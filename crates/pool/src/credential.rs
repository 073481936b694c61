//! The secret that proves an account: the bare value of the upstream's `sso` cookie.

use std::fmt;
use std::sync::Arc;

/// Shortest accepted secret; anything shorter is a typing mistake.
const MIN_CHARS: usize = 8;
/// Longest accepted secret: browsers refuse cookies over 4 KiB, twice that leaves room.
const MAX_CHARS: usize = 8192;
/// How many trailing characters are shown.
const SHOWN_CHARS: usize = 4;
/// Shortest secret of which any are shown: what stays hidden must be too much to guess.
const SHOWN_FROM_CHARS: usize = 12;

/// An account's secret. Printable ASCII without blanks or `;`, so it is always safe in a header.
///
/// `Debug` shows the masked form only. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Credential(Arc<str>);

/// Why a text is not a credential. Never contains the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    #[error("the cookie value is empty")]
    Blank,
    #[error("the cookie value has {0} characters; at least {MIN_CHARS} are expected")]
    TooShort(usize),
    #[error("the cookie value has {0} characters; at most {MAX_CHARS} are accepted")]
    TooLong(usize),
    #[error("the cookie value contains a blank or a control character")]
    Blanks,
    #[error("the cookie value contains a character outside ASCII")]
    NotAscii,
}

impl Credential {
    /// Reads a pasted cookie: the bare value, `sso=` with what follows it up to `;`, a `Cookie` header
    /// line, or a row of the developer tools' table; with or without quotation marks. CR, LF, NUL and
    /// outer blanks are removed.
    ///
    /// # Errors
    /// [`CredentialError`] when what is left cannot be a cookie value.
    ///
    /// Source: `docs/upstream-protocol.md` 1.2.
    pub fn try_new(text: &str) -> Result<Self, CredentialError> {
        let kept: String = text
            .chars()
            .filter(|c| !matches!(c, '\r' | '\n' | '\0'))
            .collect();
        let value = unquoted(cookie_value(unquoted(kept.trim())));
        let length = value.chars().count();
        match length {
            0 => return Err(CredentialError::Blank),
            _ if !value.is_ascii() => return Err(CredentialError::NotAscii),
            _ if value.bytes().any(|b| !b.is_ascii_graphic()) => {
                return Err(CredentialError::Blanks);
            }
            _ if length < MIN_CHARS => return Err(CredentialError::TooShort(length)),
            _ if length > MAX_CHARS => return Err(CredentialError::TooLong(length)),
            _ => {}
        }
        Ok(Self(Arc::from(value)))
    }

    /// Whether it begins as every JSON web token does, as the upstream's cookies do. One that does not
    /// is most likely something else that was copied by mistake.
    pub fn looks_like_a_token(&self) -> bool {
        self.0.starts_with("eyJ")
    }

    /// The secret itself, for the upstream call and for encryption at rest. Never log it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The last four characters: enough to recognise the account, too little to use it. Empty for
    /// credentials of fewer than 12 characters.
    pub fn last_four(&self) -> &str {
        let start = match self.0.len() {
            length if length < SHOWN_FROM_CHARS => length,
            length => length - SHOWN_CHARS,
        };
        self.0.get(start..).unwrap_or_default()
    }

    /// `…` and [`Credential::last_four`].
    pub fn masked(&self) -> String {
        format!("…{}", self.last_four())
    }
}

/// The value of the `sso` cookie in the forms in which it is copied.
fn cookie_value(text: &str) -> &str {
    // A row of the table: name, value, domain, path and so on.
    let mut cells = text.split('\t').map(str::trim);
    if let (Some("sso"), Some(value)) = (cells.next(), cells.next()) {
        return value;
    }
    let header = text.split_once(':').filter(|(name, _)| {
        ["cookie", "set-cookie"]
            .iter()
            .any(|known| name.trim().eq_ignore_ascii_case(known))
    });
    let mut pairs = header
        .map_or(text, |(_, pairs)| pairs)
        .split(';')
        .map(str::trim);
    let first = pairs.clone().next().unwrap_or_default();
    let named = pairs.find_map(|pair| pair.strip_prefix("sso="));
    named.unwrap_or(first).trim()
}

/// Without the quotation marks around it.
fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .iter()
        .find_map(|mark| text.strip_prefix(*mark)?.strip_suffix(*mark))
        .unwrap_or(text)
        .trim()
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_forms_of_one_cookie_are_the_same_credential() {
        let bare = Credential::try_new("eyJhbGciOi.abc").unwrap();
        for form in [
            "sso=eyJhbGciOi.abc",
            "  eyJhbGciOi.abc \r\n",
            " sso=eyJhbGciOi.abc; sso-rw=other; Path=/",
            "sso= eyJhbGciOi.abc\0",
            "eyJhbGci\r\nOi.abc",
            "\"eyJhbGciOi.abc\"",
            "'eyJhbGciOi.abc'",
            "\"sso=eyJhbGciOi.abc\"",
            "sso=\"eyJhbGciOi.abc\"; Path=/",
            "Cookie: sso=eyJhbGciOi.abc",
            "cookie: i18n=en; sso-rw=other; sso=eyJhbGciOi.abc; x=y",
            "Set-Cookie: sso=eyJhbGciOi.abc; HttpOnly; Path=/",
            "sso\teyJhbGciOi.abc\t.grok.com\t/\t2026-05-01T10:00:00.000Z\t200\t✓\t✓",
            " sso\t\"eyJhbGciOi.abc\"\t.grok.com",
        ] {
            assert_eq!(Credential::try_new(form), Ok(bare.clone()), "{form:?}");
        }
        assert_eq!(bare.expose(), "eyJhbGciOi.abc");
    }

    #[test]
    fn impossible_cookies_are_refused_with_their_reason() {
        for (text, error) in [
            ("", CredentialError::Blank),
            (" \n\0", CredentialError::Blank),
            ("sso=;x=y", CredentialError::Blank),
            ("7-chars", CredentialError::TooShort(7)),
            ("two words here", CredentialError::Blanks),
            ("tab\tinside-it", CredentialError::Blanks),
            ("sso-rw\teyJhbGciOi.abc\t.grok.com", CredentialError::Blanks),
            ("sso\t\t.grok.com", CredentialError::Blank),
            ("\"\"", CredentialError::Blank),
            ("Cookie: i18n=en", CredentialError::TooShort(7)),
            ("bell\u{7}inside-it", CredentialError::Blanks),
            ("clé-secrète-ici", CredentialError::NotAscii),
        ] {
            assert_eq!(Credential::try_new(text), Err(error), "{text:?}");
        }
        assert!(Credential::try_new("8-chars-").is_ok());
        assert!(Credential::try_new(&"a".repeat(8192)).is_ok());
        assert_eq!(
            Credential::try_new(&"a".repeat(8193)),
            Err(CredentialError::TooLong(8193))
        );
    }

    #[test]
    fn a_token_is_known_by_its_first_letters() {
        let looks = |text| Credential::try_new(text).unwrap().looks_like_a_token();
        assert!(looks("sso=eyJhbGciOi.abc"));
        assert!(!looks("sk-abc123"));
    }

    #[test]
    fn debug_shows_only_the_last_four_characters() {
        let credential = Credential::try_new("planted-secret-1234").unwrap();
        assert_eq!(format!("{credential:?}"), "Credential(…1234)");
        assert_eq!(credential.masked(), "…1234");
    }

    #[test]
    fn nothing_is_shown_of_a_credential_shorter_than_12_characters() {
        let shown = |text| Credential::try_new(text).unwrap().last_four().to_owned();
        assert_eq!(shown("abcdefghijk"), "");
        assert_eq!(shown("abcdefghijkl"), "ijkl");
        let short = Credential::try_new("abcdefghijk").unwrap();
        assert_eq!(format!("{short:?}"), "Credential(…)");
    }
}
