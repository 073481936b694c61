//! Renders the commented file of a first start; a test compares it with the committed one.

use crate::Config;
use crate::declare::{Field, Fields};

const HEAD: &str = "\
# Configuration of grok2api.
#
# Every key stands here with its default, commented out: remove the `#` before a key to change it.
# A key that stays commented out follows the defaults of later releases.
# A change takes effect with the next request, without a restart, unless a key says otherwise. A
# file with a mistake is refused as a whole: the log and /readyz say why.
# Environment variables win over this file: GROK2API_<SECTION>__<KEY>, for example
# GROK2API_APP__API_KEY. Lists may be written as texts separated by commas.
";

const MODELS: &str = "
# The model catalogue is built in. An entry here adds a model, or changes the one with the same id.
# Requests may also ask for it by one of its aliases, such as another vendor's name.
#
";

/// What the file says of a section.
pub(crate) struct SectionTemplate {
    pub(crate) name: &'static str,
    /// The name of its struct.
    pub(crate) kind: &'static str,
    pub(crate) about: &'static str,
    pub(crate) body: fn() -> String,
}

/// The whole file.
pub(crate) fn render() -> String {
    let mut text = HEAD.to_owned();
    for section in Config::TEMPLATE {
        let (about, name, body) = (section.about, section.name, (section.body)());
        text.push_str(&format!("\n#{about}\n[{name}]\n{body}"));
    }
    text.push_str(MODELS);
    text.push_str("# [[models]]\n");
    let example = Config::default()
        .models
        .into_iter()
        .find(|model| model.id == "grok-4");
    text.push_str(&body_of(&example.unwrap_or_default(), "# "));
    text
}

/// The keys of a section with their docs, range and default.
pub(crate) fn body<S: Fields>() -> String {
    body_of(&S::default(), "#")
}

fn body_of<S: Fields>(section: &S, comment: &str) -> String {
    let field = |field: &Field<S>| {
        let mut text = String::new();
        if comment == "#" {
            field
                .docs
                .iter()
                .for_each(|line| text.push_str(&format!("#{line}\n")));
            let expected = (field.expected)();
            if !["a text", "true or false"].contains(&expected.as_str()) {
                text.push_str(&format!("# Allowed: {expected}.\n"));
            }
            if let Some(note) = field.state.note() {
                text.push_str(&format!("# {note}\n"));
            }
        }
        text.push_str(&format!(
            "{comment}{} = {}\n",
            field.name,
            (field.write)(section)
        ));
        text
    };
    let between = if comment == "#" { "\n" } else { "" };
    S::FIELDS
        .iter()
        .map(field)
        .collect::<Vec<_>>()
        .join(between)
}

/// Every key of a rendered file with its value in force, for reading it back.
pub(crate) fn uncommented(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => format!("{rest}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}
