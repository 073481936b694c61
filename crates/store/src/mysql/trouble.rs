//! What is said when a server cannot be used at the start: one sentence each, with the way out.

use sqlx::{Error, migrate::MigrateError};

use super::{address::Address, error::number};
use crate::StoreError;

impl Address {
    /// This server cannot be used.
    pub(super) fn unusable(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Unusable {
            server: self.server.clone(),
            reason: reason.into(),
        }
    }

    /// The sentence of an error before the store is open.
    pub(super) fn trouble(&self, error: Error) -> StoreError {
        let reason = match &error {
            Error::Database(_) => self.refusal(number(&error).unwrap_or_default(), &error),
            Error::Io(cause) => Some(format!("it cannot be reached ({cause})")),
            Error::Tls(cause) => Some(format!(
                "there is no encrypted connection to it ({cause}); see `ssl-mode` and `ssl-ca`"
            )),
            // The driver hides a password by TLS alone.
            Error::Configuration(cause) if cause.to_string().contains("RSA") => Some(
                "it wants the password encrypted (caching_sha2_password) and has no TLS; switch TLS \
                 on there and add `?ssl-mode=required`, or create the user with mysql_native_password"
                    .to_owned(),
            ),
            Error::Configuration(cause) => Some(format!("it cannot be connected to ({cause})")),
            Error::Protocol(cause) => Some(format!(
                "it does not answer as MySQL or MariaDB do ({cause})"
            )),
            _ => None,
        };
        match reason {
            Some(reason) => self.unusable(reason),
            None => StoreError::Database(Box::new(error)),
        }
    }

    /// The sentence of an error while the tables are brought up to date.
    pub(super) fn migration_trouble(&self, error: MigrateError) -> StoreError {
        match error {
            MigrateError::VersionMissing(migration) => StoreError::Newer { migration },
            MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _)
                if number(&cause).is_none_or(|number| self.refusal(number, &cause).is_some()) =>
            {
                self.trouble(cause)
            }
            other => StoreError::Migrate(Box::new(other)),
        }
    }

    fn refusal(&self, number: u16, error: &Error) -> Option<String> {
        let Self { user, database, .. } = self;
        Some(match number {
            1045 | 1698 | 1251 | 1862 | 4151 => format!(
                "it refuses the login of `{user}`; check user and password, and that the user may \
                 connect from this machine"
            ),
            1130 => format!("it lets nobody in from this machine; create `{user}` for its address"),
            1049 => format!(
                "it has no database `{database}`; create it: \
                 CREATE DATABASE `{database}` CHARACTER SET utf8mb4"
            ),
            1044 | 1142 | 1143 | 1227 | 1370 => format!(
                "`{user}` has not all rights on `{database}`; give them: \
                 GRANT ALL ON `{database}`.* TO `{user}` ({error})"
            ),
            1290 | 1792 | 1836 => "it is read-only; name the server that takes writes".to_owned(),
            1040 | 1129 | 1203 | 1226 => format!("it takes no more connections now ({error})"),
            1665 => "it logs statements, which does not go together with the isolation level READ \
                     COMMITTED; set binlog_format to ROW or MIXED"
                .to_owned(),
            _ => return None,
        })
    }
}
