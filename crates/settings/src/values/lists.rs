//! Lists.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::declare::{Raw, Setting};

use super::Text;

/// The items as a TOML list.
pub(super) fn write_list<T: Setting>(items: &[T]) -> String {
    let items: Vec<_> = items.iter().map(Setting::write).collect();
    format!("[{}]", items.join(", "))
}

/// What each text of a list may be.
pub(crate) enum Texts {
    Any,
    /// IP addresses and networks such as `10.0.0.0/8`.
    Networks,
    /// Names that requests use.
    Names,
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
            Texts::Names => texts.iter().all(|text| Text::Name.allows(text.trim())),
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
            Texts::Names => "a list of names without blanks".to_owned(),
        }
    }

    fn write(&self) -> String {
        write_list(self)
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
        write_list(self)
    }
}
