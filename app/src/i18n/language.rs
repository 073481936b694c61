//! The two languages and texts in both.

use std::fmt::Display;

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    #[default]
    English,
    Chinese,
}

impl Language {
    /// The value of `<html lang>` and of the cookie.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// Any English or Chinese tag (`zh`, `zh-TW`, `en-GB`); no other language.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag.trim().get(..2)?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "zh" => Some(Self::Chinese),
            _ => None,
        }
    }

    /// The best match of an `Accept-Language` header; English when nothing matches.
    #[must_use]
    pub fn from_header(header: &str) -> Self {
        let mut best = (0.0_f32, Self::default());
        for range in header.split(',') {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let weight = match parameters.trim().strip_prefix("q=") {
                Some(q) => q.trim().parse().unwrap_or(0.0),
                None => 1.0,
            };
            if let Some(language) = Self::from_tag(tag)
                && weight > best.0
            {
                best = (weight, language);
            }
        }
        best.1
    }

    /// The other language's own name, for the switch.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "简体中文",
        }
    }
}

/// A text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    en: &'static str,
    zh: &'static str,
}

impl Text {
    #[must_use]
    pub const fn new(en: &'static str, zh: &'static str) -> Self {
        Self { en, zh }
    }

    #[must_use]
    pub const fn get(self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::Chinese => self.zh,
        }
    }

    /// The text with each `{name}` replaced by its value.
    #[must_use]
    pub fn fill(self, language: Language, values: &[(&str, &dyn Display)]) -> String {
        let mut filled = self.get(language).to_owned();
        for (name, value) in values {
            filled = filled.replace(&format!("{{{name}}}"), &value.to_string());
        }
        filled
    }
}

/// A text that depends on a number. Its placeholder for the number is `{count}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plural {
    one: Text,
    other: Text,
}

impl Plural {
    #[must_use]
    pub const fn new(one: Text, other: Text) -> Self {
        Self { one, other }
    }

    /// The right form with `{count}` and the other values filled in.
    #[must_use]
    pub fn fill(self, language: Language, count: u64, values: &[(&str, &dyn Display)]) -> String {
        let text = if count == 1 { self.one } else { self.other };
        let filled = text.fill(language, values);
        filled.replace("{count}", &count.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_picks_the_heaviest_known_language() {
        for (header, expected) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("fr-FR,fr;q=0.9,zh;q=0.4,en;q=0.3", Language::Chinese),
            ("en;q=0.5, zh;q=0.2", Language::English),
            ("de", Language::English),
            ("", Language::English),
            ("中文", Language::English),
        ] {
            assert_eq!(Language::from_header(header), expected, "{header}");
        }
    }

    #[test]
    fn fill_replaces_every_placeholder() {
        let text = Text::new("{a} of {b}", "共 {b} 个，第 {a} 个");
        assert_eq!(
            text.fill(Language::English, &[("a", &1), ("b", &"x")]),
            "1 of x"
        );
        assert_eq!(
            text.fill(Language::Chinese, &[("a", &1), ("b", &2)]),
            "共 2 个，第 1 个"
        );
    }

    #[test]
    fn plural_uses_one_for_exactly_one() {
        let rows = Plural::new(
            Text::new("{count} row", "{count} 行"),
            Text::new("{count} rows", "{count} 行"),
        );
        assert_eq!(rows.fill(Language::English, 1, &[]), "1 row");
        assert_eq!(rows.fill(Language::English, 0, &[]), "0 rows");
        assert_eq!(rows.fill(Language::Chinese, 1, &[]), "1 行");
    }
}
