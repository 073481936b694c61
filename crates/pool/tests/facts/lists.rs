//! What pages and probes read: counts and pages of accounts.

use std::sync::Arc;

use pool::{
    Account, AccountView, Event, Outcome, Page, PageQuery, Pool, PoolCounts, SortKey, Status, Tier,
    TierCounts,
};

use super::{BASIC, START, account, id, pool, select, with_quota};

const ALL: PageQuery<'static> = PageQuery {
    filter: None,
    matches: &|_| true,
    sort: SortKey::CreatedAt,
    descending: false,
    after: None,
    offset: 0,
    limit: usize::MAX,
};

/// The numbers of the accounts on a page, and how many match.
fn page(pool: &Pool, query: PageQuery<'_>) -> (Vec<u8>, usize) {
    let Page { rows, matched, .. } = pool.page(&query, START);
    let number = |row: &AccountView| (0..=u8::MAX).find(|n| id(*n) == row.account.id);
    (rows.iter().filter_map(number).collect(), matched)
}

fn sorted(pool: &Pool, sort: SortKey) -> Vec<u8> {
    let (rows, _) = page(pool, PageQuery { sort, ..ALL });
    let descending = true;
    let reversed = PageQuery {
        sort,
        descending,
        ..ALL
    };
    let (mut backwards, _) = page(pool, reversed);
    backwards.reverse();
    assert_eq!(rows, backwards, "descending is the exact reverse");
    rows
}

/// Accounts that differ in everything that a page is sorted by.
fn mixed() -> Arc<Pool> {
    let at = |n, created: i64, used: Option<i64>, uses, status| Account {
        created_at_ms: START + created,
        last_used_at_ms: used,
        use_count: uses,
        status,
        ..with_quota(n, 10 - u32::from(n))
    };
    pool([
        at(0, 3, Some(8), 7, Status::Disabled),
        at(1, 1, None, 7, Status::Active),
        at(2, 2, Some(9), u64::MAX, Status::Expired),
        at(3, 2, Some(-1), 0, Status::Active),
    ])
}

#[test]
fn counts_follow_every_change() {
    let pool = pool((0..5).map(account));
    let lease = select(&pool);
    let lease_of = lease.account_id().clone();
    let others: Vec<_> = (0..5).map(id).filter(|id| *id != lease_of).collect();
    drop(pool.apply(&others[0], &Event::Disable, START));
    drop(pool.apply(&others[1], &Event::Outcome(Outcome::RateLimited), START));
    let blocked = Outcome::Blocked { reason: "blocked" };
    drop(pool.apply(&others[2], &Event::Outcome(blocked), START));
    drop(lease.finish(Outcome::Success { cost: 1 }, START));
    let open = select(&pool);
    let of_super = TierCounts {
        active: 2,
        cooling: 1,
        expired: 1,
        disabled: 1,
        quota_left: 9,
    };
    let expected = PoolCounts {
        total: 5,
        active: 2,
        cooling: 1,
        expired: 1,
        disabled: 1,
        open_leases: 1,
        quota_left: 9,
        by_tier: [TierCounts::default(), of_super, TierCounts::default()],
    };
    assert_eq!(pool.counts(START), expected);
    drop(open);
    drop(pool.remove(&(0..5).map(id).collect::<Vec<_>>()));
    assert_eq!(pool.counts(START), PoolCounts::default());
}

#[test]
fn an_active_account_counts_whether_or_not_it_is_selectable() {
    let pool = pool([with_quota(0, 1), with_quota(1, 0), with_quota(2, 3)]);
    let prefer = Some(&id(0));
    let request = pool::SelectRequest { prefer, ..BASIC };
    let busy = pool.select(&request, START).unwrap();
    let failure = Outcome::UpstreamFailure { reason: "http_502" };
    drop(pool.apply(&id(2), &Event::Outcome(failure), START));
    let counts = pool.counts(START);
    assert_eq!((counts.total, counts.active, counts.quota_left), (3, 3, 4));
    drop(busy);
}

#[test]
fn counts_end_cooldowns_whose_time_has_come() {
    let pool = pool([account(0)]);
    drop(pool.apply(&id(0), &Event::Outcome(Outcome::RateLimited), START));
    let hour = 3_600_000;
    assert_eq!(pool.counts(START + hour - 1).cooling, 1);
    assert_eq!(pool.counts(START + hour).active, 1);
    assert_eq!(pool.take_elapsed(START).len(), 1, "there to be stored");
}

#[test]
fn a_page_is_sorted_by_any_key_with_ties_by_id() {
    let pool = mixed();
    assert_eq!(sorted(&pool, SortKey::CreatedAt), [1, 2, 3, 0]);
    assert_eq!(sorted(&pool, SortKey::LastUsed), [1, 3, 0, 2]);
    assert_eq!(sorted(&pool, SortKey::Quota), [3, 2, 1, 0]);
    assert_eq!(sorted(&pool, SortKey::UseCount), [3, 0, 1, 2]);
    // What has answered comes before what is not known.
    assert_eq!(sorted(&pool, SortKey::Status), [3, 1, 2, 0]);
}

#[test]
fn a_page_holds_what_matches_and_counts_the_rest() {
    let pool = mixed();
    let active = PageQuery {
        filter: Some(Status::Active),
        ..ALL
    };
    assert_eq!(page(&pool, active), (vec![1, 3], 2));
    let matches = &|account: &Account| account.quota > 7;
    assert_eq!(
        page(&pool, PageQuery { matches, ..ALL }),
        (vec![1, 2, 0], 3)
    );
    assert_eq!(page(&pool, PageQuery { matches, ..active }), (vec![1], 1));
    let nobody = &|_: &Account| false;
    let none = PageQuery {
        matches: nobody,
        ..ALL
    };
    assert_eq!(page(&pool, none), (vec![], 0));
}

#[test]
fn pages_follow_each_other_without_gap_or_overlap() {
    let pool = pool((0..200).map(account));
    let (all, matched) = page(&pool, ALL);
    assert_eq!((all.len(), matched), (200, 200));
    for limit in [1, 7, 64, 65, 199, 200, 201] {
        let mut seen = Vec::new();
        for offset in (0..=200).step_by(limit) {
            let query = PageQuery {
                offset,
                limit,
                ..ALL
            };
            let (rows, matched) = page(&pool, query);
            assert_eq!(rows.len(), limit.min(200 - offset));
            assert_eq!(matched, 200);
            seen.extend(rows);
        }
        assert_eq!(seen, all, "pages of {limit}");
    }
    for (limit, descending) in [(1, true), (64, false), (199, true), (200, false)] {
        let (mut seen, mut after) = (0, None);
        loop {
            let query = PageQuery {
                after: after.as_ref(),
                limit,
                descending,
                sort: SortKey::Quota,
                ..ALL
            };
            let page = pool.page(&query, START);
            assert_eq!(page.matched, 200);
            seen += page.rows.len();
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, 200, "pages of {limit}, each behind the last");
    }
    let beyond = PageQuery { offset: 300, ..ALL };
    assert_eq!(page(&pool, beyond), (vec![], 200));
    assert_eq!(page(&pool, PageQuery { limit: 0, ..ALL }), (vec![], 200));
}

#[test]
fn a_page_shows_leases_and_the_reason_why_an_account_is_skipped() {
    let pool = pool([account(0)]);
    let lease = select(&pool);
    drop(pool.apply(&id(0), &Event::Disable, START));
    let page = pool.page(&ALL, START);
    assert_eq!(page.rows, pool.snapshot(START));
    assert_eq!(page.rows[0].in_flight, 1);
    assert_eq!(page.rows[0].skipped, Some(pool::SkipReason::Disabled));
    assert_eq!(page.rows[0].account.tier, Tier::Super);
    drop(lease);
    assert_eq!(pool.snapshot(START)[0].in_flight, 0);
}

#[test]
fn a_snapshot_holds_every_account_however_many() {
    for count in [0, 1, 63, 64, 65, 128, 130] {
        let pool = pool((0..count).map(account));
        let mut ids: Vec<_> = pool
            .snapshot(START)
            .into_iter()
            .map(|v| v.account.id)
            .collect();
        ids.sort();
        let mut expected: Vec<_> = (0..count).map(id).collect();
        expected.sort();
        assert_eq!(ids, expected);
    }
}
