//! One question about one account: what quota has it left?

use grok::{Class, RateLimits};
use pool::{AccountId, Event, Outcome, QuotaReport};
use settings::ModelKind;

use super::{Gateway, submit_changes};
use crate::{clock::now_ms, snapshot::Snapshot};

/// Why a question was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionTrouble {
    /// There is no such account any more.
    Gone,
    /// The upstream's bot protection refuses this server: no account is shown to it.
    Paused,
    Upstream(Class),
}

impl Gateway {
    /// Asks the upstream for an account's quota and takes over what it says. A refused credential
    /// counts like that of any other call; an answer for a credential that was replaced meanwhile
    /// counts for nothing.
    ///
    /// # Errors
    /// Why there is no answer.
    ///
    /// # Cancellation
    /// Dropping the future ends the question; nothing is changed then.
    pub async fn ask_account(
        &self,
        snapshot: &Snapshot,
        id: &AccountId,
    ) -> Result<(), QuestionTrouble> {
        let account = snapshot.pool.get(id).ok_or(QuestionTrouble::Gone)?;
        let settings = &snapshot.settings;
        let host = settings.config.upstream.web_url.host_str();
        let Ok(pass) = self.clearance.enter(host.unwrap_or_default()) else {
            return Err(QuestionTrouble::Paused);
        };
        let model = settings.models.of_kind(ModelKind::Chat).next();
        let model = model.map_or("", |model| model.upstream_name.as_str());
        let timeout = settings.config.usage.timeout;
        let credential = account.credential.expose();
        let asked = settings.upstream.rate_limits(credential, model, timeout);
        let (event, trouble) = match asked.await {
            Ok(RateLimits {
                remaining, window, ..
            }) => {
                self.clearance.passed();
                let report = QuotaReport {
                    quota: remaining,
                    window,
                    ..QuotaReport::default()
                };
                (Some(Event::Synced(report)), None)
            }
            Err(error) => {
                match error.class() {
                    Class::Clearance => self.clearance.refused(&settings.config.proxy),
                    _ if error.status().is_some() => self.clearance.passed(),
                    _ => {}
                }
                (after(error.class()), Some(error.class()))
            }
        };
        drop(pass);
        if let Some(event) = event {
            let pool = &snapshot.pool;
            let changes = pool.apply_for(id, &account.credential, &event, now_ms());
            submit_changes(self.store.as_ref(), changes);
        }
        trouble.map_or(Ok(()), |class| Err(QuestionTrouble::Upstream(class)))
    }
}

/// What a refusal says of the account.
fn after(class: Class) -> Option<Event> {
    let outcome = match class {
        Class::Unauthorized => Outcome::Unauthorized {
            reason: "rate_limits_auth_failed",
        },
        Class::Blocked => Outcome::Blocked {
            reason: "account_blocked",
        },
        _ => return None,
    };
    Some(Event::Outcome(outcome))
}
