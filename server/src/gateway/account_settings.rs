//! What the holder of an account settles at the upstream, one account at a time: the terms, the birth
//! date, adult content, and a tag once all of it is done (`docs/upstream-protocol.md` 2.10, 2.11).
//!
//! Nothing calls this by itself, and no birth date is sent but the one that the operator has written
//! down: without one that step is skipped.

use grok::{BirthDate, Class, Client, UpstreamError};
use pool::{Account, AccountId, Event};
use settings::Config;
use store::{Record, bounded};

use super::{
    Gateway,
    asking::{Unanswered, count_refusal, web_host},
    breakers::Trouble,
};
use crate::{clock::now_ms, snapshot::Snapshot};

/// The tag of accounts that are through, as the predecessor has it.
const TAG: &str = "nsfw";
/// Why a refused call counts.
const REFUSED: &str = "settings_auth_failed";

/// What is settled, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Terms,
    BirthDate,
    AdultContent,
    Tag,
}

impl Step {
    fn as_str(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::BirthDate => "birth date",
            Self::AdultContent => "adult content",
            Self::Tag => "tag",
        }
    }
}

/// What became of the birth date of an account that is through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BirthDateStep {
    Sent,
    /// The account has had one before, which cannot be changed.
    Locked,
    /// `account.birth_date` is empty.
    Skipped,
}

/// The step that ended the sequence, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsettled {
    pub step: Step,
    pub why: SettingsTrouble,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsTrouble {
    Upstream(Class),
    /// The upstream's host is left alone for now.
    Paused(Trouble),
    /// There is no such account any more, or it has another credential by now.
    Gone,
    /// The tag could not be stored.
    NotStored,
}

impl Gateway {
    /// Takes the account through all steps; the first that fails ends it. Each may be made again.
    ///
    /// # Errors
    /// That step.
    ///
    /// # Cancellation
    /// Dropping the future ends the call under way; what was settled before stays so.
    pub async fn settle_account(
        &self,
        snapshot: &Snapshot,
        id: &AccountId,
    ) -> Result<BirthDateStep, Unsettled> {
        let account = snapshot.pool.get(id).ok_or(Unsettled {
            step: Step::Terms,
            why: SettingsTrouble::Gone,
        })?;
        let settling = Settling {
            upstream: snapshot.settings.upstream_by(account.proxy.as_ref()),
            gateway: self,
            snapshot,
            account,
        };
        settling.accept_terms().await?;
        let birth_date = settling.tell_birth_date().await?;
        settling.show_adult_content().await?;
        settling.tag().await?;
        tracing::info!(account.id = %id, "the settings of account {id} are made");
        Ok(birth_date)
    }
}

struct Settling<'a> {
    gateway: &'a Gateway,
    snapshot: &'a Snapshot,
    account: Account,
    upstream: Client,
}

impl Settling<'_> {
    fn config(&self) -> &Config {
        &self.snapshot.settings.config
    }

    async fn accept_terms(&self) -> Result<(), Unsettled> {
        let (timeout, credential) = (self.config().nsfw.timeout, self.credential());
        let accounts_url = &self.config().upstream.accounts_url;
        let host = accounts_url.host_str().unwrap_or_default();
        let accept = || self.upstream.accept_account_terms(credential, timeout);
        self.ask(Step::Terms, host, accept).await?;
        let accept = || self.upstream.accept_product_terms(credential, timeout);
        self.ask(Step::Terms, self.web_host(), accept).await
    }

    async fn tell_birth_date(&self) -> Result<BirthDateStep, Unsettled> {
        let date = self.config().account.birth_date.as_str();
        if date.is_empty() {
            return Ok(BirthDateStep::Skipped);
        }
        let (timeout, credential) = (self.config().nsfw.timeout, self.credential());
        let tell = || self.upstream.set_birth_date(credential, date, timeout);
        match self.ask(Step::BirthDate, self.web_host(), tell).await? {
            BirthDate::Set => Ok(BirthDateStep::Sent),
            BirthDate::Locked => Ok(BirthDateStep::Locked),
        }
    }

    async fn show_adult_content(&self) -> Result<(), Unsettled> {
        let (timeout, credential) = (self.config().nsfw.timeout, self.credential());
        let show = || self.upstream.show_adult_content(credential, timeout);
        self.ask(Step::AdultContent, self.web_host(), show).await
    }

    async fn tag(&self) -> Result<(), Unsettled> {
        let failed = |why| Unsettled {
            step: Step::Tag,
            why,
        };
        let (pool, id) = (&self.snapshot.pool, &self.account.id);
        let tagged = Event::Tagged(TAG.to_owned());
        let changes = pool.apply_for(id, &self.account.credential, &tagged, now_ms());
        let is_tagged = |account: Account| account.tags.iter().any(|tag| tag == TAG);
        if !pool.get(id).is_some_and(is_tagged) {
            return Err(failed(SettingsTrouble::Gone));
        }
        if changes.is_empty() {
            return Ok(());
        }
        let record = Record {
            changes,
            request: None,
        };
        let stored = bounded(self.gateway.store.commit(record)).await;
        stored.map_err(|error| {
            tracing::error!(account.id = %id, %error, "the tag of account {id} was not stored");
            failed(SettingsTrouble::NotStored)
        })
    }

    fn credential(&self) -> &str {
        self.account.credential.expose()
    }

    fn web_host(&self) -> &str {
        web_host(self.config())
    }

    /// One call: past the breakers of its host, and what it says of the account.
    async fn ask<T, F>(
        &self,
        step: Step,
        host: &str,
        call: impl FnMut() -> F,
    ) -> Result<T, Unsettled>
    where
        F: Future<Output = Result<T, UpstreamError>>,
    {
        let asked = self.gateway.guards.ask_at(host, self.config(), call);
        let why = match asked.await {
            Ok(answer) => return Ok(answer),
            Err(Unanswered::Paused(paused)) => SettingsTrouble::Paused(paused.trouble),
            Err(Unanswered::Failed(error)) => {
                self.account_for(step, &error);
                SettingsTrouble::Upstream(error.class())
            }
        };
        Err(Unsettled { step, why })
    }

    fn account_for(&self, step: Step, error: &UpstreamError) {
        let Account { id, credential, .. } = &self.account;
        tracing::warn!(
            account.id = %id, step = step.as_str(), reason = error.label(),
            "the settings of account …{} ended at: {}", credential.last_four(), step.as_str()
        );
        let store = self.gateway.store.as_ref();
        count_refusal(&self.snapshot.pool, store, &self.account, (error, REFUSED));
    }
}
