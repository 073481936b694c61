//! From a URL to an engine.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    DATABASE_FILE, MasterKey, RequestQuery, RequestRow, Store, StoreError, reader::Reader, sqlite,
};

/// Opens the store that `url` names, creating folder, database and tables as needed:
///
/// - empty or `sqlite:`: `grok2api.db` in `data_dir`
/// - `sqlite:PATH`, `sqlite://PATH`: that file, seen from `data_dir` unless it is absolute
///
/// Call [`close`](crate::RecordStore::close) before the process ends.
///
/// # Errors
/// [`StoreError::BadUrl`] for every other URL, [`StoreError::InUse`] when another process has the
/// database, [`StoreError::WrongKey`] when it was encrypted with another key, [`StoreError::Newer`]
/// when a newer version wrote it.
pub async fn open(
    url: &str,
    data_dir: &Path,
    key: MasterKey,
) -> Result<Arc<dyn Store>, StoreError> {
    let file = sqlite_file(url.trim(), data_dir)?;
    Ok(Arc::new(sqlite::open(&file, &key).await?))
}

/// Request records, read beside the process that keeps the store: nothing is locked or written, and
/// nothing secret is in them, so no key is needed.
pub struct RequestReader(Box<dyn Reader>);

/// Opens the request records of the store that `url` names, see [`open`].
///
/// # Errors
/// [`StoreError::BadUrl`] for a URL that [`open`] refuses too, [`StoreError::Files`] when there is
/// no such store yet.
pub fn open_requests(url: &str, data_dir: &Path) -> Result<RequestReader, StoreError> {
    let file = sqlite_file(url.trim(), data_dir)?;
    Ok(RequestReader(Box::new(sqlite::open_reader(&file)?)))
}

impl RequestReader {
    /// The request of that id.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn get(&self, id: &str) -> Result<Option<RequestRow>, StoreError> {
        self.0.request(id).await
    }

    /// Requests, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn list(&self, query: &RequestQuery) -> Result<Vec<RequestRow>, StoreError> {
        self.0.requests(query).await
    }

    /// Lets go of the database.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

fn sqlite_file(url: &str, data_dir: &Path) -> Result<PathBuf, StoreError> {
    let bad = |reason: String| Err(StoreError::BadUrl { reason });
    if url.is_empty() {
        return Ok(data_dir.join(DATABASE_FILE));
    }
    let (scheme, rest) = url.split_once(':').unwrap_or_default();
    let path = match scheme.to_ascii_lowercase().as_str() {
        "sqlite" => rest.strip_prefix("//").unwrap_or(rest),
        other => return bad(refusal(other)),
    };
    if path.contains('?') {
        return bad("nothing may follow the path of a SQLite file".to_owned());
    }
    if path == ":memory:" {
        return bad("SQLite in memory would forget everything".to_owned());
    }
    let file = if path.is_empty() { DATABASE_FILE } else { path };
    Ok(data_dir.join(file))
}

/// Names the engine only if it is a known one: the text may be a password in the wrong place.
fn refusal(scheme: &str) -> String {
    // `postgresql+asyncpg:` and the like are the predecessor's spelling.
    let engine = match scheme.split('+').next() {
        Some("postgres" | "postgresql" | "pgsql") => "PostgreSQL",
        Some("mysql" | "mariadb") => "MySQL",
        Some("redis" | "rediss") => "Redis",
        _ => return "it must be empty or begin with `sqlite:`".to_owned(),
    };
    format!("this version has no {engine}, only SQLite; leave it empty or use `sqlite:PATH`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(url: &str) -> Result<PathBuf, String> {
        sqlite_file(url, Path::new("/data")).map_err(|error| error.to_string())
    }

    #[test]
    fn sqlite_urls_name_files() {
        for url in ["", "sqlite:", "sqlite://", "SQLite:grok2api.db"] {
            assert_eq!(file(url).unwrap(), Path::new("/data/grok2api.db"), "{url}");
        }
        assert_eq!(file("sqlite:a/b.db").unwrap(), Path::new("/data/a/b.db"));
        assert_eq!(file("sqlite:///srv/b.db").unwrap(), Path::new("/srv/b.db"));
        assert_eq!(file("sqlite:/srv/b.db").unwrap(), Path::new("/srv/b.db"));
    }

    #[test]
    fn there_are_no_requests_to_read_before_there_is_a_store() {
        let folder = tempfile::tempdir().unwrap();
        let error = open_requests("", folder.path()).map(drop).unwrap_err();
        assert!(matches!(error, StoreError::Files { .. }), "{error}");
        assert!(!folder.path().join(DATABASE_FILE).exists());
    }

    #[test]
    fn other_urls_are_refused_with_the_way_out_and_without_their_secrets() {
        for (url, expected) in [
            ("postgresql+asyncpg://u:secret@host/db", "no PostgreSQL"),
            ("mysql://u:secret@host/db", "no MySQL"),
            ("redis://:secret@host:6379/0", "no Redis"),
            ("u:secret@host", "begin with `sqlite:`"),
            ("secret", "begin with `sqlite:`"),
            ("sqlite:a.db?mode=secret", "nothing may follow"),
            ("sqlite::memory:", "forget"),
        ] {
            let error = file(url).unwrap_err();
            assert!(error.contains(expected), "{url}: {error}");
            assert!(!error.contains("secret"), "{url}: {error}");
        }
    }
}
