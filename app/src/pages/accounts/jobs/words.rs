//! Jobs in words.

use crate::{
    components::Tone,
    dto::{JobKind, JobState, JobTrouble, JobView},
    i18n::{Language, Text, text::jobs as text},
    words::{clock, group},
};

pub(super) const fn title(kind: JobKind) -> Text {
    match kind {
        JobKind::ImportAccounts => text::IMPORT,
        JobKind::RefreshAccounts => text::REFRESH,
        JobKind::CountAssets => text::COUNT,
        JobKind::ClearAssets => text::CLEAR,
        JobKind::AccountSettings => text::SETTINGS,
    }
}

const fn state(state: JobState) -> Text {
    match state {
        JobState::Running => text::RUNNING,
        JobState::Done => text::DONE,
        JobState::Cancelled => text::CANCELLED,
        JobState::Interrupted => text::INTERRUPTED,
        JobState::Failed => text::FAILED,
    }
}

pub(super) const fn tone(job: &JobView) -> Tone {
    match (job.state, job.failed) {
        (JobState::Running, _) => Tone::Info,
        (JobState::Done, 0) => Tone::Success,
        (JobState::Failed, _) => Tone::Danger,
        (JobState::Done, failed) if failed == job.total => Tone::Danger,
        _ => Tone::Warning,
    }
}

pub(super) const fn trouble(trouble: JobTrouble) -> Text {
    match trouble {
        JobTrouble::SignedOut => text::TROUBLE_SIGNED_OUT,
        JobTrouble::Blocked => text::TROUBLE_BLOCKED,
        JobTrouble::RateLimited => text::TROUBLE_RATE_LIMITED,
        JobTrouble::Clearance => text::TROUBLE_CLEARANCE,
        JobTrouble::Unreachable => text::TROUBLE_UNREACHABLE,
        JobTrouble::Refused => text::TROUBLE_REFUSED,
        JobTrouble::TermsRefused => text::TROUBLE_TERMS,
        JobTrouble::BirthDateRefused => text::TROUBLE_BIRTH_DATE,
        JobTrouble::AdultContentRefused => text::TROUBLE_ADULT_CONTENT,
        JobTrouble::InUse => text::TROUBLE_IN_USE,
        JobTrouble::Gone => text::TROUBLE_GONE,
        JobTrouble::Duplicate => text::TROUBLE_DUPLICATE,
        JobTrouble::NoCookie => text::TROUBLE_NO_COOKIE,
        JobTrouble::NotStored => text::TROUBLE_NOT_STORED,
        JobTrouble::Internal => text::TROUBLE_INTERNAL,
    }
}

/// How a job stands, in a word or two: what is done and has failures is not called done.
pub(super) fn outcome(job: &JobView, language: Language) -> String {
    if job.state != JobState::Done || job.failed == 0 {
        return state(job.state).get(language).to_owned();
    }
    text::OutOf {
        failed: &group(job.failed),
        total: &group(job.total),
    }
    .fill(language)
}

/// `312 of 5,000 · 3 failed · 41 a second · 1:54 left`; nothing where [`outcome`] says it all.
pub(super) fn summary(job: &JobView, language: Language) -> String {
    if job.state == JobState::Done && job.failed > 0 {
        return String::new();
    }
    let (done, total) = (group(job.done), group(job.total));
    let of = text::Of {
        done: &done,
        total: &total,
    };
    let mut parts = vec![of.fill(language)];
    if job.failed > 0 {
        parts.push(text::FAILURES.fill(language, job.failed));
    }
    if !job.state.is_over() && job.rate > 0.0 {
        let rate = format!("{:.*}", usize::from(job.rate < 10.0), job.rate);
        parts.push(text::Rate { rate: &rate }.fill(language));
        if let Some(secs) = job.left_secs {
            parts.push(text::Left { time: &clock(secs) }.fill(language));
        }
    }
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_job_tells_its_rate_and_the_time_left() {
        let mut job = JobView {
            id: "a".into(),
            kind: JobKind::RefreshAccounts,
            state: JobState::Running,
            total: 5_000,
            done: 312,
            failed: 3,
            amount: 0,
            rate: 41.2,
            left_secs: Some(114),
            started_ms: 0,
            ended_ms: None,
            failures: Vec::new(),
        };
        let english = Language::ALL[0];
        let running = summary(&job, english);
        assert_eq!(running, "312 of 5,000 · 3 failed · 41 a second · 1:54 left");
        job.state = JobState::Cancelled;
        assert_eq!(summary(&job, english), "312 of 5,000 · 3 failed");
        assert_eq!(outcome(&job, english), "Stopped");
    }

    #[test]
    fn a_job_with_failures_is_not_called_done() {
        let mut job = JobView {
            id: "a".into(),
            kind: JobKind::RefreshAccounts,
            state: JobState::Done,
            total: 19,
            done: 19,
            failed: 19,
            amount: 0,
            rate: 0.0,
            left_secs: None,
            started_ms: 0,
            ended_ms: Some(1),
            failures: Vec::new(),
        };
        let english = Language::ALL[0];
        assert_eq!(outcome(&job, english), "19 of 19 failed");
        assert_eq!(
            (summary(&job, english).as_str(), tone(&job)),
            ("", Tone::Danger)
        );
        job.failed = 0;
        assert_eq!(outcome(&job, english), "Done");
        assert_eq!(summary(&job, english), "19 of 19");
    }
}
