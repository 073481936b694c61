//! The languages of the pages and texts in all of them.

use crate::words::group;
use std::fmt::Display;

/// A language of the pages. Another one needs a folder of texts in `locales/`, a variant, and the
/// arms that the compiler then asks for.
///
/// In the alphabetical order of the folders, which is the order of the texts in a [`Text`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    #[default]
    English,
    Chinese,
}

impl Language {
    /// Every language, in the order of the enum.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// The first part of its tags, and the folder of its texts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    /// The value of `<html lang>` and of the cookie.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// Its own name, for the menu.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "简体中文",
        }
    }

    /// The language of any of its tags (`zh`, `zh-TW`, `en-GB`).
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let code = tag.trim().get(..2)?.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|language| language.code() == code)
    }

    /// The best match of an `Accept-Language` header; the default when nothing matches.
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
}

/// A text in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text([&'static str; Language::ALL.len()]);

impl Text {
    #[must_use]
    pub const fn new(texts: [&'static str; Language::ALL.len()]) -> Self {
        Self(texts)
    }

    #[must_use]
    pub const fn get(self, language: Language) -> &'static str {
        self.0[language as usize]
    }

    /// The text with each `{name}` replaced by its value. For the generated structs, which know the
    /// names.
    pub(super) fn fill(self, language: Language, values: &[(&str, &dyn Display)]) -> String {
        let mut filled = self.get(language).to_owned();
        for (name, value) in values {
            filled = filled.replace(&format!("{{{name}}}"), &value.to_string());
        }
        filled
    }
}

/// A text that depends on a number, its placeholder `{count}`.
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

    /// The right form with the number filled in.
    #[must_use]
    pub fn fill(self, language: Language, count: u64) -> String {
        let text = if count == 1 { self.one } else { self.other };
        text.get(language).replace("{count}", &group(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::text::FOLDERS;

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
    fn the_languages_are_the_folders_of_texts() {
        assert_eq!(Language::ALL.map(Language::code), *FOLDERS);
        for (at, language) in Language::ALL.into_iter().enumerate() {
            assert_eq!(
                language as usize, at,
                "each text is at the place of its language"
            );
            assert_eq!(Language::from_tag(language.tag()), Some(language));
        }
    }

    #[test]
    fn fill_replaces_every_placeholder() {
        let text = Text::new(["{a} of {b}", "共 {b} 个，第 {a} 个"]);
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
            Text::new(["{count} row", "{count} 行"]),
            Text::new(["{count} rows", "{count} 行"]),
        );
        assert_eq!(rows.fill(Language::English, 1), "1 row");
        assert_eq!(rows.fill(Language::English, 0), "0 rows");
        assert_eq!(rows.fill(Language::Chinese, 1), "1 行");
    }
}
