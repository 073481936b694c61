//! One account in full: how it is, what Grok has told, and what can be changed.

use super::{
    actions::Writes,
    drafts::Drafts,
    edit::{CookieForm, EditForm},
    jobs::Jobs,
    state::Accounts,
    words::{Failure, why},
};
use crate::{
    api::accounts::get_account,
    components::{
        Badge, Button, ButtonVariant, Drawer, ErrorNotice, IconName, LocalTime, QuotaBar, Skeleton,
        use_toaster,
    },
    dto::{
        AccountChoice, AccountDetail, AccountStatus, AccountSwitch, CheckResult, Condition,
        JobKind, QuotaWindow, Tier,
    },
    error::UiError,
    i18n::{
        Text, t,
        text::{account as text, accounts},
        use_language,
    },
    reactive::use_open,
    words::group,
};
use leptos::prelude::*;

#[component]
pub(super) fn Detail(state: Accounts, writes: Writes, jobs: Jobs) -> impl IntoView {
    let open = use_open(state.opened);
    let (drafts, toaster, language) = (Drafts::new(), use_toaster(), use_language());
    Effect::new(move |before: Option<Option<String>>| {
        let opened = state.opened.get();
        if opened.is_none() && before.flatten().is_some_and(|id| drafts.has(&id)) {
            toaster.info(text::KEPT.get(language.get_untracked()));
        }
        opened
    });
    view! {
        <Drawer open title=t(text::TITLE)>
            {move || state.opened.get().map(|id| view! { <Account id drafts state writes jobs /> })}
        </Drawer>
    }
}

#[component]
fn Account(
    id: String,
    drafts: Drafts,
    state: Accounts,
    writes: Writes,
    jobs: Jobs,
) -> impl IntoView {
    let told: RwSignal<Option<Result<AccountDetail, UiError>>> = RwSignal::new(None);
    let load = Action::new_local(move |(): &()| {
        let asking = get_account(id.clone());
        async move {
            let _ = told.try_set(Some(asking.await));
        }
    });
    // The list is loaded again whenever something has changed, and now and then.
    Effect::new(move || {
        state.list.track();
        load.dispatch_local(());
    });
    let first = Memo::new(move |before: Option<&Option<AccountDetail>>| {
        let before = before.and_then(Clone::clone);
        before.or_else(|| told.get().and_then(Result::ok))
    });
    let fresh = move || told.get().and_then(Result::ok);
    let failure = move || told.get().and_then(Result::err);
    view! {
        {move || failure().map(|error| view! { <ErrorNotice error /> })}
        {move || match first.get() {
            None => view! { <Skeleton /> }.into_any(),
            Some(first) => {
                let start = first.clone();
                let detail = Memo::new(move |_| fresh().unwrap_or_else(|| start.clone()));
                view! {
                    <Health detail />
                    <Deeds detail state writes jobs />
                    <Quota detail />
                    <CookieForm detail drafts state />
                    <EditForm first drafts state />
                }
                    .into_any()
            }
        }}
    }
}

fn tier_word(tier: Tier) -> Text {
    match tier {
        Tier::Basic => accounts::TIER_BASIC,
        Tier::Super => accounts::TIER_SUPER,
        Tier::Heavy => accounts::TIER_HEAVY,
    }
}

const fn check_word(result: CheckResult) -> Text {
    match result {
        CheckResult::Fine => text::CHECK_FINE,
        CheckResult::Refused => accounts::FAIL_REFUSED,
        CheckResult::Blocked => accounts::FAIL_BLOCKED,
        CheckResult::Clearance => accounts::CHECK_CLEARANCE,
        CheckResult::Limited => text::CHECK_LIMITED,
        CheckResult::Unreachable => accounts::CHECK_UNREACHABLE,
    }
}

/// What the operator can do about it.
fn advice(detail: &AccountDetail) -> Option<Text> {
    let check = detail.row.last_check.map(|check| check.result);
    match (detail.row.condition, check) {
        (_, Some(CheckResult::Clearance)) => Some(text::ADVICE_CLEARANCE),
        (Condition::Refused, _) => Some(text::ADVICE_REFUSED),
        (Condition::Blocked, _) => Some(text::ADVICE_BLOCKED),
        (Condition::Cooling, _) => Some(text::ADVICE_WAIT),
        (Condition::Unknown, _) => Some(text::ADVICE_CHECK),
        (Condition::Failing, _) => {
            let name = detail.row.last_fail_reason.as_deref();
            Some(match name.map_or(Failure::Refused, Failure::named) {
                Failure::Refused => text::ADVICE_REFUSED,
                Failure::Blocked => text::ADVICE_BLOCKED,
                Failure::Proxy => text::ADVICE_PROXY,
                Failure::Late | Failure::Empty | Failure::Broken => text::ADVICE_BROKEN,
            })
        }
        (Condition::Active | Condition::Disabled, _) => None,
    }
}

/// A moment, or a dash.
fn moment(at_ms: Option<i64>) -> AnyView {
    match at_ms {
        Some(at_ms) => view! { <LocalTime at_ms /> }.into_any(),
        None => view! { <span class="muted">"—"</span> }.into_any(),
    }
}

/// The state, why, what to do, and what was heard of it last.
#[component]
fn Health(detail: Memo<AccountDetail>) -> impl IntoView {
    move || {
        let told = detail.get();
        let row = &told.row;
        let condition = row.condition;
        let until_ms = row.cooldown.map(|cooldown| cooldown.until_ms);
        let advice = advice(&told);
        // What to do about a refusal says what it is.
        let is_said = advice
            .is_some_and(|advice| [text::ADVICE_REFUSED, text::ADVICE_BLOCKED].contains(&advice));
        let why = why(row).filter(|_| !is_said);
        let why = why.map(|why| view! { <p>{t(why)}</p> });
        let advice = advice.map(|advice| view! { <p class="muted">{t(advice)}</p> });
        let check = row.last_check.map(|check| {
            view! { <span>{t(check_word(check.result))}</span> }
        });
        let failure = row.last_fail_reason.as_deref().map(Failure::named);
        let failure = failure.map(|failure| view! { <span>{t(failure.word())}</span> });
        let (masked, tier, created_ms) = (row.masked.clone(), row.tier, row.created_at_ms);
        let (used_ms, failed_ms) = (row.last_used_at_ms, row.last_fail_at_ms);
        let (uses, checked_ms) = (
            group(row.use_count),
            row.last_check.map(|check| check.at_ms),
        );
        view! {
            <section class="detail__part">
                <p class="detail__who">
                    <code>{masked}</code>
                    <Badge>{t(tier_word(tier))}</Badge>
                    <Badge tone=condition.tone()>{t(condition.word())}</Badge>
                    {until_ms
                        .map(|at_ms| {
                            view! { <span>{t(accounts::UNTIL)} " " <LocalTime at_ms /></span> }
                        })}
                </p>
                {why}
                {advice}
                <dl class="facts">
                    <dt>{t(text::LAST_ANSWER)}</dt>
                    <dd>{moment(used_ms)}</dd>
                    <dt>{t(text::LAST_CHECK)}</dt>
                    <dd>{moment(checked_ms)} " " {check}</dd>
                    <dt>{t(text::LAST_FAILURE)}</dt>
                    <dd>{moment(failed_ms)} " " {failure}</dd>
                    <dt>{t(accounts::COLUMN_USES)}</dt>
                    <dd>{uses}</dd>
                    <dt>{t(accounts::COLUMN_ADDED)}</dt>
                    <dd>{moment(Some(created_ms))}</dd>
                </dl>
            </section>
        }
    }
}

#[component]
fn Deeds(
    detail: Memo<AccountDetail>,
    state: Accounts,
    writes: Writes,
    jobs: Jobs,
) -> impl IntoView {
    let busy = Signal::derive(move || writes.is_busy());
    let choice =
        move || detail.with_untracked(|told| AccountChoice::Ids(vec![told.row.id.clone()]));
    let is_disabled =
        Memo::new(move |_| detail.with(|told| told.row.status == AccountStatus::Disabled));
    let switch = move |_| {
        let switch = match is_disabled.get_untracked() {
            true => AccountSwitch::Enable,
            false => AccountSwitch::Disable,
        };
        writes.switch(choice(), switch);
    };
    let delete = move |_| {
        writes.delete(choice(), 1);
        state.opened.set(None);
    };
    view! {
        <p class="detail__deeds">
            <Button
                icon=IconName::RefreshCw
                on:click=move |_| jobs.start(JobKind::RefreshAccounts, choice())
            >
                {t(accounts::CHECK)}
            </Button>
            <Button disabled=busy icon=IconName::Power on:click=switch>
                {move || match is_disabled.get() {
                    true => t(accounts::ENABLE)(),
                    false => t(accounts::DISABLE)(),
                }}
            </Button>
            <Button
                disabled=busy
                icon=IconName::Undo2
                attr:title=t(accounts::RESET_HINT)
                on:click=move |_| writes.switch(choice(), AccountSwitch::Reset)
            >
                {t(accounts::RESET)}
            </Button>
            <Button
                variant=ButtonVariant::Danger
                disabled=busy
                icon=IconName::Trash2
                on:click=delete
            >
                {t(accounts::DELETE)}
            </Button>
        </p>
    }
}

/// The quota, and the windows of single models that Grok has told.
#[component]
fn Quota(detail: Memo<AccountDetail>) -> impl IntoView {
    let language = use_language();
    let windows = Memo::new(move |_| detail.with(|told| told.windows.clone()));
    let quota = move || {
        let told = detail.get().row;
        let Some(at_ms) = told.last_sync_at_ms else {
            return view! { <p class="muted">{t(accounts::QUOTA_UNKNOWN)}</p> }.into_any();
        };
        let masked = told.masked;
        let label = move || accounts::QuotaOf { account: &masked }.fill(language.get());
        view! {
            <p class="detail__who">
                <QuotaBar label left=told.quota limit=told.quota_limit />
                <span class="muted">{t(text::TOLD_AT)} " " <LocalTime at_ms /></span>
            </p>
        }
        .into_any()
    };
    view! {
        <section class="detail__part">
            <h3>{t(accounts::COLUMN_QUOTA)}</h3>
            {quota}
            {move || {
                let windows = windows.get();
                (!windows.is_empty()).then(|| view! { <Windows windows /> })
            }}
        </section>
    }
}

#[component]
fn Windows(windows: Vec<QuotaWindow>) -> impl IntoView {
    let window = |window: QuotaWindow| {
        let left = match window.total {
            Some(total) => format!(
                "{} / {}",
                group(window.remaining.into()),
                group(total.into())
            ),
            None => group(window.remaining.into()),
        };
        view! {
            <tr>
                <th scope="row">{window.model}</th>
                <td class="is-numeric">{left}</td>
                <td>{moment(window.resets_at_ms)}</td>
            </tr>
        }
    };
    view! {
        <p class="muted">{t(text::MODES)}</p>
        <table class="windows">
            <thead>
                <tr>
                    <th scope="col">{t(text::MODEL)}</th>
                    <th scope="col" class="is-numeric">
                        {t(text::LEFT)}
                    </th>
                    <th scope="col">{t(text::RESETS)}</th>
                </tr>
            </thead>
            <tbody>{windows.into_iter().map(window).collect_view()}</tbody>
        </table>
    }
}

#[cfg(test)]
mod tests {
    use super::{super::words::tests::row, *};

    fn detail(condition: Condition) -> AccountDetail {
        AccountDetail {
            row: row(condition),
            windows: Vec::new(),
            proxy: None,
            last_asset_clear_at_ms: None,
        }
    }

    #[test]
    fn whoever_is_out_of_service_by_grok_says_what_to_do() {
        for (condition, said) in [
            (Condition::Refused, Some(text::ADVICE_REFUSED)),
            (Condition::Blocked, Some(text::ADVICE_BLOCKED)),
            (Condition::Disabled, None),
        ] {
            assert_eq!(advice(&detail(condition)), said, "{condition:?}");
        }
    }
}
