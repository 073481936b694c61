//! Reads the locale files and renders them as Rust constants. Used by `build.rs` and by the tests.
//!
//! A file is one flat object of `"key": "text"`, one file per area of the pages. `{name}` in a text
//! is a placeholder. A pair of keys `x_one` and `x_other` becomes one plural constant `X`.

use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs, io,
    path::Path,
};

/// One text in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) en: String,
    pub(crate) zh: String,
}

/// Area name (file stem) to key to text.
pub(crate) type Namespaces = BTreeMap<String, BTreeMap<String, Entry>>;

/// Loads every area under `root/en` and `root/zh`.
///
/// # Errors
/// One message that lists all differences between the two languages, or the I/O failure.
pub(crate) fn load(root: &Path) -> io::Result<Namespaces> {
    let (en, zh) = (
        read_language(&root.join("en"))?,
        read_language(&root.join("zh"))?,
    );
    merge(&en, &zh).map_err(|problems| io::Error::other(problems.join("\n")))
}

type Language = BTreeMap<String, BTreeMap<String, String>>;

fn read_language(folder: &Path) -> io::Result<Language> {
    let mut areas = Language::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        let Some(area) = path.file_stem().and_then(|stem| stem.to_str()) else {
            continue;
        };
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let object: Map<String, Value> = serde_json::from_str(&fs::read_to_string(&path)?)
            .map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?;
        let texts = object
            .into_iter()
            .map(|(key, value)| match value {
                Value::String(text) => Ok((key, text)),
                _ => Err(io::Error::other(format!(
                    "{}: {key} is not a string",
                    path.display()
                ))),
            })
            .collect::<io::Result<_>>()?;
        areas.insert(area.to_owned(), texts);
    }
    Ok(areas)
}

/// Joins two languages; the error lists every key that one of them lacks and every text whose
/// placeholders differ.
fn merge(en: &Language, zh: &Language) -> Result<Namespaces, Vec<String>> {
    let empty = BTreeMap::new();
    let mut problems = Vec::new();
    let mut merged = Namespaces::new();
    for area in en.keys().chain(zh.keys()).collect::<BTreeSet<_>>() {
        let (left, right) = (
            en.get(area).unwrap_or(&empty),
            zh.get(area).unwrap_or(&empty),
        );
        let texts = merged.entry(area.clone()).or_default();
        for key in left.keys().chain(right.keys()).collect::<BTreeSet<_>>() {
            match (left.get(key), right.get(key)) {
                (Some(en), Some(zh)) if placeholders(en) == placeholders(zh) => {
                    texts.insert(
                        key.clone(),
                        Entry {
                            en: en.clone(),
                            zh: zh.clone(),
                        },
                    );
                }
                (Some(_), Some(_)) => {
                    problems.push(format!("{area}.{key}: the placeholders differ"));
                }
                (None, _) => problems.push(format!("{area}.{key}: missing in en")),
                (_, None) => problems.push(format!("{area}.{key}: missing in zh")),
            }
        }
    }
    if problems.is_empty() {
        Ok(merged)
    } else {
        Err(problems)
    }
}

/// The names in braces, in alphabetical order.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .collect()
}

/// Rust source: one module per area, one constant per key.
pub(crate) fn render(namespaces: &Namespaces) -> String {
    let mut out = String::new();
    for (area, texts) in namespaces {
        let _ = writeln!(
            out,
            "pub mod {area} {{\n    use crate::i18n::{{Plural, Text}};"
        );
        for (key, entry) in texts {
            let text = format!("Text::new({:?}, {:?})", entry.en, entry.zh);
            let _ = match plural_stem(key, texts) {
                Some(stem) => render_plural(&mut out, stem, texts),
                None if is_plural_one(key, texts) => Ok(()),
                None => writeln!(out, "    pub const {}: Text = {text};", key.to_uppercase()),
            };
        }
        out.push_str("    const _: Option<(Text, Plural)> = None;\n}\n");
    }
    out
}

fn render_plural(
    out: &mut String,
    stem: &str,
    texts: &BTreeMap<String, Entry>,
) -> std::fmt::Result {
    let form = |suffix: &str| {
        texts
            .get(&format!("{stem}_{suffix}"))
            .map(|entry| format!("Text::new({:?}, {:?})", entry.en, entry.zh))
            .unwrap_or_default()
    };
    let (one, other) = (form("one"), form("other"));
    writeln!(
        out,
        "    pub const {}: Plural = Plural::new({one}, {other});",
        stem.to_uppercase()
    )
}

/// The stem of a `…_other` key that has a `…_one` beside it.
fn plural_stem<'a>(key: &'a str, texts: &BTreeMap<String, Entry>) -> Option<&'a str> {
    key.strip_suffix("_other")
        .filter(|stem| texts.contains_key(&format!("{stem}_one")))
}

fn is_plural_one(key: &str, texts: &BTreeMap<String, Entry>) -> bool {
    key.strip_suffix("_one")
        .is_some_and(|stem| texts.contains_key(&format!("{stem}_other")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(texts: &[(&str, &str)]) -> Language {
        let texts = texts
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        Language::from([("area".to_owned(), texts)])
    }

    #[test]
    fn both_languages_have_every_key_and_the_same_placeholders() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales");
        assert!(load(&root).unwrap().len() >= 3);
    }

    #[test]
    fn missing_key_is_reported_for_either_language() {
        let (en, zh) = (
            language(&[("a", "A"), ("b", "B")]),
            language(&[("a", "甲"), ("c", "丙")]),
        );
        let problems = merge(&en, &zh).unwrap_err();
        assert_eq!(problems, ["area.b: missing in zh", "area.c: missing in en"]);
    }

    #[test]
    fn differing_placeholder_is_reported() {
        let (en, zh) = (
            language(&[("a", "{count} left")]),
            language(&[("a", "剩余 {n}")]),
        );
        assert_eq!(
            merge(&en, &zh).unwrap_err(),
            ["area.a: the placeholders differ"]
        );
    }

    #[test]
    fn one_and_other_become_a_plural() {
        let texts = [
            ("row_one", "{n} row"),
            ("row_other", "{n} rows"),
            ("title", "T"),
        ];
        let rendered = render(&merge(&language(&texts), &language(&texts)).unwrap());
        assert!(rendered.contains("pub const ROW: Plural"));
        assert!(!rendered.contains("ROW_ONE"));
        assert!(rendered.contains("pub const TITLE: Text"));
    }
}
