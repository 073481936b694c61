//! What two stores that hold the same rows have in common, whatever engine and order.

use std::fmt;

use sha2::{Digest, Sha256};

use super::Row;
use crate::crypto::hex;

/// U+0000 in JSON. Not every engine has it; U+FFFD is kept instead.
const NUL: &str = "\\u0000";

/// Number of rows, and the sum of their SHA-256: the same in any order, while rows that are there
/// twice do not cancel out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksum {
    pub rows: u64,
    /// A number of 256 bits, lowest byte first.
    sum: [u8; 32],
}

impl Checksum {
    /// Counts a row in.
    pub fn add(&mut self, row: &Row) {
        // Texts and numbers only: this cannot fail.
        let mut json = serde_json::to_string(row).unwrap_or_default();
        if json.contains(NUL) {
            json = json.replace(NUL, "\u{fffd}");
        }
        let mut carry = 0_u16;
        for (byte, more) in self.sum.iter_mut().zip(Sha256::digest(json.as_bytes())) {
            let [low, high] = (u16::from(*byte) + u16::from(more) + carry).to_le_bytes();
            *byte = low;
            carry = u16::from(high);
        }
        self.rows += 1;
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(values: &[&str]) -> Checksum {
        let mut sum = Checksum::default();
        for value in values {
            sum.add(&Row::Setting {
                name: "a".to_owned(),
                value: (*value).to_owned(),
            });
        }
        sum
    }

    #[test]
    fn the_same_rows_in_any_order_and_nothing_else_have_the_same_sum() {
        assert_eq!(sum(&["1", "2", "3"]), sum(&["3", "1", "2"]));
        assert_ne!(sum(&["1", "2"]), sum(&["1", "3"]));
        assert_ne!(sum(&["1", "1"]), sum(&["2", "2"]));
        assert_ne!(sum(&["1"]), sum(&["1", "1"]));
        assert_eq!(sum(&[]).to_string(), "0".repeat(64));
        assert_eq!(sum(&["a\0b"]), sum(&["a\u{fffd}b"]), "as engines keep it");
    }
}
