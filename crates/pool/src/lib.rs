//! Accounts, quota, cooldowns and leases. Pure: time and randomness are passed in.
//!
//! Data flow: [`Pool::select`] hands out a [`Lease`] and reserves quota for it; [`Lease::finish`]
//! turns the request's [`Outcome`] into [`Change`]s by the pure state machine of [`transition()`],
//! applies them to the account in memory and returns them so that the caller can store them.
//! [`replay`] applies the same changes to a stored copy and arrives at the same account.
//!
//! Invariants:
//! - Leases never reserve more than an account's quota, however many run at once. (A sync may lower
//!   the quota below what is reserved already; then nobody reserves more.)
//! - Every account that is not selectable has a [`SkipReason`].
//! - All times are unix milliseconds, passed in by the caller; the only randomness is the seed.
//! - Nothing here waits: one short lock, never held across an await (see [`Pool`]).

mod account;
mod account_proxy;
mod buckets;
mod change;
mod check;
mod condition;
mod counters;
mod credential;
mod edit;
mod ejection;
mod entry;
mod forecast;
mod id;
mod inner;
mod lease;
mod page;
mod pool;
mod quota_window;
mod read_ahead;
mod refresh;
mod selection;
mod skip;
mod standing;
mod tier;
mod tier_index;
mod transition;
mod used_up;

pub use account::{Account, Cooldown, CooldownReason, Status};
pub use account_proxy::{AccountProxy, AccountProxyError};
pub use change::{AccountChange, Change, replay};
pub use check::{Check, CheckResult};
pub use condition::Condition;
pub use counters::{PoolCounts, TierCounts};
pub use credential::{Credential, CredentialError};
pub use edit::AccountEdit;
pub use ejection::Ejection;
pub use forecast::{Forecast, HORIZON, Refill, forecast};
pub use id::AccountId;
pub use lease::{Choice, Lease};
pub use page::{AccountView, Page, PageQuery, Place, SortKey};
pub use pool::{CredentialTaken, Pool, SelectRequest};
pub use quota_window::{LONGEST_WINDOW, MAX_WINDOW_MODEL, MAX_WINDOWS, QuotaWindow};
pub use refresh::RefreshPolicy;
pub use skip::{Exhausted, SkipCount, SkipReason};
pub use standing::Standing;
pub use tier::Tier;
pub use transition::{Event, Outcome, Policy, QuotaReport, REFUSALS_IN_A_ROW, transition};
