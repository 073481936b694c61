//! What the items of jobs that ask Grok say where they failed.

use grok::Class;
use grok2api_app::dto::JobTrouble;
use pool::AccountId;

use crate::{gateway::breakers::Trouble, snapshot::Current};

/// The account as it is shown; empty if it is gone.
pub(super) fn masked(current: &Current, id: &AccountId) -> String {
    let account = current.load().pool.get(id);
    account.map_or_else(String::new, |account| account.credential.masked())
}

/// What an upstream's refusal means.
pub(super) fn of_class(class: Class) -> JobTrouble {
    match class {
        Class::Unauthorized => JobTrouble::SignedOut,
        Class::Blocked => JobTrouble::Blocked,
        Class::RateLimited => JobTrouble::RateLimited,
        Class::Clearance => JobTrouble::Clearance,
        Class::Retryable => JobTrouble::Unreachable,
        Class::Moderated | Class::Fatal => JobTrouble::Refused,
    }
}

/// Why an upstream is left alone.
pub(super) fn of_pause(trouble: Trouble) -> JobTrouble {
    match trouble {
        Trouble::BotProtection => JobTrouble::Clearance,
        Trouble::Failing => JobTrouble::Unreachable,
    }
}
