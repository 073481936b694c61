//! Secrets: shown nowhere.

use secrecy::{ExposeSecret, SecretString};

use crate::declare::{Raw, Setting};

use super::lists::write_list;

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
            many => write_list(many),
        }
    }

    fn is_hidden((): &()) -> bool {
        true
    }
}
