//! From a URL to how the server is connected to.

use std::str::FromStr;

use sqlx::{ConnectOptions, postgres::PgConnectOptions};

use crate::StoreError;

/// Parameters that mean the same here.
const KNOWN: [&str; 10] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
];
/// Parameters of other drivers and of libpq, which may be named in an answer. Any other name may be
/// the rest of a password.
const FOREIGN: [&str; 22] = [
    "channel_binding",
    "charset",
    "client_encoding",
    "command_timeout",
    "connect_timeout",
    "gssencmode",
    "keepalives",
    "keepalives_idle",
    "max_cached_statement_lifetime",
    "max_overflow",
    "options",
    "passfile",
    "pgbouncer",
    "pool_recycle",
    "pool_size",
    "pool_timeout",
    "prepared_statement_cache_size",
    "server_settings",
    "sslcrl",
    "statement_cache_size",
    "target_session_attrs",
    "timeout",
];
const SSL_MODES: [&str; 6] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

/// Reads `postgresql://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETERS`. `ssl=`, as the predecessor's
/// driver had it, is `sslmode=`; what is not said comes from libpq's environment variables.
pub(super) fn parse(url: &str) -> Result<PgConnectOptions, StoreError> {
    let (base, parameters) = url.split_once('?').unwrap_or((url, ""));
    check_base(base)?;
    let parameters = parameters.split('&').filter(|pair| !pair.is_empty());
    let parameters: Result<Vec<_>, _> = parameters.map(translate).collect();
    // A folder of a socket is named by a parameter; our driver wants a host all the same.
    let base = base.replacen("@/", "@localhost/", 1);
    let url = format!("{base}?{}", parameters?.join("&"));
    // The reason is one of fixed sentences; the URL is not in it.
    let options = PgConnectOptions::from_str(&url)
        .map_err(|error| bad(&format!("{error}; {ENCODE}", error = reason(&error))))?;
    if options.get_database().is_none_or(str::is_empty) {
        return Err(bad("it names no database; end it with `/NAME`"));
    }
    let options = match options.get_application_name() {
        Some(_) => options,
        None => options.application_name("grok2api"),
    };
    Ok(options.disable_statement_logging())
}

const ENCODE: &str = "special characters of user and password are written as `%` and two \
                      hexadecimal digits (`@` is `%40`, `/` `%2F`, `#` `%23`, `?` `%3F`)";

fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(reason) => reason.to_string(),
        _ => "it cannot be read".to_owned(),
    }
}

/// Finds what a password that is not encoded makes of a URL.
fn check_base(base: &str) -> Result<(), StoreError> {
    let Some(rest) = base.strip_prefix("postgresql://") else {
        return Err(bad("`//` and a host follow the scheme"));
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if base.contains('#') || path.contains('@') || authority.matches('@').count() > 1 {
        return Err(bad(ENCODE));
    }
    Ok(())
}

/// One parameter, as our driver has it.
fn translate(pair: &str) -> Result<String, StoreError> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    match name {
        "ssl" | "sslmode" => {
            let mode = match value.to_ascii_lowercase().as_str() {
                "true" | "1" | "on" => "require".to_owned(),
                "false" | "0" | "off" => "disable".to_owned(),
                other => other.to_owned(),
            };
            if !SSL_MODES.contains(&mode.as_str()) {
                let modes = SSL_MODES.join(", ");
                return Err(bad(&format!("`{name}` is one of: {modes}")));
            }
            Ok(format!("sslmode={mode}"))
        }
        known if KNOWN.contains(&known) => Ok(pair.to_owned()),
        foreign if FOREIGN.contains(&foreign) => Err(bad(&format!(
            "the parameter `{foreign}` has no meaning here; remove it"
        ))),
        _ => Err(bad(&format!(
            "it has a parameter that is not known; known are {}; {ENCODE}",
            KNOWN.join(", ")
        ))),
    }
}

/// Where the server is, for people.
pub(super) fn server(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(folder) => format!("{}", folder.display()),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

fn bad(reason: &str) -> StoreError {
    StoreError::BadUrl {
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use sqlx::postgres::PgSslMode;

    use super::*;

    #[test]
    fn all_parts_of_a_url_are_used() {
        let options = parse("postgresql://u%40x:p@host.test:1234/data?sslmode=require").unwrap();
        assert_eq!(server(&options), "host.test:1234");
        assert_eq!(options.get_username(), "u@x");
        assert_eq!(options.get_database(), Some("data"));
        assert!(matches!(options.get_ssl_mode(), PgSslMode::Require));
        assert_eq!(options.get_application_name(), Some("grok2api"));
        let by_socket = parse("postgresql://u@/data?host=/run/postgresql").unwrap();
        assert_eq!(server(&by_socket), "/run/postgresql");
    }

    #[test]
    fn the_way_in_which_the_predecessors_driver_asks_for_tls_is_understood() {
        let mode = |parameter: &str| {
            let url = format!("postgresql://u:p@host/data?{parameter}");
            parse(&url).unwrap().get_ssl_mode()
        };
        assert!(matches!(mode("ssl=require"), PgSslMode::Require));
        assert!(matches!(mode("ssl=true"), PgSslMode::Require));
        assert!(matches!(mode("ssl=0"), PgSslMode::Disable));
        assert!(matches!(mode("ssl=verify-full"), PgSslMode::VerifyFull));
        assert!(matches!(mode(""), PgSslMode::Prefer));
    }

    #[test]
    fn what_is_not_understood_is_refused_with_the_way_out_and_without_secrets() {
        for (url, expected) in [
            ("postgresql:host/data", "`//`"),
            ("postgresql://u:secret@host", "names no database"),
            ("postgresql://u:secret@host/", "names no database"),
            ("postgresql://u:se/secret@host/data", "%2F"),
            ("postgresql://u:se#secret@host/data", "%23"),
            ("postgresql://u:se@secret@host/data", "%40"),
            ("postgresql://u:se?secret@host/data", "%3F"),
            ("postgresql://u:se?secret=x@host/data", "%3F"),
            ("postgresql://u:secret@host:port/data", "invalid port"),
            (
                "postgresql://u:secret@host/data?ssl=maybe",
                "one of: disable",
            ),
            (
                "postgresql://u:secret@host/data?sslmode=",
                "one of: disable",
            ),
            (
                "postgresql://u:secret@host/data?statement_cache_size=0",
                "remove it",
            ),
        ] {
            let error = parse(url).unwrap_err().to_string();
            assert!(error.contains(expected), "{url}: {error}");
            assert!(!error.contains("secret"), "{url}: {error}");
        }
    }
}
