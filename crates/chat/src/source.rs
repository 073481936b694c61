//! Where the bytes of an attachment are, checked as far as that goes without fetching them.

use std::sync::Arc;

/// Longest URL that is followed. Source: the limit of the newest upstream client known.
const URL_MAX_BYTES: usize = 8192;
/// Longest id of an uploaded file.
const FILE_ID_MAX_BYTES: usize = 128;
const DEFAULT_MIME: &str = "application/octet-stream";

/// Where the bytes of an attachment are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Data {
        /// `type/subtype` in lower case, without parameters.
        mime: String,
        /// Standard alphabet, padded, no whitespace, not empty.
        base64: Arc<str>,
    },
    /// An absolute http or https URL. It has not been checked any further.
    Url(String),
    /// A file that the caller uploaded before. Whether there is one of that id, and whether it is
    /// the caller's, has not been checked.
    File {
        /// 1 to 128 letters, digits, `_` or `-`.
        id: String,
    },
}

/// Why a value names no bytes: a sentence for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(&'static str);

impl Source {
    /// Reads an http(s) URL or a base64 data URI.
    ///
    /// # Errors
    /// It is neither, too long, or its base64 is not valid.
    pub fn from_uri(value: &str) -> Result<Self, SourceError> {
        let value = value.trim();
        if has_scheme(value, "data:") {
            from_data_uri(value)
        } else if has_scheme(value, "http://") || has_scheme(value, "https://") {
            Self::from_url(value)
        } else {
            Err(SourceError(
                "Send an http(s) URL or a data URI (`data:image/png;base64,…`), not bare base64.",
            ))
        }
    }

    /// Reads an http(s) URL.
    ///
    /// # Errors
    /// It is no such URL, or longer than 8,192 bytes.
    pub fn from_url(value: &str) -> Result<Self, SourceError> {
        let value = value.trim();
        let rest = [("http://"), ("https://")]
            .into_iter()
            .find(|scheme| has_scheme(value, scheme))
            .and_then(|scheme| value.get(scheme.len()..));
        match rest {
            None => Err(SourceError("The URL must begin with http:// or https://.")),
            Some("") => Err(SourceError("The URL has no host.")),
            Some(_) if value.len() > URL_MAX_BYTES => {
                Err(SourceError("The URL is longer than 8192 characters."))
            }
            Some(rest) if rest.chars().any(|c| c.is_whitespace() || c.is_control()) => Err(
                SourceError("The URL must not contain spaces or control characters."),
            ),
            Some(_) => Ok(Self::Url(value.to_owned())),
        }
    }

    /// Takes the id of an uploaded file.
    ///
    /// # Errors
    /// It is not 1 to 128 letters, digits, `_` or `-`.
    pub fn from_file_id(id: &str) -> Result<Self, SourceError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if (1..=FILE_ID_MAX_BYTES).contains(&id.len()) && id.bytes().all(is_plain) {
            return Ok(Self::File { id: id.to_owned() });
        }
        Err(SourceError(
            "The file id must be 1 to 128 letters, digits, `_` or `-`, as the upload's answer gave it.",
        ))
    }

    /// Takes base64 data and its media type.
    ///
    /// # Errors
    /// The media type is not of the form `type/subtype`, or the base64 is not valid.
    pub fn from_base64(mime: &str, data: &str) -> Result<Self, SourceError> {
        let mime = mime.trim().to_ascii_lowercase();
        if !is_mime(&mime) {
            return Err(SourceError("The media type must look like `image/png`."));
        }
        // Rarely wrapped into lines, so whitespace is looked for only if something is wrong.
        let base64 = padded(data)
            .or_else(|| padded(&data.split_ascii_whitespace().collect::<String>()))
            .ok_or(SourceError("The data is no valid base64."))?;
        Ok(Self::Data { mime, base64 })
    }
}

fn has_scheme(value: &str, scheme: &str) -> bool {
    value
        .get(..scheme.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

fn from_data_uri(value: &str) -> Result<Source, SourceError> {
    const SHAPE: SourceError = SourceError("A data URI must look like `data:image/png;base64,…`.");
    let (header, data) = value.split_once(',').ok_or(SHAPE)?;
    let mut header = header
        .get("data:".len()..)
        .unwrap_or_default()
        .split(';')
        .map(str::trim);
    let mime = header.next().unwrap_or_default();
    if !header
        .next_back()
        .is_some_and(|last| last.eq_ignore_ascii_case("base64"))
    {
        return Err(SHAPE);
    }
    Source::from_base64(if mime.is_empty() { DEFAULT_MIME } else { mime }, data)
}

/// `type/subtype`, both made of the token characters of RFC 9110.
fn is_mime(mime: &str) -> bool {
    let is_token = |text: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        !text.is_empty() && text.len() <= 100 && text.bytes().all(allowed)
    };
    mime.split_once('/')
        .is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

/// Checks the alphabet and adds padding that is missing.
fn padded(data: &str) -> Option<Arc<str>> {
    let digits = data.trim_end_matches('=');
    let padding = data.len() - digits.len();
    if digits.is_empty() || !is_base64(digits.as_bytes()) {
        return None;
    }
    match (digits.len() % 4, padding) {
        (0, 0) | (2, 2) | (3, 1) => Some(data.into()),
        (2, 0) => Some([data, "=="].concat().into()),
        (3, 0) => Some([data, "="].concat().into()),
        _ => None,
    }
}

/// Whole blocks without an early exit, so that the compiler can use vector instructions.
fn is_base64(digits: &[u8]) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() | (byte == b'+') | (byte == b'/');
    digits
        .chunks(4096)
        .all(|block| block.iter().fold(true, |all, &byte| all & is_digit(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(mime: &str, base64: &str) -> Result<Source, SourceError> {
        Ok(Source::Data {
            mime: mime.to_owned(),
            base64: base64.into(),
        })
    }

    #[test]
    fn urls_and_data_uris_are_read() {
        let url = "HTTPS://a.io/b.png?c=d";
        let read = Source::from_uri(&format!(" {url}\n"));
        assert_eq!(read, Ok(Source::Url(url.to_owned())));
        for (uri, mime, base64) in [
            ("data:image/PNG;base64,aGk=", "image/png", "aGk="),
            (
                "data:text/plain;charset=utf-8;base64,aG k\n",
                "text/plain",
                "aGk=",
            ),
            ("data:;base64,aGlo", DEFAULT_MIME, "aGlo"),
            ("data:a/b;BASE64,aA", "a/b", "aA=="),
            ("data:a/b;base64,+/A9", "a/b", "+/A9"),
        ] {
            assert_eq!(Source::from_uri(uri), data(mime, base64), "{uri}");
        }
        assert_eq!(
            Source::from_base64(" IMAGE/png ", "aA=="),
            data("image/png", "aA==")
        );
    }

    #[test]
    fn a_file_id_is_short_and_plain() {
        let id = "file-Ab_9";
        let file = Source::File { id: id.to_owned() };
        assert_eq!(Source::from_file_id(id), Ok(file));
        assert!(Source::from_file_id(&"x".repeat(128)).is_ok());
        for id in ["", " ", "../x", "file:1", "\u{e9}", &"x".repeat(129)] {
            assert!(Source::from_file_id(id).is_err(), "{id}");
        }
    }

    #[test]
    fn other_values_are_refused() {
        let long = format!("https://a.io/{}", "x".repeat(9000));
        for uri in [
            "aGk=",
            "ftp://a.io/b",
            "/etc/passwd",
            "https://",
            "https://a.io/b c",
            "https://a.io/\u{7f}",
            "data:image/png,aGk=",
            "data:image/png;base64",
            "data:image/png;base64,",
            "data:image/png;base64,a",
            "data:image/png;base64,aG=k",
            "data:image/png;base64,aGk==",
            "data:image/png;base64,a_-k",
            "data:image/png;base64,ä",
            "data:png;base64,aGk=",
            "data:/png;base64,aGk=",
            "data:image/;base64,aGk=",
            "data:image/p ng;base64,aGk=",
            &long,
        ] {
            let refused = Source::from_uri(uri);
            assert!(refused.is_err(), "{uri}: {refused:?}");
        }
        assert!(Source::from_url("data:image/png;base64,aGk=").is_err());
        let longest = format!("https://a.io/{}", "x".repeat(URL_MAX_BYTES - 13));
        assert!(Source::from_url(&longest).is_ok());
        assert!(Source::from_url(&format!("{longest}x")).is_err());
        let part = "x".repeat(101);
        assert!(Source::from_base64(&format!("a/{part}"), "aGk=").is_err());
        assert!(Source::from_base64(&format!("a/{}", &part[1..]), "aGk=").is_ok());
    }
}
