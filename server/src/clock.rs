//! Wall-clock time for rows and cooldowns; durations are measured with `Instant`.

use std::time::{SystemTime, UNIX_EPOCH};

/// Unix seconds, UTC.
#[must_use]
pub fn now_secs() -> u64 {
    u64::try_from(now_ms() / 1000).unwrap_or(0)
}

/// Unix milliseconds, UTC.
#[must_use]
pub fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| {
            i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
        })
}

/// `14:20` in UTC of the given Unix milliseconds, for messages.
#[must_use]
pub fn hour_minute(at_ms: i64) -> String {
    let minutes = at_ms.div_euclid(60_000).rem_euclid(24 * 60);
    format!("{:02}:{:02} UTC", minutes / 60, minutes % 60)
}

/// `2026-03-05 08:40:00` in UTC of the given Unix milliseconds.
#[must_use]
pub fn date_time(at_ms: i64) -> String {
    let Ok(at) = time::OffsetDateTime::from_unix_timestamp(at_ms.div_euclid(1000)) else {
        return "?".to_owned();
    };
    let (date, time) = (at.date(), at.time());
    format!(
        "{date} {:02}:{:02}:{:02}",
        time.hour(),
        time.minute(),
        time.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hour_and_minute_are_of_the_utc_day() {
        assert_eq!(hour_minute(0), "00:00 UTC");
        assert_eq!(hour_minute(1_772_700_000_000), "08:40 UTC");
    }

    #[test]
    fn dates_are_of_utc() {
        assert_eq!(date_time(1_772_700_000_999), "2026-03-05 08:40:00");
        assert_eq!(date_time(i64::MAX), "?");
    }
}
