//! The menu of a row, and the one for all that the filter finds. It hangs over the page, since the
//! frame of the table would cut it off.

use super::{
    actions::{Chosen, Questions, Writes},
    jobs::Jobs,
    state::{Accounts, MenuOf, OpenMenu},
};
use crate::{
    components::{Icon, IconName},
    dom,
    dto::{AccountChoice, AccountStatus, AccountSwitch, JobKind},
    i18n::{Text, t, text::accounts, use_language},
};
use leptos::{ev, html, prelude::*};

const ITEMS: &str = ".menu__item";
/// Space between a menu and its button, in pixels.
const GAP: f64 = 4.0;

#[component]
pub(super) fn OpenedMenu(
    state: Accounts,
    writes: Writes,
    jobs: Jobs,
    questions: Questions,
) -> impl IntoView {
    move || {
        let menu = state.menu.get()?;
        let deeds = deeds(&menu.of, state, writes, jobs, questions);
        Some(view! { <MenuList state menu deeds /> })
    }
}

/// An entry of the menu.
#[derive(Clone, Copy)]
struct Deed {
    icon: IconName,
    label: Text,
    /// What it does, where the label does not say.
    hint: Option<Text>,
    run: Callback<()>,
}

impl Deed {
    fn new(icon: IconName, label: Text, run: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            icon,
            label,
            hint: None,
            run: Callback::new(move |()| run()),
        }
    }
}

fn deeds(
    of: &MenuOf,
    state: Accounts,
    writes: Writes,
    jobs: Jobs,
    questions: Questions,
) -> Vec<Deed> {
    match of {
        MenuOf::Row(id) => of_row(id, state, writes, jobs, questions),
        MenuOf::Found => of_found(state, jobs, questions),
    }
}

fn of_found(state: Accounts, jobs: Jobs, questions: Questions) -> Vec<Deed> {
    let found = move || Chosen {
        choice: state.found(),
        count: untrack(move || state.found_count()),
    };
    let Questions {
        exporting,
        settling,
    } = questions;
    vec![
        Deed::new(IconName::RefreshCw, accounts::CHECK_FOUND, move || {
            jobs.start(JobKind::RefreshAccounts, state.found());
        }),
        Deed::new(
            IconName::SlidersHorizontal,
            accounts::SETTINGS_FOUND,
            move || settling.set(Some(found())),
        ),
        Deed::new(IconName::Download, accounts::EXPORT_FOUND, move || {
            exporting.set(Some(found()));
        }),
        Deed::new(IconName::History, accounts::JOBS, move || {
            jobs.is_open.set(true);
        }),
    ]
}

fn of_row(
    id: &str,
    state: Accounts,
    writes: Writes,
    jobs: Jobs,
    questions: Questions,
) -> Vec<Deed> {
    let id = StoredValue::new(id.to_owned());
    let choice = move || AccountChoice::Ids(vec![id.get_value()]);
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
    let settle = move || {
        questions.settling.set(Some(Chosen {
            choice: choice(),
            count: 1,
        }));
    };
    vec![
        Deed::new(IconName::Pencil, accounts::OPEN, move || {
            state.opened.set(Some(id.get_value()));
        }),
        Deed::new(IconName::RefreshCw, accounts::CHECK, move || {
            jobs.start(JobKind::RefreshAccounts, choice());
        }),
        Deed::new(power, power_label, move || {
            writes.switch(choice(), power_switch);
        }),
        Deed {
            hint: Some(accounts::RESET_HINT),
            ..Deed::new(IconName::Undo2, accounts::RESET, move || {
                writes.switch(choice(), AccountSwitch::Reset);
            })
        },
        Deed::new(IconName::SlidersHorizontal, accounts::SETTINGS, settle),
        Deed::new(IconName::Trash2, accounts::DELETE, move || {
            writes.delete(choice(), 1);
        }),
    ]
}

/// What has edges, in pixels of the window.
#[derive(Clone, Copy)]
struct Edges {
    top: f64,
    right: f64,
    bottom: f64,
}

/// Where a menu of this size is, from the left and the top: its right edge below that of its button,
/// or above where there is no room below, and inside of the window on every side.
fn place(button: Edges, (width, height): (f64, f64), window: (f64, f64)) -> (f64, f64) {
    let last = (window.0 - width - GAP).max(GAP);
    let left = (button.right - width).clamp(GAP, last);
    let below = button.bottom + GAP;
    let top = match below + height + GAP > window.1 {
        true => (button.top - GAP - height).max(GAP),
        false => below,
    };
    (left, top)
}

/// Where this menu is at the button with this id.
fn place_at(button: &str, menu: &web_sys::HtmlElement) -> Option<(f64, f64)> {
    let button = document().get_element_by_id(button)?;
    let rect = button.get_bounding_client_rect();
    let edges = Edges {
        top: rect.top(),
        right: rect.right(),
        bottom: rect.bottom(),
    };
    let own = (menu.offset_width().into(), menu.offset_height().into());
    let root = document().document_element()?;
    let window = (root.client_width().into(), root.client_height().into());
    Some(place(edges, own, window))
}

#[component]
fn MenuList(state: Accounts, menu: OpenMenu, deeds: Vec<Deed>) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    let language = use_language();
    let button = StoredValue::new(menu.button);
    let placed = RwSignal::new((0.0, 0.0));
    Effect::new(move || {
        let Some(list) = list.get() else { return };
        if let Some(at) = button.with_value(|button| place_at(button, &list)) {
            placed.set(at);
        }
        dom::move_focus(&list, ITEMS, 0);
    });
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
            <button
                type="button"
                class="menu__item"
                role="menuitem"
                tabindex="-1"
                title=move || deed.hint.map(|hint| hint.get(language.get()))
                on:click=choose
            >
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
            style:left=move || format!("{}px", placed.get().0)
            style:top=move || format!("{}px", placed.get().1)
            on:keydown=press
        >
            {deeds.into_iter().map(item).collect_view()}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: (f64, f64) = (390.0, 844.0);
    const MENU: (f64, f64) = (240.0, 128.0);

    fn button(right: f64, top: f64) -> Edges {
        Edges {
            top,
            right,
            bottom: top + 44.0,
        }
    }

    #[test]
    fn a_menu_ends_where_its_button_does_and_is_never_outside_of_the_window() {
        assert_eq!(place(button(380.0, 100.0), MENU, WINDOW), (140.0, 148.0));
        assert_eq!(place(button(60.0, 100.0), MENU, WINDOW).0, GAP);
        assert_eq!(place(button(420.0, 100.0), MENU, WINDOW).0, 146.0);
        assert_eq!(place(button(380.0, 800.0), MENU, WINDOW).1, 668.0);
        let small = (200.0, 100.0);
        assert_eq!(place(button(60.0, 40.0), MENU, small), (GAP, GAP));
    }
}
