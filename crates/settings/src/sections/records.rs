//! `[conversation]`, `[responses]`, `[stats]`, `[logs]` and `[api_keys]`: what is remembered, and how long.

use crate::declare::section;

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
        save_delay_ms: u64 = 500, 0..=60_000, reserved;
    }
}

section! {
    /// `[responses]`: answers of `/v1/responses` that callers may read again and go on from.
    ResponsesConfig {
        /// Days for which a response is kept, and a conversation after its last one.
        keep_days: u32 = 30, 1..=3660;
        /// Largest input and answer of a response, together in MiB, that is kept; a request with a
        /// larger input must say `store: false`.
        max_stored_mb: u32 = 16, 1..=1024;
        /// Responses that are kept for one key, and likewise conversations; beyond about so many the
        /// oldest give way.
        max_per_key: u32 = 10_000, 1..=10_000_000;
        /// Responses in the background (`background: true`) at once; further ones get 503.
        max_background: u32 = 25, 0..=100_000;
    }
}

section! {
    /// `[stats]`: sums of the request records, by model, key and outcome.
    StatsConfig {
        /// Minutes for which the sums of each minute are kept.
        minutely_keep: u32 = 2880, 1..=44_640;
        /// Hours for which the sums of each hour are kept.
        hourly_keep: u32 = 2160, 1..=8784;
        /// Days for which the sums of each day are kept.
        daily_keep: u32 = 1095, 1..=3660;
        /// Accepted from older files, in milliseconds.
        save_delay_ms: u64 = 500, 0..=60_000, reserved;
    }
}

section! {
    /// `[logs]`: the request records. The oldest go when either limit is reached.
    LogsConfig {
        /// Days for which a record is kept.
        retention_days: u32 = 30, 1..=3660;
        /// Size of all records together, in MiB.
        max_mb: u32 = 512, 1..=1_000_000;
        /// Accepted from older files, in milliseconds.
        save_delay_ms: u64 = 500, 0..=60_000, reserved;
    }
}

section! {
    /// `[api_keys]`: keys of API callers.
    ApiKeysConfig {
        /// Accepted from older files, in milliseconds.
        save_delay_ms: u64 = 500, 0..=60_000, reserved;
    }
}
