//! The layers on top of the built-in defaults, and everything that is wrong with them.

mod models;
mod source;

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

use crate::declare::{Raw, Refused, State};
use crate::env::{self, Meaning};
use crate::problem::{Place, Problem, one_line};
use crate::{Config, ConfigErrors, old, suggest};

use source::{Given, Source, shortened};

/// Shown instead of a secret.
const HIDDEN: &str = "(hidden)";
/// Name of the model list in the file.
const MODELS: &str = "models";

/// A configuration in the making.
pub(crate) struct Layers {
    path: PathBuf,
    config: Config,
    warnings: Vec<String>,
    problems: Vec<Problem>,
    /// Where each key (section, key) was set; the last layer wins.
    places: BTreeMap<(String, String), Place>,
    /// By model id: the full key of its alias list, and where it stands.
    alias_places: BTreeMap<String, (String, Place)>,
}

impl Layers {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            config: Config::default(),
            warnings: Vec::new(),
            problems: Vec::new(),
            places: BTreeMap::new(),
            alias_places: BTreeMap::new(),
        }
    }

    /// The file could not be read, for this reason.
    pub(crate) fn note_unreadable(&mut self, message: String) {
        let path = self.path.clone();
        self.problems.push(Problem::File { path, message });
    }

    /// Applies the file; of a file with syntax errors nothing but those is reported.
    pub(crate) fn apply_file(&mut self, text: &str) {
        let path = self.path.clone();
        let source = Source { path: &path, text };
        let (document, mut errors) = DeTable::parse_recoverable(text);
        errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
        for error in &errors {
            self.problems.push(Problem::Syntax {
                place: source.place(error.span().map_or(0, |span| span.start)),
                message: explained(error.message()),
            });
        }
        if !errors.is_empty() {
            return;
        }
        let mut sections: Vec<_> = document.get_ref().iter().collect();
        sections.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in sections {
            let place = source.place(name.span().start);
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
    pub(crate) fn apply_environment(&mut self, env: impl IntoIterator<Item = (String, String)>) {
        for (name, value) in env::ordered(env) {
            match env::meaning(&name, &value) {
                Meaning::None => {}
                Meaning::Ignored(why) => self.ignored(&Place::Variable(name), "it", why),
                Meaning::Unknown => self.warn(&unknown_variable(&name)),
                Meaning::Key { section, key } => {
                    let place = Place::Variable(name);
                    let (raw, shown) = (Raw::Text(&value), format!("{:?}", shortened(&value)));
                    if self.config.section_mut(&section).is_some() {
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
    pub(crate) fn finish(mut self) -> Result<(Config, Vec<String>), ConfigErrors> {
        self.check_values();
        self.check_aliases();
        if self.problems.is_empty() {
            Ok((self.config, self.warnings))
        } else {
            Err(ConfigErrors(self.problems))
        }
    }

    /// The checks declared with the keys, for those that a layer has set.
    fn check_values(&mut self) {
        for ((section, key), place) in &self.places {
            let Some(values) = self.config.section_mut(section) else {
                continue;
            };
            if let Err(reason) = values.check(key) {
                self.problems.push(Problem::Refused {
                    key: format!("{section}.{key}"),
                    reason: reason.to_owned(),
                    place: place.clone(),
                });
            }
        }
    }

    fn warn(&mut self, text: &str) {
        self.warnings.push(one_line(text));
    }

    fn ignored(&mut self, place: &Place, what: &str, why: &str) {
        self.warn(&format!("{place}: {what} is ignored: {why}"));
    }

    fn apply_section(&mut self, section: &str, table: &DeTable<'_>, source: Source<'_>, at: Place) {
        if section == old::GROK {
            for (key, given) in source.given(table) {
                self.apply_moved(&key, given);
            }
        } else if self.config.section_mut(section).is_none() {
            self.unknown_section(section, at);
        } else {
            for (key, given) in source.given(table) {
                self.apply_key(section, &key, given);
            }
        }
    }

    fn apply_key(&mut self, section: &str, key: &str, given: Given<'_>) {
        let Given { raw, shown, place } = given;
        let full = format!("{section}.{key}");
        if let Some(why) = old::key(section, key) {
            return self.ignored(&place, &full, why);
        }
        let Some(fields) = self.config.section_mut(section) else {
            return;
        };
        match fields.set(key, raw) {
            Ok(state) => {
                if state == State::Reserved {
                    self.warn(&format!("{place}: {full} has no effect in this version"));
                }
                let name = (section.to_owned(), key.to_owned());
                self.places.insert(name, place);
            }
            Err(Refused::Unknown) => self.problems.push(Problem::UnknownKey {
                key: full,
                nearest: suggest::key(section, key),
                place,
            }),
            Err(refused) => self.bad_value(full, shown, place, refused),
        }
    }

    /// A key of the old `[grok]`, as if it stood where it has moved; what stands there itself wins.
    fn apply_moved(&mut self, key: &str, given: Given<'_>) {
        let (place, old) = (given.place.clone(), format!("{}.{key}", old::GROK));
        let moved_to = suggest::sections_of(key);
        let Some(section) = old::GROK_MOVED_TO
            .into_iter()
            .find(|section| moved_to.contains(section))
        else {
            return self.ignored(&place, &old, "this version has no such key");
        };
        let name = (section.to_owned(), key.to_owned());
        if self.places.contains_key(&name) {
            return self.ignored(&place, &old, &format!("{section}.{key} is set as well"));
        }
        self.warn(&format!(
            "{place}: {old} has moved and is read as {section}.{key}"
        ));
        self.apply_key(section, key, given);
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
        let key = name.to_owned();
        let (value, expected) = if self.config.section_mut(name).is_some() {
            (HIDDEN.to_owned(), format!("a section [{name}]"))
        } else if name == MODELS {
            let expected = "entries that begin with [[models]]";
            (shown, expected.to_owned())
        } else {
            let nearest = suggest::key_of_any_section(name);
            return self.problems.push(Problem::UnknownKey {
                key,
                nearest,
                place,
            });
        };
        self.problems.push(Problem::BadValue {
            key,
            value,
            expected,
            place,
        });
    }

    fn unknown_section(&mut self, section: &str, place: Place) {
        self.problems.push(Problem::UnknownSection {
            section: section.to_owned(),
            nearest: suggest::section(section),
            place,
        });
    }
}

/// A parser's message, with what to do where it is a common mistake.
fn explained(message: &str) -> String {
    if message.contains("duplicate key") {
        return format!(
            "{message}: it stands twice; put it where it stood first, every section does"
        );
    }
    message.to_owned()
}

/// What is said about a variable with our prefix that sets nothing.
fn unknown_variable(name: &str) -> String {
    let hint =
        suggest::variable(name).map_or_else(String::new, |name| format!("; did you mean {name}?"));
    format!("variable {name} is ignored: keys are set by GROK2API_<SECTION>__<KEY>{hint}")
}
