//! The layers on top of the built-in defaults, and everything that is wrong with them.

use std::io;
use std::path::PathBuf;

use secrecy::ExposeSecret;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::env::{self, Meaning};
use super::problem::nearest_name;
use super::settings::{Raw, Refused, Section, names};
use super::{Config, ConfigErrors, ModelConfig, Place, Problem, old};

/// The default password of older releases; refused (requirements, decision 4).
const OLD_PASSWORD: &str = "grok2api";
/// Shown instead of a secret.
const HIDDEN: &str = "(hidden)";
/// Name of the model list in the file.
const MODELS: &str = "models";

/// A configuration in the making.
pub(super) struct Layers {
    path: PathBuf,
    config: Config,
    warnings: Vec<String>,
    problems: Vec<Problem>,
    /// Where `app.app_key` was set; the last layer wins.
    password_place: Option<Place>,
}

/// The file's text, to name lines and to show values.
#[derive(Clone, Copy)]
struct Source<'a>(&'a str);

impl Source<'_> {
    /// Line of a byte offset, counted from 1.
    fn line(self, offset: usize) -> usize {
        self.0
            .bytes()
            .take(offset)
            .filter(|byte| *byte == b'\n')
            .count()
            + 1
    }

    fn shown(self, span: std::ops::Range<usize>) -> String {
        self.0.get(span).unwrap_or_default().trim().to_owned()
    }
}

/// A value with what is said about it.
struct Given<'a> {
    raw: Raw<'a>,
    shown: String,
    place: Place,
}

impl Layers {
    pub(super) fn new(path: PathBuf) -> Self {
        let config = Config::default();
        Self {
            path,
            config,
            warnings: Vec::new(),
            problems: Vec::new(),
            password_place: None,
        }
    }

    pub(super) fn note_unreadable(&mut self, error: &io::Error) {
        self.problems.push(Problem::File {
            path: self.path.clone(),
            message: error.to_string(),
        });
    }

    /// Applies the file; of a file with syntax errors nothing but those is reported.
    pub(super) fn apply_file(&mut self, text: &str) {
        let source = Source(text);
        let (document, mut errors) = DeTable::parse_recoverable(text);
        errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
        for error in &errors {
            let line = source.line(error.span().map_or(0, |span| span.start));
            let message = error.message().to_owned();
            self.problems.push(Problem::Syntax {
                place: self.line(line),
                message,
            });
        }
        if !errors.is_empty() {
            return;
        }
        let mut sections: Vec<_> = document.get_ref().iter().collect();
        sections.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in sections {
            let place = self.line(source.line(name.span().start));
            match (name.get_ref().as_ref(), value.get_ref()) {
                (MODELS, DeValue::Array(models)) => self.apply_models(models, source),
                (section, DeValue::Table(table)) => {
                    self.apply_section(section, table, source, place);
                }
                (name, _) => self.bad_section(name, source.shown(value.span()), place),
            }
        }
    }

    /// Applies the variables that name a key.
    pub(super) fn apply_environment(&mut self, env: impl IntoIterator<Item = (String, String)>) {
        for (name, value) in env::ordered(env) {
            match env::meaning(&name, &value) {
                Meaning::None => {}
                Meaning::Ignored(why) => self.ignored(&Place::Variable(name), "it", why),
                Meaning::Unknown => self.warnings.push(unknown_variable(&name)),
                Meaning::Key { section, key } => {
                    let place = Place::Variable(name);
                    if let Some(why) = old::section(&section) {
                        self.ignored(&place, &format!("[{section}]"), why);
                        continue;
                    }
                    let (raw, shown) = (Raw::Text(&value), format!("{value:?}"));
                    if self.config.section(&section).is_some() {
                        self.apply_key(&section, &key, Given { raw, shown, place });
                    } else {
                        self.unknown_section(&section, place);
                    }
                }
            }
        }
    }

    /// The configuration with its warnings.
    ///
    /// # Errors
    /// Every problem that the layers had.
    pub(super) fn finish(mut self) -> Result<(Config, Vec<String>), ConfigErrors> {
        if let Some(place) = self.password_place.take()
            && self.config.app.app_key.expose_secret() == OLD_PASSWORD
        {
            self.problems.push(Problem::DefaultPassword {
                key: "app.app_key",
                place,
            });
        }
        if self.problems.is_empty() {
            Ok((self.config, self.warnings))
        } else {
            Err(ConfigErrors(self.problems))
        }
    }

    fn line(&self, line: usize) -> Place {
        Place::Line {
            file: self.path.clone(),
            line,
        }
    }

    fn ignored(&mut self, place: &Place, what: &str, why: &str) {
        self.warnings
            .push(format!("{place}: {what} is ignored: {why}"));
    }

    fn apply_section(&mut self, section: &str, table: &DeTable<'_>, source: Source<'_>, at: Place) {
        if let Some(why) = old::section(section) {
            self.ignored(&at, &format!("section [{section}]"), why);
        } else if self.config.section(section).is_none() {
            self.unknown_section(section, at);
        } else {
            for (key, given) in self.given(table, source) {
                self.apply_key(section, &key, given);
            }
        }
    }

    /// The keys of a table in the order of the file.
    fn given<'a>(&self, table: &'a DeTable<'a>, source: Source<'_>) -> Vec<(String, Given<'a>)> {
        let mut keys: Vec<_> = table.iter().collect();
        keys.sort_by_key(|(key, _)| key.span().start);
        let given = |(key, value): (&Spanned<_>, &'a Spanned<DeValue<'a>>)| {
            let raw = Raw::Toml(value.get_ref());
            let place = self.line(source.line(key.span().start));
            Given {
                raw,
                shown: source.shown(value.span()),
                place,
            }
        };
        keys.into_iter()
            .map(|(key, value)| (key.get_ref().to_string(), given((key, value))))
            .collect()
    }

    fn apply_key(&mut self, section: &str, key: &str, given: Given<'_>) {
        let Given { raw, shown, place } = given;
        if let Some(why) = old::key(section, key) {
            return self.ignored(&place, &format!("{section}.{key}"), why);
        }
        let Some(fields) = self.config.section(section) else {
            return;
        };
        match fields.set(key, raw) {
            Ok(()) if (section, key) == ("app", "app_key") => self.password_place = Some(place),
            Ok(()) => {}
            Err(Refused::Unknown) => {
                let (key, nearest) = (format!("{section}.{key}"), nearest_key(section, key));
                self.problems.push(Problem::UnknownKey {
                    key,
                    nearest,
                    place,
                });
            }
            Err(refused) => self.bad_value(format!("{section}.{key}"), shown, place, refused),
        }
    }

    fn bad_value(&mut self, key: String, shown: String, place: Place, refused: Refused) {
        let Refused::BadValue {
            expected,
            is_hidden,
        } = refused
        else {
            return;
        };
        let value = if is_hidden { HIDDEN.to_owned() } else { shown };
        self.problems.push(Problem::BadValue {
            key,
            value,
            expected,
            place,
        });
    }

    /// A name at the top of the file that is not a section.
    fn bad_section(&mut self, name: &str, shown: String, place: Place) {
        if self.config.section(name).is_some() {
            let expected = format!("a section [{name}]");
            return self.problems.push(Problem::BadValue {
                key: name.to_owned(),
                value: HIDDEN.to_owned(),
                expected,
                place,
            });
        }
        if name == MODELS {
            let (key, expected) = (
                name.to_owned(),
                "entries that begin with [[models]]".to_owned(),
            );
            return self.problems.push(Problem::BadValue {
                key,
                value: shown,
                expected,
                place,
            });
        }
        let nearest = key_of_any_section(name);
        self.problems.push(Problem::UnknownKey {
            key: name.to_owned(),
            nearest,
            place,
        });
    }

    fn unknown_section(&mut self, section: &str, place: Place) {
        let known = Config::KEYS.iter().map(|(name, _)| *name);
        let nearest = nearest_name(section, known).map(|name| format!("[{name}]"));
        self.problems.push(Problem::UnknownSection {
            section: section.to_owned(),
            nearest,
            place,
        });
    }

    fn apply_models(&mut self, models: &[Spanned<DeValue<'_>>], source: Source<'_>) {
        for (index, model) in models.iter().enumerate() {
            let (name, place) = (
                format!("{MODELS}[{index}]"),
                self.line(source.line(model.span().start)),
            );
            let Some(table) = model.get_ref().as_table() else {
                let expected = "an entry that begins with [[models]]".to_owned();
                let value = source.shown(model.span());
                self.problems.push(Problem::BadValue {
                    key: name,
                    value,
                    expected,
                    place,
                });
                continue;
            };
            self.apply_model(&name, table, source, place);
        }
    }

    /// Adds a model, or changes the one with the same id.
    fn apply_model(&mut self, name: &str, table: &DeTable<'_>, source: Source<'_>, place: Place) {
        let id = table
            .get("id")
            .and_then(|id| id.get_ref().as_str())
            .unwrap_or_default();
        let existing = self.config.models.iter().position(|model| model.id == id);
        let before = existing.and_then(|index| self.config.models.get(index));
        let mut model = before.cloned().unwrap_or_default();
        for (key, given) in self.given(table, source) {
            match model.set(&key, given.raw) {
                Ok(()) => {}
                Err(Refused::Unknown) => {
                    let nearest = nearest_name(&key, names::<ModelConfig>()).map(str::to_owned);
                    let (key, place) = (format!("{name}.{key}"), given.place);
                    self.problems.push(Problem::UnknownKey {
                        key,
                        nearest,
                        place,
                    });
                }
                Err(refused) => {
                    self.bad_value(format!("{name}.{key}"), given.shown, given.place, refused);
                }
            }
        }
        for (key, value) in [("id", &model.id), ("model_name", &model.model_name)] {
            if value.is_empty() && !table.contains_key(key) {
                let (key, place) = (format!("{name}.{key}"), place.clone());
                self.problems.push(Problem::Missing { key, place });
            }
        }
        match existing.and_then(|index| self.config.models.get_mut(index)) {
            Some(known) => *known = model,
            None => self.config.models.push(model),
        }
    }
}

/// The key that was probably meant: in the same section, else of the same name in another one.
fn nearest_key(section: &str, key: &str) -> Option<String> {
    let known = Config::KEYS
        .iter()
        .find(|(name, _)| *name == section)
        .map(|(_, keys)| keys());
    let nearest = nearest_name(key, known.unwrap_or_default());
    nearest
        .map(|name| format!("{section}.{name}"))
        .or_else(|| key_of_any_section(key))
}

/// A key of exactly this name, with its section.
fn key_of_any_section(key: &str) -> Option<String> {
    let (section, _) = Config::KEYS
        .iter()
        .find(|(_, keys)| keys().contains(&key))?;
    Some(format!("{section}.{key}"))
}

/// What is said about a variable with our prefix that sets nothing.
fn unknown_variable(name: &str) -> String {
    let meant = name.to_ascii_uppercase();
    let known = Config::KEYS.iter().flat_map(|(section, keys)| {
        keys()
            .into_iter()
            .map(move |key| env::variable(section, key))
    });
    let known: Vec<_> = known.collect();
    let hint = nearest_name(&meant, known.iter().map(String::as_str))
        .map_or_else(String::new, |name| format!("; did you mean {name}?"));
    format!("variable {name} is ignored: keys are set by GROK2API_<SECTION>__<KEY>{hint}")
}
