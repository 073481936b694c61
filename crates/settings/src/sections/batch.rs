//! `[asset]`, `[nsfw]` and `[usage]`: calls that run for many accounts at once.

use std::time::Duration;

use crate::declare::section;

section! {
    /// `[asset]`: the upstream's file store.
    AssetConfig {
        /// Uploads at once.
        upload_concurrent: u32 = 100, 1..=10_000;
        /// Seconds for an upload.
        upload_timeout: Duration = Duration::from_secs(60), 1..=3600;
        /// Downloads at once.
        download_concurrent: u32 = 100, 1..=10_000, reserved;
        /// Seconds for a download.
        download_timeout: Duration = Duration::from_secs(60), 1..=3600, reserved;
        /// Accounts listed at once.
        list_concurrent: u32 = 100, 1..=10_000;
        /// Seconds for a page of a list.
        list_timeout: Duration = Duration::from_secs(60), 1..=3600;
        /// Accounts of one listing batch.
        list_batch_size: u32 = 50, 1..=10_000;
        /// Deletions at once.
        delete_concurrent: u32 = 100, 1..=10_000;
        /// Seconds for a deletion.
        delete_timeout: Duration = Duration::from_secs(60), 1..=3600;
        /// Accounts of one deletion batch.
        delete_batch_size: u32 = 50, 1..=10_000;
    }
}

section! {
    /// `[nsfw]`: the job that switches the adult content setting of the operator's accounts. It runs
    /// when the operator starts it, and never by itself.
    NsfwConfig {
        /// Accounts at once.
        concurrent: u32 = 60, 1..=10_000;
        /// Accounts of one batch.
        batch_size: u32 = 30, 1..=10_000;
        /// Seconds for a call.
        timeout: Duration = Duration::from_secs(60), 1..=3600;
    }
}

section! {
    /// `[usage]`: quota queries.
    UsageConfig {
        /// Queries at once.
        concurrent: u32 = 100, 1..=10_000;
        /// Accounts of one batch.
        batch_size: u32 = 50, 1..=10_000;
        /// Seconds for a query.
        timeout: Duration = Duration::from_secs(60), 1..=3600;
    }
}
