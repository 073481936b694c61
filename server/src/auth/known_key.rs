//! The password that a program sent last and that was right: to verify it takes tens of milliseconds
//! and 19 MiB, which is too much for each call of a program.

use std::time::{Duration, Instant};

use hmac::{Hmac, Mac};
use parking_lot::Mutex;
use rand::Rng;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How long it is remembered.
const REMEMBERED: Duration = Duration::from_secs(300);

/// A fingerprint under a key of this process, in memory only.
///
/// # Locking
/// Held for a comparison.
pub(super) struct KnownKey {
    secret: [u8; 32],
    known: Mutex<Option<Known>>,
    turn: Semaphore,
}

struct Known {
    print: [u8; 32],
    until: Instant,
}

impl Default for KnownKey {
    fn default() -> Self {
        Self {
            secret: rand::rng().random(),
            known: Mutex::default(),
            turn: Semaphore::new(1),
        }
    }
}

impl KnownKey {
    /// Whether this is the password that was right, and `hash` is still the one in force.
    pub(super) fn is_it(&self, given: &str, hash: &str) -> bool {
        let print = self.print(given, hash);
        let known = self.known.lock();
        let known = known.as_ref().filter(|known| Instant::now() < known.until);
        known.is_some_and(|known| bool::from(known.print.ct_eq(&print)))
    }

    pub(super) fn remember(&self, right: &str, hash: &str) {
        let known = Known {
            print: self.print(right, hash),
            until: Instant::now() + REMEMBERED,
        };
        *self.known.lock() = Some(known);
    }

    /// The right to verify; one has it at a time.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turn.acquire().await.ok()
    }

    fn print(&self, given: &str, hash: &str) -> [u8; 32] {
        // An HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else {
            return rand::rng().random();
        };
        mac.update(hash.as_bytes());
        mac.update(b"\n");
        mac.update(given.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_under_the_hash_in_force_is_known() {
        let known = KnownKey::default();
        assert!(!known.is_it("right", "hash"));
        known.remember("right", "hash");
        assert!(known.is_it("right", "hash"));
        assert!(!known.is_it("wrong", "hash"));
        assert!(!known.is_it("right", "other hash"), "it was changed");
        assert!(!KnownKey::default().is_it("right", "hash"));
    }
}
