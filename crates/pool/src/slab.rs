//! The slots by number, their numbers used again after a removal.

use crate::Account;
use crate::buckets::{Place, Places};
use crate::slot::{Hot, Slot, SlotRef};

/// Both parts of every slot. A vacant number is `None` in both.
#[derive(Debug, Default)]
pub(crate) struct Slab {
    hot: Vec<Option<Hot>>,
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    /// Occupants so far: the source of stamps.
    stamps: u32,
}

impl Slab {
    pub(crate) fn insert(&mut self, account: Account) -> u32 {
        self.stamps = self.stamps.wrapping_add(1);
        let hot = Some(Hot::new(&account, self.stamps));
        let slot = Some(Slot {
            account,
            rest_until: 0,
            scheduled: None,
        });
        if let Some(index) = self.free.pop() {
            let places = (
                self.hot.get_mut(index as usize),
                self.slots.get_mut(index as usize),
            );
            if let (Some(hot_place), Some(slot_place)) = places {
                (*hot_place, *slot_place) = (hot, slot);
                return index;
            }
        }
        self.hot.push(hot);
        self.slots.push(slot);
        (self.slots.len() - 1) as u32
    }

    pub(crate) fn remove(&mut self, index: u32) -> Option<(Hot, Slot)> {
        let hot = self.hot.get_mut(index as usize)?.take()?;
        let slot = self.slots.get_mut(index as usize)?.take()?;
        self.free.push(index);
        Some((hot, slot))
    }

    /// Numbers in use or vacant; all others are beyond.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn hot(&self, index: u32) -> Option<&Hot> {
        self.hot.get(index as usize)?.as_ref()
    }

    pub(crate) fn hot_mut(&mut self, index: u32) -> Option<&mut Hot> {
        self.hot.get_mut(index as usize)?.as_mut()
    }

    pub(crate) fn slot(&self, index: u32) -> Option<&Slot> {
        self.slots.get(index as usize)?.as_ref()
    }

    pub(crate) fn both_mut(&mut self, index: u32) -> Option<(&mut Hot, &mut Slot)> {
        let hot = self.hot.get_mut(index as usize)?.as_mut()?;
        Some((hot, self.slots.get_mut(index as usize)?.as_mut()?))
    }

    /// Whether the slot's occupant is still the one meant.
    pub(crate) fn is_current(&self, of: SlotRef) -> bool {
        self.hot(of.index).is_some_and(|hot| hot.stamp == of.stamp)
    }
}

impl Places for Slab {
    fn place_mut(&mut self, slot: u32) -> Option<&mut Place> {
        Some(&mut self.hot_mut(slot)?.place)
    }
}
