//! Reads the locale files and renders them as Rust. Used by `build.rs` and by the tests.
//!
//! A language is a folder, an area of the pages a file in it: one flat object of `"key": "text"`.
//! `{name}` in a text is a placeholder. What becomes of a key:
//!
//! | key | becomes |
//! | --- | --- |
//! | without placeholders | a constant `Text` |
//! | with placeholders | a struct with a field for each, so that a wrong or missing one does not compile |
//! | a pair `x_one`, `x_other` | a constant `Plural` named `X`; `{count}` is its only placeholder |

use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs, io,
    path::Path,
};

/// Areas of pages that only the server renders: the browser's half does not get their texts.
const SERVER_AREAS: [&str; 2] = ["docs", "login"];

/// Area (file name without its ending) to key to text.
type Areas = BTreeMap<String, BTreeMap<String, String>>;

/// A key's text in each language, in the order of [`Catalog::folders`].
type Texts = Vec<String>;

/// Every text in every language.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Catalog {
    /// One per language, in alphabetical order.
    folders: Vec<String>,
    areas: BTreeMap<String, BTreeMap<String, Texts>>,
}

/// Loads every language under `root`.
///
/// # Errors
/// One message that lists every problem in the files, or the I/O failure.
pub(crate) fn load(root: &Path) -> io::Result<Catalog> {
    let mut languages = BTreeMap::new();
    for folder in fs::read_dir(root)? {
        let folder = folder?;
        if let Some(name) = folder.file_name().to_str() {
            languages.insert(name.to_owned(), read_language(&folder.path())?);
        }
    }
    merge(&languages).map_err(|problems| io::Error::other(problems.join("\n")))
}

fn read_language(folder: &Path) -> io::Result<Areas> {
    let mut areas = Areas::new();
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

/// Joins the languages; the error lists every key that one of them lacks, every empty text and
/// every placeholder that not all languages have or that a plural cannot have.
fn merge(languages: &BTreeMap<String, Areas>) -> Result<Catalog, Vec<String>> {
    let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (area, texts) in languages.values().flatten() {
        let known = keys.entry(area).or_default();
        known.extend(texts.keys().map(String::as_str));
    }
    let mut problems = Vec::new();
    let mut areas = BTreeMap::new();
    for (area, keys) in keys {
        let mut merged = BTreeMap::new();
        for key in keys {
            let texts: Texts = languages
                .iter()
                .filter_map(|(folder, areas)| {
                    let text = areas.get(area).and_then(|texts| texts.get(key));
                    if text.is_none() {
                        problems.push(format!("{area}.{key}: missing in {folder}"));
                    }
                    text.cloned()
                })
                .collect();
            problems.extend(problem(key, &texts).map(|what| format!("{area}.{key}: {what}")));
            merged.insert(key.to_owned(), texts);
        }
        areas.insert(area.to_owned(), merged);
    }
    if problems.is_empty() {
        let folders = languages.keys().cloned().collect();
        Ok(Catalog { folders, areas })
    } else {
        Err(problems)
    }
}

/// What is wrong with the texts of a key, if anything.
fn problem(key: &str, texts: &[String]) -> Option<&'static str> {
    let names: Vec<_> = texts.iter().map(|text| placeholders(text)).collect();
    let is_plural = key.ends_with("_one") || key.ends_with("_other");
    if texts.iter().any(|text| text.trim().is_empty()) {
        Some("a text is empty")
    } else if names.windows(2).any(|pair| pair[0] != pair[1]) {
        Some("the placeholders differ")
    } else if is_plural && names.iter().flatten().any(|name| *name != "count") {
        Some("a plural has no placeholder but {count}")
    } else {
        None
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

/// Rust source: one module per area, one item per key.
pub(crate) fn render(catalog: &Catalog) -> String {
    let mut out = format!(
        "/// The folders of the languages, in the order of every text.\n\
         #[cfg(test)]\n\
         pub(super) const FOLDERS: &[&str] = &{:?};\n",
        catalog.folders
    );
    for (area, texts) in &catalog.areas {
        if SERVER_AREAS.contains(&area.as_str()) {
            out.push_str("#[cfg(feature = \"ssr\")]\n");
        }
        let _ = writeln!(out, "pub mod {area} {{");
        for (key, all) in texts {
            let _ = match plural_stem(key, texts) {
                Some(stem) => render_plural(&mut out, stem, texts),
                None if is_plural_one(key, texts) => Ok(()),
                None => render_text(&mut out, key, all),
            };
        }
        out.push_str("}\n");
    }
    out
}

fn render_text(out: &mut String, key: &str, texts: &Texts) -> std::fmt::Result {
    let names = texts
        .first()
        .map(|text| placeholders(text))
        .unwrap_or_default();
    let text = text_expression(texts);
    if names.is_empty() {
        let name = key.to_uppercase();
        return writeln!(out, "    pub const {name}: crate::i18n::Text = {text};");
    }
    let name = camel_case(key);
    let mut fields = String::new();
    let mut values = String::new();
    for field in names {
        write!(fields, "pub {field}: &'a dyn std::fmt::Display, ")?;
        write!(values, "({field:?}, self.{field}), ")?;
    }
    write!(
        out,
        "    /// {texts:?}\n\
         \x20   pub struct {name}<'a> {{ {fields}}}\n\
         \x20   impl {name}<'_> {{\n\
         \x20       /// The text with its values.\n\
         \x20       pub fn fill(&self, language: crate::i18n::Language) -> String {{\n\
         \x20           {text}.fill(language, &[{values}])\n\
         \x20       }}\n\
         \x20   }}\n"
    )
}

fn render_plural(
    out: &mut String,
    stem: &str,
    texts: &BTreeMap<String, Texts>,
) -> std::fmt::Result {
    let form = |suffix: &str| {
        texts
            .get(&format!("{stem}_{suffix}"))
            .map(text_expression)
            .unwrap_or_default()
    };
    let (name, one, other) = (stem.to_uppercase(), form("one"), form("other"));
    writeln!(
        out,
        "    pub const {name}: crate::i18n::Plural = crate::i18n::Plural::new({one}, {other});"
    )
}

fn text_expression(texts: &Texts) -> String {
    format!("crate::i18n::Text::new({texts:?})")
}

/// `page_range` becomes `PageRange`.
fn camel_case(key: &str) -> String {
    let words = key.split('_').filter_map(|word| {
        let mut letters = word.chars();
        let first = letters.next()?.to_ascii_uppercase();
        Some(std::iter::once(first).chain(letters).collect::<String>())
    });
    words.collect()
}

/// The stem of a `…_other` key that has a `…_one` beside it.
fn plural_stem<'a>(key: &'a str, texts: &BTreeMap<String, Texts>) -> Option<&'a str> {
    key.strip_suffix("_other")
        .filter(|stem| texts.contains_key(&format!("{stem}_one")))
}

fn is_plural_one(key: &str, texts: &BTreeMap<String, Texts>) -> bool {
    key.strip_suffix("_one")
        .is_some_and(|stem| texts.contains_key(&format!("{stem}_other")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn languages(texts: &[(&str, &[(&str, &str)])]) -> BTreeMap<String, Areas> {
        let area = |texts: &[(&str, &str)]| {
            let texts = texts
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
            Areas::from([("area".to_owned(), texts.collect())])
        };
        let all = texts
            .iter()
            .map(|(folder, texts)| ((*folder).to_owned(), area(texts)));
        all.collect()
    }

    fn rendered(texts: &[(&str, &str)]) -> String {
        render(&merge(&languages(&[("en", texts), ("zh", texts)])).unwrap())
    }

    #[test]
    fn every_language_has_every_key_and_the_same_placeholders() {
        let root = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("locales");
        assert!(load(&root).unwrap().areas.len() >= 3);
    }

    #[test]
    fn a_missing_key_is_reported_for_each_language() {
        let (a, b, c) = (("a", "A"), ("b", "B"), ("c", "C"));
        let languages = languages(&[("en", &[a, b]), ("fr", &[a, b, c]), ("zh", &[a, c])]);
        assert_eq!(
            merge(&languages).unwrap_err(),
            ["area.b: missing in zh", "area.c: missing in en"]
        );
    }

    #[test]
    fn a_differing_placeholder_is_reported() {
        let languages = languages(&[
            ("en", &[("a", "{count} left")]),
            ("zh", &[("a", "剩余 {n}")]),
        ]);
        assert_eq!(
            merge(&languages).unwrap_err(),
            ["area.a: the placeholders differ"]
        );
    }

    #[test]
    fn an_empty_text_is_reported() {
        let languages = languages(&[("en", &[("a", "A")]), ("zh", &[("a", " ")])]);
        assert_eq!(merge(&languages).unwrap_err(), ["area.a: a text is empty"]);
    }

    #[test]
    fn a_plural_counts_and_says_nothing_else() {
        let texts: &[_] = &[("row_one", "{n} row"), ("row_other", "{count} rows")];
        assert_eq!(
            merge(&languages(&[("en", texts), ("zh", texts)])).unwrap_err(),
            ["area.row_one: a plural has no placeholder but {count}"]
        );
    }

    #[test]
    fn one_and_other_become_a_plural() {
        let source = rendered(&[("row_one", "{count} row"), ("row_other", "{count} rows")]);
        assert!(
            source.contains("pub const ROW: crate::i18n::Plural"),
            "{source}"
        );
        assert!(!source.contains("ROW_ONE"), "{source}");
    }

    #[test]
    fn a_text_with_placeholders_has_a_field_for_each() {
        let source = rendered(&[("page_range", "{first} of {total}"), ("title", "T")]);
        let fields = "pub first: &'a dyn std::fmt::Display, pub total: &'a dyn std::fmt::Display, ";
        assert!(
            source.contains(&format!("pub struct PageRange<'a> {{ {fields}}}")),
            "{source}"
        );
        assert!(
            source.contains(r#"&[("first", self.first), ("total", self.total), ]"#),
            "{source}"
        );
        assert!(
            source.contains("pub const TITLE: crate::i18n::Text"),
            "{source}"
        );
    }
}
