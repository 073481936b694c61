//! What each caller's uploads take before the store knows of them.

use std::{
    collections::HashMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use parking_lot::Mutex;

/// The desks of those who upload now.
#[derive(Default)]
pub(in crate::gateway) struct Desks(Mutex<HashMap<String, Weak<Desk>>>);

/// Where one caller's uploads meet.
#[derive(Default)]
pub(super) struct Desk {
    /// Bytes of the files that are on their way.
    receiving: AtomicU64,
    /// One row is written at a time, after all others have been counted.
    pub(super) keeping: tokio::sync::Mutex<()>,
}

/// The bytes that have come of a file; given back when dropped.
pub(super) struct Receiving {
    desk: Arc<Desk>,
    bytes: u64,
}

impl Desks {
    /// The desk of a caller.
    pub(super) fn of(&self, owner: &str) -> Arc<Desk> {
        let mut desks = self.0.lock();
        if let Some(desk) = desks.get(owner).and_then(Weak::upgrade) {
            return desk;
        }
        desks.retain(|_, desk| desk.strong_count() > 0);
        let desk = Arc::<Desk>::default();
        desks.insert(owner.to_owned(), Arc::downgrade(&desk));
        desk
    }
}

impl Receiving {
    /// Of a file of which nothing has come yet.
    pub(super) fn at(desk: Arc<Desk>) -> Self {
        Self { desk, bytes: 0 }
    }

    /// Counts more of it; false if all that is on its way would be more than `max_bytes`.
    pub(super) fn grow(&mut self, more: u64, max_bytes: u64) -> bool {
        let fits = |bytes: u64| bytes.checked_add(more).filter(|bytes| *bytes <= max_bytes);
        let grown = self.desk.receiving.fetch_update(Relaxed, Relaxed, fits);
        self.bytes += if grown.is_ok() { more } else { 0 };
        grown.is_ok()
    }

    pub(super) fn desk(&self) -> &Desk {
        &self.desk
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.desk.receiving.fetch_sub(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_sends_at_once_counts_together_and_apart_from_others() {
        let desks = Desks::default();
        let mut first = Receiving::at(desks.of("one"));
        let mut second = Receiving::at(desks.of("one"));
        let mut other = Receiving::at(desks.of("other"));
        assert!(first.grow(6, 10) && !second.grow(5, 10) && second.grow(4, 10));
        assert!(other.grow(10, 10));
        drop(first);
        assert!(second.grow(6, 10));
        drop((second, other));
        assert!(Receiving::at(desks.of("one")).grow(10, 10));
        assert_eq!(desks.0.lock().len(), 1, "others' desks are cleared away");
    }
}
