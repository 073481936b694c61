//! The most memory that a process has had.

use std::fs;

/// Of one process, from the kernel's own high-water mark.
pub(crate) struct Peak {
    status: String,
    last: tokio::task::JoinHandle<()>,
    kib: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl Peak {
    /// Reads it until the process has ended.
    pub(crate) fn watch(pid: u32) -> Self {
        let status = format!("/proc/{pid}/status");
        let kib = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
        let last = tokio::task::spawn_blocking({
            let (status, kib) = (status.clone(), kib.clone());
            move || {
                while let Some(now) = read(&status) {
                    kib.fetch_max(now, std::sync::atomic::Ordering::Relaxed);
                    std::thread::sleep(std::time::Duration::from_millis(100));
                }
            }
        });
        Self { status, last, kib }
    }

    /// In KiB, if it was ever read.
    pub(crate) fn kib(self) -> Option<u64> {
        drop(self.last);
        let now = read(&self.status).unwrap_or_default();
        let most = now.max(self.kib.load(std::sync::atomic::Ordering::Relaxed));
        (most > 0).then_some(most)
    }
}

fn read(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
