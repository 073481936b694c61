//! What PostgreSQL's failures mean for the store.
//!
//! Codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.

use std::io::ErrorKind;

use sqlx::{
    Error,
    migrate::MigrateError,
    postgres::{PgConnectOptions, PgDatabaseError, PgSeverity},
};

use crate::{StoreError, writer::WriteError};

use super::url::server;

/// A statement failed that does not commit.
pub(super) fn classify(error: Error) -> WriteError {
    let reason = error.to_string();
    match error {
        Error::Database(error) => classify_code(&error.code().unwrap_or_default(), reason),
        Error::Encode(_) | Error::InvalidArgument(_) => WriteError::Refused(reason),
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) => WriteError::Outage(reason),
        _ => WriteError::Unclear(reason),
    }
}

/// A statement failed that commits. An error that ends the statement undoes it; one that ends the
/// connection, or no answer at all, leaves open what became of it.
pub(super) fn classify_commit(error: Error) -> WriteError {
    match &error {
        Error::Database(inner) => match inner.try_downcast_ref::<PgDatabaseError>() {
            Some(inner) if inner.severity() == PgSeverity::Error => classify(error),
            _ => WriteError::Lost(error.to_string()),
        },
        Error::Encode(_) | Error::InvalidArgument(_) => classify(error),
        _ => WriteError::Lost(error.to_string()),
    }
}

/// Two transactions were in each other's way, and this one was undone.
pub(super) fn is_conflict(error: &Error) -> bool {
    code(error).is_some_and(|code| matches!(code.as_str(), "40001" | "40P01"))
}

fn classify_code(code: &str, reason: String) -> WriteError {
    match code.get(..2).unwrap_or_default() {
        // Data, constraints, too large for an index.
        "22" | "23" | "54" => WriteError::Refused(reason),
        // A query that was cancelled took too long: perhaps it always will.
        "57" if code == "57014" => WriteError::Unclear(reason),
        // Connection, transaction read-only, rolled back, no resources, somebody's lock, shutdown.
        "08" | "25" | "40" | "53" | "55" | "57" => WriteError::Outage(reason),
        _ => WriteError::Unclear(reason),
    }
}

fn code(error: &Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

/// Why the store cannot be opened, with what to do.
pub(super) fn unusable(options: &PgConnectOptions, error: Error) -> StoreError {
    let user = options.get_username();
    let database = options.get_database().unwrap_or_default();
    let reason = match (code(&error).as_deref(), &error) {
        (Some("28P01" | "28000"), _) => format!(
            "PostgreSQL refuses the login of user `{user}` ({error}); check user and password in \
             the URL, and pg_hba.conf",
            error = message(&error)
        ),
        (Some("3D000"), _) => format!(
            "there is no database `{database}`; make it with: CREATE DATABASE \"{database}\""
        ),
        (Some("42501"), _) => format!(
            "user `{user}` has no right to what is needed ({error}); as the owner of the database \
             run: GRANT CREATE, USAGE ON SCHEMA public TO \"{user}\"",
            error = message(&error)
        ),
        (Some("25006"), _) => READ_ONLY.to_owned(),
        (Some("53300"), _) => "it has no connection left; each grok2api needs up to 11 \
                               (`max_connections`)"
            .to_owned(),
        (Some("57P03"), _) => format!("it is not ready yet ({}); try again", message(&error)),
        (Some(_), _) => message(&error),
        (None, Error::Io(error)) => not_reached(error),
        (None, Error::Tls(error)) => format!(
            "TLS failed ({error}); `sslmode=` in the URL says how it is used, `sslrootcert=` names \
             the file of a certificate authority of your own"
        ),
        (None, error) => error.to_string(),
    };
    StoreError::Unusable {
        server: server(options),
        reason,
    }
}

pub(super) const READ_ONLY: &str =
    "it only reads (a replica, or default_transaction_read_only); name the server that writes";

fn not_reached(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused | ErrorKind::NotFound => {
            format!(
                "nothing answers there ({error}); is PostgreSQL running, and host and port right?"
            )
        }
        ErrorKind::TimedOut => {
            format!("{error}; check host and port, and firewalls on the way")
        }
        _ => format!("it cannot be reached ({error}); check host and port"),
    }
}

/// The server's own sentence.
fn message(error: &Error) -> String {
    match error {
        Error::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    }
}

/// Why the tables cannot be brought up to date.
pub(super) fn migration_failed(options: &PgConnectOptions, error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(migration) => StoreError::Newer { migration },
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)
            if code(&error).is_some_and(|code| code == "42501" || code == "25006") =>
        {
            unusable(options, error)
        }
        other => StoreError::Migrate(Box::new(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_refused_outages_are_tried_again_and_the_rest_is_found_out() {
        let class = |code| classify_code(code, String::new());
        for code in ["22021", "23505", "54000"] {
            assert_eq!(class(code), WriteError::Refused(String::new()), "{code}");
        }
        for code in ["08006", "25006", "40P01", "53100", "55P03", "57P01"] {
            assert_eq!(class(code), WriteError::Outage(String::new()), "{code}");
        }
        for code in ["57014", "42501", "XX001", ""] {
            assert_eq!(class(code), WriteError::Unclear(String::new()), "{code}");
        }
    }

    #[test]
    fn only_a_commit_without_an_answer_is_lost() {
        let cut = || Error::Io(std::io::Error::from(ErrorKind::ConnectionReset));
        assert!(matches!(classify(cut()), WriteError::Outage(_)));
        assert!(matches!(classify_commit(cut()), WriteError::Lost(_)));
    }
}
