//! What an account may still ask, in both years' forms (`upstream-protocol` 2.2 and 8.6).
//!
//! Today's upstream counts by mode, the older one by model; which of them is answered is learned as
//! for every call with two forms. A second name is asked for only when nothing is left for the
//! first, or when everything is wanted: usually the question is one call.

use std::time::Duration;

use serde_json::json;

use crate::client::Client;
use crate::error::UpstreamError;
use crate::quota::RateLimits;

/// Modes that have a window of their own today; the first serves most models.
const MODES: [&str; 2] = ["auto", "fast"];
/// Today's window where the answer names none.
const MODE_WINDOW: Duration = Duration::from_secs(7_200);

/// What the quota question told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountQuota {
    pub form: QuotaForm,
    /// By the upstream's name of a mode or model; never empty. The first decides for the account
    /// while something is left for it.
    pub limits: Vec<(String, RateLimits)>,
}

/// By what the upstream counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaForm {
    /// By mode, with totals that tell what is paid for.
    Modes,
    /// By model, with a window that tells what is paid for.
    Models,
}

/// What is paid for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plan {
    Basic,
    Super,
    Heavy,
}

/// A question about an account's quota.
#[derive(Debug, Clone, Copy)]
pub struct QuotaQuestion<'a> {
    /// Models to ask about where the upstream counts by model: the first, and one for which
    /// something may be left when nothing is for the first.
    pub models: [&'a str; 2],
    /// Asks for both names in any case.
    pub is_full: bool,
    /// For each call.
    pub timeout: Duration,
}

impl Client {
    /// Asks what the account has left.
    ///
    /// # Errors
    /// As every call, of the first name. That the second one was not answered is no error.
    pub async fn account_quota(
        &self,
        credential: &str,
        question: QuotaQuestion<'_>,
    ) -> Result<AccountQuota, UpstreamError> {
        let by_mode = async {
            // Boxed: two of them for each form are too much for a stack.
            let ask = |mode: &'static str| {
                Box::pin(async move {
                    let body = json!({"modelName": mode});
                    let limits = self.quota_of(credential, &body, question.timeout).await?;
                    let window = limits.window.unwrap_or(MODE_WINDOW);
                    Ok(RateLimits {
                        total: limits.total.filter(|total| *total > 0),
                        window: Some(window),
                        ..limits
                    })
                })
            };
            let limits = ask_both(MODES, question.is_full, ask).await?;
            let form = QuotaForm::Modes;
            Ok(AccountQuota { form, limits })
        };
        let by_model = async {
            let ask = |model| Box::pin(self.rate_limits(credential, model, question.timeout));
            let limits = ask_both(question.models, question.is_full, ask).await?;
            let form = QuotaForm::Models;
            Ok(AccountQuota { form, limits })
        };
        let learned = &self.learned().quota;
        learned.call(self.protocol(), by_mode, by_model).await
    }
}

async fn ask_both<'a, F>(
    [first, second]: [&'a str; 2],
    is_full: bool,
    ask: impl Fn(&'a str) -> F,
) -> Result<Vec<(String, RateLimits)>, UpstreamError>
where
    F: Future<Output = Result<RateLimits, UpstreamError>>,
{
    let named = |name: &str, limits| (name.to_owned(), limits);
    if is_full {
        let (one, other) = tokio::join!(ask(first), ask(second));
        let mut limits = vec![named(first, one?)];
        limits.extend(other.ok().map(|other| named(second, other)));
        return Ok(limits);
    }
    let one = ask(first).await?;
    let mut limits = vec![named(first, one)];
    if one.remaining == 0 {
        let other = ask(second).await.ok();
        limits.extend(other.map(|other| named(second, other)));
    }
    Ok(limits)
}

impl AccountQuota {
    /// What is left: of the first name, else of the second.
    #[must_use]
    pub fn remaining(&self) -> u32 {
        let left = self.limits.iter().map(|(_, limits)| limits.remaining);
        left.into_iter().find(|left| *left > 0).unwrap_or(0)
    }

    /// The window that tells the plan, which today's windows do not.
    #[must_use]
    pub fn telling_window(&self) -> Option<Duration> {
        let first = self.limits.first().map(|(_, limits)| limits);
        first
            .filter(|_| self.form == QuotaForm::Models)
            .and_then(|limits| limits.window)
    }

    /// What the totals say is paid for; `None` where they are none that are known. A heavy total
    /// counts most, otherwise the lower plan.
    #[must_use]
    pub fn plan(&self) -> Option<Plan> {
        if self.form != QuotaForm::Modes {
            return None;
        }
        let plans = || {
            let of = |(name, limits): &(String, RateLimits)| plan_of(name, limits.total?);
            self.limits.iter().filter_map(of)
        };
        let has_heavy = plans().any(|plan| plan == Plan::Heavy);
        has_heavy.then_some(Plan::Heavy).or_else(|| plans().min())
    }
}

/// Source: `upstream-protocol` 8.6.
fn plan_of(mode: &str, total: u32) -> Option<Plan> {
    Some(match (mode, total) {
        ("auto", 7 | 20) | ("fast", 30) => Plan::Basic,
        ("auto", 50) | ("fast", 140) => Plan::Super,
        ("auto", 150) | ("fast", 400) => Plan::Heavy,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(form: QuotaForm, totals: &[(&str, u32, u32)]) -> AccountQuota {
        let limits = totals.iter().map(|(name, remaining, total)| {
            let limits = RateLimits {
                remaining: *remaining,
                total: Some(*total),
                window: Some(MODE_WINDOW),
            };
            ((*name).to_owned(), limits)
        });
        AccountQuota {
            form,
            limits: limits.collect(),
        }
    }

    #[test]
    fn totals_tell_what_is_paid_for() {
        let plan = |totals: &[(&str, u32, u32)]| quota(QuotaForm::Modes, totals).plan();
        for (auto, fast, expected) in [
            (7, 30, Some(Plan::Basic)),
            (20, 30, Some(Plan::Basic)),
            (50, 140, Some(Plan::Super)),
            (150, 400, Some(Plan::Heavy)),
            (150, 30, Some(Plan::Heavy)),
            (50, 30, Some(Plan::Basic)),
            (50, 77, Some(Plan::Super)),
            (77, 77, None),
        ] {
            assert_eq!(plan(&[("auto", 1, auto), ("fast", 1, fast)]), expected);
        }
        let older = quota(QuotaForm::Models, &[("auto", 1, 150)]);
        assert_eq!(
            (older.plan(), older.telling_window()),
            (None, Some(MODE_WINDOW))
        );
        let newer = quota(QuotaForm::Modes, &[("auto", 1, 150)]);
        assert_eq!(newer.telling_window(), None);
    }

    #[test]
    fn the_second_name_counts_when_nothing_is_left_for_the_first() {
        let left = |auto, fast| {
            quota(QuotaForm::Modes, &[("auto", auto, 20), ("fast", fast, 30)]).remaining()
        };
        assert_eq!((left(3, 30), left(0, 30), left(0, 0)), (3, 30, 0));
    }
}
