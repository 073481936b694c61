//! The chat page.
//!
//! Conversations live in the browser: [`history`] is the data, [`library`] keeps it, [`room`] is
//! the state of the page, [`upkeep`] keeps it in step with the address, [`run`] receives answers.
//! The address `/?c=<id>` says which conversation is shown, so links, reload and the back button
//! work. On the server the page is rendered with its frame and the list of models; what the
//! browser has stored appears after hydration.

mod attachments;
mod composer;
mod empty;
mod entry;
mod failure;
mod history;
mod library;
mod message;
mod model_menu;
mod pane;
mod popover;
mod prose;
mod request;
mod room;
mod run;
mod search;
mod settings;
mod sidebar;
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
use leptos::prelude::*;
use pane::ChatPane;
use room::Room;
use sidebar::{Sidebar, SidebarSheet};

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
                    Ok(models) => view! { <ChatRoom models /> }.into_any(),
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
fn ChatRoom(models: Vec<ModelOption>) -> impl IntoView {
    let room = Room::provide(models);
    upkeep::follow_address(room);
    upkeep::load_list(room);
    upkeep::watch_keys(room);
    let untitled = t(chat::NEW_CHAT);
    let title = move || {
        let title = room.title();
        if title.is_empty() {
            untitled().to_owned()
        } else {
            title
        }
    };
    view! {
        <PageTitle text=title />
        <div class="chat" class:chat--wide=move || !room.is_sidebar_open.get()>
            <Sidebar />
            <ChatPane />
            <SidebarSheet />
        </div>
    }
}
