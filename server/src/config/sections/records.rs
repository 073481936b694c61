//! `[conversation]`, `[stats]`, `[logs]` and `[api_keys]`: what is remembered, and how long.

use crate::config::settings::section;

section! {
    /// `[conversation]`: conversations that can be continued upstream.
    ConversationConfig {
        /// Seconds after its last turn until a conversation is forgotten.
        ttl_seconds: u64 = 86_400, 60..=31_536_000;
        /// Conversations kept per account; the oldest gives way.
        max_per_token: u32 = 50, 1..=100_000;
        /// Seconds between two sweeps.
        cleanup_interval_sec: u64 = 600, 1..=86_400;
        /// Accepted from older files, in milliseconds.
        save_delay_ms: u64 = 500, 0..=60_000;
    }
}

section! {
    /// `[stats]`: request statistics.
    StatsConfig {
        /// Hours kept.
        hourly_keep: u32 = 48, 1..=8784;
        /// Days kept.
        daily_keep: u32 = 30, 1..=3660;
        /// Accepted from older files, in milliseconds.
        save_delay_ms: u64 = 500, 0..=60_000;
    }
}

section! {
    /// `[logs]`: the request log.
    LogsConfig {
        /// Entries kept.
        max_len: u32 = 2000, 1..=10_000_000;
        /// Accepted from older files, in milliseconds.
        save_delay_ms: u64 = 500, 0..=60_000;
    }
}

section! {
    /// `[api_keys]`: keys of API callers.
    ApiKeysConfig {
        /// Accepted from older files, in milliseconds.
        save_delay_ms: u64 = 500, 0..=60_000;
    }
}
