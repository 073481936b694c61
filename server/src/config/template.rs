//! Renders the commented file of a first start; a test compares it with the committed one.

use super::Config;
use super::settings::Fields;

const HEAD: &str = "\
# Configuration of grok2api.
#
# Every key stands here with its default, commented out: remove the `#` before a key to change it.
# A key that stays commented out follows the defaults of later releases.
# Environment variables win over this file: GROK2API_<SECTION>__<KEY>, for example
# GROK2API_APP__API_KEY. Lists may be written as texts separated by commas.
";

const MODELS: &str = "
# The model catalogue is built in. An entry here adds a model, or changes the one with the same id.
#
";

/// The whole file.
pub(super) fn render() -> String {
    let mut text = HEAD.to_owned();
    for (name, about, body) in Config::TEMPLATE {
        text.push_str(&format!("\n#{about}\n[{name}]\n{}", body()));
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
pub(super) fn body<S: Fields>() -> String {
    body_of(&S::default(), "#")
}

fn body_of<S: Fields>(section: &S, comment: &str) -> String {
    let field = |field: &super::settings::Field<S>| {
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
pub(super) fn uncommented(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => format!("{rest}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}
