//! What the server's failures mean for the store.

use sqlx::{Error, mysql::MySqlDatabaseError};

use crate::writer::WriteError;

/// The server's number of an error.
pub(super) fn number(error: &Error) -> Option<u16> {
    let Error::Database(error) = error else {
        return None;
    };
    let error = error.try_downcast_ref::<MySqlDatabaseError>();
    error.map(MySqlDatabaseError::number)
}

/// A key is taken: the statement changed nothing, and the transaction goes on.
pub(super) fn is_duplicate(error: &Error) -> bool {
    const DUP_ENTRY: u16 = 1062;
    number(error) == Some(DUP_ENTRY)
}

/// Why a try to write a batch failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Another transaction was in the way; this one is to be undone and tried again.
    Contended(String),
    Write(WriteError),
}

impl From<Error> for Failure {
    /// Of a statement before the commit: nothing of the batch is stored.
    fn from(error: Error) -> Self {
        let reason = error.to_string();
        match &error {
            Error::Database(_) => classify(number(&error).unwrap_or_default(), reason),
            Error::Encode(_) | Error::InvalidArgument(_) => {
                Self::Write(WriteError::Refused(reason))
            }
            Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => {
                Self::Write(WriteError::Outage(reason))
            }
            _ => Self::Write(WriteError::Unclear(reason)),
        }
    }
}

/// The commit failed. Only where the server says that it undid the transaction is nothing stored.
pub(super) fn commit_failed(error: Error) -> Failure {
    match number(&error) {
        Some(number) if CONTENTIONS.contains(&number) => Failure::Contended(error.to_string()),
        _ => Failure::Write(WriteError::Lost(error.to_string())),
    }
}

/// Lock wait timeout, deadlock (and a conflict of a cluster, which says so at the commit).
const CONTENTIONS: [u16; 2] = [1205, 1213];

/// By error number, see <https://mariadb.com/kb/en/mariadb-error-codes/>.
fn classify(number: u16, reason: String) -> Failure {
    /// Column that must not be null; duplicate key; too large a packet, value or number; foreign key
    /// or check that does not hold; text of a wrong character set; wrong data.
    const REFUSALS: [u16; 15] = [
        1048, 1062, 1153, 1169, 1216, 1217, 1264, 1265, 1292, 1366, 1406, 1451, 1452, 1690, 3819,
    ];
    /// MariaDB's number of a check that does not hold.
    const CHECK: u16 = 4025;
    /// Disk full or failing; memory, threads, connections, files or locks used up; no right (any
    /// more); shutting down; broken connections; killed or interrupted; read-only; no part of a
    /// cluster that has a majority.
    const OUTAGES: [u16; 40] = [
        1016, 1021, 1023, 1026, 1028, 1030, 1037, 1038, 1040, 1041, 1042, 1043, 1044, 1045, 1047,
        1053, 1077, 1079, 1080, 1114, 1129, 1130, 1135, 1142, 1143, 1152, 1158, 1159, 1160, 1161,
        1203, 1206, 1226, 1290, 1317, 1792, 1836, 1927, 3024, 3100,
    ];
    if CONTENTIONS.contains(&number) {
        Failure::Contended(reason)
    } else if REFUSALS.contains(&number) || number == CHECK {
        Failure::Write(WriteError::Refused(reason))
    } else if OUTAGES.contains(&number) {
        Failure::Write(WriteError::Outage(reason))
    } else {
        Failure::Write(WriteError::Unclear(reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_numbers_say_what_to_do() {
        let of = |number| classify(number, String::new());
        let none = String::new;
        for number in [1205, 1213] {
            assert_eq!(of(number), Failure::Contended(none()));
        }
        for number in [1062, 1153, 1406, 4025] {
            assert_eq!(of(number), Failure::Write(WriteError::Refused(none())));
        }
        for number in [1021, 1040, 1053, 1114, 1142, 1290, 1927] {
            assert_eq!(of(number), Failure::Write(WriteError::Outage(none())));
        }
        // No such table.
        assert_eq!(of(1146), Failure::Write(WriteError::Unclear(none())));
    }

    #[test]
    fn a_commit_without_an_answer_is_lost_and_a_statement_without_one_an_outage() {
        let cut = || Error::Io(std::io::ErrorKind::ConnectionReset.into());
        let lost = commit_failed(cut());
        assert!(matches!(lost, Failure::Write(WriteError::Lost(_))));
        let outage = Failure::from(cut());
        assert!(matches!(outage, Failure::Write(WriteError::Outage(_))));
    }
}
