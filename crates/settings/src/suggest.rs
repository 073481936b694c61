//! What a misspelt name was probably meant to be.

use crate::{Config, env};

/// The known name that is nearest: up to half of the letters differ, at most three.
pub(crate) fn nearest_name<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (name.chars().count() / 2).min(3);
    known
        .into_iter()
        .map(|candidate| (strsim::levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The nearest section, in brackets.
pub(crate) fn section(name: &str) -> Option<String> {
    let known = Config::KEYS.iter().map(|(section, _)| *section);
    nearest_name(name, known).map(|section| format!("[{section}]"))
}

/// The nearest key of the section, else the key of the same name in another one.
pub(crate) fn key(section: &str, key: &str) -> Option<String> {
    let known = Config::KEYS
        .iter()
        .find(|(name, _)| *name == section)
        .map(|(_, keys)| keys());
    let nearest = nearest_name(key, known.unwrap_or_default());
    nearest
        .map(|name| format!("{section}.{name}"))
        .or_else(|| key_of_any_section(key))
}

/// The sections with a key of exactly this name.
pub(crate) fn sections_of(key: &str) -> Vec<&'static str> {
    let has_key = Config::KEYS
        .iter()
        .filter(|(_, keys)| keys().contains(&key));
    has_key.map(|(section, _)| *section).collect()
}

/// A key of exactly this name, with its section.
pub(crate) fn key_of_any_section(key: &str) -> Option<String> {
    let section = *sections_of(key).first()?;
    Some(format!("{section}.{key}"))
}

/// The nearest variable that sets a key.
pub(crate) fn variable(name: &str) -> Option<String> {
    let known = Config::KEYS.iter().flat_map(|(section, keys)| {
        keys()
            .into_iter()
            .map(move |key| env::variable(section, key))
    });
    let known: Vec<_> = known.collect();
    let meant = name.to_ascii_uppercase();
    nearest_name(&meant, known.iter().map(String::as_str)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_within_three_letters() {
        let known = ["concurrent", "timeout", "stream_timeout"];
        assert_eq!(nearest_name("concurent", known), Some("concurrent"));
        assert_eq!(nearest_name("stream_timout", known), Some("stream_timeout"));
        assert_eq!(nearest_name("timeouts", known), Some("timeout"));
        assert_eq!(nearest_name("tiemout", known), Some("timeout"));
        assert_eq!(nearest_name("colour", known), None);
        assert_eq!(nearest_name("n", ["id"]), None);
    }

    #[test]
    fn variables_are_compared_without_regard_to_case() {
        let meant = variable("grok2api_server_port");
        assert_eq!(meant.as_deref(), Some("GROK2API_SERVER__PORT"));
    }
}
