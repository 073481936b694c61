//! What each address holds of a limit.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;

use super::Use;

/// An address as it is counted: a household or a rented server has a whole /64 of IPv6 addresses.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
        v4 => v4,
    }
}

/// How many of something each address holds, and how often one was refused. Cheap to clone.
///
/// # Locking
/// One lock, held for a look into a map.
#[derive(Clone, Debug, Default)]
pub struct Addresses(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// Without those that hold nothing.
    held: Mutex<HashMap<IpAddr, u64>>,
    refused: AtomicU64,
}

/// One of them; given back when dropped.
#[derive(Debug)]
pub struct Place {
    addresses: Addresses,
    network: IpAddr,
}

impl Addresses {
    /// Takes one if `address` holds fewer than `max`; otherwise counts a refusal.
    #[must_use]
    pub fn take(&self, address: IpAddr, max: u64) -> Option<Place> {
        let network = network(address);
        let mut all = self.0.held.lock();
        let held = all.get(&network).copied().unwrap_or_default();
        if held >= max {
            self.0.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        all.insert(network, held + 1);
        Some(Place {
            addresses: self.clone(),
            network,
        })
    }

    /// `used` is what the address holds that holds most.
    #[must_use]
    pub fn in_use(&self, max: u64) -> Use {
        let used = self.0.held.lock().values().copied().max();
        Use {
            used: used.unwrap_or_default(),
            max,
            refused: self.0.refused.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.addresses.0.held.lock();
        if let Some(held) = all.get_mut(&self.network) {
            *held -= 1;
            if *held == 0 {
                all.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_and_gives_it_back() {
        let addresses = Addresses::default();
        let take = |address: &str| addresses.take(address.parse().unwrap(), 2);
        let first = [take("192.0.2.1"), take("::ffff:192.0.2.1")].map(Option::unwrap);
        assert!(take("192.0.2.1").is_none());
        let other = take("192.0.2.2").unwrap();
        let seen = Use {
            used: 2,
            max: 2,
            refused: 1,
        };
        assert_eq!(addresses.in_use(2), seen);
        drop(first);
        assert_eq!(addresses.in_use(2), Use { used: 1, ..seen });
        drop(other);
        assert!(addresses.0.held.lock().is_empty());
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let addresses = Addresses::default();
        let take = |address: &str| addresses.take(address.parse().unwrap(), 1);
        let _first = take("2001:db8:0:1::1").unwrap();
        assert!(take("2001:db8:0:1:ffff::2").is_none());
        assert!(take("2001:db8:0:2::1").is_some());
    }
}
