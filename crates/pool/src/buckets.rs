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
//! Insert, remove and pick are O(1). Where a slot is, is kept with the slot ([`Places`]), in the
//! cache line that selection reads anyway.

use std::collections::VecDeque;

use crate::Tier;
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
pub(crate) struct Place {
    /// Counted from the first slot that was ever taken from the bucket's front; wraps.
    position: u32,
    bucket: u16,
}

impl Place {
    /// In no bucket.
    pub(crate) const NOWHERE: Self = Self {
        position: 0,
        bucket: NOWHERE,
    };
}

/// Keeps the place of every slot.
pub(crate) trait Places {
    /// The place of a slot, if there is such a slot.
    fn place_mut(&mut self, slot: u32) -> Option<&mut Place>;
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
    words: [u64; 3 * WORDS],
    /// Bit = word of that number is not zero.
    summary: u64,
}

impl Buckets {
    pub(crate) fn new() -> Self {
        Self {
            buckets: vec![Bucket::default(); 3 * PER_POOL],
            words: [0; 3 * WORDS],
            summary: 0,
        }
    }

    /// Puts a slot at the end of the bucket of `available` quota, out of any other bucket. Leaves
    /// it where it is if it is in that bucket already.
    pub(crate) fn place(
        &mut self,
        places: &mut impl Places,
        slot: u32,
        kind: Tier,
        available: u32,
    ) {
        let number = first_bucket(kind) + available.min(TOP) as usize;
        let Some(place) = places.place_mut(slot) else {
            return;
        };
        if usize::from(place.bucket) == number {
            return;
        }
        self.remove(places, slot);
        let Some(bucket) = self.buckets.get_mut(number) else {
            return;
        };
        let position = bucket.front.wrapping_add(bucket.slots.len() as u32);
        bucket.slots.push_back(slot);
        if bucket.slots.len() == 1 {
            self.mark(number, true);
        }
        settle(places, slot, number, position);
    }

    /// Changes places with a random slot of the same bucket, itself included.
    pub(crate) fn shuffle(&mut self, places: &mut impl Places, slot: u32, rng: &mut Rng) {
        let Some(Place { position, bucket }) = places.place_mut(slot).copied() else {
            return;
        };
        let number = usize::from(bucket);
        let Some(bucket) = self.buckets.get_mut(number) else {
            return;
        };
        let (own, other) = (bucket.index(position), rng.below(bucket.slots.len()));
        let Some(displaced) = bucket.slots.get(other).copied() else {
            return;
        };
        let other_position = bucket.front.wrapping_add(other as u32);
        bucket.slots.swap(own, other);
        settle(places, displaced, number, position);
        settle(places, slot, number, other_position);
    }

    /// Takes a slot out of its bucket, if it is in one; the front slot fills the gap.
    pub(crate) fn remove(&mut self, places: &mut impl Places, slot: u32) {
        let Some(place) = places.place_mut(slot) else {
            return;
        };
        let Place { position, bucket } = std::mem::replace(place, Place::NOWHERE);
        let number = usize::from(bucket);
        let Some(bucket) = self.buckets.get_mut(number) else {
            return;
        };
        let index = bucket.index(position);
        let front = bucket.slots.front().copied();
        bucket.slots.swap_remove_front(index);
        bucket.front = bucket.front.wrapping_add(1);
        let is_empty = bucket.slots.is_empty();
        if let Some(moved) = front.filter(|_| index > 0) {
            settle(places, moved, number, position);
        }
        if is_empty {
            self.mark(number, false);
        }
    }

    /// The slots of a pool, highest quota first, at random among equals.
    pub(crate) fn best(&self, kind: Tier) -> impl Iterator<Item = u32> {
        let mut next = self.highest(kind, PER_POOL);
        std::iter::from_fn(move || {
            let bucket = next?;
            next = self.highest(kind, bucket);
            self.buckets.get(first_bucket(kind) + bucket)
        })
        .flat_map(|bucket| bucket.slots.iter().copied())
    }

    /// The highest non-empty bucket of a pool below `limit` (both counted within the pool).
    fn highest(&self, kind: Tier, limit: usize) -> Option<usize> {
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

    /// The slots of the highest bucket that come after `skip` others.
    pub(crate) fn ahead(&self, kind: Tier, skip: usize) -> impl Iterator<Item = u32> {
        let highest = self.highest(kind, PER_POOL);
        let bucket = highest.and_then(|bucket| self.buckets.get(first_bucket(kind) + bucket));
        let slots = bucket.map(|bucket| bucket.slots.range(skip.min(bucket.slots.len())..));
        slots.into_iter().flatten().copied()
    }

    fn mark(&mut self, bucket: usize, occupied: bool) {
        let index = bucket / 64;
        let Some(word) = self.words.get_mut(index) else {
            return;
        };
        let bit = 1_u64 << (bucket % 64);
        *word = if occupied { *word | bit } else { *word & !bit };
        let bit = 1_u64 << index;
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

fn settle(places: &mut impl Places, slot: u32, bucket: usize, position: u32) {
    if let Some(place) = places.place_mut(slot) {
        *place = Place {
            position,
            bucket: bucket as u16,
        };
    }
}

fn first_bucket(kind: Tier) -> usize {
    kind as usize * PER_POOL
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Places for Vec<Place> {
        fn place_mut(&mut self, slot: u32) -> Option<&mut Place> {
            self.get_mut(slot as usize)
        }
    }

    fn filled(quotas: &[(Tier, u32)], seed: u64) -> (Buckets, Vec<Place>) {
        let (mut buckets, mut rng) = (Buckets::new(), Rng::new(seed));
        let mut places = vec![Place::NOWHERE; quotas.len()];
        for (slot, (kind, quota)) in quotas.iter().enumerate() {
            buckets.place(&mut places, slot as u32, *kind, *quota);
            buckets.shuffle(&mut places, slot as u32, &mut rng);
        }
        (buckets, places)
    }

    #[test]
    fn slots_come_highest_quota_first_and_by_pool() {
        use Tier::{Basic, Super};
        let quotas = [
            (Basic, 1),
            (Super, 5),
            (Basic, 64),
            (Basic, 63),
            (Super, 9000),
            (Basic, 1023),
        ];
        let (mut buckets, mut places) = filled(&quotas, 1);
        assert_eq!(buckets.best(Basic).collect::<Vec<_>>(), [5, 2, 3, 0]);
        assert_eq!(buckets.best(Super).collect::<Vec<_>>(), [4, 1]);
        buckets.remove(&mut places, 2);
        buckets.remove(&mut places, 2);
        buckets.place(&mut places, 0, Basic, 500);
        assert_eq!(buckets.best(Basic).collect::<Vec<_>>(), [5, 0, 3]);
        for slot in [0, 3, 5] {
            buckets.remove(&mut places, slot);
        }
        assert_eq!(buckets.best(Basic).next(), None);
    }

    #[test]
    fn a_slot_from_the_middle_leaves_the_others_findable() {
        let (mut buckets, mut places) = filled(&[(Tier::Basic, 80); 9], 3);
        for slot in [4, 0, 8, 2] {
            buckets.remove(&mut places, slot);
            let mut left: Vec<_> = buckets.best(Tier::Basic).collect();
            assert!(!left.contains(&slot));
            left.retain(|slot| places[*slot as usize] != Place::NOWHERE);
            assert_eq!(left.len(), buckets.best(Tier::Basic).count());
        }
        buckets.place(&mut places, 4, Tier::Basic, 80);
        assert_eq!(
            buckets.best(Tier::Basic).last(),
            Some(4),
            "returned to the end"
        );
    }

    #[test]
    fn ties_are_uniform_over_seeds() {
        let mut first = [0_u32; 4];
        for seed in 0..4000 {
            let (buckets, _) = filled(&[(Tier::Basic, 80); 4], seed);
            first[buckets.best(Tier::Basic).next().unwrap() as usize] += 1;
        }
        assert!(
            first.iter().all(|&count| (850..1150).contains(&count)),
            "{first:?}"
        );
    }
}
