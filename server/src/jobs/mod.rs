//! Interval work: each job has a name, an interval, a time limit, and a last result that the health
//! report shows. Adding one is a file here and a line in [`start`].

mod accounts;
pub(crate) mod alone;
mod app_url;
mod client_keys;
mod conversations;
mod documents;
mod files;
mod media;
mod proxies;
mod refresh;
mod requests;
mod sessions;
mod unread;
mod videos;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use serde::Serialize;
use store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::alone::{Ended, HOLDING, alone};
use crate::{
    clock::now_ms, delivery::Deliveries, gateway::Gateway, gateway::chat::unread::UnreadAnswers,
    reached::Reached, snapshot::Current,
};

/// What a job did, in a few words.
type Done = anyhow::Result<String>;

/// One kind of interval work.
pub(crate) trait Job: Send + Sync + 'static {
    /// In the log and in the health report.
    const NAME: &'static str;
    /// A run that takes longer is cut off and counts as failed.
    const TIMEOUT: Duration;
    /// Work on what all instances share: only one of them does it at a time.
    const IS_SHARED: bool;

    /// Time between the end of a run and the next; asked anew each time, since settings change.
    fn interval(&self) -> Duration;

    /// Ends when a run should not wait for its time.
    fn due(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

    /// One run.
    fn run(&self) -> impl Future<Output = Done> + Send;
}

/// Last results of all jobs. Cheap to clone.
#[derive(Clone, Default)]
pub struct Jobs(Arc<Mutex<BTreeMap<&'static str, JobReport>>>);

/// The last run of a job.
#[derive(Clone, Debug, Serialize)]
pub struct JobReport {
    pub name: &'static str,
    pub is_ok: bool,
    /// What it did, or why it failed.
    pub result: String,
    /// Unix milliseconds of its end.
    pub at_ms: i64,
    pub duration_ms: u64,
}

impl JobReport {
    /// A line for the health report, if the last run failed.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        (!self.is_ok).then(|| format!("job {}: {}", self.name, self.result))
    }
}

impl Jobs {
    /// The last run of each job, by name.
    #[must_use]
    pub fn reports(&self) -> Vec<JobReport> {
        self.0.lock().values().cloned().collect()
    }

    fn note(&self, report: JobReport) {
        self.0.lock().insert(report.name, report);
    }

    fn spawn<J: Job>(&self, job: J, store: &Arc<dyn Store>, runner: &Runner<'_>) {
        let (jobs, stop, store) = (self.clone(), runner.stop.clone(), store.clone());
        runner.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(job.interval()) => {}
                    () = job.due() => {}
                }
                let report = tokio::select! {
                    () = stop.cancelled() => return,
                    report = run_once(&job, store.as_ref()) => report,
                };
                jobs.note(report);
            }
        });
    }
}

/// What jobs work on.
pub struct JobContext {
    pub store: Arc<dyn Store>,
    pub gateway: Arc<Gateway>,
    pub current: Current,
    pub reached: Reached,
    pub unread: UnreadAnswers,
    pub deliveries: Deliveries,
}

/// Starts all jobs. They end with `stop`.
pub fn start(jobs: &Jobs, context: &JobContext, tasks: &TaskTracker, stop: &CancellationToken) {
    let (store, runner) = (&context.store, Runner { tasks, stop });
    jobs.spawn(sessions::Sweep::new(context), store, &runner);
    jobs.spawn(accounts::Elapsed::new(context), store, &runner);
    jobs.spawn(app_url::Check::new(context), store, &runner);
    jobs.spawn(client_keys::Refresh::new(context), store, &runner);
    jobs.spawn(conversations::Sweep::new(context), store, &runner);
    jobs.spawn(documents::Sweep::new(context), store, &runner);
    jobs.spawn(files::Sweep::new(context), store, &runner);
    jobs.spawn(media::Clean::new(context), store, &runner);
    jobs.spawn(proxies::Refresh::new(context), store, &runner);
    jobs.spawn(refresh::AskDue::new(context), store, &runner);
    jobs.spawn(requests::Prune::new(context), store, &runner);
    jobs.spawn(unread::End::new(context), store, &runner);
    jobs.spawn(videos::Sweep::new(context), store, &runner);
    jobs.spawn(videos::Resume::new(context), store, &runner);
}

/// Who owns the jobs' tasks, and what ends them.
struct Runner<'a> {
    tasks: &'a TaskTracker,
    stop: &'a CancellationToken,
}

async fn run_once<J: Job>(job: &J, store: &dyn Store) -> JobReport {
    let started = Instant::now();
    let run = tokio::time::timeout(J::TIMEOUT, run_locked(job, store)).await;
    let (is_ok, result) = match run {
        Ok(Ok(done)) => (true, done),
        Ok(Err(error)) => (false, format!("{error:#}")),
        Err(_) => (false, format!("not done within {:?}", J::TIMEOUT)),
    };
    if is_ok {
        tracing::debug!(job = J::NAME, "{result}");
    } else {
        tracing::warn!(job = J::NAME, "job {} failed: {result}", J::NAME);
    }
    JobReport {
        name: J::NAME,
        is_ok,
        result,
        at_ms: now_ms(),
        duration_ms: started.elapsed().as_millis() as u64,
    }
}

/// Runs the job, under its lock if it is shared. A lock whose holder was cut off ends by itself.
async fn run_locked<J: Job>(job: &J, store: &dyn Store) -> Done {
    if !J::IS_SHARED {
        return job.run().await;
    }
    match alone(store, J::NAME, HOLDING, job.run()).await? {
        Ended::Done(done) => done,
        Ended::Elsewhere => Ok("another instance does it".to_owned()),
        Ended::TakenOver => Ok("another instance goes on".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Succeeds, fails, then hangs.
    struct Moody(Arc<AtomicUsize>);

    impl Job for Moody {
        const NAME: &'static str = "moody";
        const TIMEOUT: Duration = Duration::from_secs(5);
        const IS_SHARED: bool = false;

        fn interval(&self) -> Duration {
            Duration::from_secs(60)
        }

        async fn run(&self) -> Done {
            match self.0.fetch_add(1, Ordering::SeqCst) {
                0 => Ok("done".to_owned()),
                1 => anyhow::bail!("no"),
                _ => std::future::pending().await,
            }
        }
    }

    #[tokio::test]
    async fn the_last_result_is_reported_and_a_hanging_run_is_cut_off() {
        let (jobs, tasks, stop) = (
            Jobs::default(),
            TaskTracker::new(),
            CancellationToken::new(),
        );
        let runs = Arc::new(AtomicUsize::new(0));
        let folder = tempfile::tempdir().unwrap();
        let key = store::MasterKey::load_or_create(folder.path(), None).unwrap();
        let store = store::open("", folder.path(), key).await.unwrap();
        tokio::time::pause();
        let runner = Runner {
            tasks: &tasks,
            stop: &stop,
        };
        jobs.spawn(Moody(runs.clone()), &store, &runner);
        let result_after = async |secs| {
            tokio::time::sleep(Duration::from_secs(secs)).await;
            let report = jobs.reports().pop();
            report.map(|report| (report.is_ok, report.result))
        };
        assert_eq!(result_after(59).await, None);
        assert_eq!(result_after(2).await, Some((true, "done".to_owned())));
        assert_eq!(result_after(60).await, Some((false, "no".to_owned())));
        let cut = (false, "not done within 5s".to_owned());
        assert_eq!(result_after(66).await, Some(cut));
        assert_eq!(
            jobs.reports()[0].trouble().as_deref(),
            Some("job moody: not done within 5s")
        );
        stop.cancel();
        tasks.close();
        tasks.wait().await;
        assert_eq!(runs.load(Ordering::SeqCst), 3);
    }

    /// Says that it ran.
    struct Shared;

    impl Job for Shared {
        const NAME: &'static str = "shared";
        const TIMEOUT: Duration = Duration::from_secs(5);
        const IS_SHARED: bool = true;

        fn interval(&self) -> Duration {
            Duration::from_secs(60)
        }

        async fn run(&self) -> Done {
            Ok("ran".to_owned())
        }
    }

    #[tokio::test]
    async fn shared_work_is_left_to_the_instance_that_does_it() {
        let folder = tempfile::tempdir().unwrap();
        let key = store::MasterKey::load_or_create(folder.path(), None).unwrap();
        let store = store::open("", folder.path(), key).await.unwrap();
        let ttl = Duration::from_secs(60);
        let other = store
            .try_lock("shared", "another", now_ms(), ttl)
            .await
            .unwrap();
        let report = run_once(&Shared, store.as_ref()).await;
        assert_eq!(report.result, "another instance does it");
        store.unlock(other.unwrap()).await.unwrap();
        for _ in 0..2 {
            let report = run_once(&Shared, store.as_ref()).await;
            assert_eq!((report.is_ok, report.result.as_str()), (true, "ran"));
        }
    }
}
