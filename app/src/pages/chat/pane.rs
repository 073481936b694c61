//! The conversation with its bar above and the composer below.

use super::{
    composer::Composer,
    model_menu::ModelMenu,
    settings::SettingsMenu,
    state::{Draft, Layout, OpenConversation},
    turns::Turns,
    use_title_or_new,
};
use crate::{
    browser::files,
    components::{Icon, IconButton, IconName},
    i18n::{t, text::chat as text},
};
use leptos::{ev, prelude::*};

/// Files can be dropped anywhere on it.
#[component]
pub(super) fn ChatPane() -> impl IntoView {
    let draft: Draft = expect_context();
    let is_dropping = RwSignal::new(false);
    let on_over = move |event: ev::DragEvent| {
        if files::carries_files(event.data_transfer()) {
            event.prevent_default();
            is_dropping.set(true);
        }
    };
    let on_drop = move |event: ev::DragEvent| {
        is_dropping.set(false);
        let dropped = files::transferred(event.data_transfer());
        if !dropped.is_empty() {
            event.prevent_default();
            draft.attach(dropped);
        }
    };
    view! {
        <section
            class="chat__pane"
            on:dragover=on_over
            on:dragleave=move |event| {
                if event.related_target().is_none() {
                    is_dropping.set(false);
                }
            }
            on:drop=on_drop
        >
            <Bar />
            <Turns />
            <div class="chat__foot">
                <Composer />
            </div>
            <Show when=move || is_dropping.get()>
                <div class="chat__drop">
                    <Icon name=IconName::Upload size=20 />
                    {t(text::DROP)}
                </div>
            </Show>
        </section>
    }
}

#[component]
fn Bar() -> impl IntoView {
    let (open, layout): (OpenConversation, Layout) = (expect_context(), expect_context());
    let or_new = use_title_or_new();
    view! {
        <header class="chat__bar">
            <IconButton icon=IconName::PanelLeft label=t(text::TOGGLE_LIST) on:click=move |_| layout.toggle_list() />
            <ModelMenu />
            <h1 class="chat__title">{move || or_new(open.title())}</h1>
            <SettingsMenu />
            <a class="icon-button" href="/" aria-label=t(text::NEW_CHAT) title=t(text::NEW_CHAT_HINT)>
                <Icon name=IconName::SquarePen size=20 />
            </a>
        </header>
    }
}
