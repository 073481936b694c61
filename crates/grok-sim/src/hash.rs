//! A stable hash: the same text gives the same answer on every machine and in every release.

/// FNV-1a, 64 bits.
pub(crate) fn of(text: &str) -> u64 {
    of_bytes(text.as_bytes())
}

/// The same of any bytes.
pub(crate) fn of_bytes(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Hash of a seed and a position, well mixed (SplitMix64 finaliser).
pub(crate) fn mix(seed: u64, position: u64) -> u64 {
    let mut z = seed.wrapping_add(position.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One element of a non-empty list, chosen by the seed.
pub(crate) fn pick<'a>(seed: u64, choices: &[&'a str]) -> &'a str {
    let count = choices.len().max(1) as u64;
    let index = usize::try_from(seed % count).unwrap_or(0);
    choices.get(index).copied().unwrap_or("")
}
