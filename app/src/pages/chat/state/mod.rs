//! What the parts of the chat page share: one context per concern.
//!
//! A part takes the contexts that it uses (`let library: Library = expect_context();`) and changes
//! them through their methods: the signals are private to this folder.
//!
//! | context | knows |
//! | --- | --- |
//! | [`Library`] | the stored conversations: the list, saving, deleting, searching |
//! | [`ModelChoice`] | the models that are offered and the one for new conversations |
//! | [`OpenConversation`] | the shown conversation, its files, what is being edited in it |
//! | [`Generations`] | answers on their way, in any conversation |
//! | [`Draft`] | the question that is being written, and those that are being changed |
//! | [`Layout`] | what is open on the page, and whether it scrolls with the answer |
//! | [`Tabs`] | the other tabs: what they wrote, who receives which answer |
//! | [`Announcer`] | what screen readers hear of a growing answer |
//! | [`Highlights`] | coloured code |
//!
//! All are cheap to copy: signals only.

mod announcer;
mod draft;
mod following;
mod generation;
mod generations;
mod highlights;
mod layout;
mod library;
mod model_choice;
mod open;
mod tabs;

pub(crate) use announcer::Announcer;
pub(crate) use draft::{Draft, DraftFile, INPUT_ID, Question};
pub(crate) use generation::{Begun, LiveAnswer};
pub(crate) use generations::Generations;
pub(crate) use highlights::Highlights;
pub(crate) use layout::Layout;
pub(crate) use library::Library;
pub(crate) use model_choice::ModelChoice;
pub(crate) use open::{Lost, OpenConversation};
pub(crate) use tabs::{Message, Tabs};

use crate::dto::ModelOption;
use leptos::prelude::*;

/// Provides every context of the page. `models` are those that it offers.
pub(super) fn provide(models: Vec<ModelOption>) {
    let tabs = Tabs::new();
    let library = Library::new(tabs);
    let models = ModelChoice::new(models);
    let draft = Draft::new();
    let open = OpenConversation::new(models, library, draft);
    let layout = Layout::default();
    let announcer = Announcer::default();
    let generations = Generations::new(open, library, layout, announcer, tabs);
    on_cleanup(move || generations.stop_all());
    provide_context(tabs);
    provide_context(library);
    provide_context(models);
    provide_context(open);
    provide_context(generations);
    provide_context(draft);
    provide_context(layout);
    provide_context(announcer);
    provide_context(Highlights::default());
}
