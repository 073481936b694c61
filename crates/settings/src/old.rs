//! What older releases knew and this one does not need: accepted, ignored, one warning each.

/// Keys by section, with the reason. Source: `docs/upstream-protocol.md` 0.1 and 1.2.
const KEYS: [(&str, &str, &str); 7] = [
    ("image", "blocked_parallel_attempts", MODERATED),
    ("image", "blocked_parallel_enabled", MODERATED),
    ("logs", "max_len", RECORDS),
    ("proxy", "enabled", CLEARANCE),
    ("proxy", "flaresolverr_url", CLEARANCE),
    ("proxy", "refresh_interval", CLEARANCE),
    ("proxy", "timeout", CLEARANCE),
];
const MODERATED: &str = "a moderated request is never repeated";
const RECORDS: &str = "request records are kept as long as logs.retention_days and logs.max_mb say";
const CLEARANCE: &str = "challenges are not solved here; set proxy.cf_cookies and proxy.user_agent";

/// The one section of the oldest releases. Its keys kept their names when they moved.
pub(crate) const GROK: &str = "grok";
/// Where they moved.
pub(crate) const GROK_MOVED_TO: [&str; 4] = ["app", "proxy", "retry", "chat"];

/// Environment variables, with the reason.
const VARIABLES: [(&str, &str); 5] = [
    ("FLARESOLVERR_URL", CLEARANCE),
    ("CF_REFRESH_INTERVAL", CLEARANCE),
    ("CF_TIMEOUT", CLEARANCE),
    ("LOG_FILE_ENABLED", "logs go to the standard error stream"),
    ("SERVER_WS_IMPL", "there is one WebSocket implementation"),
];

/// Why a key is ignored, if it is one of the old ones.
pub(crate) fn key(section: &str, key: &str) -> Option<&'static str> {
    KEYS.iter()
        .find(|(s, k, _)| (*s, *k) == (section, key))
        .map(|(_, _, why)| *why)
}

/// Why a variable is ignored, if it is one of the old ones.
pub(crate) fn variable(name: &str) -> Option<&'static str> {
    VARIABLES
        .iter()
        .find(|(variable, _)| *variable == name)
        .map(|(_, why)| *why)
}
