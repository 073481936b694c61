//! How many accounts are in which pool and state, kept up to date with every change.

use crate::Tier;
use crate::skip::{SkipCount, SkipReason};
use crate::slot::State;

#[derive(Debug, Default)]
pub(crate) struct Tally([[usize; State::COUNT]; 3]);

impl Tally {
    pub(crate) fn add(&mut self, kind: Tier, state: State) {
        self.0[kind as usize][state as usize] += 1;
    }

    pub(crate) fn subtract(&mut self, kind: Tier, state: State) {
        self.0[kind as usize][state as usize] -= 1;
    }

    pub(crate) fn count(&self, kind: Tier, state: State) -> usize {
        self.0[kind as usize][state as usize]
    }

    /// Whether an account that is active or cooling is in one of the tier's pools.
    pub(crate) fn serves(&self, tier: Tier) -> bool {
        tier.candidates().iter().any(|kind| {
            let out = self.count(*kind, State::Disabled) + self.count(*kind, State::Expired);
            self.total(*kind) > out
        })
    }

    /// The reasons for every account when nothing can be selected for the tier. Selectable
    /// accounts of the tier can only be excluded ones then.
    pub(crate) fn skips(&self, tier: Tier, earliest_ms: Option<i64>) -> Vec<SkipCount> {
        let able = |state| {
            tier.candidates()
                .iter()
                .map(|kind| self.count(*kind, state))
                .sum()
        };
        let by_state = State::SKIPPED.into_iter().filter_map(|state| {
            let reason = state.reason(earliest_ms.unwrap_or_default())?;
            Some(SkipCount {
                reason,
                count: able(state),
            })
        });
        let others = Tier::ALL
            .into_iter()
            .filter(|kind| !tier.candidates().contains(kind));
        let rest = [
            (SkipReason::Excluded, able(State::Selectable)),
            (
                SkipReason::WrongTier,
                others.map(|kind| self.total(kind)).sum(),
            ),
        ];
        by_state
            .chain(rest.map(|(reason, count)| SkipCount { reason, count }))
            .filter(|skip| skip.count > 0)
            .collect()
    }

    fn total(&self, kind: Tier) -> usize {
        self.0[kind as usize].iter().sum()
    }
}
