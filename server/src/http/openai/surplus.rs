//! How many documents an owner has, so that the oldest give way in time. Most of the time it is known without
//! counting: to count ten thousand takes longer than to write one. Nothing is removed by a number that is old:
//! documents also expire, and other servers add and remove them.

use std::{collections::HashMap, time::Duration};

use parking_lot::Mutex;
use store::{DocumentKind, LargeDocument, Store, StoreError, bounded};
use tokio::time::Instant;

/// There may be this part more of them than the limit before the oldest are removed, at once.
const SURPLUS_PART: u32 = 16;
/// Most that are removed at once, which other writes wait for.
const MOST_AT_ONCE: u32 = 256;
/// As long as this nothing is counted anew before documents are removed.
const FRESH: Duration = Duration::from_secs(1);
/// As long as this nothing is counted anew where the number says that there are few enough.
const KNOWN: Duration = Duration::from_secs(60);
/// Owners whose numbers are known at a time.
const OWNERS: usize = 10_000;

/// Of what kind documents are, and whose.
pub(super) type Group<'a> = (DocumentKind, &'a str);

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Surplus(Mutex<HashMap<(DocumentKind, String), Count>>);

#[derive(Default)]
struct Count {
    documents: u64,
    /// When they were counted; `None`: they were not.
    at: Option<Instant>,
    /// Somebody counts or removes: others leave it to that one.
    is_busy: bool,
}

impl Count {
    fn is_younger_than(&self, age: Duration) -> bool {
        self.at.is_some_and(|at| at.elapsed() < age)
    }

    /// How many more there are than `most`, once it is worth while to remove them.
    fn surplus(&self, most: u32) -> u64 {
        let at_once = (most / SURPLUS_PART).clamp(1, MOST_AT_ONCE);
        let surplus = self.documents.saturating_sub(most.into());
        if surplus < at_once.into() { 0 } else { surplus }
    }
}

impl Surplus {
    /// Told of each document that is added: whether [`shrink`](Self::shrink) is to be called now, to the end.
    pub(super) fn added(&self, group: Group<'_>, most: u32) -> bool {
        let (mut counts, name) = (self.0.lock(), name(group));
        if counts.len() >= OWNERS && !counts.contains_key(&name) {
            counts.retain(|_, count| count.is_busy);
        }
        let count = counts.entry(name).or_default();
        count.documents += 1;
        let is_due = count.surplus(most) > 0 || !count.is_younger_than(KNOWN);
        is_due && !std::mem::replace(&mut count.is_busy, true)
    }

    /// Told of each document that is removed otherwise.
    pub(super) fn removed(&self, group: Group<'_>) {
        if let Some(count) = self.0.lock().get_mut(&name(group)) {
            count.documents = count.documents.saturating_sub(1);
        }
    }

    /// Removes the oldest of an owner who has more than `most` of them.
    pub(super) async fn shrink(&self, store: &dyn Store, group: Group<'_>, most: u32) {
        let kind = group.0.as_str();
        let removed = self.count_and_remove(store, group, most).await;
        if let Some(count) = self.0.lock().get_mut(&name(group)) {
            count.is_busy = false;
        }
        match removed {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, kind, "the oldest gave way"),
            Err(error) => {
                tracing::warn!(%error, kind, "the oldest are left: the store does not remove them");
            }
        }
    }

    async fn count_and_remove(
        &self,
        store: &dyn Store,
        group: Group<'_>,
        most: u32,
    ) -> Result<u64, StoreError> {
        if !self.with(group, |count| count.is_younger_than(FRESH)) {
            let at = Some(Instant::now());
            let documents = bounded(store.count_documents(group.0, group.1)).await?;
            self.with(group, |count| {
                (count.documents, count.at) = (documents, at);
            });
        }
        let surplus = self.with(group, |count| count.surplus(most));
        let number = u32::try_from(surplus).map_or(MOST_AT_ONCE, |some| some.min(MOST_AT_ONCE));
        let removed = LargeDocument::delete_oldest(store, group, number).await?;
        self.with(group, |count| {
            count.documents = count.documents.saturating_sub(removed);
        });
        Ok(removed)
    }

    fn with<T>(&self, group: Group<'_>, on: impl FnOnce(&mut Count) -> T) -> T {
        on(self.0.lock().entry(name(group)).or_default())
    }
}

fn name((kind, owner): Group<'_>) -> (DocumentKind, String) {
    (kind, owner.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use store::{Document, MasterKey};

    use super::*;

    const GROUP: Group<'_> = (DocumentKind::Response, "owner");

    /// A store, and what knows how many documents it has.
    struct Kept {
        store: Arc<dyn Store>,
        surplus: Surplus,
        most: u32,
        _folder: tempfile::TempDir,
    }

    impl Kept {
        async fn new(most: u32) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let key = MasterKey::from_bytes([1; 32]);
            Self {
                store: store::open("", folder.path(), key).await.unwrap(),
                surplus: Surplus::default(),
                most,
                _folder: folder,
            }
        }

        /// By another server.
        async fn write(&self, numbers: std::ops::Range<i64>) {
            for number in numbers {
                let document = Document {
                    kind: GROUP.0,
                    id: format!("r{number:05}"),
                    group: GROUP.1.to_owned(),
                    at_ms: number,
                    expires_ms: number,
                    revision: 0,
                    data: r#"{"head":{},"whole":{},"parts":0}"#.to_owned(),
                };
                self.store.put_document(document).await.unwrap();
            }
        }

        async fn add(&self, number: i64) {
            self.write(number..number + 1).await;
            if self.surplus.added(GROUP, self.most) {
                self.surplus.shrink(&*self.store, GROUP, self.most).await;
            }
        }

        async fn count(&self) -> u64 {
            self.store.count_documents(GROUP.0, GROUP.1).await.unwrap()
        }
    }

    #[tokio::test]
    async fn no_more_than_the_limit_and_its_surplus_are_there_and_the_newest_stay() {
        let kept = Kept::new(32).await;
        for number in 0..200 {
            kept.add(number).await;
            let least = u64::try_from(number + 1).unwrap().min(32);
            let count = kept.count().await;
            assert!((least..=33).contains(&count), "{count} after {number}");
        }
        let newest = kept.store.get_document(GROUP.0, "r00168").await.unwrap();
        assert!(newest.is_some(), "of the newest 32");
        kept.store.close().await;
    }

    #[tokio::test]
    async fn what_has_expired_or_was_removed_is_seen_before_anything_is_removed() {
        let kept = Kept::new(32).await;
        for number in 0..30 {
            kept.add(number).await;
        }
        assert_eq!(kept.store.sweep_documents(20).await.unwrap(), 21);
        let _ = kept.surplus.with(GROUP, |count| count.at.take());
        for number in 30..40 {
            kept.add(number).await;
        }
        assert_eq!(kept.count().await, 19, "what is left and the new ones");
        for number in 30..40 {
            let id = format!("r{number:05}");
            assert!(kept.store.delete_document(GROUP.0, &id).await.unwrap());
            kept.surplus.removed(GROUP);
        }
        for number in 40..60 {
            kept.add(number).await;
        }
        assert_eq!(kept.count().await, 29);
        kept.store.close().await;
    }

    #[tokio::test]
    async fn a_limit_that_was_lowered_is_reached_step_by_step() {
        let kept = Kept::new(2).await;
        kept.write(0..600).await;
        for (number, left) in [(600, 345), (601, 90), (602, 2), (603, 2)] {
            kept.add(number).await;
            assert_eq!(kept.count().await, left, "after {number}");
        }
        kept.store.close().await;
    }

    #[tokio::test]
    async fn only_one_at_a_time_counts_and_removes() {
        let surplus = Surplus::default();
        assert!(surplus.added(GROUP, 2), "nothing is known");
        assert!(!surplus.added(GROUP, 2), "somebody counts");
    }
}
