//! What a URL says about the server.

use sqlx::{
    ConnectOptions,
    mysql::{MySqlConnectOptions, MySqlSslMode},
};
use url::{ParseError, Url};

use crate::StoreError;

/// Prepared statements that are kept on a connection: those of all sizes fit.
const STATEMENTS: usize = 160;
const NO_HOST: &str = "it names no host; for a socket write mysql://…@localhost/…?socket=PATH";
const KNOWN_PARAMETERS: &str =
    "`ssl-mode`, `ssl-ca`, `ssl-cert`, `ssl-key`, `socket` and `charset`";

/// Where the database is and who asks for it.
pub(super) struct Address {
    pub(super) options: MySqlConnectOptions,
    /// The server, for people.
    pub(super) server: String,
    pub(super) user: String,
    pub(super) database: String,
}

impl Address {
    /// `mysql://USER:PASSWORD@HOST:PORT/DATABASE?ssl-mode=…`; characters with a meaning in URLs are
    /// percent-encoded in each part. With `socket=PATH` the host is not looked at.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let url = Url::parse(url).map_err(|error| match error {
            ParseError::EmptyHost => bad(NO_HOST),
            _ => bad(format!(
                "it is not of the form mysql://USER:PASSWORD@HOST:PORT/DATABASE ({error}); in a \
                 password `@`, `:`, `/`, `?`, `#` and `%` must be percent-encoded"
            )),
        })?;
        if url.fragment().is_some() {
            return Err(bad("a `#` in a password must be written as `%23`"));
        }
        let mut bare = url.clone();
        bare.set_query(None);
        let options = MySqlConnectOptions::from_url(&bare)
            .map_err(|_| bad("user, password and database must be UTF-8"))?;
        let user = options.get_username().to_owned();
        let database = options.get_database().unwrap_or_default().to_owned();
        if url.username().is_empty() {
            return Err(bad("it names no user: mysql://USER:PASSWORD@HOST/DATABASE"));
        }
        if database.is_empty() || database.contains('/') {
            return Err(bad(
                "it must end with the name of a database: mysql://…@HOST/DATABASE",
            ));
        }
        let mut options = options
            .charset("utf8mb4")
            // Texts that stand alone in a statement are compared as columns are.
            .collation("utf8mb4_bin")
            .statement_cache_capacity(STATEMENTS)
            .disable_statement_logging();
        let mut server = None;
        if let Some(host) = url.host_str().filter(|host| !host.is_empty()) {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            server = Some(format!("{host}:{}", options.get_port()));
            options = options.host(host);
        }
        for (name, value) in url.query_pairs() {
            if is_socket(&name) {
                options = options.socket(&*value);
                server = Some(value.into_owned());
            } else {
                options = with_parameter(options, &name, &value)?;
            }
        }
        Ok(Self {
            options,
            server: server.ok_or_else(|| bad(NO_HOST))?,
            user,
            database,
        })
    }
}

/// `unix_socket` is what drivers of Python call it.
fn is_socket(name: &str) -> bool {
    matches!(name, "socket" | "unix_socket")
}

fn with_parameter(
    options: MySqlConnectOptions,
    name: &str,
    value: &str,
) -> Result<MySqlConnectOptions, StoreError> {
    match name.to_ascii_lowercase().replace('_', "-").as_str() {
        "ssl-mode" | "sslmode" => {
            let mode = value.replace('-', "_").parse::<MySqlSslMode>();
            mode.map(|mode| options.ssl_mode(mode)).map_err(|_| {
                bad("`ssl-mode` is disabled, preferred, required, verify_ca or verify_identity")
            })
        }
        "ssl-ca" | "sslca" => Ok(options.ssl_ca(value)),
        "ssl-cert" | "sslcert" => Ok(options.ssl_client_cert(value)),
        "ssl-key" | "sslkey" => Ok(options.ssl_client_key(value)),
        // What other drivers need to be told is so here in any case.
        "charset" if matches!(value, "utf8mb4" | "utf8") => Ok(options),
        "charset" => Err(bad("`charset` can only be utf8mb4; leave it out")),
        // What looks like something else may be a part of a password.
        known
            if known
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-') =>
        {
            Err(bad(format!(
                "`{known}` is no parameter here, take it out; there are {KNOWN_PARAMETERS}"
            )))
        }
        _ => Err(bad(format!(
            "after `?` there may be {KNOWN_PARAMETERS}; a `?` in a password must be written as `%3F`"
        ))),
    }
}

fn bad(reason: impl Into<String>) -> StoreError {
    StoreError::BadUrl {
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Address, String> {
        Address::parse(url).map_err(|error| error.to_string())
    }

    #[test]
    fn a_url_names_server_user_and_database() {
        let address = parse("mysql://u%40x:p%3Aw@db:3307/grok?charset=utf8mb4&ssl-mode=Required");
        let address = address.unwrap();
        assert_eq!(address.server, "db:3307");
        assert_eq!(address.user, "u@x");
        assert_eq!(address.database, "grok");
        assert!(matches!(
            address.options.get_ssl_mode(),
            MySqlSslMode::Required
        ));
        for (url, server) in [
            ("mysql://u@db/d", "db:3306"),
            ("mysql://u@[::1]/d", "::1:3306"),
            (
                "mysql://u@localhost/d?unix_socket=%2Frun%2Fmysqld.sock",
                "/run/mysqld.sock",
            ),
        ] {
            assert_eq!(parse(url).unwrap().server, server);
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_the_way_out_and_without_its_secrets() {
        for (url, expected) in [
            ("mysql://u:secret@db", "the name of a database"),
            ("mysql://u:secret@db/", "the name of a database"),
            ("mysql://:secret@db/d", "names no user"),
            ("mysql://u:secret@/d", "names no host"),
            ("mysql:u:secret@db/d", "mysql://USER"),
            ("mysql://u:secret@db:99999/d", "percent-encoded"),
            ("mysql://u:s#secret@db/d", "percent-encoded"),
            ("mysql://u:p@db/d#secret", "%23"),
            ("mysql://u:1?secret@db/d", "names no user"),
            ("mysql://u:secret@db/d?secret@x/y", "%3F"),
            (
                "mysql://u:secret@db/d?connect_timeout=9",
                "`connect-timeout`",
            ),
            ("mysql://u:secret@db/d?charset=latin1", "utf8mb4"),
            ("mysql://u:secret@db/d?ssl-mode=secret", "verify_identity"),
        ] {
            let error = parse(url).map(|address| address.server).unwrap_err();
            assert!(error.contains(expected), "{url}: {error}");
            assert!(!error.contains("secret"), "{url}: {error}");
        }
    }
}
