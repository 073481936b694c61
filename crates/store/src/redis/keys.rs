//! Names of keys, and places in sorted sets.

/// What all keys begin with. The tag in braces keeps them in one slot, wherever slots matter.
pub(super) const PREFIX: &str = "{grok2api}:";
/// Hexadecimal digits of a time.
const TIME_DIGITS: usize = 16;

pub(super) fn key(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// A time as 16 digits whose bytewise order is that of the times.
pub(super) fn time(ms: i64) -> String {
    format!("{:016x}", ms.cast_unsigned() ^ (1 << 63))
}

/// Ordered bytewise as (time, id) are.
pub(super) fn place(ms: i64, id: &str) -> String {
    time(ms) + id
}

pub(super) fn time_of(place: &str) -> Option<i64> {
    let digits = u64::from_str_radix(place.get(..TIME_DIGITS)?, 16).ok()?;
    Some((digits ^ (1 << 63)).cast_signed())
}

pub(super) fn id_of(place: &str) -> &str {
    place.get(TIME_DIGITS..).unwrap_or_default()
}

/// The bound of what lies below or above a place, without itself.
pub(super) fn beyond(place: &str) -> String {
    format!("({place}")
}

/// The bound of what comes up to this place, and of itself.
pub(super) fn with(place: &str) -> String {
    format!("[{place}")
}

/// The bound of what is at this time or later.
pub(super) fn from(ms: i64) -> String {
    format!("[{}", time(ms))
}

/// The bound of what is before this time.
pub(super) fn before(ms: i64) -> String {
    beyond(&time(ms))
}

/// The bound of what is at this time or before.
pub(super) fn until(ms: i64) -> String {
    ms.checked_add(1).map_or_else(|| "+".to_owned(), before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_ordered_as_times_and_ids_and_read_back() {
        let times = [i64::MIN, -1, 0, 1, 1_772_700_000_000, i64::MAX];
        for (one, other) in times.iter().zip(&times[1..]) {
            assert!(place(*one, "z") < place(*other, "a"));
        }
        assert!(place(0, "a") < place(0, "b"));
        for ms in times {
            assert_eq!(time_of(&place(ms, "id")), Some(ms));
        }
        assert_eq!(id_of(&place(0, "id")), "id");
        assert_eq!((time_of("short"), id_of("short")), (None, ""));
        assert_eq!(until(i64::MAX), "+");
    }
}
