//! Between numbers of ours and `BIGINT`, in which every counter is stored.

/// A value beyond `BIGINT` stays at the largest.
pub(crate) fn to_i64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// What is below zero reads as zero.
pub(crate) fn to_u64(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// As [`to_u64`]; a value beyond it reads as the largest.
pub(crate) fn to_u32(value: i64) -> u32 {
    u32::try_from(value.max(0)).unwrap_or(u32::MAX)
}
