//! What needs attention: for the health report, and for the operator's pages.

use std::time::Duration;

use async_trait::async_trait;
use grok2api_app::service::{AdminProof, HealthService};

use super::AppState;
use crate::{clock::now_ms, jobs::JobReport};

/// How long the store may take to say that it is there.
pub(super) const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// Where the rest is.
const FOR_OPERATORS: &str = "the log says more, and so does this page to the operator's browser";

/// What is wrong with the store, if anything is.
pub(super) async fn store_trouble(state: &AppState) -> Option<String> {
    match tokio::time::timeout(PING_TIMEOUT, state.store.ping()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("it does not answer".to_owned()),
    }
}

/// Why something needs attention. What names files, hosts and values is for the operator; the others
/// learn where the trouble is.
pub(super) struct Reasons {
    is_operator: bool,
    pub(super) texts: Vec<String>,
}

impl Reasons {
    pub(super) fn to(is_operator: bool) -> Self {
        Self {
            is_operator,
            texts: Vec::new(),
        }
    }

    pub(super) fn say(&mut self, text: &str) {
        self.texts.push(text.to_owned());
    }

    /// `details` of something, or for strangers that there are any.
    pub(super) fn detail(&mut self, of: &str, in_short: &str, details: &[String]) {
        if self.is_operator {
            let line = |detail| format!("{of}: {detail}");
            self.texts.extend(details.iter().map(line));
        } else if !details.is_empty() {
            self.texts
                .push(format!("{of}: {in_short}; {FOR_OPERATORS}"));
        }
    }

    /// The upstream, the store and the settings.
    pub(super) fn of_service(&mut self, state: &AppState, store_trouble: Option<String>) {
        self.texts.extend(state.gateway.breakers().troubles());
        self.detail("store", "it does not work", &Vec::from_iter(store_trouble));
        let problems = state.runtime.problems();
        let number = format!("{} problem(s)", problems.len());
        self.detail("configuration", &number, &problems);
    }

    /// Also takes out of the reports what strangers need not know.
    pub(super) fn of_jobs(&mut self, mut jobs: Vec<JobReport>) -> Vec<JobReport> {
        for job in &mut jobs {
            if !job.is_ok && !self.is_operator {
                job.result = format!("failed; {FOR_OPERATORS}");
            }
            self.texts.extend(job.trouble());
        }
        jobs
    }
}

/// Implements [`HealthService`]. An empty pool and a wrong address are not among its reasons: pages
/// say those in their own words.
pub(super) struct Health(pub(super) AppState);

#[async_trait]
impl HealthService for Health {
    async fn reasons(&self, _admin: AdminProof) -> Vec<String> {
        let Self(state) = self;
        let mut reasons = Reasons::to(true);
        let counts = state.current.load().pool.counts(now_ms());
        if counts.total > 0 && counts.active == 0 {
            reasons.say("no account is active");
        }
        reasons.of_service(state, store_trouble(state).await);
        reasons.of_jobs(state.jobs.reports());
        reasons.texts
    }
}
