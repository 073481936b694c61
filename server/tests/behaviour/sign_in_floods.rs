//! Guessing passwords: how many guesses are judged, what they cost, and whom they lock out.

use std::{path::Path, sync::Arc};

use test_support::{Gateway, Launch};
use tokio::task::JoinSet;

use crate::{
    browser::{Browser, Said},
    support::BINARY,
};

const PASSWORD: &str = "correct horse battery";
const PUBLIC_KEY: &str = "visitors-only";
const DEVICE: &str = "grok2api_device";

/// Behind a proxy on this machine, which names its clients.
async fn start(data_dir: &Path) -> Gateway {
    Launch::new(BINARY, data_dir)
        .env("GROK2API_APP__APP_KEY", PASSWORD)
        .env("GROK2API_APP__PUBLIC_KEY", PUBLIC_KEY)
        .env("GROK2API_SERVER__TRUSTED_PROXIES", "127.0.0.1")
        .start()
        .await
        .unwrap()
}

/// Wrong guesses at the same time, each from the address that its number has.
async fn guess(gateway: &Gateway, count: usize, address: impl Fn(usize) -> String) -> Vec<Said> {
    let mut guesses = JoinSet::new();
    let first = Browser::new(gateway);
    for n in 0..count {
        let browser = first.another().at(address(n));
        guesses.spawn(async move { browser.sign_in(&format!("wrong guess {n}")).await });
    }
    guesses.join_all().await
}

fn judged(said: &[Said]) -> usize {
    said.iter()
        .filter(|one| match one.status {
            401 => true,
            _ => {
                one.assert_must_wait();
                false
            }
        })
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_guesses_at_once_a_few_are_judged_and_the_operator_still_gets_in() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path()).await;
    let said = guess(&gateway, 100, |_| "198.51.100.7".to_owned()).await;
    let judged = judged(&said);
    // Five are free; one or two more come round when the machine is slow.
    assert!((5..=8).contains(&judged), "{judged} guesses were judged");
    let same = Browser::new(&gateway).at("198.51.100.7");
    same.sign_in(PASSWORD).await.assert_must_wait();
    let other = Browser::new(&gateway).at("198.51.100.8");
    assert_eq!(other.sign_in(PASSWORD).await.status, 200);
    assert!(other.is_admin().await);
    // For tools that ban addresses.
    let log = gateway.log();
    let failed = "a sign-in failed, from 198.51.100.7";
    assert_eq!(log.matches(failed).count(), judged, "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_from_everywhere_cost_the_memory_of_two() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path()).await;
    let before = gateway.memory_kib("VmRSS").unwrap() / 1024;
    let said = guess(&gateway, 100, |n| format!("203.0.113.{n}")).await;
    assert!(judged(&said) > 5, "addresses are counted apart");
    let peak = gateway.memory_kib("VmHWM").unwrap() / 1024;
    // One verification takes 19 MiB, a hundred would take 1,900.
    assert!(peak < before + 150, "from {before} to {peak} MiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signed_in_before_is_let_in_when_strangers_have_used_up_all_attempts() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path()).await;
    let known = Arc::new(Browser::new(&gateway).at("192.0.2.1"));
    assert_eq!(known.sign_in(PASSWORD).await.status, 200);
    assert_eq!(known.form("/api/sign_out", String::new()).await.status, 200);
    assert!(!known.is_admin().await);
    let mut round = 0;
    // Right, and yet refused: all of the world has no attempt left.
    loop {
        assert!(round < 10, "guesses from everywhere are never refused");
        guess(&gateway, 60, |n| format!("10.{round}.{n}.1")).await;
        let stranger = Browser::new(&gateway).at(format!("192.0.2.{}", 100 + round));
        let said = stranger.sign_in(PASSWORD).await;
        if said.status == 429 {
            said.assert_must_wait();
            break;
        }
        round += 1;
    }
    assert_eq!(known.sign_in(PASSWORD).await.status, 200);
    assert!(known.is_admin().await);
    // A cookie that nobody here has signed is worth nothing.
    let forger = Browser::new(&gateway).at("192.0.2.200");
    let real = known.cookie(DEVICE).unwrap();
    let (id, _) = real.split_once('.').unwrap();
    forger.set_cookie(DEVICE, Some(format!("{id}.{}", "0".repeat(64))));
    forger.sign_in(PASSWORD).await.assert_must_wait();
}

#[tokio::test]
async fn a_known_browser_guesses_no_faster_than_a_stranger() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path()).await;
    let known = Browser::new(&gateway).at("192.0.2.1");
    assert_eq!(known.sign_in(PASSWORD).await.status, 200);
    let mut statuses = Vec::new();
    for n in 0..7 {
        statuses.push(known.sign_in(&format!("wrong guess {n}")).await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[tokio::test]
async fn visitors_who_sign_in_between_guesses_do_not_make_them_free() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path()).await;
    let browser = || Browser::new(&gateway).at("192.0.2.1");
    for n in 0..4 {
        let guess = browser().visit(&format!("wrong guess {n}")).await;
        assert_eq!(guess.status, 401);
        assert_eq!(browser().visit(PUBLIC_KEY).await.status, 200);
    }
    assert_eq!(browser().visit("the fifth").await.status, 401);
    browser().visit("the sixth").await.assert_must_wait();
    // The operator's form has not been used, so it is open from the same address.
    assert_eq!(browser().sign_in(PASSWORD).await.status, 200);
}

#[tokio::test]
async fn an_endless_password_is_not_hashed_and_addresses_of_one_network_count_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path()).await;
    let long = "x".repeat(1025);
    for _ in 0..10 {
        let browser = Browser::new(&gateway).at("192.0.2.1");
        assert_eq!(browser.sign_in(&long).await.kind(), "wrong_password");
    }
    let mut statuses = Vec::new();
    for n in 0..8 {
        let browser = Browser::new(&gateway).at(format!("2001:db8::{n}"));
        statuses.push(browser.sign_in("wrong guess").await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    let other = Browser::new(&gateway).at("2001:db8:0:1::1");
    assert_eq!(other.sign_in(PASSWORD).await.status, 200);
}
