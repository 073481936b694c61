//! Files whose rows are to come, and those for which none came: what they were made for failed
//! afterwards, or nobody waited for it.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::Context;
use store::{MediaKind, Store};

use super::files::MediaFiles;

/// That the row of a file is to come. Nobody removes the file while there is one; once all are dropped,
/// it goes if no row names it.
pub struct Claim {
    files: MediaFiles,
    kind: MediaKind,
    name: String,
    /// Its row may have been written, or may yet be.
    is_handed_over: bool,
}

/// What is known of a file that has, or had, claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claimed {
    claims: usize,
    /// Of its last claim.
    end: Instant,
    /// It ended with nobody who would write a row.
    is_given_up: bool,
}

impl Claim {
    /// Its row is being written. Whether it was is looked at when it must be there, since a write that
    /// fails for who waits can still be done.
    pub fn hand_over(mut self) {
        self.is_handed_over = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut all = self.files.0.claimed.lock();
        let Some(claimed) = all.get_mut(&(self.kind, self.name.clone())) else {
            return;
        };
        claimed.claims -= 1;
        claimed.end = Instant::now();
        // Another one's row may be on its way.
        claimed.is_given_up &= !self.is_handed_over;
        let is_over = claimed.claims == 0 && claimed.is_given_up;
        drop(all);
        if is_over {
            self.files.disk().is_due();
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Claim").field(&self.name).finish()
    }
}

/// Claims to the same file.
impl PartialEq for Claim {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.name) == (other.kind, &other.name)
    }
}

impl Eq for Claim {}

impl MediaFiles {
    /// The row of a file is to come.
    pub(super) fn claim(&self, kind: MediaKind, name: &str) -> Claim {
        let mut all = self.0.claimed.lock();
        let claimed = all.entry((kind, name.to_owned())).or_insert(Claimed {
            claims: 0,
            end: Instant::now(),
            is_given_up: true,
        });
        claimed.claims += 1;
        Claim {
            files: self.clone(),
            kind,
            name: name.to_owned(),
            is_handed_over: false,
        }
    }

    /// Whether the row of a file is to come.
    pub(super) fn is_claimed(&self, kind: MediaKind, name: &str) -> bool {
        let all = self.0.claimed.lock();
        let claimed = all.get(&(kind, name.to_owned()));
        claimed.is_some_and(|claimed| claimed.claims > 0)
    }

    /// Removes files that this process has stored and that nothing has: those that were given up at
    /// once, and the others when the last claim ended at least so long ago.
    ///
    /// # Errors
    /// The store cannot be asked, or a file cannot be removed; the others are.
    pub async fn remove_unclaimed(&self, store: &dyn Store, age: Duration) -> anyhow::Result<()> {
        let all = self.0.claimed.lock().clone();
        let mut removed = Ok(());
        for ((kind, name), known) in all {
            if known.claims == 0 {
                removed = removed.and(self.look_after((kind, name), &known, (store, age)).await);
            }
        }
        removed
    }

    async fn look_after(
        &self,
        (kind, name): (MediaKind, String),
        known: &Claimed,
        (store, age): (&dyn Store, Duration),
    ) -> anyhow::Result<()> {
        let is_used = store.is_media_file_used(kind, &name).await;
        let is_used = is_used.context("asking for rows of a file")?;
        if !is_used && !known.is_given_up && known.end.elapsed() < age {
            return Ok(());
        }
        let key = (kind, name);
        {
            let mut all = self.0.claimed.lock();
            // Stored again meanwhile: its row may have come after it was asked for.
            if all.get(&key) != Some(known) {
                return Ok(());
            }
            all.remove(&key);
        }
        let (kind, name) = key;
        if is_used {
            return Ok(());
        }
        tracing::info!(name, "a file for which no row came is removed");
        let removed = self.remove_one(kind, &name).await;
        if removed.is_err() {
            // The next time.
            let mut all = self.0.claimed.lock();
            all.entry((kind, name)).or_insert_with(|| known.clone());
        }
        removed.context("removing a file without a row")
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::FutureExt;
    use store::{MasterKey, MediaRow};

    use super::*;

    #[tokio::test]
    async fn a_file_goes_when_it_is_given_up_or_its_row_does_not_come() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let key = MasterKey::load_or_create(folder.path(), None).unwrap();
        let store = store::open("", folder.path(), key).await.unwrap();
        let mut stored = Vec::new();
        for shade in 0..3 {
            let mut png =
                b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0".to_vec();
            png.push(shade);
            stored.push(files.store_image(Bytes::from(png)).await.unwrap());
        }
        let names: Vec<_> = stored.iter().map(|file| file.name.clone()).collect();
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
        let hour = Duration::from_secs(3600);
        assert_eq!(left(Duration::ZERO).await, [true, true, true], "claimed");
        let [first, second, third] = stored.try_into().unwrap();
        assert!(files.clean_due().now_or_never().is_none());
        first.claim.hand_over();
        second.claim.hand_over();
        drop(files.claim(MediaKind::Image, &names[1]));
        assert!(files.clean_due().now_or_never().is_none());
        let reading = files.read(MediaKind::Image, &names[2]).unwrap();
        drop(third);
        assert!(files.clean_due().now_or_never().is_some());
        assert_eq!(left(hour).await, [true, true, true], "one is being read");
        assert!(files.read(MediaKind::Image, &names[2]).is_none());
        drop(reading);
        assert_eq!(left(hour).await, [true, true, false]);
        assert_eq!(left(Duration::ZERO).await, [true, false, false]);
        assert_eq!(files.0.claimed.lock().len(), 0);
    }

    #[tokio::test]
    async fn a_file_that_is_deleted_while_its_next_row_is_to_come_stays() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0";
        let stored = files.store_image(Bytes::from_static(png)).await.unwrap();
        let delete = || files.remove(vec![(MediaKind::Image, stored.name.clone())]);
        delete().await.unwrap();
        assert_eq!(files.list().await.unwrap().len(), 1);
        stored.claim.hand_over();
        let delete = || files.remove(vec![(MediaKind::Image, stored.name.clone())]);
        delete().await.unwrap();
        assert_eq!(files.list().await.unwrap(), []);
    }
}
