//! Long work over many accounts, as the operator's pages show it.

use serde::{Deserialize, Serialize};

/// What a job does with each of its targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Adds the accounts of a text.
    ImportAccounts,
    /// Asks Grok whether accounts work and what quota they have.
    RefreshAccounts,
    /// Counts the files that accounts keep at Grok.
    CountAssets,
    /// Deletes them.
    ClearAssets,
    /// Agrees to Grok's terms for accounts, tells the configured birth date and switches adult
    /// content on.
    AccountSettings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Running,
    /// All targets are done; some of them may have failed.
    Done,
    Cancelled,
    /// The server that did it has ended. It can be resumed.
    Interrupted,
    /// It could not go on: what it has to do cannot be read.
    Failed,
}

impl JobState {
    #[must_use]
    pub fn is_over(self) -> bool {
        self != Self::Running
    }
}

/// Why a job did not do a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum JobTrouble {
    #[error("Grok does not accept its cookie any more")]
    SignedOut,
    #[error("Grok has blocked the account")]
    Blocked,
    #[error("Grok asks for a pause")]
    RateLimited,
    #[error("Grok's bot protection refuses this server")]
    Clearance,
    #[error("Grok cannot be reached")]
    Unreachable,
    #[error("Grok refuses")]
    Refused,
    #[error("Grok does not take the agreement to its terms")]
    TermsRefused,
    #[error("Grok does not take the birth date")]
    BirthDateRefused,
    #[error("Grok does not change the setting for adult content")]
    AdultContentRefused,
    #[error("the account has requests under way")]
    InUse,
    #[error("there is no such account any more")]
    Gone,
    #[error("the account is known already")]
    Duplicate,
    #[error("this is no cookie")]
    NoCookie,
    #[error("the change could not be stored")]
    NotStored,
    #[error("internal error; the server's log says more")]
    Internal,
}

/// What is to be said of a target that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobNote {
    /// No birth date is configured, so none was told.
    BirthDateSkipped,
    /// The account has had a birth date before, which Grok does not change.
    BirthDateLocked,
}

/// A target that a job did not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFailure {
    /// From 1: its place among the targets.
    pub number: u64,
    /// Of the account; empty where there is none.
    pub id: String,
    /// `…` and the last four characters of the credential.
    pub masked: String,
    pub trouble: JobTrouble,
}

/// What came of starting a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStart {
    /// Its id.
    Started(String),
    /// This one has to end first; the same one, if it was to be tried again or resumed.
    Busy(String),
    /// It is over, and there is nothing to go on with.
    Over,
    /// There is no target.
    Nothing,
    /// There are more than a job may have.
    TooMany,
}

/// How a job is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobView {
    pub id: String,
    pub kind: JobKind,
    pub state: JobState,
    /// Targets.
    pub total: u64,
    /// Those that are through, failed ones among them.
    pub done: u64,
    pub failed: u64,
    /// What was done in all beside the targets: files that were deleted.
    pub amount: u64,
    /// Targets a second, lately.
    pub rate: f64,
    /// Seconds until the end at that rate; `None` where nothing can be said.
    pub left_secs: Option<u64>,
    /// Unix milliseconds.
    pub started_ms: i64,
    pub ended_ms: Option<i64>,
    /// The first 200; [`JobItems`] has all of them.
    pub failures: Vec<JobFailure>,
}

/// What became of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobOutcome {
    Waiting,
    Ok,
    /// Done, and there is something to say.
    Noted(JobNote),
    Failed(JobTrouble),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobItem {
    /// From 1.
    pub number: u64,
    /// Of the account; empty where there is none.
    pub id: String,
    /// `…` and the last four characters of the credential; empty where the account is gone.
    pub masked: String,
    pub outcome: JobOutcome,
}

/// Some of a job's targets, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobItems {
    pub items: Vec<JobItem>,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
}

/// The accounts that something is done with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountChoice {
    Ids(Vec<String>),
    /// All that a filter finds.
    Found(super::AccountFilter),
}
