//! What is seen only once somebody does something: what hangs over the list and what it is done with.
//! One part of the code, fetched after hydration, so that nobody waits for it to see the accounts.

use super::{
    actions::{Questions, Writes},
    add::AddDialog,
    bulk::BulkBar,
    deletion::Confirm,
    detail::Detail,
    export::ExportDialog,
    jobs::{JobStrip, Jobs, JobsDrawer},
    menu::OpenedMenu,
    settings::SettingsQuestion,
    state::Accounts,
};
use leptos::{prelude::*, task::spawn_local};

/// What the part has, as plain functions: their code is elsewhere until they are there.
#[derive(Clone, Copy)]
struct Part {
    rest: fn(Accounts) -> AnyView,
}

#[lazy]
fn accounts_later() -> Part {
    Part {
        rest: |state| view! { <Rest state /> }.into_any(),
    }
}

/// The part, or nothing while it is on its way.
#[derive(Clone, Copy)]
pub(super) struct Later(RwSignal<Option<Part>>);

impl Later {
    /// Starts fetching once the page has been taken over.
    ///
    /// Server-side rendering: the part never comes, so it must not hold what the server shows.
    pub(super) fn fetch() -> Self {
        let later = Self(RwSignal::new(None));
        Effect::new(move || {
            spawn_local(async move {
                let part = accounts_later().await;
                // None: the page has been left.
                let _ = later.0.try_set(Some(part));
            });
        });
        later
    }

    /// Everything but the list. Reactive.
    pub(super) fn rest(self, state: Accounts) -> Option<AnyView> {
        self.0.get().map(|part| (part.rest)(state))
    }
}

#[component]
fn Rest(state: Accounts) -> impl IntoView {
    let writes = Writes::new(state);
    let jobs = Jobs::new(state);
    let questions = Questions::new();
    view! {
        <div class="dock">
            <JobStrip jobs />
            <BulkBar state writes jobs questions />
        </div>
        <OpenedMenu state writes jobs questions />
        <Detail state writes jobs />
        <JobsDrawer state jobs />
        <AddDialog state jobs />
        <ExportDialog exporting=questions.exporting />
        <SettingsQuestion settling=questions.settling state jobs />
        <Confirm writes />
    }
}
