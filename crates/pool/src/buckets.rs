//! The selectable accounts of one tier by what is known of them, then by available quota.
//!
//! One bucket per [`Standing`] and quota; quotas above [`TOP`] share the last bucket. A bitmap of
//! the buckets in use finds the highest one by looking at a few cache lines.
//!
//! Each bucket is a queue. A new account enters at a random position, so the queue is a random
//! order, different for each seed; an account that returns goes to the end and keeps the others'
//! order. The pick is the first element.
//!
//! Push, remove and pick are O(1): where an entry is, the entry itself keeps ([`Place`]). Whoever
//! changes a bucket stores the place that the call returns.

use std::collections::VecDeque;

use fastrand::Rng;

use crate::Standing;
use crate::entry::EntryKey;

/// Highest quota with a bucket of its own. The largest that the upstream is known to allow in one
/// window is 400 (`docs/upstream-protocol.md` 8.6).
pub(crate) const TOP: u32 = 511;
/// Buckets of one [`Standing`].
const OF_STANDING: u16 = TOP as u16 + 1;
/// Buckets of one tier.
const BUCKETS: usize = OF_STANDING as usize * Standing::COUNT;
/// 64-bit words of the bitmap.
const WORDS: usize = BUCKETS.div_ceil(64);
/// Room that an empty bucket keeps for its next entries. More is given back: quotas sink together,
/// so that a large pool fills its buckets one after the other.
const SPARE: usize = 1024;

/// Where an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Counted from the first entry that was ever taken from the bucket's front; wraps.
    position: u32,
    bucket: u16,
}

#[derive(Clone, Debug, Default)]
struct Bucket {
    queue: VecDeque<EntryKey>,
    /// Position of the front entry; grows with each one taken from there; wraps.
    front: u32,
}

#[derive(Debug)]
pub(crate) struct QuotaBuckets {
    buckets: Vec<Bucket>,
    /// Bit = bucket of that number is not empty.
    occupied: [u64; WORDS],
}

/// The bucket for accounts of which this is known, with this much available quota.
pub(crate) fn bucket_of(standing: Standing, available: u32) -> u16 {
    standing as u16 * OF_STANDING + available.min(TOP) as u16
}

impl Place {
    pub(crate) fn bucket(self) -> u16 {
        self.bucket
    }
}

impl Bucket {
    /// Index in the queue of the entry at `position`.
    fn index(&self, position: u32) -> usize {
        position.wrapping_sub(self.front) as usize
    }

    /// Position of the entry at `index` in the queue.
    fn position(&self, index: usize) -> u32 {
        self.front.wrapping_add(index as u32)
    }
}

impl Default for QuotaBuckets {
    fn default() -> Self {
        Self {
            buckets: vec![Bucket::default(); BUCKETS],
            occupied: [0; WORDS],
        }
    }
}

impl QuotaBuckets {
    /// Puts an entry that is in no bucket at the end of one; returns its place.
    pub(crate) fn push(&mut self, key: EntryKey, number: u16) -> Option<Place> {
        let bucket = self.buckets.get_mut(usize::from(number))?;
        let position = bucket.position(bucket.queue.len());
        bucket.queue.push_back(key);
        if bucket.queue.len() == 1 {
            self.toggle(number);
        }
        Some(Place {
            position,
            bucket: number,
        })
    }

    /// Takes the entry out that is at `place`; returns the entry that is there afterwards, if any:
    /// the front of the queue fills a gap.
    pub(crate) fn remove(&mut self, place: Place) -> Option<EntryKey> {
        let bucket = self.buckets.get_mut(usize::from(place.bucket))?;
        let index = bucket.index(place.position);
        let front = bucket.queue.front().copied();
        bucket.queue.swap_remove_front(index)?;
        bucket.front = bucket.position(1);
        if bucket.queue.is_empty() {
            bucket.queue.shrink_to(SPARE);
            self.toggle(place.bucket);
        }
        front.filter(|_| index > 0)
    }

    /// Swaps the entry at `place` with a random one of its bucket, which may be itself; returns
    /// that one, which is at `place` now, and the place where it was.
    pub(crate) fn swap_random(&mut self, place: Place, rng: &mut Rng) -> Option<(EntryKey, Place)> {
        let bucket = self.buckets.get_mut(usize::from(place.bucket))?;
        let other = rng.u64(..bucket.queue.len() as u64) as usize;
        let key = *bucket.queue.get(other)?;
        bucket.queue.swap(bucket.index(place.position), other);
        let position = bucket.position(other);
        Some((key, Place { position, ..place }))
    }

    /// All entries, highest quota first, at random among equals.
    pub(crate) fn best(&self) -> impl Iterator<Item = EntryKey> {
        let mut limit = BUCKETS;
        std::iter::from_fn(move || {
            limit = self.highest_below(limit)?;
            self.buckets.get(limit)
        })
        .flat_map(|bucket| bucket.queue.iter().copied())
    }

    /// The highest bucket below `limit` that is not empty.
    fn highest_below(&self, limit: usize) -> Option<usize> {
        let words = self.occupied.get(..limit.div_ceil(64))?;
        let mut below = u64::MAX >> (limit.wrapping_neg() % 64);
        for (index, word) in words.iter().enumerate().rev() {
            if let Some(bit) = (word & below).checked_ilog2() {
                return Some(index * 64 + bit as usize);
            }
            below = u64::MAX;
        }
        None
    }

    /// Notes that a bucket has become empty, or is no longer.
    fn toggle(&mut self, number: u16) {
        if let Some(word) = self.occupied.get_mut(usize::from(number / 64)) {
            *word ^= 1 << (number % 64);
        }
    }
}

#[cfg(test)]
mod tests {
    use slotmap::KeyData;

    use super::*;

    fn key(n: u64) -> EntryKey {
        KeyData::from_ffi((1 << 32) | n).into()
    }

    fn number(key: EntryKey) -> u64 {
        slotmap::Key::data(&key).as_ffi() & 0xffff_ffff
    }

    /// Buckets with one entry per quota, and where each entry is.
    struct World {
        buckets: QuotaBuckets,
        places: Vec<Option<Place>>,
    }

    impl World {
        fn new(quotas: &[u32], seed: u64) -> Self {
            let (buckets, mut rng) = (QuotaBuckets::default(), Rng::with_seed(seed));
            let places = vec![None; quotas.len()];
            let mut world = Self { buckets, places };
            for (n, quota) in quotas.iter().enumerate() {
                world.push(n as u64, *quota);
                let place = world.places[n].unwrap();
                let (other, old) = world.buckets.swap_random(place, &mut rng).unwrap();
                world.places[number(other) as usize] = Some(place);
                world.places[n] = Some(old);
            }
            world
        }

        fn push(&mut self, n: u64, quota: u32) {
            self.places[n as usize] = self.buckets.push(key(n), bucket_of(Standing::Told, quota));
        }

        fn remove(&mut self, n: u64) {
            let place = self.places[n as usize].take().unwrap();
            if let Some(moved) = self.buckets.remove(place) {
                self.places[number(moved) as usize] = Some(place);
            }
        }

        fn best(&self) -> Vec<u64> {
            self.buckets.best().map(number).collect()
        }

        /// Every known place is where the entry is found.
        fn check(&self) {
            for (n, place) in self.places.iter().enumerate() {
                let Some(place) = place else { continue };
                let bucket = &self.buckets.buckets[usize::from(place.bucket)];
                let found = bucket.queue.get(bucket.index(place.position));
                assert_eq!(found, Some(&key(n as u64)));
            }
        }
    }

    #[test]
    fn entries_come_highest_quota_first() {
        let mut world = World::new(&[1, 0, 64, 63, 9000, 510, 127], 1);
        assert_eq!(world.best(), [4, 5, 6, 2, 3, 0, 1]);
        world.remove(2);
        world.remove(0);
        world.push(0, 500);
        assert_eq!(world.best(), [4, 5, 0, 6, 3, 1]);
        for n in [0, 1, 3, 4, 5, 6] {
            world.remove(n);
        }
        assert_eq!(world.best(), []);
        assert_eq!(world.buckets.highest_below(BUCKETS), None);
    }

    #[test]
    fn every_quota_up_to_the_highest_has_a_bucket_of_its_own() {
        let quotas: Vec<_> = (0..=TOP).collect();
        let expected: Vec<_> = (0..=u64::from(TOP)).rev().collect();
        assert_eq!(World::new(&quotas, 1).best(), expected);
    }

    #[test]
    fn quotas_from_511_on_count_as_equal() {
        let of = |quota| bucket_of(Standing::Doubtful, quota);
        assert_eq!([510, 511, 512, u32::MAX].map(of), [510, 511, 511, 511]);
    }

    #[test]
    fn what_is_known_of_an_account_comes_before_its_quota() {
        let most_doubtful = bucket_of(Standing::Doubtful, u32::MAX);
        let most_unknown = bucket_of(Standing::Unknown, u32::MAX);
        assert!(most_doubtful < bucket_of(Standing::Unknown, 1));
        assert!(most_unknown < bucket_of(Standing::Told, 1));
    }

    #[test]
    fn an_entry_from_the_middle_leaves_the_others_findable() {
        let mut world = World::new(&[80; 9], 3);
        world.check();
        for n in [4, 0, 8, 2] {
            world.remove(n);
            world.check();
            assert!(!world.best().contains(&n));
        }
        world.push(4, 80);
        world.check();
        assert_eq!(world.best().last(), Some(&4), "returned to the end");
        let mut left = world.best();
        left.sort_unstable();
        assert_eq!(left, [1, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn taking_the_front_keeps_the_order_of_the_others() {
        let mut world = World::new(&[80; 5], 4);
        let order = world.best();
        world.remove(order[0]);
        assert_eq!(world.best(), order[1..]);
        world.push(order[0], 80);
        assert_eq!(world.best()[..4], order[1..]);
        world.check();
    }

    #[test]
    fn positions_may_wrap() {
        let mut world = World::new(&[80; 2], 1);
        let bucket = bucket_of(Standing::Told, 80);
        world.buckets.buckets[usize::from(bucket)].front = u32::MAX;
        for (index, n) in world.best().into_iter().enumerate() {
            let position = u32::MAX.wrapping_add(index as u32);
            world.places[n as usize] = Some(Place { position, bucket });
        }
        for _ in 0..3 {
            let first = world.best()[0];
            world.remove(first);
            world.push(first, 80);
            world.check();
        }
    }

    #[test]
    fn an_emptied_bucket_gives_its_memory_back() {
        let mut world = World::new(&[80; 5000], 1);
        (0..5000).for_each(|n| world.remove(n));
        let bucket = usize::from(bucket_of(Standing::Told, 80));
        let capacity = world.buckets.buckets[bucket].queue.capacity();
        assert!((1..=2 * SPARE).contains(&capacity), "{capacity}");
    }

    #[test]
    fn ties_are_uniform_over_seeds() {
        let mut first = [0_u32; 4];
        for seed in 0..4000 {
            first[World::new(&[80; 4], seed).best()[0] as usize] += 1;
        }
        assert!(
            first.iter().all(|&count| (850..1150).contains(&count)),
            "{first:?}"
        );
    }
}
