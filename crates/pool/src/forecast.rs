//! How long the quota of a tier lasts, as a pure function of what is known now.

use std::time::Duration;

use crate::account::after;
use crate::{Account, Status};

/// Cost units that come back at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refill {
    pub at_ms: i64,
    pub units: u32,
}

/// What is to be expected of one tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Cost units left now.
    pub quota: u64,
    /// When something comes back next, and how much.
    pub next_refill: Option<Refill>,
    /// When nothing is left at this rate of use, in unix milliseconds; `None`: not within
    /// [`HORIZON`].
    pub empty_at_ms: Option<i64>,
}

/// Beyond it nothing is foretold: the windows of today say nothing of it.
pub const HORIZON: Duration = Duration::from_secs(24 * 3600);

impl Refill {
    /// What the account gets back, if it cools for want of quota: the quota of a fresh window, as
    /// the upstream told it for most models, else as its tier usually has.
    pub fn of(account: &Account) -> Option<Self> {
        if account.status != Status::Cooling || account.quota > 0 {
            return None;
        }
        let told = account.windows.iter().filter_map(|window| window.total);
        Some(Self {
            at_ms: account.cooling_until_ms()?,
            units: told.max().unwrap_or(account.tier.default_quota()),
        })
    }
}

/// Foretells one tier, from the quota of its active accounts, what comes back, and the cost units
/// used in the last `span`.
pub fn forecast(
    quota: u64,
    mut refills: Vec<Refill>,
    (used, span): (u64, Duration),
    now_ms: i64,
) -> Forecast {
    refills.sort_unstable();
    let next_refill = refills.iter().find(|refill| refill.at_ms > now_ms);
    Forecast {
        quota,
        next_refill: next_refill.copied(),
        empty_at_ms: empty_at_ms(quota, &refills, (used, span), now_ms),
    }
}

/// The first instant at which use, going on as in the last `span`, has taken all that is there.
fn empty_at_ms(
    quota: u64,
    refills: &[Refill],
    (used, span): (u64, Duration),
    now_ms: i64,
) -> Option<i64> {
    if used == 0 {
        return None;
    }
    let latest_ms = after(now_ms, HORIZON);
    let mut there = quota;
    let lasts_until = |there: u64| {
        let lasts_ms = u128::from(there) * span.as_millis() / u128::from(used);
        now_ms.saturating_add(i64::try_from(lasts_ms).unwrap_or(i64::MAX))
    };
    for refill in refills {
        if lasts_until(there) < refill.at_ms {
            break;
        }
        there = there.saturating_add(u64::from(refill.units));
    }
    Some(lasts_until(there)).filter(|at_ms| *at_ms <= latest_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, Cooldown, CooldownReason, Credential, Tier};

    const NOW: i64 = 1_772_700_000_000;
    const MINUTE: i64 = 60_000;
    const HOUR: Duration = Duration::from_secs(3600);

    fn refill(minutes: i64, units: u32) -> Refill {
        Refill {
            at_ms: NOW + minutes * MINUTE,
            units,
        }
    }

    fn empty_in(quota: u64, refills: &[Refill], used: u64) -> Option<i64> {
        let told = forecast(quota, refills.to_vec(), (used, HOUR), NOW);
        told.empty_at_ms.map(|at_ms| (at_ms - NOW) / MINUTE)
    }

    #[test]
    fn quota_lasts_as_long_as_the_rate_of_the_last_hour_lets_it() {
        assert_eq!(empty_in(60, &[], 60), Some(60));
        assert_eq!(empty_in(60, &[], 0), None, "nobody uses it");
        assert_eq!(empty_in(0, &[], 60), Some(0));
        assert_eq!(empty_in(60, &[], 1), None, "beyond the horizon");
    }

    #[test]
    fn what_comes_back_in_time_counts_and_what_comes_too_late_does_not() {
        let refills = [refill(90, 30), refill(50, 30)];
        assert_eq!(empty_in(60, &refills, 60), Some(120));
        assert_eq!(empty_in(60, &[refill(61, 30)], 60), Some(60));
        let told = forecast(60, refills.to_vec(), (60, HOUR), NOW);
        assert_eq!(told.next_refill, Some(refill(50, 30)));
        let past = forecast(60, vec![refill(-1, 5)], (60, HOUR), NOW);
        assert_eq!(past.next_refill, None);
    }

    #[test]
    fn an_account_that_cools_for_want_of_quota_comes_back_with_a_fresh_window() {
        let credential = Credential::try_new("credential-of-a").unwrap();
        let active = Account::new(AccountId::new("a"), credential, Tier::Basic, NOW);
        let cooling = Account {
            status: Status::Cooling,
            quota: 0,
            cooldown: Some(Cooldown {
                until_ms: NOW + MINUTE,
                reason: CooldownReason::QuotaEmpty,
            }),
            ..active.clone()
        };
        let limited = Account {
            quota: 9,
            ..cooling.clone()
        };
        assert_eq!(Refill::of(&cooling), Some(refill(1, 80)));
        for other in [active, limited] {
            assert_eq!(Refill::of(&other), None);
        }
    }
}
