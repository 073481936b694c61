//! Files that were stored for a row that never came: what they were made for failed afterwards, or
//! nobody waited for it.

use std::time::{Duration, Instant};

use anyhow::Context;
use store::{MediaKind, Store};

use super::files::MediaFiles;

impl MediaFiles {
    /// A file was stored, and its row should come.
    pub(super) fn note_stored(&self, kind: MediaKind, name: &str) {
        let key = (kind, name.to_owned());
        self.0.stored.lock().insert(key, Instant::now());
    }

    /// Removes files that this process has stored and that nothing has, if they are at least so old. One
    /// that is being read stays until the next time.
    ///
    /// # Errors
    /// The store cannot be asked, or a file cannot be removed.
    pub async fn remove_unclaimed(&self, store: &dyn Store, age: Duration) -> anyhow::Result<()> {
        let stored = self.0.stored.lock().clone();
        for ((kind, name), at) in stored {
            let is_used = store.is_media_file_used(kind, &name).await;
            let is_used = is_used.context("asking for rows of a file")?;
            if !is_used && at.elapsed() < age {
                continue;
            }
            if !is_used {
                let removed = self.remove_unread(kind, &name).await;
                if !removed.context("removing a file without a row")? {
                    continue;
                }
                tracing::info!(name, "a file for which no row came was removed");
            }
            let mut stored = self.0.stored.lock();
            let key = (kind, name);
            // Unless it was stored again meanwhile.
            if stored.get(&key) == Some(&at) {
                stored.remove(&key);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use store::{MasterKey, MediaRow};

    use super::*;

    #[tokio::test]
    async fn a_file_without_a_row_goes_when_it_is_old_and_nobody_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let key = MasterKey::load_or_create(folder.path(), None).unwrap();
        let store = store::open("", folder.path(), key).await.unwrap();
        let mut names = Vec::new();
        for shade in 0..3 {
            let mut png =
                b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0".to_vec();
            png.push(shade);
            names.push(files.store_image(Bytes::from(png)).await.unwrap().name);
        }
        let row = MediaRow {
            id: "m".to_owned(),
            at_ms: 0,
            kind: MediaKind::Image,
            file: names[0].clone(),
            mime: String::new(),
            bytes: 0,
            width: 0,
            height: 0,
            prompt: String::new(),
            model: String::new(),
            params: String::new(),
            poster: None,
            parent: None,
            account: String::new(),
            owner: String::new(),
            key: None,
            request_id: String::new(),
        };
        store.insert_media(vec![row]).await.unwrap();
        let left = async |age| {
            files.remove_unclaimed(store.as_ref(), age).await.unwrap();
            let found = files.list().await.unwrap();
            let is_left = |name: &String| found.iter().any(|file| file.name == *name);
            names.iter().map(is_left).collect::<Vec<_>>()
        };
        assert_eq!(left(Duration::from_secs(3600)).await, [true, true, true]);
        let reading = files.read(MediaKind::Image, &names[2]);
        assert_eq!(left(Duration::ZERO).await, [true, false, true]);
        drop(reading);
        assert_eq!(left(Duration::ZERO).await, [true, false, false]);
        assert_eq!(files.0.stored.lock().len(), 0);
    }
}
