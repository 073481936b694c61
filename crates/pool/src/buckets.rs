//! Selectable slots by pool and available quota.
//!
//! One bucket per (pool, quota); quotas above [`TOP`] share the last bucket. A two-level bitmap of
//! non-empty buckets finds the highest one with three instructions. Each bucket is kept in random
//! order by inserting at a random position, so the pick is simply its last element: picking reads
//! memory that the previous pick has just read, however many accounts there are.
//!
//! Insert, remove and pick are O(1).

use crate::PoolKind;
use crate::rng::Rng;

/// Highest quota with a bucket of its own.
pub(crate) const TOP: u32 = 1023;
/// Buckets of one pool.
const PER_POOL: usize = TOP as usize + 1;
/// 64-bit words of one pool's bitmap.
const WORDS: usize = PER_POOL / 64;

/// Where a slot is: bucket number and position in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    bucket: u16,
    position: u32,
}

/// In no bucket.
const NOWHERE: Place = Place {
    bucket: u16::MAX,
    position: 0,
};

#[derive(Debug)]
pub(crate) struct Buckets {
    lists: Vec<Vec<u32>>,
    /// Bit = bucket of that number is not empty.
    words: [u64; 2 * WORDS],
    /// Bit = word of that number is not zero.
    summary: u32,
    /// By slot number.
    places: Vec<Place>,
}

impl Buckets {
    pub(crate) fn new() -> Self {
        Self {
            lists: vec![Vec::new(); 2 * PER_POOL],
            words: [0; 2 * WORDS],
            summary: 0,
            places: Vec::new(),
        }
    }

    /// Puts a slot into the bucket of `available` quota, out of any other.
    pub(crate) fn place(&mut self, slot: u32, kind: PoolKind, available: u32, rng: &mut Rng) {
        let bucket = first_bucket(kind) + available.min(TOP) as usize;
        if self.places.len() <= slot as usize {
            self.places.resize(slot as usize + 1, NOWHERE);
        }
        if self
            .places
            .get(slot as usize)
            .is_some_and(|p| usize::from(p.bucket) == bucket)
        {
            return;
        }
        self.remove(slot);
        let Some(list) = self.lists.get_mut(bucket) else {
            return;
        };
        let last = list.len();
        list.push(slot);
        let position = rng.below(list.len());
        list.swap(position, last);
        let displaced = list.get(last).copied();
        if let Some(displaced) = displaced.filter(|_| position != last) {
            self.settle(displaced, bucket, last);
        }
        self.settle(slot, bucket, position);
        self.mark(bucket, true);
    }

    /// Takes a slot out of its bucket, if it is in one.
    pub(crate) fn remove(&mut self, slot: u32) {
        let Some(place) = self.places.get_mut(slot as usize) else {
            return;
        };
        let Place { bucket, position } = std::mem::replace(place, NOWHERE);
        let (bucket, position) = (usize::from(bucket), position as usize);
        let Some(list) = self
            .lists
            .get_mut(bucket)
            .filter(|list| position < list.len())
        else {
            return;
        };
        list.swap_remove(position);
        let (moved, empty) = (list.get(position).copied(), list.is_empty());
        if let Some(moved) = moved {
            self.settle(moved, bucket, position);
        }
        if empty {
            self.mark(bucket, false);
        }
    }

    /// The slots of a pool, highest quota first, at random among equals.
    pub(crate) fn best(&self, kind: PoolKind) -> impl Iterator<Item = u32> {
        let mut next = self.highest(kind, PER_POOL);
        std::iter::from_fn(move || {
            let bucket = next?;
            next = self.highest(kind, bucket);
            self.lists.get(first_bucket(kind) + bucket)
        })
        .flat_map(|list| list.iter().rev().copied())
    }

    /// The highest non-empty bucket of a pool below `limit` (both counted within the pool).
    fn highest(&self, kind: PoolKind, limit: usize) -> Option<usize> {
        let base = kind as usize * WORDS;
        let (limit_word, limit_bit) = (limit / 64, limit % 64);
        if limit_bit > 0 {
            let word = self.words.get(base + limit_word)? & ((1 << limit_bit) - 1);
            if word != 0 {
                return Some(limit_word * 64 + word.ilog2() as usize);
            }
        }
        let summary = (self.summary >> base) & ((1 << limit_word) - 1);
        let word = summary.checked_ilog2()? as usize;
        Some(word * 64 + self.words.get(base + word)?.checked_ilog2()? as usize)
    }

    fn settle(&mut self, slot: u32, bucket: usize, position: usize) {
        if let Some(place) = self.places.get_mut(slot as usize) {
            *place = Place {
                bucket: bucket as u16,
                position: position as u32,
            };
        }
    }

    fn mark(&mut self, bucket: usize, occupied: bool) {
        let index = bucket / 64;
        let Some(word) = self.words.get_mut(index) else {
            return;
        };
        let bit = 1_u64 << (bucket % 64);
        *word = if occupied { *word | bit } else { *word & !bit };
        let bit = 1_u32 << index;
        self.summary = if *word != 0 {
            self.summary | bit
        } else {
            self.summary & !bit
        };
    }
}

fn first_bucket(kind: PoolKind) -> usize {
    kind as usize * PER_POOL
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(quotas: &[(PoolKind, u32)], seed: u64) -> Buckets {
        let (mut buckets, mut rng) = (Buckets::new(), Rng::new(seed));
        for (slot, (kind, quota)) in quotas.iter().enumerate() {
            buckets.place(slot as u32, *kind, *quota, &mut rng);
        }
        buckets
    }

    #[test]
    fn slots_come_highest_quota_first_and_by_pool() {
        use PoolKind::{Basic, Super};
        let mut buckets = filled(
            &[
                (Basic, 1),
                (Super, 5),
                (Basic, 64),
                (Basic, 63),
                (Super, 9000),
                (Basic, 1023),
            ],
            1,
        );
        assert_eq!(buckets.best(Basic).collect::<Vec<_>>(), [5, 2, 3, 0]);
        assert_eq!(buckets.best(Super).collect::<Vec<_>>(), [4, 1]);
        buckets.remove(2);
        buckets.remove(2);
        buckets.place(0, Basic, 500, &mut Rng::new(1));
        assert_eq!(buckets.best(Basic).collect::<Vec<_>>(), [5, 0, 3]);
        [0, 3, 5].into_iter().for_each(|slot| buckets.remove(slot));
        assert_eq!(buckets.best(Basic).next(), None);
    }

    #[test]
    fn ties_are_uniform_over_seeds() {
        let mut first = [0_u32; 4];
        for seed in 0..4000 {
            let buckets = filled(&[(PoolKind::Basic, 80); 4], seed);
            first[buckets.best(PoolKind::Basic).next().unwrap() as usize] += 1;
        }
        assert!(
            first.iter().all(|&count| (850..1150).contains(&count)),
            "{first:?}"
        );
    }
}
