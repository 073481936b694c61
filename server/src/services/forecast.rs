//! How long each tier's quota lasts at the rate of the last hour.

use std::time::Duration;

use pool::{Forecast, Pool, Refill, Tier, forecast};
use serde::Serialize;
use store::{Span, Store, StoreError, SumQuery, SumRow, bounded};

use crate::snapshot::{Snapshot, models::Models};

/// Whose use tells the rate.
const RATE_SPAN: Duration = Duration::from_secs(3600);

/// One tier's forecast. Times are unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TierForecast {
    /// As in `token.json`.
    pub tier: &'static str,
    /// Cost units left now.
    pub quota: u64,
    /// Cost units that models of this tier used in the last hour.
    pub used_last_hour: u64,
    pub next_refill_at_ms: Option<i64>,
    pub next_refill_units: Option<u32>,
    /// `None`: not within a day.
    pub empty_at_ms: Option<i64>,
}

/// Foretells the tiers that have accounts.
///
/// # Errors
/// The sums of the last hour cannot be read.
pub async fn forecasts(
    store: &dyn Store,
    snapshot: &Snapshot,
    now_ms: i64,
) -> Result<Vec<TierForecast>, StoreError> {
    let query = SumQuery {
        span: Span::Minute,
        since_ms: now_ms.saturating_sub(RATE_SPAN.as_millis() as i64),
        until_ms: i64::MAX,
    };
    let sums = bounded(store.sum_requests(&query)).await?;
    let used = used_by_tier(&sums, &snapshot.settings.models);
    Ok(of_pool(&snapshot.pool, used, now_ms))
}

/// Cost units by the tier of the model that was served.
fn used_by_tier(sums: &[SumRow], models: &Models) -> [u64; Tier::COUNT] {
    let mut used = [0; Tier::COUNT];
    for sum in sums {
        if let Some(model) = models.get(&sum.model) {
            used[model.tier as usize] += sum.totals.cost;
        }
    }
    used
}

fn of_pool(pool: &Pool, used: [u64; Tier::COUNT], now_ms: i64) -> Vec<TierForecast> {
    let counts = pool.counts(now_ms);
    let mut refills: [Vec<Refill>; Tier::COUNT] = Default::default();
    for (tier, refill) in pool.find(|account| Some((account.tier, Refill::of(account)?))) {
        refills[tier as usize].push(refill);
    }
    let tiers = Tier::ALL.into_iter().zip(counts.by_tier);
    let has_accounts = |(_, counts): &(Tier, pool::TierCounts)| {
        counts.active + counts.cooling + counts.expired + counts.disabled > 0
    };
    tiers
        .filter(has_accounts)
        .map(|(tier, counts)| {
            let used_last_hour = used[tier as usize];
            let refills = std::mem::take(&mut refills[tier as usize]);
            let rate = (used_last_hour, RATE_SPAN);
            let Forecast {
                quota,
                next_refill,
                empty_at_ms,
            } = forecast(counts.quota_left, refills, rate, now_ms);
            TierForecast {
                tier: tier.as_str(),
                quota,
                used_last_hour,
                next_refill_at_ms: next_refill.map(|refill| refill.at_ms),
                next_refill_units: next_refill.map(|refill| refill.units),
                empty_at_ms,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use pool::{Account, AccountId, Credential, Policy};
    use store::{Outcome, Totals};

    use super::*;

    const NOW: i64 = 1_772_700_000_000;

    fn sum(model: &str, cost: u64) -> SumRow {
        SumRow {
            span: Span::Minute,
            start_ms: NOW,
            model: model.to_owned(),
            key: String::new(),
            outcome: Outcome::Served,
            totals: Totals {
                cost,
                ..Totals::default()
            },
        }
    }

    #[test]
    fn use_counts_for_the_tier_of_its_model() {
        let models = Models::from_config(&settings::Config::default().models);
        let sums = [sum("grok-4", 3), sum("grok-4-heavy", 4), sum("grok-4", 2)];
        let heavy = models.get("grok-4-heavy").unwrap().tier as usize;
        let used = used_by_tier(&[sums.as_slice(), &[sum("gone", 9)]].concat(), &models);
        assert_eq!((used[Tier::Basic as usize], used[heavy]), (5, 4));
    }

    #[test]
    fn tiers_with_accounts_are_foretold() {
        let pool = Pool::new(Policy::default(), 1);
        let credential = Credential::try_new("credential-of-a").unwrap();
        pool.insert([Account::new(
            AccountId::new("a"),
            credential,
            Tier::Super,
            NOW,
        )]);
        let told = of_pool(&pool, [7, 140, 0], NOW);
        let expected = TierForecast {
            tier: "ssoSuper",
            quota: 140,
            used_last_hour: 140,
            next_refill_at_ms: None,
            next_refill_units: None,
            empty_at_ms: Some(NOW + 3_600_000),
        };
        assert_eq!(told, [expected]);
    }
}
