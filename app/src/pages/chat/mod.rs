//! The chat page.
//!
//! Conversations live in the browser: [`history`] is the data, [`storage`] and [`drafts`] keep it,
//! [`state`] is what the parts of the page share (answers are received there), [`upkeep`] keeps it in
//! step with the address. Code that nobody needs to write a question comes after it ([`later`]). The
//! address `/?c=<id>` says which conversation is shown, so links, reload and the back button work. On
//! the server the page is rendered with its frame and the list of models; what the browser has stored
//! appears after hydration.

mod attachments;
mod composer;
mod drafts;
mod edit_box;
mod empty;
mod entry;
mod failure;
mod history;
mod later;
mod message;
mod model_menu;
mod pane;
mod prose;
mod request;
mod search;
mod settings;
mod sidebar;
mod state;
mod storage;
mod thinking;
mod turns;
mod upkeep;

use crate::{
    api::chat::list_models,
    components::{Button, ErrorNotice, PageSkeleton, PageTitle},
    dto::ModelOption,
    error::UiError,
    i18n::{
        t,
        text::{chat, common},
    },
};
pub(in crate::pages) use failure::{explain_to_operator, is_about_accounts};
use later::Later;
use leptos::prelude::*;
use pane::ChatPane;
use sidebar::{Sidebar, SidebarSheet};
use state::{Layout, OpenConversation};

/// The models that the page offers.
#[derive(Clone, Copy)]
pub(crate) struct Models(Resource<Result<Vec<ModelOption>, UiError>>);

impl Models {
    /// Starts loading. Called outside of every `Suspense`: what is inside is built several times on
    /// the server, and each time would load again under another id.
    pub(crate) fn load() -> Self {
        Self(Resource::new_blocking(|| (), |()| list_models()))
    }
}

/// The page at `/`, with [`Models`] as context.
///
/// Server-side rendering: complete, with an empty conversation (or its placeholder when the
/// address names one).
#[component]
pub fn ChatPage() -> impl IntoView {
    let Models(models) = expect_context();
    view! {
        <Transition fallback=|| view! { <PageSkeleton /> }>
            {move || Suspend::new(async move {
                match models.await {
                    Ok(models) => view! { <ChatView models /> }.into_any(),
                    Err(error) => {
                        view! {
                            <ErrorNotice error>
                                <Button on:click=move |_| models.refetch()>{t(common::RETRY)}</Button>
                            </ErrorNotice>
                        }
                            .into_any()
                    }
                }
            })}
        </Transition>
    }
}

#[component]
fn ChatView(models: Vec<ModelOption>) -> impl IntoView {
    state::provide(models);
    provide_context(Later::fetch());
    upkeep::follow_address();
    upkeep::keep_drafts();
    upkeep::load_list();
    upkeep::follow_tabs();
    upkeep::follow_undo();
    upkeep::watch_keys();
    let (open, layout): (OpenConversation, Layout) = (expect_context(), expect_context());
    let or_new = use_title_or_new();
    view! {
        <PageTitle text=move || or_new(open.title()) />
        <div class="chat" class:chat--wide=move || !layout.is_sidebar_open()>
            <Sidebar />
            <ChatPane />
            <SidebarSheet />
        </div>
    }
}

/// A conversation's title, or what stands for one that has none yet. Reactive.
fn use_title_or_new() -> impl Fn(String) -> String + Copy + Send + Sync + 'static {
    let new = t(chat::NEW_CHAT);
    move |title| {
        if title.is_empty() {
            new().to_owned()
        } else {
            title
        }
    }
}
