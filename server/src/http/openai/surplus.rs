//! How many documents an owner has, so that the oldest give way in time. It is known without counting most of
//! the time: to count ten thousand takes longer than to write one.

use std::collections::HashMap;

use parking_lot::Mutex;
use store::{DocumentKind, LargeDocument, Store, StoreError, bounded};

/// There may be this part more of them than the limit before the oldest are removed, at once.
const SURPLUS_PART: u32 = 16;
/// Most that are removed at once, which other writes wait for.
const MOST_AT_ONCE: u32 = 256;
/// So many surpluses are added between two counts: what other servers add and what expires is seen then.
const SURPLUSES: u32 = 16;
/// Owners whose numbers are known at a time.
const OWNERS: usize = 10_000;

/// Of what kind documents are, and whose.
pub(super) type Place<'a> = (DocumentKind, &'a str);

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Surplus(Mutex<HashMap<(DocumentKind, String), Count>>);

struct Count {
    documents: u64,
    /// Documents to be added before it is counted anew.
    left: u32,
}

impl Surplus {
    /// Told of each document that is added: removes the oldest of an owner who has more than `most` of them.
    pub(super) async fn added(&self, store: &dyn Store, place: Place<'_>, most: u32) {
        let kind = place.0.as_str();
        match self.remove(store, place, most).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, kind, "the oldest gave way"),
            Err(error) => {
                self.0.lock().remove(&name(place));
                tracing::warn!(%error, kind, "the oldest are left: the store does not remove them");
            }
        }
    }

    /// Told of each document that is removed otherwise.
    pub(super) fn removed(&self, place: Place<'_>) {
        if let Some(count) = self.0.lock().get_mut(&name(place)) {
            count.documents = count.documents.saturating_sub(1);
        }
    }

    async fn remove(
        &self,
        store: &dyn Store,
        (kind, owner): Place<'_>,
        most: u32,
    ) -> Result<u64, StoreError> {
        let place = (kind, owner);
        let at_once = (most / SURPLUS_PART).clamp(1, MOST_AT_ONCE);
        if !self.count_one(place) {
            let documents = bounded(store.count_documents(kind, owner)).await?;
            self.know(place, documents, at_once * SURPLUSES);
        }
        let number = self.take(place, most, at_once);
        LargeDocument::delete_oldest(store, place, number).await
    }

    /// Whether there was a number to add one to.
    fn count_one(&self, place: Place<'_>) -> bool {
        let mut counts = self.0.lock();
        let Some(count) = counts.get_mut(&name(place)).filter(|count| count.left > 0) else {
            return false;
        };
        count.documents += 1;
        count.left -= 1;
        true
    }

    fn know(&self, place: Place<'_>, documents: u64, left: u32) {
        let mut counts = self.0.lock();
        if counts.len() >= OWNERS {
            counts.clear();
        }
        counts.insert(name(place), Count { documents, left });
    }

    /// How many are to be removed now; whoever asks next leaves them to this one.
    fn take(&self, place: Place<'_>, most: u32, at_once: u32) -> u32 {
        let mut counts = self.0.lock();
        let Some(count) = counts.get_mut(&name(place)) else {
            return 0;
        };
        let surplus = count.documents.saturating_sub(most.into());
        if surplus < at_once.into() {
            return 0;
        }
        let number = surplus.min(MOST_AT_ONCE.into());
        count.documents -= number;
        u32::try_from(number).unwrap_or(MOST_AT_ONCE)
    }
}

fn name((kind, owner): Place<'_>) -> (DocumentKind, String) {
    (kind, owner.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use store::{Document, MasterKey};

    use super::*;

    const KIND: DocumentKind = DocumentKind::Response;

    async fn opened(folder: &std::path::Path) -> Arc<dyn Store> {
        let key = MasterKey::from_bytes([1; 32]);
        store::open("", folder, key).await.unwrap()
    }

    async fn add(store: &dyn Store, number: u32) {
        let document = Document {
            kind: KIND,
            id: format!("r{number:05}"),
            group: "owner".to_owned(),
            at_ms: number.into(),
            expires_ms: i64::MAX,
            revision: 0,
            data: r#"{"head":{},"whole":{},"parts":0}"#.to_owned(),
        };
        store.put_document(document).await.unwrap();
    }

    async fn kept(store: &dyn Store) -> u64 {
        store.count_documents(KIND, "owner").await.unwrap()
    }

    #[tokio::test]
    async fn no_more_than_the_limit_and_its_surplus_are_there_and_the_newest_stay() {
        let folder = tempfile::tempdir().unwrap();
        let store = opened(folder.path()).await;
        let (surplus, place) = (Surplus::default(), (KIND, "owner"));
        for number in 0..200 {
            add(&*store, number).await;
            surplus.added(&*store, place, 32).await;
            let kept = kept(&*store).await;
            let least = u64::from(number + 1).min(32);
            assert!((least..=34).contains(&kept), "{kept} after {number}");
        }
        let newest = store.get_document(KIND, "r00168").await.unwrap();
        assert!(newest.is_some(), "of the newest 32");
        store.close().await;
    }

    #[tokio::test]
    async fn who_removes_documents_keeps_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let store = opened(folder.path()).await;
        let (surplus, place) = (Surplus::default(), (KIND, "owner"));
        for number in 0..40 {
            add(&*store, number).await;
            surplus.added(&*store, place, 32).await;
        }
        for number in 30..40 {
            let id = format!("r{number:05}");
            assert!(store.delete_document(KIND, &id).await.unwrap());
            surplus.removed(place);
        }
        let before = kept(&*store).await;
        for number in 40..50 {
            add(&*store, number).await;
            surplus.added(&*store, place, 32).await;
        }
        assert_eq!(kept(&*store).await, before + 10);
        store.close().await;
    }

    #[tokio::test]
    async fn a_limit_that_was_lowered_is_reached_and_what_others_added_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let store = opened(folder.path()).await;
        let (surplus, place) = (Surplus::default(), (KIND, "owner"));
        for number in 0..600 {
            add(&*store, number).await;
        }
        for number in 600..603 {
            add(&*store, number).await;
            surplus.added(&*store, place, 2).await;
        }
        assert_eq!(kept(&*store).await, 2);
        for number in 603..620 {
            // Another server adds as many.
            add(&*store, 1_000 + number).await;
            add(&*store, number).await;
            surplus.added(&*store, place, 2).await;
        }
        assert!(kept(&*store).await <= 2 + 17);
        add(&*store, 2_000).await;
        for number in 2_001..2_020 {
            add(&*store, number).await;
            surplus.added(&*store, place, 2).await;
        }
        assert!(kept(&*store).await <= 3);
        store.close().await;
    }
}
