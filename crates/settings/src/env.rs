//! Which environment variables set which key.

/// Prefix of the variables that set a key: `GROK2API_<SECTION>__<KEY>`.
const PREFIX: &str = "GROK2API_";
/// Variables with the prefix that are read elsewhere.
const ELSEWHERE: [&str; 2] = ["GROK2API_SECRET_KEY", "GROK2API_BACKUP_PASSPHRASE"];
/// Variables of older releases that set a key; empty counts as not set.
const CLASSIC: [(&str, &str, &str); 7] = [
    ("SERVER_HOST", "server", "host"),
    ("SERVER_PORT", "server", "port"),
    ("SERVER_WORKERS", "server", "workers"),
    ("LOG_LEVEL", "server", "log_level"),
    ("SERVER_STORAGE_TYPE", "server", "storage_type"),
    ("SERVER_STORAGE_URL", "server", "storage_url"),
    ("GROK2API_SESSION_SECRET", "app", "session_secret"),
];

/// What a variable is to the configuration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Key {
        section: String,
        key: String,
    },
    /// Starts with the prefix, but names no section and key.
    Unknown,
    /// An old one with no effect, and why.
    Ignored(&'static str),
    /// Not ours.
    None,
}

/// The meaning of a variable; names are compared without regard to case.
pub(crate) fn meaning(name: &str, value: &str) -> Meaning {
    let name = name.to_ascii_uppercase();
    if let Some((_, section, key)) = CLASSIC.iter().find(|(classic, ..)| *classic == name) {
        return match value.trim() {
            "" => Meaning::None,
            _ => Meaning::Key {
                section: (*section).to_owned(),
                key: (*key).to_owned(),
            },
        };
    }
    if let Some(why) = crate::old::variable(&name) {
        return Meaning::Ignored(why);
    }
    let Some(rest) = name.strip_prefix(PREFIX) else {
        return Meaning::None;
    };
    if ELSEWHERE.contains(&name.as_str()) {
        return Meaning::None;
    }
    match rest.to_ascii_lowercase().split_once("__") {
        Some((section, key)) => Meaning::Key {
            section: section.to_owned(),
            key: key.to_owned(),
        },
        None => Meaning::Unknown,
    }
}

/// The variable that sets a key.
pub(crate) fn variable(section: &str, key: &str) -> String {
    format!(
        "{PREFIX}{}__{}",
        section.to_ascii_uppercase(),
        key.to_ascii_uppercase()
    )
}

/// Variables in the order in which they apply: classic ones first, so that the explicit form wins.
pub(crate) fn ordered(env: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    let mut variables: Vec<_> = env.into_iter().collect();
    variables.sort_by_cached_key(|(name, _)| {
        let name = name.to_ascii_uppercase();
        (!CLASSIC.iter().any(|(classic, ..)| *classic == name), name)
    });
    variables
}
