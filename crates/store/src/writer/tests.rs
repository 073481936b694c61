//! The writer over an engine that fails as it is told.

mod lost;

use std::{collections::HashSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::{
    sync::oneshot::Receiver,
    task::yield_now,
    time::{Instant, sleep, timeout},
};

use super::*;
use crate::{
    Outcome, Receipt, Refusal, RequestRow, record_verdict::RecordVerdict, request::StoredRequest,
};

/// What the engine does, and what it did.
#[derive(Default)]
struct Script {
    /// Nothing can be written.
    is_out: bool,
    /// The task dies in the next transaction.
    dies: bool,
    refused: HashSet<&'static str>,
    unclear: HashSet<&'static str>,
    /// The next transactions that are committed and whose answer is lost.
    lost_commits: u32,
    /// The next tries that find no server.
    outages: u32,
    /// The next transactions that are lost before they are committed.
    lost_before: u32,
    /// Tries that find no server after such a one.
    outages_after: u32,
    /// The batch that was committed last, and what it did.
    mark: Option<(BatchId, String)>,
    /// Names of settings in each committed transaction; the writer's own are left out.
    committed: Vec<Vec<String>>,
    disconnects: u32,
    is_closed: bool,
    /// How long a transaction takes, beyond the usual.
    pause: Duration,
    /// Status, outcome and bytes of each committed request.
    rows: Vec<(u16, Outcome, u64)>,
}

struct Scripted(Arc<Mutex<Script>>);

#[async_trait]
impl Engine for Scripted {
    async fn apply(&mut self, batch: &Batch<'_>) -> Result<Vec<Done>, WriteError> {
        let pause = self.0.lock().pause;
        sleep(Duration::from_millis(1) + pause).await;
        let mut script = self.0.lock();
        assert!(!script.dies, "the writer's task dies");
        if script.outages > 0 {
            script.outages -= 1;
            return Err(WriteError::Outage("connection refused".to_owned()));
        }
        if script.is_out {
            return Err(WriteError::Outage("disk full".to_owned()));
        }
        if let Some((id, done)) = &script.mark
            && *id == batch.id
        {
            return Ok(recall(done));
        }
        let mut names = Vec::new();
        for op in &batch.ops {
            let Op::SetSetting { name, .. } = op else {
                unreachable!("the tests write settings")
            };
            if script.refused.contains(name.as_str()) {
                return Err(WriteError::Refused(format!("{name} is wrong")));
            }
            if script.unclear.contains(name.as_str()) {
                return Err(WriteError::Unclear(format!("{name} hit a bad page")));
            }
            names.push(name.clone());
        }
        if script.lost_before > 0 {
            script.lost_before -= 1;
            script.outages = script.outages_after;
            return Err(WriteError::Lost("connection reset".to_owned()));
        }
        if names.iter().any(|name| name != "store.probe") {
            script.committed.push(names);
        }
        let rows = batch.requests.iter().map(|request| &request.row);
        let rows = rows.map(|row| (row.status, row.outcome, row.bytes));
        script.rows.extend(rows);
        let done: Vec<_> = (1..)
            .zip(&batch.ops)
            .map(|(rows, _)| changed(rows))
            .collect();
        script.mark = Some((batch.id, remember(&done)));
        if script.lost_commits > 0 {
            script.lost_commits -= 1;
            // The server is away for a while, as it is after a crash.
            script.outages = 3;
            return Err(WriteError::Lost("connection reset".to_owned()));
        }
        Ok(done)
    }

    fn disconnect(&mut self) {
        self.0.lock().disconnects += 1;
    }

    async fn close(&mut self) {
        self.0.lock().is_closed = true;
    }
}

fn changed(rows: u64) -> Done {
    Done {
        rows,
        ..Done::default()
    }
}

fn start() -> (GroupWriter, Arc<Mutex<Script>>) {
    let script = Arc::<Mutex<Script>>::default();
    (GroupWriter::start(Scripted(Arc::clone(&script))), script)
}

fn setting(name: &str) -> Op {
    Op::SetSetting {
        name: name.to_owned(),
        value: String::new(),
    }
}

fn submit(writer: &GroupWriter, name: &str) -> Receiver<Answer> {
    writer.submit(Write::Op(setting(name))).unwrap()
}

async fn submit_all(writer: &GroupWriter, names: &[&str]) -> Vec<Answer> {
    let receipts: Vec<_> = names.iter().map(|name| submit(writer, name)).collect();
    let mut answers = Vec::new();
    for receipt in receipts {
        answers.push(receipt.await.unwrap());
    }
    answers
}

async fn wait_until_degraded(writer: &GroupWriter) -> String {
    loop {
        match writer.check() {
            Ok(()) => sleep(Duration::from_millis(1)).await,
            Err(StoreError::Degraded { reason }) => return reason,
            Err(other) => unreachable!("{other}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn writes_that_wait_together_share_a_transaction() {
    let (writer, script) = start();
    let answers = submit_all(&writer, &["a", "b", "c"]).await;
    assert!(answers.iter().all(Result::is_ok));
    writer.write(setting("d")).await.unwrap();
    assert_eq!(script.lock().committed, [vec!["a", "b", "c"], vec!["d"]]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_fails_alone() {
    let (writer, script) = start();
    script.lock().refused.insert("bad");
    let answers = submit_all(&writer, &["a", "bad", "b"]).await;
    assert!(answers[0].is_ok() && answers[2].is_ok());
    let reason = answers[1].as_ref().unwrap_err().to_string();
    assert!(reason.contains("bad is wrong"), "{reason}");
    assert_eq!(script.lock().committed, [["a"], ["b"]]);
    assert_eq!(script.lock().disconnects, 0, "the connection is fine");
    writer.check().unwrap();
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_callers_wait_and_the_reason_is_visible_until_it_ends() {
    let (writer, script) = start();
    script.lock().is_out = true;
    let (first, second) = (submit(&writer, "a"), submit(&writer, "b"));
    assert_eq!(wait_until_degraded(&writer).await, "disk full");
    sleep(Duration::from_secs(60)).await;
    assert!(first.is_empty() && second.is_empty(), "nobody is told yet");
    assert!(script.lock().disconnects > 50, "it keeps trying");
    script.lock().is_out = false;
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    writer.check().unwrap();
    assert_eq!(script.lock().committed, [["a", "b"]]);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_fails_for_good_is_refused_and_holds_up_nobody() {
    let (writer, script) = start();
    script.lock().unclear.insert("cursed");
    let started = Instant::now();
    let cursed = submit(&writer, "cursed");
    let answers = submit_all(&writer, &["a", "b"]).await;
    assert!(answers.iter().all(Result::is_ok));
    assert!(started.elapsed() < Duration::from_millis(20));
    let reason = cursed.await.unwrap().unwrap_err().to_string();
    assert!(reason.contains("bad page"), "{reason}");
    assert!(started.elapsed() < Duration::from_secs(1));
    writer.check().unwrap();
    assert_eq!(script.lock().committed, [["a"], ["b"]]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_passes_costs_no_write() {
    let (writer, script) = start();
    script.lock().unclear.insert("shaky");
    let shaky = submit(&writer, "shaky");
    sleep(Duration::from_millis(10)).await;
    script.lock().unclear.clear();
    shaky.await.unwrap().unwrap();
    assert_eq!(script.lock().committed, [["shaky"]]);
}

#[tokio::test(start_paused = true)]
async fn an_unclear_failure_is_an_outage_when_nothing_else_can_be_written() {
    let (writer, script) = start();
    script.lock().unclear.extend(["a", "store.probe"]);
    let waiting = submit(&writer, "a");
    assert_eq!(wait_until_degraded(&writer).await, "a hit a bad page");
    sleep(Duration::from_secs(60)).await;
    assert!(waiting.is_empty(), "not refused");
    script.lock().unclear.clear();
    waiting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_is_visible_before_a_write_is_refused() {
    let (writer, _script) = start();
    let waiting: Vec<_> = (0..QUEUE_LENGTH).map(|_| submit(&writer, "a")).collect();
    assert!(matches!(writer.check(), Err(StoreError::Busy { .. })));
    for receipt in waiting {
        receipt.await.unwrap().unwrap();
    }
    writer.check().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses() {
    let (writer, script) = start();
    script.lock().is_out = true;
    let in_hand = submit(&writer, "first");
    wait_until_degraded(&writer).await;
    let waiting: Vec<_> = (0..QUEUE_LENGTH).map(|_| submit(&writer, "a")).collect();
    let refused = writer.submit(Write::Op(setting("late")));
    assert!(matches!(refused, Err(StoreError::Busy { waiting }) if waiting == QUEUE_LENGTH));
    script.lock().is_out = false;
    in_hand.await.unwrap().unwrap();
    for receipt in waiting {
        receipt.await.unwrap().unwrap();
    }
    let sizes: Vec<_> = script.lock().committed.iter().map(Vec::len).collect();
    assert_eq!(sizes.iter().sum::<usize>(), QUEUE_LENGTH + 1);
    assert!(sizes.iter().all(|size| *size <= GROUP_LENGTH), "{sizes:?}");
}

#[tokio::test(start_paused = true)]
async fn closing_commits_what_is_queued_and_refuses_the_rest() {
    let (writer, script) = start();
    // Nobody waits for this one.
    drop(submit(&writer, "a"));
    let queued = submit(&writer, "b");
    writer.close().await;
    queued.await.unwrap().unwrap();
    assert_eq!(script.lock().committed, [["a", "b"]]);
    assert!(script.lock().is_closed);
    let late = writer.write(setting("late")).await;
    assert!(matches!(late, Err(StoreError::Closed)));
    assert!(matches!(writer.check(), Err(StoreError::Closed)));
}

#[tokio::test(start_paused = true)]
async fn closing_in_an_outage_gives_up_after_a_while_and_tells_the_callers() {
    let (writer, script) = start();
    script.lock().is_out = true;
    let queued = submit(&writer, "a");
    wait_until_degraded(&writer).await;
    let next = submit(&writer, "b");
    let started = Instant::now();
    writer.close().await;
    assert!(started.elapsed() < Duration::from_secs(10));
    for receipt in [queued, next] {
        let answer = receipt.await.unwrap();
        assert!(matches!(answer, Err(StoreError::Degraded { .. })));
    }
    assert!(script.lock().is_closed);
}

#[tokio::test(start_paused = true)]
async fn a_dead_writer_is_visible_and_answers_closed() {
    let (writer, script) = start();
    script.lock().dies = true;
    let in_hand = submit(&writer, "a");
    yield_now().await;
    let queued = submit(&writer, "b");
    assert!(in_hand.await.is_err(), "dropped without an answer");
    assert!(queued.await.is_err());
    assert!(matches!(writer.check(), Err(StoreError::Closed)));
    let late = writer.write(setting("late")).await;
    assert!(matches!(late, Err(StoreError::Closed)));
    writer.close().await;
}

/// A request that was served, and what was committed of it.
fn served(id: &str) -> (Write, Arc<RecordVerdict>) {
    let row = RequestRow {
        id: id.to_owned(),
        at_ms: 0,
        endpoint: "chat.completions".to_owned(),
        stream: false,
        key: None,
        client: None,
        model: None,
        served_model: None,
        account_id: None,
        account: None,
        attempts: Vec::new(),
        status: 200,
        outcome: Outcome::Served,
        error_code: None,
        first_byte_ms: None,
        duration_ms: 0,
        bytes: 10,
        prompt_tokens: 0,
        completion_tokens: 0,
        reasoning_tokens: 0,
        estimated: true,
        cost: 1,
    };
    let verdict = Arc::<RecordVerdict>::default();
    let record = StoredRecord {
        changes: Vec::new(),
        request: Some(StoredRequest::new(row)),
        verdict: Arc::clone(&verdict),
    };
    (Write::Record(Box::new(record)), verdict)
}

fn receipt(writer: &GroupWriter) -> Receipt {
    let (write, verdict) = served("r");
    let answer = writer.submit(write).unwrap();
    Receipt { answer, verdict }
}

fn refusal() -> Refusal {
    Refusal {
        status: 503,
        error_code: "store_unavailable",
        bytes: 4,
    }
}

const LIMIT: Duration = Duration::from_secs(10);

#[tokio::test(start_paused = true)]
async fn a_record_that_was_given_up_says_so_when_it_is_written() {
    let (writer, script) = start();
    script.lock().is_out = true;
    let late = receipt(&writer).within(LIMIT, refusal()).await;
    assert!(matches!(late, Err(StoreError::Late { .. })), "{late:?}");
    script.lock().is_out = false;
    writer.write(setting("after")).await.unwrap();
    let rows = script.lock().rows.clone();
    assert_eq!(rows, [(503, Outcome::Failed, 4)]);
}

#[tokio::test(start_paused = true)]
async fn a_record_in_a_transaction_is_waited_for_and_served_if_that_succeeds() {
    let (writer, script) = start();
    script.lock().pause = Duration::from_secs(15);
    receipt(&writer).within(LIMIT, refusal()).await.unwrap();
    assert_eq!(script.lock().rows, [(200, Outcome::Served, 10)]);
}

#[tokio::test(start_paused = true)]
async fn a_record_in_a_transaction_that_fails_after_the_limit_is_refused() {
    let (writer, script) = start();
    {
        let mut script = script.lock();
        script.pause = Duration::from_secs(15);
        script.is_out = true;
    }
    let started = Instant::now();
    let late = receipt(&writer).within(LIMIT, refusal()).await;
    assert!(matches!(late, Err(StoreError::Late { .. })), "{late:?}");
    assert!(started.elapsed() < Duration::from_secs(16));
    script.lock().is_out = false;
    writer.write(setting("after")).await.unwrap();
    let rows = script.lock().rows.clone();
    assert_eq!(rows, [(503, Outcome::Failed, 4)]);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_takes_seconds_and_a_long_queue_count_as_trouble() {
    let (writer, script) = start();
    script.lock().pause = Duration::from_secs(3600);
    let _stuck = submit(&writer, "a");
    sleep(Duration::from_millis(1900)).await;
    writer.check().unwrap();
    sleep(Duration::from_millis(200)).await;
    let reason = wait_until_degraded(&writer).await;
    assert!(reason.contains("has taken 2 s"), "{reason}");

    let (writer, script) = start();
    script.lock().pause = Duration::from_secs(1);
    let _in_hand = submit(&writer, "a");
    yield_now().await;
    let half: Vec<_> = (0..QUEUE_LENGTH / 2)
        .map(|_| submit(&writer, "b"))
        .collect();
    writer.check().unwrap();
    let _one_more = submit(&writer, "c");
    let waiting = half.len() + 1;
    assert!(matches!(writer.check(), Err(StoreError::Busy { waiting: n }) if n == waiting));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_writer_is_told() {
    let (writer, script) = start();
    assert!(timeout(LIMIT, writer.ended()).await.is_err());
    script.lock().dies = true;
    let _in_hand = submit(&writer, "a");
    timeout(LIMIT, writer.ended()).await.unwrap();
}
