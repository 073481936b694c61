use super::*;

const HOST: &str = "grok.com";
const WALL: Verdict = Verdict::Walled("clearance");
const DOWN: Verdict = Verdict::Failed("connect");

fn breakers() -> Breakers {
    Breakers {
        chance: || 1.0,
        ..Breakers::default()
    }
}

fn config() -> Config {
    Config::default()
}

fn paused(breakers: &Breakers) -> Option<(Trouble, u64)> {
    let refused = breakers.enter(HOST).err();
    refused.map(|paused| (paused.trouble, paused.wait.as_secs()))
}

fn walled(secs: u64) -> Option<(Trouble, u64)> {
    Some((Trouble::BotProtection, secs))
}

fn failing(secs: u64) -> Option<(Trouble, u64)> {
    Some((Trouble::Failing, secs))
}

/// One call after the other; how many were let through.
fn calls(breakers: &Breakers, verdicts: impl IntoIterator<Item = Verdict>) -> usize {
    let mut shown = 0;
    for verdict in verdicts {
        if let Ok(pass) = breakers.enter(HOST) {
            shown += 1;
            pass.end(verdict, &config());
        }
    }
    shown
}

async fn pass_secs(secs: u64) {
    tokio::time::sleep(Duration::from_secs(secs)).await;
}

#[tokio::test(start_paused = true)]
async fn a_wall_is_shown_at_most_one_account_for_each_pause() {
    let breakers = breakers();
    assert_eq!(calls(&breakers, [WALL; 50]), 3, "then it is known");
    for length in [10, 20, 40, 60, 60] {
        assert_eq!(paused(&breakers), walled(length));
        pass_secs(length).await;
        let probe = breakers.enter(HOST).unwrap();
        assert_eq!(paused(&breakers), walled(2), "one at a time");
        probe.end(WALL, &config());
        assert_eq!(calls(&breakers, [WALL; 50]), 0);
    }
    pass_secs(60).await;
    assert_eq!(calls(&breakers, [Verdict::Passed, WALL, WALL]), 3);
    assert_eq!(paused(&breakers), None, "the count began anew");
}

#[tokio::test(start_paused = true)]
async fn refusals_with_an_answer_between_them_do_not_pause() {
    let breakers = breakers();
    let two_and_an_answer = [WALL, WALL, Verdict::Passed];
    let all = two_and_an_answer.into_iter().cycle().take(30);
    assert_eq!(calls(&breakers, all), 30);
    assert_eq!(breakers.troubles(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_fails_pauses_alone_and_comes_back() {
    let breakers = breakers();
    assert_eq!(calls(&breakers, [DOWN; 50]), 5);
    assert_eq!(paused(&breakers), failing(5));
    assert!(breakers.enter("assets.grok.com").is_ok(), "another host");
    assert!(breakers.troubles()[0].contains("cannot be reached"));
    pass_secs(5).await;
    assert_eq!(calls(&breakers, [DOWN; 50]), 1);
    assert_eq!(paused(&breakers), failing(10));
    pass_secs(10).await;
    assert_eq!(calls(&breakers, [Verdict::Passed; 50]), 50);
    assert_eq!(breakers.troubles(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn calls_that_break_together_are_one_failure() {
    let breakers = breakers();
    for _ in 0..4 {
        let together: Vec<_> = (0..40).map(|_| breakers.enter(HOST).unwrap()).collect();
        for pass in together {
            pass.end(DOWN, &config());
        }
    }
    assert_eq!(paused(&breakers), None);
    assert_eq!(calls(&breakers, [DOWN; 9]), 1);
    assert_eq!(paused(&breakers), failing(5));
}

#[tokio::test(start_paused = true)]
async fn answers_to_callers_own_mistakes_never_pause() {
    let breakers = breakers();
    let mixed = [DOWN, DOWN, DOWN, DOWN, Verdict::Passed];
    assert_eq!(calls(&breakers, mixed.into_iter().cycle().take(50)), 50);
    assert_eq!(calls(&breakers, [Verdict::Unknown; 50]), 50);
}

#[tokio::test(start_paused = true)]
async fn a_try_that_tells_nothing_lets_the_next_one_try() {
    let breakers = breakers();
    calls(&breakers, [WALL; 3]);
    pass_secs(10).await;
    drop(breakers.enter(HOST));
    assert_eq!(paused(&breakers), None);
    // A wall says that the host can be reached, a failure nothing of the wall.
    assert_eq!(calls(&breakers, [Verdict::Unknown, DOWN, DOWN]), 3);
}

#[tokio::test(start_paused = true)]
async fn calls_that_were_under_way_change_nothing_about_the_pause() {
    let breakers = breakers();
    let slow = [breakers.enter(HOST).unwrap(), breakers.enter(HOST).unwrap()];
    calls(&breakers, [WALL; 3]);
    pass_secs(4).await;
    let [first, second] = slow;
    first.end(WALL, &config());
    second.end(Verdict::Passed, &config());
    assert_eq!(paused(&breakers), walled(6));
    breakers.reset();
    assert_eq!(paused(&breakers), None);
}

#[tokio::test(start_paused = true)]
async fn what_is_open_since_when_and_why_is_told() {
    let breakers = breakers();
    assert_eq!(breakers.reports(), []);
    calls(&breakers, [DOWN]);
    let before = breakers.reports();
    assert_eq!((before[0].state, before[0].failures), ("closed", 1));
    calls(&breakers, [WALL; 3]);
    assert_eq!(paused(&breakers), walled(10));
    let open = breakers.reports().remove(0);
    let length = open.until_ms.unwrap() - open.since_ms.unwrap();
    assert!((9_999..=10_001).contains(&length), "{open:?}");
    let told = (open.state, open.reason, open.failures, open.kept_back);
    assert_eq!(told, ("open", "clearance", 3, 1));
    pass_secs(10).await;
    let _probe = breakers.enter(HOST).unwrap();
    assert_eq!(breakers.reports()[0].state, "probing");
}
