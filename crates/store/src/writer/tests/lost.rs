//! Commits whose answer is lost.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_batch_that_may_have_been_committed_is_not_applied_twice() {
    let (writer, script) = start();
    script.lock().lost_commits = 1;
    let answers = submit_all(&writer, &["a", "b"]).await;
    let done: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(done, [changed(1), changed(2)], "what it did the first time");
    writer.write(setting("c")).await.unwrap();
    assert_eq!(script.lock().committed, [vec!["a", "b"], vec!["c"]]);
    writer.check().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_was_lost_before_its_commit_is_applied_once() {
    let (writer, script) = start();
    script.lock().lost_before = 2;
    let answers = submit_all(&writer, &["a", "b"]).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(script.lock().committed, [["a", "b"]]);
    assert_eq!(script.lock().disconnects, 2);
}

#[tokio::test(start_paused = true)]
async fn a_lost_batch_in_which_a_write_is_refused_is_taken_apart_once_it_is_known() {
    let (writer, script) = start();
    script.lock().lost_before = 1;
    let receipts = ["a", "bad"].map(|name| submit(&writer, name));
    yield_now().await;
    while script.lock().lost_before > 0 {
        sleep(Duration::from_millis(1)).await;
    }
    script.lock().refused.insert("bad");
    let [good, bad] = receipts;
    good.await.unwrap().unwrap();
    assert!(matches!(
        bad.await.unwrap(),
        Err(StoreError::Constraint { .. })
    ));
    assert_eq!(script.lock().committed, [["a"]]);
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_commit_has_no_answer_is_waited_for_and_says_what_its_caller_hears() {
    let (writer, script) = start();
    {
        let mut script = script.lock();
        script.lost_commits = 1;
        script.pause = Duration::from_secs(4);
    }
    // It is known after five tries, twenty seconds from now.
    let started = Instant::now();
    receipt(&writer).within(LIMIT, refusal()).await.unwrap();
    assert!(started.elapsed() > LIMIT);
    assert_eq!(script.lock().rows, [(200, Outcome::Served, 10)]);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_was_lost_before_its_commit_says_what_its_caller_heard() {
    let (writer, script) = start();
    {
        let mut script = script.lock();
        script.lost_before = 1;
        // Nobody answers until the caller has given up.
        script.pause = Duration::from_secs(4);
        script.outages_after = 4;
    }
    let answer = receipt(&writer).within(LIMIT, refusal()).await;
    assert!(matches!(answer, Err(StoreError::Late { .. })), "{answer:?}");
    writer.write(setting("a")).await.unwrap();
    assert_eq!(script.lock().rows, [(503, Outcome::Failed, 4)]);
}

#[tokio::test(start_paused = true)]
async fn closing_ends_the_search_for_a_lost_batch() {
    let (writer, script) = start();
    script.lock().lost_commits = 1;
    let lost = submit(&writer, "a");
    while script.lock().lost_commits > 0 {
        sleep(Duration::from_millis(1)).await;
    }
    script.lock().is_out = true;
    writer.close().await;
    let answer = lost.await.unwrap();
    assert!(matches!(answer, Err(StoreError::Degraded { .. })));
    assert_eq!(script.lock().committed, [["a"]], "once at most");
}
