//! Accounts, quota, cooldowns and leases. Pure: time and randomness are passed in.
//!
//! Data flow: [`Pool::select`] hands out a [`Lease`] and reserves quota for it; [`Lease::finish`]
//! turns the request's [`Outcome`] into [`Change`]s by the pure state machine of [`transition`],
//! applies them to the account in memory and returns them so that the caller can store them.
//! [`replay`] applies the same changes to a stored copy and arrives at the same account.
//!
//! Invariants:
//! - Open leases never reserve more than an account's quota, however many run at once.
//! - Every account that is not selectable has a [`SkipReason`].
//! - All times are unix milliseconds, passed in by the caller; the only randomness is the seed.
//! - Nothing here waits: one short lock, never held across an await (see [`Pool`]).

mod account;
mod buckets;
mod change;
mod cooling;
mod credential;
mod id;
mod inner;
mod lease;
mod pool;
mod rng;
mod skip;
mod slab;
mod slot;
mod tally;
mod transition;

pub use account::{Account, Cooldown, CooldownReason, Status, Tier};
pub use change::{AccountChange, Change, replay};
pub use credential::{Credential, CredentialError};
pub use id::AccountId;
pub use lease::Lease;
pub use pool::{Pool, SelectRequest};
pub use skip::{AccountView, Exhausted, SkipCount, SkipReason};
pub use transition::{Event, Outcome, Policy, transition};
