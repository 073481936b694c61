//! Long work over accounts: what is going on, what came of it, and what can be done about it. Whoever
//! looks sees the same, also after a reload: the jobs are the server's.

mod drawer;
mod strip;
mod words;

pub(super) use self::{drawer::JobsDrawer, strip::JobStrip};
use super::{job_events::Following, state::Accounts};
use crate::{
    api::jobs::{cancel_job, list_job_items, list_jobs, resume_job, retry_job, start_job},
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
/// Ids of the jobs whose ends were taken note of, with commas between them.
const NOTED_KEY: &str = "jobs-noted";

/// Failures that are ticked at once.
const MAX_SELECTED: usize = 10_000;

/// A call of the server that begins a job.
type Begin = LocalBoxFuture<'static, Result<JobStart, UiError>>;

#[derive(Clone, Copy)]
pub(super) struct Jobs {
    /// Newest first.
    pub(super) list: RwSignal<Vec<JobView>>,
    /// The list is shown.
    pub(super) is_open: RwSignal<bool>,
    /// Ids of those whose ends are no news any more.
    noted: RwSignal<Vec<String>>,
    accounts: Accounts,
    toaster: Toaster,
    language: RwSignal<crate::i18n::Language>,
    load: Action<(), ()>,
}

impl Jobs {
    pub(super) fn new(accounts: Accounts) -> Self {
        let noted = recall(Kept::Always, NOTED_KEY).unwrap_or_default();
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
            noted: RwSignal::new(noted.split(',').map(str::to_owned).collect()),
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
        let noted = self.noted.read();
        self.list
            .with(|jobs| news(jobs, &noted, dom::now_ms()).cloned())
    }

    /// Tells no more of any job that has ended.
    pub(super) fn note_all(self) {
        self.note(|job| job.state.is_over());
    }

    /// Tells no more of this job.
    pub(super) fn note_one(self, id: &str) {
        self.note(|job| job.id == id);
    }

    fn note(self, is_meant: impl Fn(&JobView) -> bool) {
        self.change_noted(|noted, jobs| {
            // What the server has forgotten needs no note.
            noted.retain(|id| jobs.iter().any(|job| job.id == *id));
            for job in jobs.iter().filter(|job| is_meant(job)) {
                if !noted.contains(&job.id) {
                    noted.push(job.id.clone());
                }
            }
        });
    }

    fn change_noted(self, change: impl FnOnce(&mut Vec<String>, &[JobView])) {
        let jobs = self.list.read_untracked();
        self.noted.update(|noted| change(noted, &jobs));
        let ids = self.noted.with_untracked(|noted| noted.join(","));
        keep(Kept::Always, NOTED_KEY, &ids);
    }

    pub(super) fn start(self, kind: JobKind, choice: AccountChoice) {
        self.begin(Box::pin(start_job(kind, choice)));
    }

    pub(super) fn retry(self, id: String) {
        self.begin(Box::pin(retry_job(id)));
    }

    /// Ticks the accounts that a job failed on, as far as they are still there.
    pub(super) fn select_failed(self, id: String) {
        leptos::task::spawn_local(async move {
            match failed_accounts(id).await {
                Ok(ids) => {
                    let _ = self.is_open.try_set(false);
                    self.accounts.choose(ids);
                }
                Err(error) => self.toaster.error(&error),
            }
        });
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
            // One that goes on again will have another end.
            self.change_noted(|noted, _| noted.retain(|known| *known != id));
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

/// The ids of the accounts that a job failed on.
async fn failed_accounts(job: String) -> Result<Vec<String>, UiError> {
    let (mut ids, mut after) = (Vec::new(), Some(0));
    while let Some(from) = after.filter(|_| ids.len() < MAX_SELECTED) {
        let page = list_job_items(job.clone(), from, true).await?;
        let still_there = page
            .items
            .into_iter()
            .filter(|item| !item.masked.is_empty());
        ids.extend(still_there.map(|item| item.id).filter(|id| !id.is_empty()));
        after = page.next;
    }
    Ok(ids)
}

/// The job that runs, or else the last one whose end is news.
fn news<'a>(jobs: &'a [JobView], noted: &[String], now_ms: i64) -> Option<&'a JobView> {
    let is_news = |job: &&JobView| now_ms - ended_ms(job) < NEWS_MS && !noted.contains(&job.id);
    let last = || jobs.iter().filter(is_news).max_by_key(|job| ended_ms(job));
    jobs.iter().find(|job| !job.state.is_over()).or_else(last)
}

fn ended_ms(job: &JobView) -> i64 {
    job.ended_ms.unwrap_or(job.started_ms)
}

/// Takes a list over. A running job does not go back, and one that is done does not run again: what was
/// asked for earlier may come later than what it has told itself.
fn merge(jobs: &mut Vec<JobView>, fresh: Vec<JobView>) {
    let known = std::mem::replace(jobs, fresh);
    for job in jobs {
        let before = known.iter().find(|one| one.id == job.id);
        if let Some(before) = before
            && !job.state.is_over()
            && (before.done > job.done || before.state == JobState::Done)
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
    fn a_noted_end_is_no_news_and_an_older_one_still_is() {
        let mut jobs = [
            job("new", JobState::Done, 10),
            job("old", JobState::Done, 10),
        ];
        (jobs[0].ended_ms, jobs[1].ended_ms) = (Some(9), Some(5));
        let id = |noted: &[&str], now_ms| {
            let noted: Vec<_> = noted.iter().map(ToString::to_string).collect();
            news(&jobs, &noted, now_ms).map(|job| job.id.as_str())
        };
        assert_eq!(id(&[], 10), Some("new"));
        assert_eq!(id(&["new"], 10), Some("old"));
        assert_eq!(id(&["new", "old"], 10), None);
        assert_eq!(id(&[], NEWS_MS + 9), None);
    }

    #[test]
    fn a_running_job_is_told_of_before_every_end() {
        let jobs = [
            job("ended", JobState::Done, 10),
            job("running", JobState::Running, 1),
        ];
        let noted = ["running".to_owned()];
        let told = news(&jobs, &noted, 0);
        assert_eq!(told.map(|job| job.id.as_str()), Some("running"));
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
        let late = vec![job("a", JobState::Done, 10), job("b", JobState::Running, 2)];
        merge(&mut jobs, late);
        assert_eq!(jobs[1].state, JobState::Done, "a late list brings it back");
    }
}
