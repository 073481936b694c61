//! Three instances on one database, while instances and the database are killed: what clients saw the
//! end of is stored once, and what one instance changes the others follow.
//!
//! The short form runs with the other tests. `GROK2API_SOAK` makes it long: accounts, requests and
//! kills as in [`world::Scale::soak`] (`make soak`).

mod media;
mod world;

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use grok_sim::Operation;
use pool::{Account, AccountChange, Change, Status, Tier};
use serde_json::json;
use store::{Outcome, Record, RequestRow};
use test_support::databases::Engine;
use tokio::time::{Instant, sleep};

use self::world::{INSTANCES, NEWS, PASSWORD, Scale, Seen, World, account, ask, id};
use crate::browser::Browser;

/// Quota and rows agree with each other and with what clients saw.
fn assert_exact(seen: &Seen, rows: &[RequestRow], accounts: &[Account], summed: u64) {
    let served: HashMap<_, _> = rows
        .iter()
        .filter(|row| row.outcome == Outcome::Served)
        .map(|row| (row.id.as_str(), row))
        .collect();
    let lost: Vec<_> = seen
        .ended
        .iter()
        .filter(|id| !served.contains_key(id.as_str()))
        .collect();
    assert_eq!(lost, [""; 0], "of {} answers", seen.ended.len());
    let most = seen.ended.len() + seen.unknown;
    assert!(served.len() <= most, "{} of {most}", served.len());
    assert_eq!(summed, rows.len() as u64, "sums count each row once");
    let mut used = HashMap::<_, u32>::new();
    for row in rows {
        *used
            .entry(row.account_id.as_deref().unwrap_or_default())
            .or_default() += row.cost;
    }
    for account in accounts {
        let used = used.get(account.id.as_str()).copied().unwrap_or(0);
        assert_eq!(account.use_count, u64::from(used), "use of {}", account.id);
        let left = Tier::Basic.default_quota() - used;
        assert_eq!(account.quota, left, "quota of {}", account.id);
        assert_eq!(account.status, Status::Active, "{account:?}");
    }
}

async fn nothing_is_lost_or_counted_twice(engine: Engine) {
    let scale = Scale::chosen();
    let mut world = World::start(engine, scale.accounts).await;
    let seen = world.siege(&scale).await;
    world.wait_for_leases().await;
    let (rows, accounts, summed) = world.stop().await;
    assert_exact(&seen, &rows, &accounts, summed);
    assert_eq!(accounts.len(), scale.accounts);
    assert!(
        seen.ended.len() > scale.requests / 2,
        "{} ended",
        seen.ended.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_on_postgres_lose_nothing_and_count_nothing_twice() {
    nothing_is_lost_or_counted_twice(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_on_redis_lose_nothing_and_count_nothing_twice() {
    nothing_is_lost_or_counted_twice(Engine::Redis).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_on_mariadb_lose_nothing_and_count_nothing_twice() {
    nothing_is_lost_or_counted_twice(Engine::MariaDb).await;
}

async fn the_others_follow(engine: Engine) {
    let world = World::start(engine, 3).await;
    let store = world.open_store().await;
    // As another instance does it on the operator's word.
    let disable = Record {
        changes: vec![AccountChange {
            id: id(0),
            change: Change::Status {
                status: Status::Disabled,
                cooldown: None,
            },
        }],
        request: None,
    };
    store.commit(disable).await.unwrap();
    let added = Account {
        quota: 400,
        ..account(7)
    };
    store.insert_accounts(&[added]).await.unwrap();
    store.delete_accounts(&[id(1)]).await.unwrap();
    sleep(NEWS).await;
    for turn in 0..12 {
        let url = world.instances[turn % INSTANCES].url();
        assert!(ask(&world.client, &url, false).await.is_some());
    }
    store.close().await;
    let (rows, ..) = world.stop().await;
    let served: HashSet<_> = rows
        .iter()
        .filter_map(|row| row.account_id.clone())
        .collect();
    assert_eq!(rows.len(), 12);
    assert!(!served.contains("account-0000"), "switched off by another");
    assert!(!served.contains("account-0001"), "deleted by another");
    assert!(
        served.contains("account-0007"),
        "the fullest, added by another"
    );
}

#[tokio::test]
async fn an_account_switched_off_on_one_is_not_used_by_the_others_postgres() {
    the_others_follow(Engine::Postgres).await;
}

#[tokio::test]
async fn an_account_switched_off_on_one_is_not_used_by_the_others_redis() {
    the_others_follow(Engine::Redis).await;
}

#[tokio::test]
async fn an_account_switched_off_on_one_is_not_used_by_the_others_mariadb() {
    the_others_follow(Engine::MariaDb).await;
}

async fn an_account_is_asked_about_once(engine: Engine) {
    const ACCOUNTS: usize = 8;
    let world = World::start_with(engine, ACCOUNTS, true).await;
    let asked = || world.simulator.requests_of(Operation::RateLimits);
    let deadline = Instant::now() + Duration::from_secs(20);
    while asked().len() < ACCOUNTS {
        assert!(
            Instant::now() < deadline,
            "only {} were asked",
            asked().len()
        );
        sleep(Duration::from_millis(20)).await;
    }
    // Whoever asks again does it now: every instance was told of what the others found out.
    sleep(2 * NEWS).await;
    let about: HashSet<_> = asked().into_iter().filter_map(|one| one.account).collect();
    assert_eq!((about.len(), asked().len()), (ACCOUNTS, ACCOUNTS));
    world.stop().await;
}

#[tokio::test]
async fn an_account_is_asked_about_once_by_all_together_postgres() {
    an_account_is_asked_about_once(Engine::Postgres).await;
}

#[tokio::test]
async fn an_account_is_asked_about_once_by_all_together_redis() {
    an_account_is_asked_about_once(Engine::Redis).await;
}

#[tokio::test]
async fn an_account_is_asked_about_once_by_all_together_mariadb() {
    an_account_is_asked_about_once(Engine::MariaDb).await;
}

async fn a_conversation_goes_on_elsewhere(engine: Engine) {
    let world = World::start(engine, 2).await;
    let ask = async |instance: usize, body: serde_json::Value| -> serde_json::Value {
        let url = format!("{}/v1/chat/completions", world.instances[instance].url());
        let answer = world.client.post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    };
    let user = |text: &str| json!({"role": "user", "content": text});
    let first = ask(0, json!({"model": "grok-3", "messages": [user("Hi")]})).await;
    let said = &first["choices"][0]["message"]["content"];
    let id = &first["conversation_id"];
    assert!(id.is_string(), "{first}");
    // Stored behind the answer, in a moment.
    sleep(NEWS).await;
    let turns = json!([user("Hi"), {"role": "assistant", "content": said}, user("More")]);
    let more = json!({"model": "grok-3", "messages": turns, "conversation_id": id});
    let second = ask(1, more.clone()).await;
    assert_eq!(second["conversation_id"], *id);
    let chats = world.simulator.requests_of(Operation::Chat);
    assert_eq!(chats[1].body["message"], "More", "the rest is known there");
    assert_eq!(chats[0].account, chats[1].account);
    // Deleted on a third instance, although the second one has it in memory.
    let url = |path: &str| format!("{}/v1/admin/sessions{path}", world.instances[2].url());
    let path = format!("/{}", id.as_str().unwrap());
    let deleted = world.client.delete(url(&path)).bearer_auth(PASSWORD);
    assert_eq!(deleted.send().await.unwrap().status(), 200);
    let anew = ask(1, more).await;
    assert_ne!(anew["conversation_id"], *id);
    world.stop().await;
}

#[tokio::test]
async fn a_conversation_goes_on_on_another_instance_postgres() {
    a_conversation_goes_on_elsewhere(Engine::Postgres).await;
}

#[tokio::test]
async fn a_conversation_goes_on_on_another_instance_redis() {
    a_conversation_goes_on_elsewhere(Engine::Redis).await;
}

#[tokio::test]
async fn a_conversation_goes_on_on_another_instance_mariadb() {
    a_conversation_goes_on_elsewhere(Engine::MariaDb).await;
}

async fn signing_out_is_for_all(engine: Engine) {
    let world = World::start(engine, 1).await;
    let gateways = {
        let mut gateways = Vec::new();
        for instance in &world.instances {
            gateways.push(instance.gateway.lock().await);
        }
        gateways
    };
    let [one, two, _] = gateways.as_slice() else {
        unreachable!("three instances");
    };
    let first = Browser::new(one.as_ref().unwrap());
    assert_eq!(first.sign_in(PASSWORD).await.status, 200);
    let second = Browser::new(two.as_ref().unwrap());
    for (name, value) in first.cookies() {
        second.set_cookie(&name, Some(value));
    }
    assert!(second.is_admin().await, "a session is known to all");
    let out = first.form("/api/sign_out", String::new()).await;
    assert_eq!(out.status, 200, "{out:?}");
    assert!(!second.is_admin().await);
    drop(gateways);
    world.stop().await;
}

#[tokio::test]
async fn signing_out_on_one_signs_out_on_all_postgres() {
    signing_out_is_for_all(Engine::Postgres).await;
}

#[tokio::test]
async fn signing_out_on_one_signs_out_on_all_redis() {
    signing_out_is_for_all(Engine::Redis).await;
}

#[tokio::test]
async fn signing_out_on_one_signs_out_on_all_mariadb() {
    signing_out_is_for_all(Engine::MariaDb).await;
}
