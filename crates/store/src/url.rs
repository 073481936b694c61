//! Which store a URL names.

use std::path::{Path, PathBuf};

use crate::{DATABASE_FILE, StoreError};

/// The kinds of stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// A SQLite file.
    Local,
    Redis,
    /// `MariaDB` too.
    MySql,
    Postgres,
}

impl StoreKind {
    /// The kind of store that a URL names, see [`open`](crate::open).
    ///
    /// # Errors
    /// [`StoreError::BadUrl`].
    pub fn of(url: &str) -> Result<Self, StoreError> {
        Ok(match StoreUrl::parse(url, Path::new(""))? {
            StoreUrl::Sqlite(_) => Self::Local,
            StoreUrl::Postgres(_) => Self::Postgres,
            StoreUrl::MySql(_) => Self::MySql,
            StoreUrl::Redis(_) => Self::Redis,
        })
    }

    /// As `server.storage_type` names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Redis => "redis",
            Self::MySql => "mysql",
            Self::Postgres => "pgsql",
        }
    }

    /// What a URL of this kind looks like.
    #[must_use]
    pub fn example(self) -> &'static str {
        match self {
            Self::Local => "sqlite:grok2api.db",
            Self::Redis => "redis://:PASSWORD@HOST:6379/0",
            Self::MySql => "mysql://USER:PASSWORD@HOST:3306/DATABASE",
            Self::Postgres => "postgresql://USER:PASSWORD@HOST:5432/DATABASE",
        }
    }
}

/// A URL, told apart by its scheme. Those of servers still hold a password.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum StoreUrl {
    Sqlite(PathBuf),
    /// Begins with `postgresql:`.
    Postgres(String),
    /// `MariaDB` too; begins with `mysql:`.
    MySql(String),
    /// Begins with `redis:`, `rediss:` or `redis+unix:`.
    Redis(String),
}

impl StoreUrl {
    /// - empty or `sqlite:`: `grok2api.db` in `data_dir`
    /// - `sqlite:PATH`, `sqlite://PATH`: that file, seen from `data_dir` unless it is absolute
    /// - `postgresql://`, `postgres://`, `pgsql://`, `mysql://`, `mariadb://`, each also with the
    ///   name of a driver as the predecessor wrote it (`postgresql+asyncpg://`,
    ///   `mysql+aiomysql://`)
    /// - `redis://`, `rediss://`, `redis+unix://`
    pub(crate) fn parse(url: &str, data_dir: &Path) -> Result<Self, StoreError> {
        let url = url.trim();
        if url.is_empty() {
            return Ok(Self::Sqlite(data_dir.join(DATABASE_FILE)));
        }
        let (scheme, rest) = url.split_once(':').unwrap_or_default();
        let scheme = scheme.to_ascii_lowercase();
        // Without the driver.
        let engine = scheme.split('+').next().unwrap_or_default();
        match engine {
            "sqlite" => sqlite_file(rest, data_dir).map(Self::Sqlite),
            "postgres" | "postgresql" | "pgsql" => Ok(Self::Postgres(format!("postgresql:{rest}"))),
            "mysql" | "mariadb" => Ok(Self::MySql(format!("mysql:{rest}"))),
            "redis" | "rediss" => Ok(Self::Redis(format!("{scheme}:{rest}"))),
            // The text may be a password in the wrong place.
            _ => Err(bad(
                "it must be empty or begin with `sqlite:`, `postgresql://`, `mysql://` or `redis://`",
            )),
        }
    }
}

fn sqlite_file(rest: &str, data_dir: &Path) -> Result<PathBuf, StoreError> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.contains('?') {
        return Err(bad("nothing may follow the path of a SQLite file"));
    }
    if path == ":memory:" {
        return Err(bad("SQLite in memory would forget everything"));
    }
    let file = if path.is_empty() { DATABASE_FILE } else { path };
    Ok(data_dir.join(file))
}

fn bad(reason: &str) -> StoreError {
    StoreError::BadUrl {
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<StoreUrl, String> {
        StoreUrl::parse(url, Path::new("/data")).map_err(|error| error.to_string())
    }

    #[test]
    fn sqlite_urls_name_files() {
        let file = |path: &str| Ok(StoreUrl::Sqlite(PathBuf::from(path)));
        for url in ["", " ", "sqlite:", "sqlite://", "SQLite:grok2api.db"] {
            assert_eq!(parse(url), file("/data/grok2api.db"), "{url}");
        }
        assert_eq!(parse("sqlite:a/b.db"), file("/data/a/b.db"));
        assert_eq!(parse("sqlite:///srv/b.db"), file("/srv/b.db"));
        assert_eq!(parse("sqlite:/srv/b.db"), file("/srv/b.db"));
    }

    #[test]
    fn servers_are_known_by_their_scheme_with_or_without_a_driver() {
        let rest = "//u:p@host:1/db?x=y";
        for scheme in ["postgres", "postgresql", "pgsql", "PostgreSQL+asyncpg"] {
            let expected = StoreUrl::Postgres(format!("postgresql:{rest}"));
            assert_eq!(parse(&format!("{scheme}:{rest}")), Ok(expected));
        }
        for scheme in ["mysql", "mariadb", "mysql+aiomysql"] {
            let expected = StoreUrl::MySql(format!("mysql:{rest}"));
            assert_eq!(parse(&format!("{scheme}:{rest}")), Ok(expected));
        }
        for scheme in ["redis", "rediss", "redis+unix"] {
            let expected = StoreUrl::Redis(format!("{scheme}:{rest}"));
            assert_eq!(parse(&format!("{scheme}:{rest}")), Ok(expected));
        }
    }

    #[test]
    fn other_urls_are_refused_with_the_way_out_and_without_their_secrets() {
        for (url, expected) in [
            ("u:secret@host", "begin with `sqlite:`"),
            ("secret", "begin with `sqlite:`"),
            ("sqlite:a.db?mode=secret", "nothing may follow"),
            ("sqlite::memory:", "forget"),
        ] {
            let error = parse(url).unwrap_err();
            assert!(error.contains(expected), "{url}: {error}");
            assert!(!error.contains("secret"), "{url}: {error}");
        }
    }
}
