//! The accounts on the page, the run, and what starts and stops it.

use crate::{
    api::admin_media::{list_assets, start_assets, stop_assets},
    components::use_toaster,
    dom,
    dto::{AssetAccount, AssetAccounts, AssetRun, AssetRunState, AssetWork},
    error::UiError,
    i18n::{text::media as text, use_language},
    reactive::use_refresh,
};
use leptos::prelude::*;

/// Often enough to watch a run.
const REFRESH_MS: i32 = 1_000;

/// What the parts share.
#[derive(Clone, Copy)]
pub(super) struct Assets {
    /// `None` until it has come.
    pub(super) list: RwSignal<Option<AssetAccounts>>,
    pub(super) page: RwSignal<u32>,
    pub(super) failure: RwSignal<Option<UiError>>,
    /// Whose files are asked about before they are deleted: one account's, or everybody's.
    pub(super) asked: RwSignal<Option<Option<AssetAccount>>>,
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
            load.dispatch_local(page.get_untracked());
        });
        let this = Self {
            list,
            page,
            failure,
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
        self.load.dispatch_local(self.page.get_untracked());
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
        self.start.dispatch_local((work, ids));
    }

    /// Asks before an account's files are deleted; `None`: before everybody's are.
    pub(super) fn ask(self, account: Option<AssetAccount>) {
        self.asked.set(Some(account));
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
            load.dispatch_local(page.get_untracked());
        }
    })
}
