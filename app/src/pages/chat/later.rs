//! What the chat needs only once it answers: formatted turns, receiving them, the list of chats, the
//! panels. One part of the code, fetched after hydration, so that nobody waits for it to write a
//! question.

use super::{
    model_menu::ModelRows,
    settings::SettingsPanel,
    sidebar::Chats,
    state::{Begun, Generations},
    turns::{SpokenParts, TurnRows},
};
use futures::future::LocalBoxFuture;
use leptos::{prelude::*, task::spawn_local};

/// What the part has, as plain functions: their code is elsewhere until they are there.
#[derive(Clone, Copy)]
struct Part {
    turns: fn() -> AnyView,
    spoken: fn() -> AnyView,
    chats: fn(RwSignal<String>) -> AnyView,
    models: fn(RwSignal<bool>) -> AnyView,
    settings: fn() -> AnyView,
    receive: fn(Generations, Begun) -> LocalBoxFuture<'static, ()>,
}

#[lazy]
fn chat_later() -> Part {
    Part {
        turns: || view! { <TurnRows /> }.into_any(),
        spoken: || view! { <SpokenParts /> }.into_any(),
        chats: |query| view! { <Chats query /> }.into_any(),
        models: |open| view! { <ModelRows open /> }.into_any(),
        settings: || view! { <SettingsPanel /> }.into_any(),
        receive: |generations, begun| Box::pin(generations.receive_whole(begun)),
    }
}

/// Receives an answer to its end; waits for the part first.
pub(super) async fn receive(generations: Generations, begun: Begun) {
    (chat_later().await.receive)(generations, begun).await;
}

/// The part, or nothing while it is on its way. Its methods are reactive.
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
                let part = chat_later().await;
                // None: the page has been left.
                let _ = later.0.try_set(Some(part));
            });
        });
        later
    }

    pub(super) fn is_here(self) -> bool {
        self.0.with(Option::is_some)
    }

    /// The turns of the shown conversation.
    pub(super) fn turns(self) -> Option<AnyView> {
        self.0.get().map(|part| (part.turns)())
    }

    /// What screen readers hear of a growing answer.
    pub(super) fn spoken(self) -> Option<AnyView> {
        self.0.get().map(|part| (part.spoken)())
    }

    /// The stored conversations, or what a search finds in them.
    pub(super) fn chats(self, query: RwSignal<String>) -> Option<AnyView> {
        self.0.get().map(|part| (part.chats)(query))
    }

    /// The models to choose from; `open` is that of their panel.
    pub(super) fn models(self, open: RwSignal<bool>) -> Option<AnyView> {
        self.0.get().map(|part| (part.models)(open))
    }

    /// The settings of the shown conversation.
    pub(super) fn settings(self) -> Option<AnyView> {
        self.0.get().map(|part| (part.settings)())
    }
}
