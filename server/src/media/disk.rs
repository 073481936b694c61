//! The disk under the folder of media, on which the database lies as well, and what makes the next
//! clean-up due.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use settings::CacheConfig;
use tokio::sync::Notify;

use super::files::{MediaFiles, blocking};

const MIB: u64 = 1024 * 1024;
/// A clean-up is worth it after so much, however small the limit is.
const LEAST_DUE_BYTES: u64 = 4 * MIB;
/// A look at the disk counts for so long: it takes a thread, and many requests ask.
const LOOK_COUNTS: Duration = Duration::from_millis(100);

/// Bytes that are free where a folder is.
pub(super) type Measure = Arc<dyn Fn(&Path) -> io::Result<u64> + Send + Sync>;

/// What is known of the disk.
pub(super) struct Disk {
    folder: PathBuf,
    measure: Measure,
    /// `cache.min_free_mb` in bytes; 0: whatever is free is used.
    reserve: AtomicU64,
    /// Of files that have no place yet.
    unfinished: AtomicU64,
    /// Written since the last clean-up began.
    written: AtomicU64,
    /// After so many the next one is due.
    due_after: AtomicU64,
    due: Notify,
    /// The last clean-up could not make room, so that the next one need not hurry.
    is_helpless: AtomicBool,
    /// When [`MediaFiles::is_full`] last saw room.
    room_at: Mutex<Option<Instant>>,
}

impl Disk {
    pub(super) fn new(folder: PathBuf, measure: Measure) -> Self {
        Self {
            folder,
            measure,
            reserve: AtomicU64::new(0),
            unfinished: AtomicU64::new(0),
            written: AtomicU64::new(0),
            due_after: AtomicU64::new(u64::MAX),
            due: Notify::new(),
            is_helpless: AtomicBool::new(false),
            room_at: Mutex::default(),
        }
    }

    /// Whether so much can be written and the reserve stays.
    ///
    /// # Errors
    /// [`io::ErrorKind::StorageFull`].
    pub(super) fn check(&self, bytes: u64) -> io::Result<()> {
        let reserve = self.reserve.load(Relaxed);
        if self.free(reserve).saturating_sub(bytes) >= reserve {
            return Ok(());
        }
        if !self.is_helpless.load(Relaxed) {
            self.due.notify_one();
        }
        Err(io::ErrorKind::StorageFull.into())
    }

    /// Bytes that are missing in the reserve, and a tenth of it more, so that it is not missed again
    /// at once; `None` while it is whole.
    pub(super) fn shortage(&self) -> Option<u64> {
        let reserve = self.reserve.load(Relaxed);
        let free = self.free(reserve);
        (free < reserve).then(|| reserve - free + reserve / 10)
    }

    /// Nobody looks where nothing is reserved. What cannot be measured is big enough: a write that
    /// does not fit says so.
    fn free(&self, reserve: u64) -> u64 {
        match reserve {
            0 => u64::MAX,
            _ => (self.measure)(&self.folder).unwrap_or(u64::MAX),
        }
    }

    /// Bytes of files that have no place yet.
    pub(super) fn unfinished(&self) -> u64 {
        self.unfinished.load(Relaxed)
    }

    /// So much was written to a file that has no place yet.
    pub(super) fn wrote(&self, bytes: u64) {
        self.unfinished.fetch_add(bytes, Relaxed);
        let before = self.written.fetch_add(bytes, Relaxed);
        if before.saturating_add(bytes) >= self.due_after.load(Relaxed) {
            self.due.notify_one();
        }
    }

    /// A file of this size has its place, or is gone.
    pub(super) fn finished(&self, bytes: u64) {
        self.unfinished.fetch_sub(bytes, Relaxed);
    }

    /// A clean-up begins.
    pub(super) fn begin_clean(&self) {
        self.written.store(0, Relaxed);
    }

    pub(super) fn set_helpless(&self, is_helpless: bool) {
        self.is_helpless.store(is_helpless, Relaxed);
    }

    /// The next clean-up should not wait for its time.
    pub(super) fn is_due(&self) {
        self.due.notify_one();
    }
}

impl MediaFiles {
    /// Follows settings that have changed.
    pub fn apply(&self, settings: &CacheConfig) {
        let disk = self.disk();
        let reserve = settings.min_free_mb.saturating_mul(MIB);
        disk.reserve.store(reserve, Relaxed);
        let due_after = (settings.limit_mb.saturating_mul(MIB) / 10).max(LEAST_DUE_BYTES);
        disk.due_after.store(due_after, Relaxed);
        disk.set_helpless(false);
        *disk.room_at.lock() = None;
    }

    /// Whether nothing can be stored now. What is stored then is measured itself.
    pub async fn is_full(&self) -> bool {
        let room_at = *self.disk().room_at.lock();
        if room_at.is_some_and(|at| at.elapsed() < LOOK_COUNTS) {
            return false;
        }
        let files = self.clone();
        let is_full = blocking(move || files.disk().check(0)).await.is_err();
        *self.disk().room_at.lock() = (!is_full).then(Instant::now);
        is_full
    }

    /// Whether so much can be stored now, as measured now.
    pub async fn has_room(&self, bytes: u64) -> bool {
        let files = self.clone();
        blocking(move || files.disk().check(bytes)).await.is_ok()
    }

    /// Waits until the next clean-up should not wait for its time: a tenth of the limit has been
    /// written since the last one, the disk is full, or somebody who stored a file has given it up.
    pub async fn clean_due(&self) {
        self.disk().due.notified().await;
    }
}

/// Bytes that a process without privileges may still write.
pub(super) fn free_bytes(folder: &Path) -> io::Result<u64> {
    let about = rustix::fs::statvfs(folder)?;
    Ok(about.f_bavail.saturating_mul(about.f_frsize))
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn disk(free: u64) -> Disk {
        Disk::new(PathBuf::new(), Arc::new(move |_| Ok(free)))
    }

    #[test]
    fn the_reserve_stays_free_and_what_is_missing_is_told_with_a_tenth_more() {
        let disk = disk(1000);
        assert!(disk.check(5000).is_ok(), "nothing is reserved");
        disk.reserve.store(900, Relaxed);
        assert!(disk.check(100).is_ok());
        let full = disk.check(101).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        assert_eq!(disk.shortage(), None);
        disk.reserve.store(2000, Relaxed);
        assert!(disk.check(0).is_err());
        assert_eq!(disk.shortage(), Some(1200));
    }

    #[test]
    fn a_disk_that_cannot_be_measured_refuses_nothing() {
        let silent = |_: &Path| Err(io::ErrorKind::Unsupported.into());
        let disk = Disk::new(PathBuf::new(), Arc::new(silent));
        disk.reserve.store(1, Relaxed);
        assert!(disk.check(u64::MAX - 1).is_ok());
        assert_eq!(disk.shortage(), None);
    }

    #[tokio::test]
    async fn a_clean_up_is_due_when_much_was_written_or_the_disk_is_full() {
        let disk = disk(0);
        let is_due = || disk.due.notified().now_or_never().is_some();
        disk.due_after.store(100, Relaxed);
        disk.wrote(99);
        assert!(!is_due());
        disk.wrote(1);
        assert!(is_due());
        assert_eq!(disk.unfinished(), 100);
        disk.begin_clean();
        disk.wrote(99);
        assert!(!is_due());
        disk.reserve.store(1, Relaxed);
        assert!(disk.check(1).is_err());
        assert!(is_due());
        disk.set_helpless(true);
        assert!(disk.check(1).is_err());
        assert!(!is_due(), "it would not help");
    }

    #[test]
    fn the_disk_of_this_machine_can_be_measured() {
        assert!(free_bytes(Path::new("/")).is_ok());
    }
}
