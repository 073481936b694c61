//! How the types of fields are read, limited and written.

use std::{net::IpAddr, ops::RangeInclusive, str::FromStr, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use toml::de::DeValue;
use url::Url;

use super::settings::{Raw, Setting};

/// A timeout that is switched off (written as 0): longer than any process lives.
pub const OFF: Duration = Duration::from_secs(100 * 365 * 86_400);

impl<'a> Raw<'a> {
    /// The value if it is a string.
    pub(super) fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Toml(value) => value.as_str(),
        }
    }

    fn integer(self) -> Option<i128> {
        match self {
            Self::Text(text) => text.trim().parse().ok(),
            Self::Toml(value) => {
                let integer = value.as_integer()?;
                i128::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
        }
    }

    fn number(self) -> Option<f64> {
        let number: f64 = match self {
            Self::Text(text) => text.trim().parse().ok()?,
            Self::Toml(DeValue::Float(float)) => float.as_str().parse().ok()?,
            Self::Toml(_) => self.integer()? as f64,
        };
        number.is_finite().then_some(number)
    }

    /// The items of a list; a text counts as its items separated by commas.
    fn items(self) -> Option<Vec<Raw<'a>>> {
        match self {
            Self::Toml(DeValue::Array(array)) => {
                Some(array.iter().map(|item| Raw::Toml(item.get_ref())).collect())
            }
            _ => {
                let items = self.text()?.split(',').map(str::trim);
                Some(
                    items
                        .filter(|item| !item.is_empty())
                        .map(Raw::Text)
                        .collect(),
                )
            }
        }
    }
}

impl Setting for bool {
    type Rule = ();

    fn read(raw: Raw<'_>, (): &()) -> Option<Self> {
        match raw {
            Raw::Toml(value) => value.as_bool(),
            Raw::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Some(true),
                "false" | "0" | "no" | "off" => Some(false),
                _ => None,
            },
        }
    }

    fn expected((): &()) -> String {
        "true or false".to_owned()
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

macro_rules! whole_number {
    ($($kind:ty)+) => { $(
        impl Setting for $kind {
            type Rule = RangeInclusive<$kind>;

            fn read(raw: Raw<'_>, rule: &Self::Rule) -> Option<Self> {
                Self::try_from(raw.integer()?).ok().filter(|value| rule.contains(value))
            }

            fn expected(rule: &Self::Rule) -> String {
                format!("a whole number from {} to {}", rule.start(), rule.end())
            }

            fn write(&self) -> String {
                self.to_string()
            }
        }
    )+ };
}

whole_number!(u16 u32 u64);

impl Setting for f64 {
    type Rule = RangeInclusive<f64>;

    fn read(raw: Raw<'_>, rule: &Self::Rule) -> Option<Self> {
        raw.number().filter(|value| rule.contains(value))
    }

    fn expected(rule: &Self::Rule) -> String {
        format!("a number from {} to {}", rule.start(), rule.end())
    }

    fn write(&self) -> String {
        format!("{self:?}")
    }
}

/// Seconds that a [`Duration`] may have; fractions are allowed.
pub(super) enum Seconds {
    Within(RangeInclusive<u32>),
    /// As `Within`, or 0 = [`OFF`].
    OrOff(RangeInclusive<u32>),
}

impl Setting for Duration {
    type Rule = Seconds;

    fn read(raw: Raw<'_>, rule: &Self::Rule) -> Option<Self> {
        let seconds = raw.number()?;
        let (Seconds::Within(range) | Seconds::OrOff(range)) = rule;
        if matches!(rule, Seconds::OrOff(_)) && seconds == 0.0 {
            return Some(OFF);
        }
        let is_within = f64::from(*range.start()) <= seconds && seconds <= f64::from(*range.end());
        is_within
            .then(|| Self::try_from_secs_f64(seconds).ok())
            .flatten()
    }

    fn expected(rule: &Self::Rule) -> String {
        match rule {
            Seconds::Within(range) => format!("{} to {} seconds", range.start(), range.end()),
            Seconds::OrOff(range) => {
                format!(
                    "{} to {} seconds, or 0 = no limit",
                    range.start(),
                    range.end()
                )
            }
        }
    }

    fn write(&self) -> String {
        match self.subsec_nanos() {
            _ if *self == OFF => "0".to_owned(),
            0 => self.as_secs().to_string(),
            _ => self.as_secs_f64().to_string(),
        }
    }
}

/// What a text may be.
pub(super) enum Text {
    Any,
    /// Empty, or an http(s) address.
    HttpUrl,
    /// Empty, or a proxy address. Hidden, since it may hold a password.
    Proxy,
    /// Empty, or an address that may hold a password. Hidden.
    Address,
    /// Not empty, without control characters: goes into a header.
    Header,
    /// Empty, or a date YYYY-MM-DD.
    Date,
    /// An IP address or `localhost`.
    Host,
    /// Width `x` height.
    ImageSize,
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

impl Text {
    fn allows(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::HttpUrl => text.is_empty() || has_scheme(text, &["http", "https"]),
            Self::Proxy => text.is_empty() || has_scheme(text, &PROXY_SCHEMES),
            Self::Address => text.is_empty() || text.contains("://"),
            Self::Header => !text.is_empty() && !text.chars().any(char::is_control),
            Self::Date => text.is_empty() || is_date(text),
            Self::Host => text == "localhost" || IpAddr::from_str(text).is_ok(),
            Self::ImageSize => IMAGE_SIZES.contains(&text),
            Self::Name => !text.is_empty() && !text.contains(char::is_whitespace),
        }
    }

    fn expected(&self) -> String {
        match self {
            Self::Any => "a text".to_owned(),
            Self::HttpUrl => "\"\" or an address that starts with http:// or https://".to_owned(),
            Self::Proxy => format!("\"\" or a proxy address ({})", PROXY_SCHEMES.join(", ")),
            Self::Address => "\"\" or an address".to_owned(),
            Self::Header => "a text without control characters, not empty".to_owned(),
            Self::Date => "\"\" or a date as YYYY-MM-DD".to_owned(),
            Self::Host => "an IP address or \"localhost\"".to_owned(),
            Self::ImageSize => format!("one of {}", IMAGE_SIZES.join(", ")),
            Self::Name => "a name without blanks, not empty".to_owned(),
        }
    }
}

fn has_scheme(text: &str, schemes: &[&str]) -> bool {
    Url::parse(text).is_ok_and(|url| schemes.contains(&url.scheme()) && url.has_host())
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
        matches!(rule, Text::Proxy | Text::Address)
    }
}

impl Setting for SecretString {
    type Rule = ();

    fn read(raw: Raw<'_>, (): &()) -> Option<Self> {
        raw.text().map(|text| Self::from(text.trim()))
    }

    fn expected((): &()) -> String {
        "a text".to_owned()
    }

    fn write(&self) -> String {
        self.expose_secret().to_owned().write()
    }

    fn is_hidden((): &()) -> bool {
        true
    }
}

/// Several secrets: one text, texts separated by commas, or a list.
impl Setting for Vec<SecretString> {
    type Rule = ();

    fn read(raw: Raw<'_>, (): &()) -> Option<Self> {
        let items = raw.items()?.into_iter().map(Raw::text);
        let texts: Vec<_> = items.collect::<Option<_>>()?;
        let kept = texts
            .into_iter()
            .map(str::trim)
            .filter(|text| !text.is_empty());
        Some(kept.map(SecretString::from).collect())
    }

    fn expected((): &()) -> String {
        "a text, several separated by commas, or a list of texts".to_owned()
    }

    fn write(&self) -> String {
        match self.as_slice() {
            [] => r#""""#.to_owned(),
            [one] => one.write(),
            many => format!(
                "[{}]",
                many.iter()
                    .map(Setting::write)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        }
    }

    fn is_hidden((): &()) -> bool {
        true
    }
}

/// What each text of a list may be.
pub(super) enum Texts {
    Any,
    /// IP addresses and networks such as `10.0.0.0/8`.
    Networks,
}

impl Setting for Vec<String> {
    type Rule = Texts;

    fn read(raw: Raw<'_>, rule: &Self::Rule) -> Option<Self> {
        let texts: Vec<_> = raw
            .items()?
            .into_iter()
            .map(Raw::text)
            .collect::<Option<_>>()?;
        let is_allowed = match rule {
            Texts::Any => true,
            Texts::Networks => texts.iter().all(|text| is_network(text.trim())),
        };
        is_allowed.then(|| {
            texts
                .into_iter()
                .map(|text| text.trim().to_owned())
                .collect()
        })
    }

    fn expected(rule: &Self::Rule) -> String {
        match rule {
            Texts::Any => "a list of texts".to_owned(),
            Texts::Networks => "a list of IP addresses or networks such as 10.0.0.0/8".to_owned(),
        }
    }

    fn write(&self) -> String {
        format!(
            "[{}]",
            self.iter()
                .map(Setting::write)
                .collect::<Vec<_>>()
                .join(", ")
        )
    }
}

fn is_network(text: &str) -> bool {
    let (address, prefix) = text.split_once('/').unwrap_or((text, "0"));
    let Ok(address) = IpAddr::from_str(address) else {
        return false;
    };
    prefix
        .parse::<u8>()
        .is_ok_and(|bits| bits <= if address.is_ipv4() { 32 } else { 128 })
}

/// HTTP status codes.
impl Setting for Vec<u16> {
    type Rule = RangeInclusive<u16>;

    fn read(raw: Raw<'_>, rule: &Self::Rule) -> Option<Self> {
        raw.items()?
            .into_iter()
            .map(|item| u16::read(item, rule))
            .collect()
    }

    fn expected(rule: &Self::Rule) -> String {
        format!(
            "a list of whole numbers from {} to {}",
            rule.start(),
            rule.end()
        )
    }

    fn write(&self) -> String {
        format!(
            "[{}]",
            self.iter()
                .map(Setting::write)
                .collect::<Vec<_>>()
                .join(", ")
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
}
