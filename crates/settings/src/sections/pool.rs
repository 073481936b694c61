//! `[retry]`, `[token]` and `[account]`: trying accounts, resting them, keeping them fresh.

use std::time::Duration;

use crate::declare::section;
use crate::values::Text;

section! {
    /// `[retry]`: tries and delays. Another account is tried before the same one again.
    RetryConfig {
        /// Tries of one request, on as many accounts as can serve it.
        max_retry: u32 = 3, 1..=100;
        /// Statuses after which a call is repeated on the same account when no other can serve. What
        /// the upstream has decided (a 403 with a reason, moderation) and a chat's 429 never are.
        retry_status_codes: Vec<u16> = vec![401, 429, 403], 400..=599;
        /// Statuses after which the next call opens a fresh connection (rotating proxies).
        reset_session_status_codes: Vec<u16> = vec![403], 400..=599;
        /// First delay.
        retry_backoff_base: Duration = Duration::from_millis(500), 0..=60;
        /// Growth of the delay with each try.
        retry_backoff_factor: f64 = 2.0, 1.0..=10.0;
        /// Longest single delay.
        retry_backoff_max: Duration = Duration::from_secs(20), 0..=600;
        /// Longest sum of delays of one request.
        retry_budget: Duration = Duration::from_secs(60), 0..=3600;
        /// Failures in a row (unreachable, or a status of 500 and above) after which requests to a
        /// host fail at once for a while. Those that break together count once.
        breaker_failures: u32 = 5, 1..=1000;
        /// Seconds of that pause; it doubles with each try that fails.
        breaker_pause: Duration = Duration::from_secs(5), 1..=600;
        /// Seconds of the longest such pause.
        breaker_longest_pause: Duration = Duration::from_secs(60), 1..=3600;
    }
}

section! {
    /// `[token]`: the account pool.
    TokenConfig {
        /// Whether the upstream is asked about accounts in the background: those that were added, those
        /// whose window has passed, and the others in intervals.
        auto_refresh: bool = true, ();
        /// Hours between two questions about a Basic account; up to a quarter more, so that not all
        /// accounts are due at once.
        refresh_interval_hours: u32 = 8, 1..=720;
        /// The same for Super and Heavy accounts.
        super_refresh_interval_hours: u32 = 2, 1..=720;
        /// Refused credentials (401) after which an account counts as expired.
        fail_threshold: u32 = 5, 1..=1000;
        /// Cooldown after a 429 while quota is left, in seconds.
        cooldown_429_quota_sec: u64 = 3600, 1..=2_592_000;
        /// Cooldown after a 429 without quota, in seconds.
        cooldown_429_empty_sec: u64 = 36_000, 1..=2_592_000;
        /// For how many further selections an account is skipped after an upstream failure, while
        /// another one can serve. 0 = it stays selectable.
        cooldown_error_requests: u32 = 5, 0..=10_000;
        /// Accepted from older files, in milliseconds; changes are written in groups at once.
        save_delay_ms: u64 = 500, 0..=60_000, reserved;
        /// Accepted from older files, in seconds; use is written before an answer ends.
        usage_flush_interval_sec: u64 = 5, 0..=3600, reserved;
        /// Seconds between two readings of the store, for changes made by other instances.
        reload_interval_sec: u64 = 30, 1..=86_400;
    }
}

section! {
    /// `[account]`: facts that only the operator can state.
    AccountConfig {
        /// Birth date of the accounts' holder, as YYYY-MM-DD; sent by the job that makes the accounts'
        /// settings. Empty = never sent; it is never made up.
        birth_date: String = String::new(), Text::Date;
    }
}
