//! What can be changed of an account: kind, tags, note, proxy, and its cookie.

use super::{
    add::TierChoice,
    drafts::{Draft, Drafts},
    state::Accounts,
};
use crate::{
    api::accounts::{edit_account, replace_cookie},
    components::{Button, ButtonVariant, Input, Textarea, describe, use_toaster},
    dto::{AccountDetail, AccountEdit, Condition},
    error::{Field, UiError},
    i18n::{
        t,
        text::{account as text, accounts},
        use_language,
    },
};
use leptos::prelude::*;

/// What is in the fields.
#[derive(Clone, Copy)]
struct Entry {
    tier: RwSignal<crate::dto::Tier>,
    tags: RwSignal<String>,
    note: RwSignal<String>,
    proxy: RwSignal<String>,
    /// The proxy of its own goes.
    drops_proxy: RwSignal<bool>,
}

/// Tags as they are written.
fn read_tags(text: &str) -> Vec<String> {
    let tags = text.split([',', '，', '\n']).map(str::trim);
    let mut read: Vec<String> = Vec::new();
    for tag in tags.filter(|tag| !tag.is_empty()) {
        if !read.iter().any(|known| known == tag) {
            read.push(tag.to_owned());
        }
    }
    read
}

impl Entry {
    fn of(detail: &AccountDetail, draft: Draft) -> Self {
        let row = &detail.row;
        let tags = draft.tags.unwrap_or_else(|| row.tags.join(", "));
        Self {
            tier: RwSignal::new(draft.tier.unwrap_or(row.tier)),
            tags: RwSignal::new(tags),
            note: RwSignal::new(draft.note.unwrap_or_else(|| row.note.clone())),
            proxy: RwSignal::new(draft.proxy),
            drops_proxy: RwSignal::new(draft.drops_proxy),
        }
    }

    /// Writes what differs into a draft.
    fn put_into(self, draft: &mut Draft, changes: &AccountEdit) {
        draft.tier = changes.tier;
        draft.tags = changes.tags.is_some().then(|| self.tags.get());
        draft.note = changes.note.is_some().then(|| self.note.get());
        draft.proxy = self.proxy.get();
        draft.drops_proxy = self.drops_proxy.get();
    }

    /// What differs from how it was: who edits something else at the same time is not undone.
    fn changes(self, before: &AccountDetail) -> AccountEdit {
        let row = &before.row;
        let proxy = self.proxy.get().trim().to_owned();
        AccountEdit {
            tier: Some(self.tier.get()).filter(|tier| *tier != row.tier),
            tags: Some(self.tags.with(|tags| read_tags(tags))).filter(|tags| *tags != row.tags),
            note: Some(self.note.get()).filter(|note| note.trim() != row.note),
            is_enabled: None,
            proxy: match self.drops_proxy.get() {
                true => Some(String::new()),
                false => Some(proxy).filter(|proxy| !proxy.is_empty()),
            },
        }
    }
}

#[component]
pub(super) fn EditForm(
    /// As it was when it was opened.
    first: AccountDetail,
    drafts: Drafts,
    state: Accounts,
) -> impl IntoView {
    let (toaster, language) = (use_toaster(), use_language());
    let id = first.row.id.clone();
    let entry = Entry::of(&first, drafts.of(&id));
    let before = RwSignal::new(first);
    let changes = Memo::new(move |_| before.with(|before| entry.changes(before)));
    Effect::new(move || {
        let changes = changes.get();
        drafts.change(&id, |draft| entry.put_into(draft, &changes));
    });
    let save = Action::new_local(move |(): &()| {
        let id = before.with_untracked(|before| before.row.id.clone());
        let saving = edit_account(id, changes.get_untracked());
        async move {
            let now = saving.await?;
            toaster.success(text::SAVED.get(language.get_untracked()));
            let _ = entry.proxy.try_set(String::new());
            let _ = entry.drops_proxy.try_set(false);
            let _ = before.try_set(now);
            state.reload();
            Ok::<(), UiError>(())
        }
    });
    let error = move |wanted: fn(&Field) -> bool| {
        Signal::derive(move || {
            let failed = save.value().get()?.err()?;
            let is_here = match &failed {
                UiError::Invalid { field, .. } => wanted(field),
                _ => wanted(&Field::Note),
            };
            is_here.then(|| describe(&failed, language.get()))
        })
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        save.dispatch_local(());
    };
    let is_same = Signal::derive(move || changes.with(|edit| *edit == AccountEdit::default()));
    view! {
        <form class="form detail__part" on:submit=submit>
            <h3>{t(text::EDIT)}</h3>
            <TierChoice tier=entry.tier name="account-tier" is_short=true />
            <Input
                id="account-tags"
                label=t(text::TAGS)
                hint=t(text::TAGS_HINT)
                value=entry.tags
                autocomplete="off"
                error=error(|field| *field == Field::Tags)
            />
            <Textarea
                id="account-note"
                label=t(accounts::COLUMN_NOTE)
                value=entry.note
                rows=2
                error=error(|field| *field == Field::Note)
            />
            <ProxyField entry before error=error(|field| *field == Field::Proxy) />
            <p class="detail__deeds">
                <Button
                    variant=ButtonVariant::Primary
                    submit=true
                    disabled=is_same
                    loading=save.pending()
                >
                    {t(text::SAVE)}
                </Button>
                <span class="muted" hidden=is_same>
                    {t(text::NOT_SAVED)}
                </span>
            </p>
        </form>
    }
}

#[component]
fn ProxyField(
    entry: Entry,
    before: RwSignal<AccountDetail>,
    error: Signal<Option<String>>,
) -> impl IntoView {
    let language = use_language();
    let own = Memo::new(move |_| before.with(|before| before.proxy.clone()));
    let placeholder = move || {
        let none = text::NO_PROXY.get(language.get()).to_owned();
        own.get().unwrap_or(none)
    };
    view! {
        <Input
            id="account-proxy"
            label=t(text::PROXY)
            hint=t(text::PROXY_HINT)
            value=entry.proxy
            autocomplete="off"
            placeholder
            error
        />
        <Show when=move || own.with(Option::is_some)>
            <label class="choice">
                <input
                    class="checkbox"
                    type="checkbox"
                    prop:checked=entry.drops_proxy
                    on:change=move |event| entry.drops_proxy.set(event_target_checked(&event))
                />
                <span>{t(text::DROP_PROXY)}</span>
            </label>
        </Show>
    }
}

/// Another cookie in place of the one that it has: open at once where that is refused.
#[component]
pub(super) fn CookieForm(
    detail: Memo<AccountDetail>,
    drafts: Drafts,
    state: Accounts,
) -> impl IntoView {
    let (toaster, language) = (use_toaster(), use_language());
    let id = detail.with_untracked(|told| told.row.id.clone());
    let cookie = RwSignal::new(drafts.of(&id).cookie);
    Effect::new(move || drafts.change(&id, |draft| draft.cookie = cookie.get()));
    let replace = Action::new_local(move |(): &()| {
        let id = detail.with_untracked(|told| told.row.id.clone());
        let replacing = replace_cookie(id, cookie.get_untracked());
        async move {
            replacing.await?;
            toaster.success(text::REPLACED.get(language.get_untracked()));
            let _ = cookie.try_set(String::new());
            state.reload();
            Ok::<(), UiError>(())
        }
    });
    let error = Signal::derive(move || {
        let failed = replace.value().get()?.err()?;
        Some(describe(&failed, language.get()))
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if cookie.with_untracked(|cookie| !cookie.trim().is_empty()) {
            replace.dispatch_local(());
        }
    };
    let is_refused = detail.with_untracked(|told| told.row.condition == Condition::Refused);
    let is_wanted = is_refused || cookie.with_untracked(|cookie| !cookie.is_empty());
    view! {
        <details class="detail__part" open=is_wanted>
            <summary>{t(text::REPLACE)}</summary>
            <form class="form" on:submit=submit>
                <Input
                    id="account-cookie"
                    label=t(text::COOKIE)
                    hint=t(accounts::COOKIE_HINT)
                    value=cookie
                    autocomplete="off"
                    placeholder=t(accounts::ADD_PLACEHOLDER)
                    error
                />
                <p class="detail__deeds">
                    <Button
                        submit=true
                        loading=replace.pending()
                        disabled=Signal::derive(move || cookie.with(|c| c.trim().is_empty()))
                    >
                        {t(text::REPLACE_SUBMIT)}
                    </Button>
                </p>
            </form>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_people_write_them() {
        assert_eq!(read_tags(" eu, paid ，eu,,"), ["eu", "paid"]);
        assert!(read_tags(" ,\n").is_empty());
    }
}
