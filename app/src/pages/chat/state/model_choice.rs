//! The models that the page offers and the one for new conversations.

use crate::{
    browser::page::{self, Kept},
    dto::ModelOption,
};
use leptos::prelude::*;

const MODEL_KEY: &str = "chat-model";

/// See the module.
#[derive(Clone, Copy)]
pub(crate) struct ModelChoice {
    offered: StoredValue<Vec<ModelOption>>,
    /// The model for conversations that have none of their own.
    usual: RwSignal<String>,
}

impl ModelChoice {
    /// The first model that an account can serve is the usual one.
    pub(super) fn new(offered: Vec<ModelOption>) -> Self {
        let first = offered
            .iter()
            .find(|model| model.is_served)
            .or(offered.first());
        Self {
            usual: RwSignal::new(first.map(|model| model.id.clone()).unwrap_or_default()),
            offered: StoredValue::new(offered),
        }
    }

    pub(crate) fn offered(self) -> Vec<ModelOption> {
        self.offered.get_value()
    }

    /// Takes the model that this browser remembers, if it is still offered. Browser only.
    pub(crate) fn recall(self) {
        if let Some(id) = page::recall(Kept::Always, MODEL_KEY).filter(|id| self.offers(id)) {
            self.usual.set(id);
        }
    }

    /// Makes a model the usual one and remembers it. Browser only.
    pub(super) fn remember(self, id: &str) {
        page::keep(Kept::Always, MODEL_KEY, id);
        self.usual.set(id.to_owned());
    }

    /// Reactive.
    pub(super) fn usual(self) -> String {
        self.usual.get()
    }

    pub(super) fn offers(self, id: &str) -> bool {
        self.offered
            .with_value(|offered| offered.iter().any(|model| model.id == id))
    }
}
