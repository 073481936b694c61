use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Instant,
};

use async_trait::async_trait;
use futures::stream;
use grok2api_app::dto::{JobItem, JobOutcome, JobTrouble};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use store::MasterKey;
use tokio::{sync::Semaphore, time::sleep};

use super::*;

const QUICK: Timing = Timing {
    step: Duration::from_millis(20),
    lease: Duration::from_millis(400),
};

/// A worker that notes what it does. Targets that begin with `bad` fail; it waits for the gate.
struct Toy {
    begun: Mutex<BTreeMap<String, usize>>,
    in_flight: AtomicUsize,
    most: AtomicUsize,
    /// Targets that may still pass.
    gate: Semaphore,
    is_fixed: AtomicBool,
    pace: Pace,
}

/// Counts what is in flight, also when it is dropped.
struct InFlight<'a>(&'a AtomicUsize);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Worker for Toy {
    fn pace(&self) -> Pace {
        self.pace
    }

    async fn work(&self, target: &str) -> Result<ItemDone, ItemFailure> {
        *self.begun.lock().entry(target.to_owned()).or_default() += 1;
        let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        let _in_flight = InFlight(&self.in_flight);
        self.most.fetch_max(now, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        match target.starts_with("bad") && !self.is_fixed.load(Ordering::SeqCst) {
            true => Err(ItemFailure {
                trouble: JobTrouble::Refused,
                masked: format!("…{target}"),
                amount: 0,
            }),
            false => Ok(ItemDone {
                amount: 2,
                ..ItemDone::default()
            }),
        }
    }
}

struct Toys(Arc<Toy>);

impl Workers for Toys {
    fn worker(&self, _: JobKind, _: &str) -> Arc<dyn Worker> {
        self.0.clone()
    }
}

/// Two instances on one store.
struct Bench {
    folder: tempfile::TempDir,
    store: Arc<dyn Store>,
    toy: Arc<Toy>,
    here: Work,
    there: Work,
}

impl Bench {
    async fn new(passes: usize, pace: Pace) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = MasterKey::load_or_create(folder.path(), None).unwrap();
        let store = store::open("", folder.path(), key).await.unwrap();
        let toy = Arc::new(Toy {
            begun: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            gate: Semaphore::new(passes),
            is_fixed: AtomicBool::new(false),
            pace,
        });
        let work = || Work::new(store.clone(), Arc::new(Toys(toy.clone())), QUICK);
        Self {
            folder,
            here: work(),
            there: work(),
            store,
            toy,
        }
    }

    async fn start(&self, kind: JobKind, targets: Vec<String>) -> Result<String, WorkError> {
        let targets = stream::iter(targets.into_iter().map(Ok));
        self.here
            .start(kind, String::new(), Box::pin(targets))
            .await
    }

    async fn refresh(&self, count: usize) -> String {
        let targets = (1..=count).map(|n| format!("a{n}")).collect();
        self.start(JobKind::RefreshAccounts, targets).await.unwrap()
    }

    fn begun(&self) -> usize {
        self.toy.begun.lock().values().sum()
    }

    async fn close(self) {
        self.here.close().await;
        self.there.close().await;
        self.store.close().await;
    }
}

const PACE: Pace = Pace {
    concurrent: 3,
    batch_size: 4,
};

async fn state(work: &Work, id: &str) -> JobState {
    work.view(id).await.unwrap().unwrap().state
}

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let asked = Instant::now();
    while !is_so().await {
        assert!(asked.elapsed() < Duration::from_secs(20), "never: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

async fn over(work: &Work, id: &str) -> JobView {
    until("the job is over", async || state(work, id).await.is_over()).await;
    work.view(id).await.unwrap().unwrap()
}

#[tokio::test]
async fn all_targets_are_done_once_within_the_limit_and_every_instance_sees_it() {
    let bench = Bench::new(1_000, PACE).await;
    let mut targets: Vec<_> = (1..=10).map(|n| format!("a{n}")).collect();
    targets[6] = "bad7".to_owned();
    let id = bench
        .start(JobKind::RefreshAccounts, targets)
        .await
        .unwrap();
    let job = over(&bench.there, &id).await;
    assert_eq!(
        (job.state, job.total, job.done, job.failed, job.amount),
        (JobState::Done, 10, 10, 1, 18)
    );
    assert!(job.ended_ms.is_some() && job.left_secs.is_none());
    let failure = &job.failures[0];
    assert_eq!(
        (failure.number, failure.id.as_str(), failure.masked.as_str()),
        (7, "bad7", "…bad7")
    );
    assert!(bench.toy.begun.lock().values().all(|times| *times == 1));
    assert!(bench.toy.most.load(Ordering::SeqCst) <= 3, "in flight");
    assert_eq!(bench.there.list().await.unwrap(), [job]);

    let page = bench.there.items(&id, (5, 3), false).await.unwrap();
    let numbers = |items: &[JobItem]| items.iter().map(|one| one.number).collect::<Vec<_>>();
    assert_eq!((numbers(&page.items), page.next), (vec![6, 7, 8], Some(8)));
    assert_eq!(
        page.items[1].outcome,
        JobOutcome::Failed(JobTrouble::Refused)
    );
    assert_eq!(page.items[2].outcome, JobOutcome::Ok);
    let failed = bench.there.items(&id, (0, 3), true).await.unwrap();
    assert_eq!((numbers(&failed.items), failed.next), (vec![7], None));
    bench.close().await;
}

#[tokio::test]
async fn a_cancelled_job_drops_what_is_in_flight_here_and_elsewhere() {
    let bench = Bench::new(0, PACE).await;
    for from_elsewhere in [false, true] {
        let id = bench.refresh(10).await;
        until("three are in flight", async || {
            bench.toy.in_flight.load(Ordering::SeqCst) == 3
        })
        .await;
        let asked = Instant::now();
        let work = match from_elsewhere {
            true => &bench.there,
            false => &bench.here,
        };
        work.cancel(&id).await.unwrap();
        let job = over(&bench.there, &id).await;
        assert!(asked.elapsed() < Duration::from_secs(1));
        assert_eq!((job.state, job.done), (JobState::Cancelled, 0));
        assert_eq!(bench.toy.in_flight.load(Ordering::SeqCst), 0);
        let again = bench.here.cancel(&id).await;
        assert!(matches!(again, Err(WorkError::NotNow(JobState::Cancelled))));
    }
    bench.close().await;
}

#[tokio::test]
async fn one_job_of_a_section_runs_at_a_time_on_all_instances() {
    let bench = Bench::new(0, PACE).await;
    let id = bench.refresh(2).await;
    let other = stream::iter([Ok("x".to_owned())]);
    let other = bench
        .there
        .start(JobKind::RefreshAccounts, String::new(), Box::pin(other))
        .await;
    assert!(matches!(other, Err(WorkError::Busy(busy)) if busy == id));
    let asset = bench
        .start(JobKind::CountAssets, vec!["x".to_owned()])
        .await;
    let clear = bench
        .start(JobKind::ClearAssets, vec!["x".to_owned()])
        .await;
    assert!(matches!(clear, Err(WorkError::Busy(busy)) if busy == asset.unwrap()));
    bench.toy.gate.add_permits(10);
    over(&bench.here, &id).await;
    bench.refresh(2).await;
    let empty = bench.start(JobKind::ImportAccounts, Vec::new()).await;
    assert!(matches!(empty, Err(WorkError::Empty)));
    bench.close().await;
}

#[tokio::test]
async fn failed_targets_are_tried_again_in_a_new_job() {
    let bench = Bench::new(1_000, PACE).await;
    let targets = (1..=9).map(|n| match n % 4 {
        0 => format!("bad{n}"),
        _ => format!("a{n}"),
    });
    let id = bench
        .start(JobKind::RefreshAccounts, targets.collect())
        .await
        .unwrap();
    assert_eq!(over(&bench.here, &id).await.failed, 2);
    bench.toy.is_fixed.store(true, Ordering::SeqCst);
    let again = bench.there.retry(&id).await.unwrap();
    assert_ne!(again, id);
    let job = over(&bench.here, &again).await;
    assert_eq!((job.total, job.done, job.failed), (2, 2, 0));
    let none = bench.here.retry(&again).await;
    assert!(matches!(none, Err(WorkError::Empty)));
    bench.close().await;
}

#[tokio::test]
async fn an_interrupted_job_goes_on_elsewhere_without_what_is_done() {
    let bench = Bench::new(5, PACE).await;
    let id = bench.refresh(12).await;
    until("five are stored", async || {
        bench.here.view(&id).await.unwrap().unwrap().done == 5
    })
    .await;
    let running = bench.there.resume(&id).await;
    assert!(matches!(running, Err(WorkError::NotNow(JobState::Running))));
    bench.here.close().await;
    assert_eq!(state(&bench.there, &id).await, JobState::Interrupted);
    let done: Vec<_> = bench.there.items(&id, (0, 100), false).await.unwrap().items;
    let done = done.iter().filter(|one| one.outcome == JobOutcome::Ok);
    assert_eq!(done.count(), 5);
    bench.toy.gate.add_permits(100);
    bench.there.resume(&id).await.unwrap();
    let job = over(&bench.there, &id).await;
    assert_eq!((job.state, job.total, job.done), (JobState::Done, 12, 12));
    // Three were in flight when it was interrupted, and nothing that was done came again.
    assert_eq!(bench.begun(), 15);
    bench.close().await;
}

#[tokio::test]
async fn a_job_waits_for_a_store_that_cannot_be_read_and_goes_on_where_it_was() {
    let bench = Bench::new(0, PACE).await;
    // More chunks than one page of them.
    let id = bench.refresh(200).await;
    let path = bench.folder.path().join(store::DATABASE_FILE);
    let mut foreign = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    let mut rename = async |from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut foreign)
            .await
            .unwrap();
    };
    rename("documents", "away").await;
    let is_read = bench.store.get_document(DocumentKind::Job, &id).await;
    assert!(is_read.is_err(), "the store is away");
    // What was read before.
    bench.toy.gate.add_permits(1_000);
    let before = bench.begun();
    until("it works until it has nothing to do", async || {
        bench.begun() > before && bench.toy.in_flight.load(Ordering::SeqCst) == 0
    })
    .await;
    assert!(bench.here.local(&id).is_some(), "it waits");
    rename("away", "documents").await;
    let job = over(&bench.here, &id).await;
    assert_eq!((job.state, job.total, job.done), (JobState::Done, 200, 200));
    assert!(bench.toy.begun.lock().values().all(|times| *times == 1));
    bench.close().await;
}

#[tokio::test]
async fn a_job_whose_owner_is_gone_is_interrupted_for_whoever_looks() {
    let bench = Bench::new(0, PACE).await;
    let id = Uuid::now_v7().simple().to_string();
    let mut row = JobRow::new(
        JobKind::RefreshAccounts,
        String::new(),
        1,
        "a dead instance",
        QUICK.lease,
    );
    let put = async |row: &JobRow| {
        let job = Stored {
            id: id.clone(),
            revision: 1,
            row: row.clone(),
        };
        bench.store.put_document(job.into_document()).await.unwrap();
    };
    put(&row).await;
    assert_eq!(state(&bench.here, &id).await, JobState::Running);
    row.lease_until_ms = now_ms() - 1;
    put(&row).await;
    assert_eq!(state(&bench.here, &id).await, JobState::Interrupted);
    assert_eq!(
        bench.there.list().await.unwrap()[0].state,
        JobState::Interrupted
    );
    // Its section is free.
    bench.refresh(1).await;
    bench.close().await;
}

#[tokio::test]
async fn an_owner_that_was_given_up_stops() {
    let bench = Bench::new(0, PACE).await;
    let id = bench.refresh(3).await;
    until("it works", async || {
        bench.toy.in_flight.load(Ordering::SeqCst) == 3
    })
    .await;
    loop {
        let found = bench.store.get_document(DocumentKind::Job, &id).await;
        let mut job = Stored::read(found.unwrap().unwrap()).unwrap();
        job.row.interrupt();
        let taken = bench.store.replace_document(job.into_document()).await;
        if taken.unwrap() {
            break;
        }
    }
    until("it has stopped", async || {
        bench.toy.in_flight.load(Ordering::SeqCst) == 0
    })
    .await;
    assert_eq!(state(&bench.there, &id).await, JobState::Interrupted);
    bench.close().await;
}

#[tokio::test]
async fn whoever_looks_on_is_told_the_end_and_a_late_one_too() {
    let bench = Bench::new(0, PACE).await;
    let id = bench.refresh(4).await;
    for work in [&bench.here, &bench.there] {
        let mut watch = work.watch(&id, None);
        let first = watch.next().await.unwrap().unwrap();
        assert!(matches!(first, WatchEvent::Snapshot(job) if job.done == 0));
    }
    let mut watch = bench.here.watch(&id, Some("0".to_owned()));
    bench.toy.gate.add_permits(2);
    let progress = watch.next().await.unwrap().unwrap();
    assert!(matches!(progress, WatchEvent::Progress(job) if (1..=2).contains(&job.done)));
    bench.toy.gate.add_permits(2);
    let end = async |mut watch: Watch| loop {
        match watch.next().await.unwrap().unwrap() {
            WatchEvent::Over(job) => {
                assert_eq!(watch.next().await.unwrap(), None);
                return job;
            }
            WatchEvent::Progress(job) => assert_eq!(job.state, JobState::Running),
            other => unreachable!("{other:?}"),
        }
    };
    let job = end(watch).await;
    assert_eq!((job.done, event_id(&job).as_str()), (4, "4.end"));

    let mut late = bench.there.watch(&id, None);
    let first = late.next().await.unwrap();
    assert_eq!(first, Some(WatchEvent::Snapshot(job.clone())));
    assert_eq!(late.next().await.unwrap(), Some(WatchEvent::Over(job)));
    assert_eq!(late.next().await.unwrap(), None);
    let mut told = bench.there.watch(&id, Some("4.end".to_owned()));
    assert_eq!(told.next().await.unwrap(), None);
    assert_eq!(bench.there.watch("x", None).next().await.unwrap(), None);
    bench.close().await;
}

#[tokio::test]
async fn the_oldest_jobs_make_room_with_their_targets() {
    let bench = Bench::new(1_000, PACE).await;
    let mut ids = Vec::new();
    for _ in 0..MAX_KEPT + 2 {
        let id = bench.refresh(1).await;
        over(&bench.here, &id).await;
        until("it is free", async || bench.here.local(&id).is_none()).await;
        ids.push(id);
    }
    until("two have made room", async || {
        bench.here.list().await.unwrap().len() == MAX_KEPT
    })
    .await;
    assert_eq!(bench.here.view(&ids[0]).await.unwrap(), None);
    let items = bench.here.items(&ids[0], (0, 10), false).await.unwrap();
    assert_eq!(items.items, []);
    let items = bench.here.items(&ids[2], (0, 10), false).await.unwrap();
    assert_eq!(items.items.len(), 1);
    bench.close().await;
}
