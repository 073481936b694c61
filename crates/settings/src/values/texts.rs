//! Texts and addresses.

use std::net::IpAddr;
use std::str::FromStr;

use url::Url;

use crate::declare::{Raw, Setting};

/// What a text may be.
pub(crate) enum Text {
    Any,
    /// Empty, or an http(s) address. Hidden, as every address: it may hold a password.
    HttpUrl,
    /// Empty, or a proxy address. Hidden, since it may hold a password.
    Proxy,
    /// Empty, or an address that may hold a password. Hidden.
    Address,
    /// Where a database is: `sqlite:PATH` is no address of a host.
    Database,
    /// Empty, or a bucket as `s3://NAME/PREFIX`.
    Bucket,
    /// Not empty, without control characters: goes into a header.
    Header,
    /// Empty, or a date YYYY-MM-DD.
    Date,
    /// An IP address or `localhost`.
    Host,
    /// Width `x` height.
    ImageSize,
    /// A path on this server that nothing else has.
    MountPath,
    /// Not empty: a name that requests use.
    Name,
}

/// Schemes of `proxy.*_url` (`docs/upstream-protocol.md` 1.8).
const PROXY_SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
/// Image sizes of the imagine model (`docs/upstream-protocol.md` 6.6).
const IMAGE_SIZES: [&str; 5] = [
    "1280x720",
    "720x1280",
    "1792x1024",
    "1024x1792",
    "1024x1024",
];

/// What other parts of this server begin their paths with: pages, APIs, files, and the API's paths
/// without `/v1`, which tell the right one.
const TAKEN_PATHS: [&str; 27] = [
    "admin",
    "api",
    "cache",
    "chat",
    "completions",
    "docs",
    "embeddings",
    "fonts",
    "gallery",
    "health",
    "healthz",
    "images",
    "imagine",
    "login",
    "logout",
    "media",
    "messages",
    "models",
    "openapi.json",
    "pkg",
    "readyz",
    "responses",
    "v1",
    "vendor",
    "video",
    "videos",
    "voice",
];
const MAX_PATH_BYTES: usize = 100;

impl Text {
    pub(super) fn allows(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::HttpUrl => text.is_empty() || has_scheme(text, &["http", "https"]),
            Self::Proxy => text.is_empty() || has_scheme(text, &PROXY_SCHEMES),
            Self::Address => text.is_empty() || text.contains("://"),
            Self::Database => {
                let is_file = text.to_ascii_lowercase().starts_with("sqlite:");
                text.is_empty() || is_file || text.contains("://")
            }
            Self::Bucket => text.is_empty() || is_bucket(text),
            Self::Header => !text.is_empty() && !text.chars().any(char::is_control),
            Self::Date => text.is_empty() || is_date(text),
            Self::Host => text == "localhost" || IpAddr::from_str(text).is_ok(),
            Self::ImageSize => IMAGE_SIZES.contains(&text),
            Self::MountPath => is_mount_path(text),
            Self::Name => !text.is_empty() && !text.contains(char::is_whitespace),
        }
    }

    fn expected(&self) -> String {
        match self {
            Self::Any => "a text".to_owned(),
            Self::HttpUrl => "\"\" or an address that starts with http:// or https://".to_owned(),
            Self::Proxy => format!("\"\" or a proxy address ({})", PROXY_SCHEMES.join(", ")),
            Self::Address => "\"\" or an address".to_owned(),
            Self::Database => "\"\" or an address such as sqlite:PATH".to_owned(),
            Self::Bucket => "\"\" or a bucket as s3://NAME or s3://NAME/PREFIX".to_owned(),
            Self::Header => "a text without control characters, not empty".to_owned(),
            Self::Date => "\"\" or a date as YYYY-MM-DD".to_owned(),
            Self::Host => "an IP address or \"localhost\"".to_owned(),
            Self::ImageSize => format!("one of {}", IMAGE_SIZES.join(", ")),
            Self::MountPath => {
                "a path such as \"/mcp\": letters, digits, `-`, `_` and `.` between \
                                slashes, none at its end, and no path of the API or a page"
                    .to_owned()
            }
            Self::Name => "a name without blanks, not empty".to_owned(),
        }
    }
}

fn has_scheme(text: &str, schemes: &[&str]) -> bool {
    Url::parse(text).is_ok_and(|url| schemes.contains(&url.scheme()) && url.has_host())
}

fn is_mount_path(text: &str) -> bool {
    let Some(path) = text
        .strip_prefix('/')
        .filter(|_| text.len() <= MAX_PATH_BYTES)
    else {
        return false;
    };
    let is_part = |part: &str| {
        let is_fitting = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        part.contains(|c: char| c.is_ascii_alphanumeric()) && part.chars().all(is_fitting)
    };
    let first = path.split('/').next().unwrap_or_default();
    let is_taken = TAKEN_PATHS.contains(&first);
    path.split('/').all(is_part) && !is_taken
}

fn is_bucket(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let is_bare = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    let is_whole = url.query().is_none() && url.fragment().is_none();
    has_scheme(text, &["s3"]) && is_bare && is_whole
}

fn is_date(text: &str) -> bool {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    time::Date::parse(text, &format).is_ok()
}

impl Setting for String {
    type Rule = Text;

    fn read(raw: Raw<'_>, rule: &Self::Rule) -> Option<Self> {
        let text = match rule {
            Text::Any => raw.text()?,
            _ => raw.text()?.trim(),
        };
        rule.allows(text).then(|| text.to_owned())
    }

    fn expected(rule: &Self::Rule) -> String {
        rule.expected()
    }

    fn write(&self) -> String {
        toml::Value::String(self.clone()).to_string()
    }

    fn is_hidden(rule: &Self::Rule) -> bool {
        matches!(
            rule,
            Text::HttpUrl | Text::Proxy | Text::Address | Text::Database | Text::Bucket
        )
    }
}

/// The schemes that an address may have.
impl Setting for Url {
    type Rule = &'static [&'static str];

    fn read(raw: Raw<'_>, rule: &Self::Rule) -> Option<Self> {
        let text = raw.text()?.trim();
        has_scheme(text, rule)
            .then(|| Self::parse(text).ok())
            .flatten()
    }

    fn expected(rule: &Self::Rule) -> String {
        format!("an address that starts with {}://", rule.join(":// or "))
    }

    fn write(&self) -> String {
        self.as_str().trim_end_matches('/').to_owned().write()
    }

    fn is_hidden(_rule: &Self::Rule) -> bool {
        true
    }
}

/// As [`Url`]; empty = derived from another one.
impl Setting for Option<Url> {
    type Rule = &'static [&'static str];

    fn read(raw: Raw<'_>, rule: &Self::Rule) -> Option<Self> {
        match raw.text()?.trim() {
            "" => Some(None),
            _ => Url::read(raw, rule).map(Some),
        }
    }

    fn expected(rule: &Self::Rule) -> String {
        format!("\"\" or {}", Url::expected(rule))
    }

    fn write(&self) -> String {
        self.as_ref()
            .map_or_else(|| r#""""#.to_owned(), Setting::write)
    }

    fn is_hidden(_rule: &Self::Rule) -> bool {
        true
    }
}
