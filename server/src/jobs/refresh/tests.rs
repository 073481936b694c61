//! Who is asked, without an upstream.

use pool::{Credential, Policy, Tier};

use super::*;

const NOW: i64 = 1_772_700_000_000;
const HOUR: i64 = 3_600_000;
const POLICY: RefreshPolicy = RefreshPolicy {
    basic: Duration::from_secs(8 * 3600),
    paid: Duration::from_secs(2 * 3600),
};

fn account(name: &str, synced_hours_ago: Option<i64>) -> Account {
    let credential = Credential::try_new(&format!("credential-of-{name}")).unwrap();
    Account {
        last_sync_at_ms: synced_hours_ago.map(|hours| NOW - hours * HOUR),
        ..Account::new(AccountId::new(name), credential, Tier::Basic, NOW)
    }
}

fn names(ids: &[AccountId]) -> Vec<&str> {
    ids.iter().map(AccountId::as_str).collect()
}

#[test]
fn those_who_are_due_come_in_order_and_the_next_one_is_known() {
    let pool = Pool::new(Policy::default(), 1);
    pool.insert([
        account("fresh", Some(1)),
        account("old", Some(20)),
        account("older", Some(30)),
        account("new", None),
    ]);
    let due = find_due(&pool, POLICY, NOW);
    assert_eq!(names(&due.now), ["new", "older", "old"]);
    let next_in = due.next_at_ms.unwrap() - NOW;
    assert!((7 * HOUR..=9 * HOUR).contains(&next_in), "{next_in}");
}

#[test]
fn what_another_instance_has_stored_decides_who_is_still_due() {
    let due = ["asked-there", "deleted-there", "due"].map(AccountId::new);
    let stored = [account("asked-there", Some(1)), account("due", Some(20))];
    let left = due_as_stored(&due, &stored, POLICY, NOW);
    assert_eq!(names(&left), ["due"]);
}

#[test]
fn accounts_that_are_added_during_a_run_come_next_and_only_once() {
    let id = AccountId::new;
    let mut queue = Queue::new(vec![id("a"), id("b")]);
    assert_eq!(queue.waiting.pop_front(), Some(id("a")));
    let again = vec![id("new-1"), id("new-2"), id("a"), id("b")];
    assert_eq!(queue.add(again.clone()), 2);
    assert_eq!(queue.add(again), 0);
    let waiting: Vec<_> = queue.waiting.iter().map(AccountId::as_str).collect();
    assert_eq!(waiting, ["new-1", "new-2", "b"]);
}
