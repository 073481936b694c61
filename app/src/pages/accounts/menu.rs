//! The menu of a row, and the one for all that the filter finds. It hangs over the page, since the
//! frame of the table would cut it off.

use super::{
    actions::Writes,
    jobs::Jobs,
    state::{Accounts, MenuOf, OpenMenu},
};
use crate::{
    components::{Icon, IconName},
    dom,
    dto::{AccountChoice, AccountStatus, AccountSwitch, JobKind},
    i18n::{Text, t, text::accounts},
};
use leptos::{ev, html, prelude::*};

const ITEMS: &str = ".menu__item";
/// Space between a menu and its button, in pixels.
const GAP: f64 = 4.0;
/// Of an entry, in pixels.
const ENTRY: f64 = 40.0;

#[component]
pub(super) fn OpenedMenu(
    state: Accounts,
    writes: Writes,
    jobs: Jobs,
    exporting: RwSignal<Option<AccountChoice>>,
) -> impl IntoView {
    move || {
        let menu = state.menu.get()?;
        let deeds = deeds(&menu.of, state, writes, jobs, exporting);
        Some(view! { <MenuList state menu deeds /> })
    }
}

/// An entry of the menu.
#[derive(Clone, Copy)]
struct Deed {
    icon: IconName,
    label: Text,
    run: Callback<()>,
}

fn deeds(
    of: &MenuOf,
    state: Accounts,
    writes: Writes,
    jobs: Jobs,
    exporting: RwSignal<Option<AccountChoice>>,
) -> Vec<Deed> {
    let deed = |icon, label, run: Callback<()>| Deed { icon, label, run };
    match of {
        MenuOf::Row(id) => of_row(id, state, writes, jobs),
        MenuOf::Found => vec![
            deed(
                IconName::RefreshCw,
                accounts::CHECK_FOUND,
                Callback::new(move |()| jobs.start(JobKind::RefreshAccounts, state.found())),
            ),
            deed(
                IconName::Download,
                accounts::EXPORT_FOUND,
                Callback::new(move |()| exporting.set(Some(state.found()))),
            ),
            deed(
                IconName::History,
                accounts::JOBS,
                Callback::new(move |()| jobs.is_open.set(true)),
            ),
        ],
    }
}

fn of_row(id: &str, state: Accounts, writes: Writes, jobs: Jobs) -> Vec<Deed> {
    let id = StoredValue::new(id.to_owned());
    let choice = move || AccountChoice::Ids(vec![id.get_value()]);
    let switch = move |switch| Callback::new(move |()| writes.switch(choice(), switch));
    let row = untrack(|| id.with_value(|id| state.row(id)));
    let is_disabled = row.is_some_and(|row| row.status == AccountStatus::Disabled);
    let (power, power_label, power_switch) = match is_disabled {
        true => (IconName::Power, accounts::ENABLE, AccountSwitch::Enable),
        false => (
            IconName::PowerOff,
            accounts::DISABLE,
            AccountSwitch::Disable,
        ),
    };
    vec![
        Deed {
            icon: IconName::Pencil,
            label: accounts::OPEN,
            run: Callback::new(move |()| state.opened.set(Some(id.get_value()))),
        },
        Deed {
            icon: IconName::RefreshCw,
            label: accounts::CHECK,
            run: Callback::new(move |()| jobs.start(JobKind::RefreshAccounts, choice())),
        },
        Deed {
            icon: power,
            label: power_label,
            run: switch(power_switch),
        },
        Deed {
            icon: IconName::Undo2,
            label: accounts::RESET,
            run: switch(AccountSwitch::Reset),
        },
        Deed {
            icon: IconName::Trash2,
            label: accounts::DELETE,
            run: Callback::new(move |()| writes.delete(choice(), 1)),
        },
    ]
}

/// Where the menu is: its right edge below its button, or above where there is no room below.
fn place(button: &str, entries: u32) -> (String, String) {
    let rect = document()
        .get_element_by_id(button)
        .map(|button| button.get_bounding_client_rect());
    let Some(rect) = rect else {
        return ("0".to_owned(), "0".to_owned());
    };
    let size = |of: Result<wasm_bindgen::JsValue, _>| {
        of.ok().and_then(|size| size.as_f64()).unwrap_or_default()
    };
    let (width, height) = (size(window().inner_width()), size(window().inner_height()));
    let below = rect.bottom() + GAP;
    let own = f64::from(entries) * ENTRY + 3.0 * GAP;
    let top = match below + own > height {
        true => (rect.top() - GAP - own).max(GAP),
        false => below,
    };
    let right = (width - rect.right()).max(GAP);
    (format!("{top}px"), format!("{right}px"))
}

#[component]
fn MenuList(state: Accounts, menu: OpenMenu, deeds: Vec<Deed>) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    Effect::new(move || {
        if let Some(list) = list.get() {
            dom::move_focus(&list, ITEMS, 0);
        }
    });
    let (top, right) = place(&menu.button, u32::try_from(deeds.len()).unwrap_or_default());
    let button = StoredValue::new(menu.button);
    let close = move || {
        button.with_value(|button| dom::focus(button));
        state.menu.set(None);
    };
    let press = move |event: ev::KeyboardEvent| {
        let step = match event.key().as_str() {
            "Escape" => None,
            "Tab" => return state.menu.set(None),
            "ArrowDown" => Some(1),
            "ArrowUp" => Some(-1),
            _ => return,
        };
        event.prevent_default();
        match (step, list.get_untracked()) {
            (Some(step), Some(list)) => dom::move_focus(&list, ITEMS, step),
            _ => close(),
        }
    };
    let item = move |deed: Deed| {
        let choose = move |_| {
            close();
            deed.run.run(());
        };
        view! {
            <button type="button" class="menu__item" role="menuitem" tabindex="-1" on:click=choose>
                <Icon name=deed.icon />
                <span class="menu__label">{t(deed.label)}</span>
            </button>
        }
    };
    view! {
        <div class="menu__backdrop" aria-hidden="true" on:click=move |_| close()></div>
        <div
            node_ref=list
            class="menu__list menu__list--over"
            role="menu"
            aria-label=t(accounts::ACTIONS)
            tabindex="-1"
            style:top=top
            style:right=right
            on:keydown=press
        >
            {deeds.into_iter().map(item).collect_view()}
        </div>
    }
}
