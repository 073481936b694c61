//! What the pool says against a scan of the model.

use std::collections::BTreeMap;

use pool::{
    Account, AccountId, AccountView, Condition, Exhausted, Lease, PageQuery, SkipReason, SortKey,
    Status, Tier,
};

use super::world::World;

impl World {
    pub(super) fn check_exhausted(&self, exhausted: &Exhausted, tier: Tier, exclude: &[AccountId]) {
        let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
        let mut ends = Vec::new();
        for account in self.rows.values() {
            let reason = match self.skip(account) {
                _ if !tier.candidates().contains(&account.tier) => SkipReason::WrongTier,
                Some(reason) => reason,
                None => {
                    assert!(exclude.contains(&account.id), "skipped without a reason");
                    SkipReason::Excluded
                }
            };
            if let SkipReason::Cooling { until_ms } = reason {
                ends.push(until_ms);
            }
            *expected.entry(reason.as_str()).or_default() += 1;
        }
        let counted: BTreeMap<_, _> = exhausted
            .skips
            .iter()
            .map(|skip| (skip.reason.as_str(), skip.count))
            .collect();
        assert_eq!(counted, expected);
        assert_eq!(exhausted.retry_at_ms, ends.into_iter().min());
        for skip in &exhausted.skips {
            if let SkipReason::Cooling { until_ms } = skip.reason {
                assert_eq!(Some(until_ms), exhausted.retry_at_ms);
            }
        }
    }

    /// Counters against a scan.
    fn check_counts(&self) {
        let counts = self.pool.counts(self.now);
        let rows = || self.rows.values();
        let of = |status| rows().filter(|row| row.status == status).count();
        let active = rows().filter(|row| row.status == Status::Active);
        let quota_left: u64 = active.map(|row| u64::from(row.quota)).sum();
        assert_eq!(counts.total, rows().count());
        assert_eq!(counts.active, of(Status::Active));
        assert_eq!(counts.cooling, of(Status::Cooling));
        assert_eq!(counts.expired, of(Status::Expired));
        assert_eq!(counts.disabled, of(Status::Disabled));
        assert_eq!(counts.quota_left, quota_left);
        assert_eq!(counts.open_leases, self.leases.len());
        for (tier, of_tier) in Tier::ALL.into_iter().zip(counts.by_tier) {
            let total = of_tier.active + of_tier.cooling + of_tier.expired + of_tier.disabled;
            assert_eq!(total, rows().filter(|row| row.tier == tier).count());
        }
    }

    /// The reasons of all accounts that cannot be selected for the tier now.
    fn check_skips(&self, tier: Tier) {
        let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
        for account in self.rows.values() {
            let reason = match self.skip(account) {
                _ if !tier.candidates().contains(&account.tier) => SkipReason::WrongTier,
                Some(reason) => reason,
                None => continue,
            };
            *expected.entry(reason.as_str()).or_default() += 1;
        }
        let skips = self.pool.skips(tier).into_iter();
        let counted: BTreeMap<_, _> = skips
            .map(|skip| (skip.reason.as_str(), skip.count))
            .collect();
        assert_eq!(counted, expected);
    }

    /// A page against sorting and cutting all rows.
    pub(super) fn check_page(&mut self, query: &PageQuery<'_>) {
        let page = self.pool.page(query, self.now);
        self.store(self.pool.take_elapsed(self.now));
        let fits = |row: &&Account| {
            query.filter.is_none_or(|status| row.status == status) && (query.matches)(row)
        };
        let mut rows: Vec<_> = self.rows.values().filter(fits).collect();
        // In the order of ids already, and the sort is stable.
        match query.sort {
            SortKey::CreatedAt => rows.sort_by_key(|row| row.created_at_ms),
            SortKey::LastUsed => rows.sort_by_key(|row| row.last_used_at_ms),
            SortKey::Quota => rows.sort_by_key(|row| row.quota),
            SortKey::UseCount => rows.sort_by_key(|row| row.use_count),
            SortKey::Status => rows.sort_by_key(|row| Condition::of(row) as u8),
        }
        if query.descending {
            rows.reverse();
        }
        let expected: Vec<_> = rows.iter().skip(query.offset).take(query.limit).collect();
        let shown: Vec<_> = page.rows.iter().map(|view| &view.account).collect();
        assert_eq!(page.matched, rows.len());
        assert_eq!(shown, expected.into_iter().copied().collect::<Vec<_>>());
    }

    pub(super) fn check(&mut self) {
        assert_eq!(self.pool.open_leases(), self.leases.len());
        assert_eq!(self.pool.len(), self.rows.len());
        let views = self.pool.snapshot(self.now);
        self.store(self.pool.take_elapsed(self.now));
        assert_eq!(views.len(), self.rows.len());
        for AccountView {
            account,
            in_flight,
            skipped,
        } in views
        {
            assert_eq!(
                Some(&account),
                self.rows.get(&account.id),
                "replayed row differs"
            );
            let open = |l: &&(Lease, u32)| l.0.account_id() == &account.id && l.1 > 0;
            assert_eq!(in_flight as usize, self.leases.iter().filter(open).count());
            assert_eq!(skipped, self.skip(&account));
        }
        self.check_counts();
        for tier in Tier::ALL {
            self.check_skips(tier);
            let able = self.rows.values().any(|account| {
                tier.candidates().contains(&account.tier)
                    && matches!(account.status, Status::Active | Status::Cooling)
            });
            assert_eq!(self.pool.serves(tier), able);
        }
    }
}
