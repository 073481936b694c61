//! The accounts on the page, the run, and what starts and stops it.

use crate::{
    api::admin_media::{list_assets, start_assets, stop_assets},
    components::use_toaster,
    dom,
    dto::{AssetAccount, AssetAccounts, AssetRun, AssetRunState, AssetWork},
    error::UiError,
    i18n::{text::media as text, use_language},
    pages::accounts::Selection,
    reactive::use_refresh,
};
use leptos::prelude::*;

/// Often enough to watch a run.
const REFRESH_MS: i32 = 1_000;

/// Whose files are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    All,
    One(AssetAccount),
    /// Ids.
    Chosen(Vec<String>),
}

impl Whose {
    pub(super) fn ids(self) -> Option<Vec<String>> {
        match self {
            Self::All => None,
            Self::One(account) => Some(vec![account.id]),
            Self::Chosen(ids) => Some(ids),
        }
    }
}

/// What the parts share.
#[derive(Clone, Copy)]
pub(super) struct Assets {
    /// `None` until it has come.
    pub(super) list: RwSignal<Option<AssetAccounts>>,
    pub(super) page: RwSignal<u32>,
    pub(super) failure: RwSignal<Option<UiError>>,
    /// Ticked accounts.
    pub(super) selection: RwSignal<Selection>,
    /// Whose files are asked about before they are deleted.
    pub(super) asked: RwSignal<Option<Whose>>,
    load: Action<u32, ()>,
    start: Action<(AssetWork, Option<Vec<String>>), ()>,
    pub(super) stop: Action<(), ()>,
}

impl Assets {
    pub(super) fn new() -> Self {
        let (list, failure) = (RwSignal::new(None), RwSignal::new(None));
        let page = RwSignal::new(0);
        let load = Action::new_local(move |asked: &u32| {
            let asked = *asked;
            async move {
                let got = list_assets(asked).await;
                if page.try_get_untracked() == Some(asked) {
                    take(got, list, failure);
                }
            }
        });
        let toaster = use_toaster();
        let stop = Action::new_local(move |(): &()| async move {
            if let Err(error) = stop_assets().await {
                toaster.error(&error);
            }
            reload(load, page);
        });
        let this = Self {
            list,
            page,
            failure,
            selection: RwSignal::new(Selection::default()),
            asked: RwSignal::new(None),
            load,
            start: starter(load, page),
            stop,
        };
        Effect::new(move || _ = load.dispatch_local(page.get()));
        use_refresh(REFRESH_MS, move || {
            if untrack(|| this.is_running()) && !load.pending().get_untracked() {
                this.reload();
            }
        });
        this
    }

    pub(super) fn reload(self) {
        reload(self.load, self.page);
    }

    /// The last run.
    pub(super) fn run(self) -> Option<AssetRun> {
        self.list.with(|list| list.as_ref()?.run.clone())
    }

    pub(super) fn is_running(self) -> bool {
        let is_running = |run: &AssetRun| run.state == AssetRunState::Running;
        let has_run = |list: &AssetAccounts| list.run.as_ref().is_some_and(is_running);
        self.list.with(|list| list.as_ref().is_some_and(has_run)) || self.start.pending().get()
    }

    /// Begins a run over these accounts; `None`: over all.
    pub(super) fn start(self, work: AssetWork, ids: Option<Vec<String>>) {
        self.selection.update(Selection::clear);
        self.start.dispatch_local((work, ids));
    }

    /// Asks before files are deleted.
    pub(super) fn ask(self, whose: Whose) {
        self.asked.set(Some(whose));
    }

    /// Ids of the accounts on this page. Reactive.
    pub(super) fn ids(self) -> Vec<String> {
        let list = self.list.read();
        let accounts = list.iter().flat_map(|list| &list.accounts);
        accounts.map(|account| account.id.clone()).collect()
    }
}

/// Loads the page again, unless it has been left.
fn reload(load: Action<u32, ()>, page: RwSignal<u32>) {
    if let Some(page) = page.try_get_untracked() {
        load.dispatch_local(page);
    }
}

fn take(
    got: Result<AssetAccounts, UiError>,
    list: RwSignal<Option<AssetAccounts>>,
    failure: RwSignal<Option<UiError>>,
) {
    match got {
        Ok(fresh) => {
            failure.set(None);
            list.set(Some(fresh));
        }
        Err(UiError::SignInRequired) => dom::load_page("/admin/login?next=/admin/media"),
        Err(error) => failure.set(Some(error)),
    }
}

fn starter(
    load: Action<u32, ()>,
    page: RwSignal<u32>,
) -> Action<(AssetWork, Option<Vec<String>>), ()> {
    let (toaster, language) = (use_toaster(), use_language());
    Action::new_local(move |(work, ids): &(AssetWork, Option<Vec<String>>)| {
        let starting = start_assets(*work, ids.clone());
        async move {
            match starting.await {
                Ok(true) => {}
                Ok(false) => {
                    toaster.error_text(text::ALREADY_RUNNING.get(language.get_untracked()))
                }
                Err(error) => toaster.error(&error),
            }
            reload(load, page);
        }
    })
}
