//! From a URL to an engine.

use std::{path::Path, sync::Arc};

use crate::{
    MasterKey, RequestQuery, RequestRow, Store, StoreError, Tables,
    crypto::{KEY_CHECK, Keys},
    mysql, postgres,
    reader::Reader,
    redis, sqlite,
    url::StoreUrl,
};

/// Opens the store that `url` names, creating folder, database and tables as needed:
///
/// - empty or `sqlite:`: `grok2api.db` in `data_dir`
/// - `sqlite:PATH`, `sqlite://PATH`: that file, seen from `data_dir` unless it is absolute
/// - `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`: PostgreSQL
/// - `mysql://USER:PASSWORD@HOST/DATABASE`: a `MySQL` or `MariaDB` server
/// - `redis://`, `rediss://`, `redis+unix://`: that server and database
///
/// Call [`close`](crate::RecordStore::close) before the process ends.
///
/// # Errors
/// [`StoreError::BadUrl`] for every other URL, [`StoreError::Unusable`] for a server that does not
/// answer or lets us do too little, [`StoreError::InUse`] when another process has the
/// database, [`StoreError::WrongKey`] when it was encrypted with another key, [`StoreError::Newer`]
/// when a newer version wrote it.
pub async fn open(
    url: &str,
    data_dir: &Path,
    key: MasterKey,
) -> Result<Arc<dyn Store>, StoreError> {
    match StoreUrl::parse(url, data_dir)? {
        StoreUrl::Sqlite(file) => Ok(Arc::new(sqlite::open(&file, &key).await?)),
        StoreUrl::Postgres(url) => Ok(Arc::new(postgres::open(&url, &key).await?)),
        StoreUrl::MySql(url) => Ok(Arc::new(mysql::open(&url, &key).await?)),
        StoreUrl::Redis(url) => Ok(Arc::new(redis::open(&url, &key).await?)),
    }
}

/// Everything that a store holds, read beside the process that keeps it: nothing is locked or written.
pub struct StoreView {
    reader: Box<dyn Reader>,
    keys: Keys,
}

/// Opens a view of the store that `url` names, see [`open`].
///
/// # Errors
/// Those of [`open`], and [`StoreError::Files`] when there is no such store yet.
pub async fn open_view(
    url: &str,
    data_dir: &Path,
    key: &MasterKey,
) -> Result<StoreView, StoreError> {
    let RequestReader(reader) = open_requests(url, data_dir)?;
    let keys = Keys::new(key);
    match reader.setting(KEY_CHECK).await? {
        Some(check) if check != keys.check() => Err(StoreError::WrongKey),
        _ => Ok(StoreView { reader, keys }),
    }
}

impl StoreView {
    /// A view of everything, as it is now where the engine can hold it still.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn tables(&self) -> Result<Tables<'_>, StoreError> {
        Ok(Tables::new(self.reader.tables().await?, &self.keys))
    }

    /// The value of a setting, also of one of the store's own.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn get_setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.reader.setting(name).await
    }

    /// Lets go of the database.
    pub async fn close(&self) {
        self.reader.close().await;
    }
}

/// Whether both URLs name the same store.
///
/// # Errors
/// [`StoreError::BadUrl`] for one that names none.
pub fn are_same_store(one: &str, other: &str, data_dir: &Path) -> Result<bool, StoreError> {
    Ok(StoreUrl::parse(one, data_dir)? == StoreUrl::parse(other, data_dir)?)
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
    match StoreUrl::parse(url, data_dir)? {
        StoreUrl::Sqlite(file) => Ok(RequestReader(Box::new(sqlite::open_reader(&file)?))),
        StoreUrl::Postgres(url) => Ok(RequestReader(Box::new(postgres::open_reader(&url)?))),
        StoreUrl::MySql(url) => Ok(RequestReader(Box::new(mysql::open_reader(&url)?))),
        StoreUrl::Redis(url) => Ok(RequestReader(Box::new(redis::open_reader(&url)?))),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DATABASE_FILE;

    #[test]
    fn there_are_no_requests_to_read_before_there_is_a_store() {
        let folder = tempfile::tempdir().unwrap();
        let error = open_requests("", folder.path()).map(drop).unwrap_err();
        assert!(matches!(error, StoreError::Files { .. }), "{error}");
        assert!(!folder.path().join(DATABASE_FILE).exists());
    }
}
