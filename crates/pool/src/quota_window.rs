//! What the upstream said of one model's quota window.

use std::time::Duration;

/// Windows that are kept of one account; the one that was asked for longest ago makes room.
pub const MAX_WINDOWS: usize = 16;
/// Bytes of the longest model name that is kept. The upstream's are below 40.
pub const MAX_WINDOW_MODEL: usize = 64;

/// Longer windows than the upstream has are a mistake.
pub const LONGEST_WINDOW: Duration = Duration::from_secs(24 * 3600);

/// What the upstream said of one model's window on one account, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaWindow {
    /// The upstream's name of the model, mode or product.
    pub model: String,
    /// Left when it was asked.
    pub remaining: u32,
    /// What a fresh window allows.
    pub total: Option<u32>,
    /// Length of the window in seconds.
    pub window_secs: Option<u64>,
    /// When something is left again, in unix milliseconds.
    pub resets_at_ms: Option<i64>,
    /// When the upstream said so, in unix milliseconds.
    pub asked_at_ms: i64,
}

impl QuotaWindow {
    /// Until when nothing is left for the model, in unix milliseconds; `None` if something is left,
    /// if that instant has passed, or if the upstream named none.
    pub fn used_up_until_ms(&self, now_ms: i64) -> Option<i64> {
        let until_ms = self.resets_at_ms.filter(|_| self.remaining == 0);
        until_ms.filter(|until_ms| *until_ms > now_ms)
    }
}

/// The windows of an account after the upstream told `news`: each replaces the older one of its
/// model, and what was told of other models stays. At most [`MAX_WINDOWS`], sorted by model.
pub(crate) fn merge_windows(known: &[QuotaWindow], news: &[QuotaWindow]) -> Vec<QuotaWindow> {
    let mut windows = known.to_vec();
    let fits = |window: &&QuotaWindow| window.model.len() <= MAX_WINDOW_MODEL;
    for new in news.iter().filter(fits) {
        windows.retain(|window| window.model != new.model);
        windows.push(new.clone());
    }
    windows.sort_by_key(|window| std::cmp::Reverse(window.asked_at_ms));
    windows.truncate(MAX_WINDOWS);
    windows.sort_by(|a, b| a.model.cmp(&b.model));
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(model: &str, asked_at_ms: i64) -> QuotaWindow {
        QuotaWindow {
            model: model.to_owned(),
            remaining: 0,
            total: None,
            window_secs: None,
            resets_at_ms: Some(10),
            asked_at_ms,
        }
    }

    #[test]
    fn a_window_is_used_up_until_its_reset_and_only_while_nothing_is_left() {
        let empty = window("grok-4", 0);
        assert_eq!(empty.used_up_until_ms(9), Some(10));
        assert_eq!(empty.used_up_until_ms(10), None);
        let left = QuotaWindow {
            remaining: 1,
            ..window("grok-4", 0)
        };
        assert_eq!(left.used_up_until_ms(9), None);
    }

    #[test]
    fn a_newer_window_replaces_that_of_its_model_alone() {
        let known = [window("a", 1), window("b", 1)];
        let merged = merge_windows(&known, &[window("b", 2), window("c", 2)]);
        assert_eq!(merged, [window("a", 1), window("b", 2), window("c", 2)]);
    }

    #[test]
    fn the_windows_of_an_account_are_bounded_in_number_and_length() {
        let many: Vec<_> = (0..40).map(|n| window(&format!("m{n:02}"), n)).collect();
        let merged = merge_windows(&many[..20], &many[20..]);
        assert_eq!(merged, many[40 - MAX_WINDOWS..]);
        let long = window(&"m".repeat(MAX_WINDOW_MODEL + 1), 1);
        assert_eq!(merge_windows(&[], &[long]), []);
    }
}
