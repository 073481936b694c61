//! Long work over accounts: what is going on, what came of it, and what can be done about it. Whoever
//! looks sees the same, also after a reload: the jobs are the server's.

mod drawer;
mod strip;
mod words;

pub(super) use self::{drawer::JobsDrawer, strip::JobStrip};
use super::{job_events::Following, state::Accounts};
use crate::{
    api::jobs::{cancel_job, list_jobs, resume_job, retry_job, start_job},
    browser::page::{Kept, keep, recall},
    components::{Toaster, use_toaster},
    dom,
    dto::{AccountChoice, JobKind, JobStart, JobState, JobView},
    error::UiError,
    i18n::{text::jobs as text, use_language},
    reactive::use_refresh,
};
use futures::future::LocalBoxFuture;
use leptos::prelude::*;

/// Somebody else may have begun one.
const LOOK_MS: i32 = 4_000;
/// A job that ended longer ago is only in the list.
const NEWS_MS: i64 = 600_000;
/// Until when the ends of jobs were taken note of.
const NOTED_KEY: &str = "jobs-noted";

/// A call of the server that begins a job.
type Begin = LocalBoxFuture<'static, Result<JobStart, UiError>>;

#[derive(Clone, Copy)]
pub(super) struct Jobs {
    /// Newest first.
    pub(super) list: RwSignal<Vec<JobView>>,
    /// The list is shown.
    pub(super) is_open: RwSignal<bool>,
    /// Unix milliseconds.
    noted_ms: RwSignal<i64>,
    accounts: Accounts,
    toaster: Toaster,
    language: RwSignal<crate::i18n::Language>,
    load: Action<(), ()>,
}

impl Jobs {
    pub(super) fn new(accounts: Accounts) -> Self {
        let noted = recall(Kept::Always, NOTED_KEY).and_then(|ms| ms.parse().ok());
        let list = RwSignal::new(Vec::new());
        let load = Action::new_local(move |(): &()| async move {
            // A failure shows above the accounts, whose list fails as well.
            if let Ok(fresh) = list_jobs().await {
                let _ = list.try_update(|jobs| merge(jobs, fresh));
            }
        });
        let this = Self {
            list,
            is_open: RwSignal::new(false),
            noted_ms: RwSignal::new(noted.unwrap_or_default()),
            accounts,
            toaster: use_toaster(),
            language: use_language(),
            load,
        };
        this.look();
        use_refresh(LOOK_MS, move || {
            if !load.pending().get_untracked() {
                this.look();
            }
        });
        this.follow_running();
        this
    }

    fn look(self) {
        self.load.dispatch_local(());
    }

    /// The job to tell of: the one that runs, or the last one while its end is news. Reactive.
    pub(super) fn current(self) -> Option<JobView> {
        self.list.with(|jobs| {
            let running = jobs.iter().find(|job| !job.state.is_over());
            let last = || {
                let job = jobs.iter().max_by_key(|job| ended_ms(job))?;
                let is_noted = ended_ms(job) <= self.noted_ms.get();
                (!is_noted && dom::now_ms() - ended_ms(job) < NEWS_MS).then_some(job)
            };
            running.or_else(last).cloned()
        })
    }

    /// Tells no more of the jobs that have ended until now, by the server's clock or this one's.
    pub(super) fn note(self) {
        let last = self
            .list
            .with_untracked(|jobs| jobs.iter().map(ended_ms).max());
        let until_ms = last.unwrap_or_default().max(dom::now_ms());
        keep(Kept::Always, NOTED_KEY, &until_ms.to_string());
        self.noted_ms.set(until_ms);
    }

    pub(super) fn start(self, kind: JobKind, choice: AccountChoice) {
        self.begin(Box::pin(start_job(kind, choice)));
    }

    pub(super) fn retry(self, id: String) {
        self.begin(Box::pin(retry_job(id)));
    }

    pub(super) fn resume(self, id: String) {
        self.begin(Box::pin(resume_job(id)));
    }

    pub(super) fn stop(self, id: String) {
        leptos::task::spawn_local(async move {
            if let Err(error) = cancel_job(id).await {
                self.toaster.error(&error);
            }
            self.look_still();
        });
    }

    pub(super) fn begin(self, call: Begin) {
        leptos::task::spawn_local(async move {
            let refusal = match call.await {
                Ok(JobStart::Started(_)) => None,
                Ok(JobStart::Busy(_)) => Some(text::BUSY),
                Ok(JobStart::Over) => Some(text::OVER),
                Ok(JobStart::Nothing) => Some(text::NOTHING),
                Ok(JobStart::TooMany) => Some(text::TOO_MANY),
                Err(error) => return self.toaster.error(&error),
            };
            if let (Some(refusal), Some(language)) = (refusal, self.language.try_get_untracked()) {
                self.toaster.error_text(refusal.get(language));
            }
            self.look_still();
        });
    }

    /// Looks, unless the page has been left.
    fn look_still(self) {
        if self.list.try_with_untracked(|_| ()).is_some() {
            self.look();
        }
    }

    /// Listens to the job that runs, and loads the accounts when it is over.
    fn follow_running(self) {
        let running = Memo::new(move |_| {
            let is_running = |job: &&JobView| job.state == JobState::Running;
            let id = |jobs: &Vec<JobView>| jobs.iter().find(is_running).map(|job| job.id.clone());
            self.list.with(id)
        });
        Effect::new(move || {
            let Some(id) = running.get() else { return };
            let followed = id.clone();
            let following = Following::new(&id, move |event| {
                let _ = self.list.try_update(|jobs| {
                    if let Some(job) = jobs.iter_mut().find(|job| job.id == followed) {
                        event.apply(job);
                    }
                });
                if event.is_over() {
                    self.look();
                    self.accounts.reload();
                }
            });
            let following = StoredValue::new_local(following);
            on_cleanup(move || following.dispose());
        });
    }
}

fn ended_ms(job: &JobView) -> i64 {
    job.ended_ms.unwrap_or(job.started_ms)
}

/// Takes a list over. A running job does not go back: what was asked for earlier may come later than
/// what it has told itself.
fn merge(jobs: &mut Vec<JobView>, fresh: Vec<JobView>) {
    let known = std::mem::replace(jobs, fresh);
    for job in jobs {
        let before = known.iter().find(|one| one.id == job.id);
        if let Some(before) = before
            && !job.state.is_over()
            && before.done > job.done
        {
            job.clone_from(before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(id: &str, state: JobState, done: u64) -> JobView {
        JobView {
            id: id.into(),
            kind: JobKind::RefreshAccounts,
            state,
            total: 10,
            done,
            failed: 0,
            amount: 0,
            rate: 0.0,
            left_secs: None,
            started_ms: 0,
            ended_ms: None,
            failures: Vec::new(),
        }
    }

    #[test]
    fn a_running_job_does_not_go_back_and_an_ended_one_ends() {
        let mut jobs = vec![
            job("a", JobState::Running, 7),
            job("b", JobState::Running, 3),
        ];
        let fresh = vec![job("a", JobState::Running, 5), job("b", JobState::Done, 2)];
        merge(&mut jobs, fresh);
        assert_eq!(jobs[0].done, 7);
        assert_eq!((jobs[1].state, jobs[1].done), (JobState::Done, 2));
    }
}
