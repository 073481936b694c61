//! Selectable slots by pool and available quota.
//!
//! One bucket per (pool, quota); quotas above [`TOP`] share the last bucket. A two-level bitmap of
//! non-empty buckets finds the highest one in a few instructions.
//!
//! Each bucket is a queue. A new account enters at a random position, so the queue is a random
//! order, different for each seed; an account that returns goes to the end and keeps the others'
//! order. The pick is the first element: memory is read in sequence, however many accounts there
//! are, and [`Buckets::best`] tells early which slots come next.
//!
//! Insert, remove and pick are O(1).

use std::collections::VecDeque;

use crate::PoolKind;
use crate::rng::Rng;

/// Highest quota with a bucket of its own.
pub(crate) const TOP: u32 = 1023;
/// Buckets of one pool.
const PER_POOL: usize = TOP as usize + 1;
/// 64-bit words of one pool's bitmap.
const WORDS: usize = PER_POOL / 64;
/// Bucket number of a slot that is in none.
const NOWHERE: u16 = u16::MAX;

/// Where a slot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    bucket: u16,
    /// Counted from the first slot that was ever taken from the bucket's front; wraps.
    position: u32,
}

#[derive(Clone, Debug, Default)]
struct Bucket {
    slots: VecDeque<u32>,
    /// Position of the front slot; grows with each one taken from there; wraps.
    front: u32,
}

#[derive(Debug)]
pub(crate) struct Buckets {
    buckets: Vec<Bucket>,
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
            buckets: vec![Bucket::default(); 2 * PER_POOL],
            words: [0; 2 * WORDS],
            summary: 0,
            places: Vec::new(),
        }
    }

    /// Puts a slot at the end of the bucket of `available` quota, out of any other bucket. Leaves
    /// it where it is if it is in that bucket already.
    pub(crate) fn place(&mut self, slot: u32, kind: PoolKind, available: u32) {
        let number = first_bucket(kind) + available.min(TOP) as usize;
        if self.places.len() <= slot as usize {
            self.places.resize(
                slot as usize + 1,
                Place {
                    bucket: NOWHERE,
                    position: 0,
                },
            );
        }
        if self
            .places
            .get(slot as usize)
            .is_some_and(|p| usize::from(p.bucket) == number)
        {
            return;
        }
        self.remove(slot);
        let Some(bucket) = self.buckets.get_mut(number) else {
            return;
        };
        let position = bucket.front.wrapping_add(bucket.slots.len() as u32);
        bucket.slots.push_back(slot);
        if bucket.slots.len() == 1 {
            self.mark(number, true);
        }
        self.settle(slot, number, position);
    }

    /// Changes places with a random slot of the same bucket, itself included.
    pub(crate) fn shuffle(&mut self, slot: u32, rng: &mut Rng) {
        let Some(Place {
            bucket: number,
            position,
        }) = self.places.get(slot as usize).copied()
        else {
            return;
        };
        let number = usize::from(number);
        let Some(bucket) = self.buckets.get_mut(number) else {
            return;
        };
        let (own, other) = (bucket.index(position), rng.below(bucket.slots.len()));
        let Some(displaced) = bucket.slots.get(other).copied() else {
            return;
        };
        let other_position = bucket.front.wrapping_add(other as u32);
        bucket.slots.swap(own, other);
        self.settle(displaced, number, position);
        self.settle(slot, number, other_position);
    }

    /// Takes a slot out of its bucket, if it is in one; the front slot fills the gap.
    pub(crate) fn remove(&mut self, slot: u32) {
        let Some(place) = self.places.get_mut(slot as usize) else {
            return;
        };
        let Place {
            bucket: number,
            position,
        } = *place;
        place.bucket = NOWHERE;
        let number = usize::from(number);
        let Some(bucket) = self.buckets.get_mut(number) else {
            return;
        };
        let index = bucket.index(position);
        let front = bucket.slots.front().copied();
        bucket.slots.swap_remove_front(index);
        bucket.front = bucket.front.wrapping_add(1);
        let empty = bucket.slots.is_empty();
        if let Some(moved) = front.filter(|_| index > 0) {
            self.settle(moved, number, position);
        }
        if empty {
            self.mark(number, false);
        }
    }

    /// The slots of a pool, highest quota first, at random among equals.
    pub(crate) fn best(&self, kind: PoolKind) -> impl Iterator<Item = u32> {
        let mut next = self.highest(kind, PER_POOL);
        std::iter::from_fn(move || {
            let bucket = next?;
            next = self.highest(kind, bucket);
            self.buckets.get(first_bucket(kind) + bucket)
        })
        .flat_map(|bucket| bucket.slots.iter().copied())
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

    /// The slots of the highest bucket that come after `skip` others; their places are read too.
    pub(crate) fn ahead(&self, kind: PoolKind, skip: usize) -> impl Iterator<Item = u32> {
        let highest = self.highest(kind, PER_POOL);
        let bucket = highest.and_then(|bucket| self.buckets.get(first_bucket(kind) + bucket));
        let slots = bucket.and_then(|bucket| {
            let end = bucket.slots.len();
            Some(bucket.slots.range(skip.min(end)..end))
        });
        slots.into_iter().flatten().copied().inspect(|slot| {
            std::hint::black_box(self.places.get(*slot as usize).map(|place| place.position));
        })
    }

    fn settle(&mut self, slot: u32, bucket: usize, position: u32) {
        if let Some(place) = self.places.get_mut(slot as usize) {
            *place = Place {
                bucket: bucket as u16,
                position,
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

impl Bucket {
    /// Index in the queue of the slot at `position`.
    fn index(&self, position: u32) -> usize {
        position.wrapping_sub(self.front) as usize
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
            buckets.place(slot as u32, *kind, *quota);
            buckets.shuffle(slot as u32, &mut rng);
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
        buckets.place(0, Basic, 500);
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
