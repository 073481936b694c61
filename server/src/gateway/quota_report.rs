//! The upstream's answers to quota questions as windows of an account.

use std::time::Duration;

use grok::{ProductQuota, RateLimits};
use pool::{LONGEST_WINDOW, QuotaWindow};

/// The window of a model or mode. An upstream that tells no end is taken at its window's length.
pub(super) fn of_limits(name: &str, limits: &RateLimits, now_ms: i64) -> QuotaWindow {
    QuotaWindow {
        model: name.to_owned(),
        remaining: limits.remaining,
        total: limits.total,
        window_secs: limits.window.map(|window| window.as_secs()),
        resets_at_ms: empty_until_ms(limits.remaining, limits.window, now_ms),
        asked_at_ms: now_ms,
    }
}

/// The window of a product.
pub(super) fn of_product(product: &ProductQuota, now_ms: i64) -> QuotaWindow {
    let latest_ms = after(now_ms, LONGEST_WINDOW);
    let told_ms = product.next_available_ms.map(|at_ms| at_ms.min(latest_ms));
    let by_window = empty_until_ms(product.remaining, product.window, now_ms);
    QuotaWindow {
        model: product.product.to_owned(),
        remaining: product.remaining,
        total: None,
        window_secs: product.window.map(|window| window.as_secs()),
        resets_at_ms: told_ms.or(by_window),
        asked_at_ms: now_ms,
    }
}

fn empty_until_ms(remaining: u32, window: Option<Duration>, now_ms: i64) -> Option<i64> {
    let window = window.filter(|_| remaining == 0)?;
    Some(after(now_ms, window.min(LONGEST_WINDOW)))
}

fn after(now_ms: i64, span: Duration) -> i64 {
    now_ms.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * 3_600_000;

    #[test]
    fn only_a_window_without_quota_has_an_end_and_none_is_longer_than_a_day() {
        let end = |remaining, secs| {
            let limits = RateLimits {
                remaining,
                total: None,
                window: Some(Duration::from_secs(secs)),
            };
            of_limits("auto", &limits, 5).resets_at_ms
        };
        assert_eq!(end(1, 2), None);
        assert_eq!(end(0, 2), Some(2_005));
        assert_eq!(end(0, 9_000_000), Some(5 + DAY_MS));
    }

    #[test]
    fn a_product_says_when_it_is_there_again() {
        let end = |next_available_ms| {
            let product = ProductQuota {
                product: "video",
                remaining: 0,
                window: Some(Duration::from_secs(2)),
                next_available_ms,
            };
            of_product(&product, 5).resets_at_ms
        };
        assert_eq!(end(Some(77)), Some(77));
        assert_eq!(end(Some(i64::MAX)), Some(5 + DAY_MS));
        assert_eq!(end(None), Some(2_005));
    }
}
