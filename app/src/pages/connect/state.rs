//! What the parts of the page share.

use super::{address::origin, snippet::Values};
use crate::{dom, dto::Connection};
use leptos::prelude::*;

/// Stands for a key that is not shown.
const KEY_TO_FILL_IN: &str = "YOUR_API_KEY";
/// Clients want a key also where the server does not.
const ANY_KEY: &str = "sk-anything";
/// Where no model is configured.
const NO_MODEL: &str = "grok-4";

/// Address, key and model.
#[derive(Clone, Copy)]
pub(super) struct Setup {
    pub(super) connection: StoredValue<Connection>,
    /// Under which clients reach the server, without a slash at the end.
    pub(super) base: RwSignal<String>,
    /// Under which the browser has opened the page; empty before it has said so.
    pub(super) opened: RwSignal<String>,
    /// As typed. In memory alone.
    pub(super) key: RwSignal<String>,
    /// The key may be seen.
    pub(super) is_shown: RwSignal<bool>,
    pub(super) model: RwSignal<String>,
}

impl Setup {
    /// Server-side rendering: with the address that the server knows; the browser's own follows.
    pub(super) fn new(connection: Connection) -> Self {
        let models = &connection.models;
        let served = models.iter().find(|model| model.is_served);
        let model = served.or_else(|| models.first());
        let model = model.map_or_else(|| NO_MODEL.to_owned(), |model| model.id.clone());
        let base = RwSignal::new(connection.base.clone());
        let opened = RwSignal::new(String::new());
        let is_configured = connection.is_configured;
        // A proxy with TLS that the server does not trust: the browser knows better.
        Effect::new(move || {
            opened.set(dom::origin());
            if !is_configured {
                base.set(dom::origin());
            }
        });
        Self {
            connection: StoredValue::new(connection),
            base,
            opened,
            key: RwSignal::new(String::new()),
            is_shown: RwSignal::new(false),
            model: RwSignal::new(model),
        }
    }

    pub(super) fn is_open(self) -> bool {
        self.connection.with_value(|connection| connection.is_open)
    }

    /// The key that was typed, without what a copy brings along. Empty: none.
    pub(super) fn typed_key(self) -> String {
        self.key.with(|key| {
            let key = key.trim().chars().filter(|c| !c.is_control());
            key.collect()
        })
    }

    /// The key of the snippets.
    fn shown_key(self) -> String {
        let typed = self.typed_key();
        match (self.is_shown.get() && !typed.is_empty(), self.is_open()) {
            (true, _) => typed,
            (false, true) => ANY_KEY.to_owned(),
            (false, false) => KEY_TO_FILL_IN.to_owned(),
        }
    }

    /// What the snippets are filled with. Reactive.
    pub(super) fn values(self) -> Values {
        let mcp_path = self
            .connection
            .with_value(|connection| connection.mcp_path.clone());
        Values {
            base: self.base.get(),
            key: self.shown_key(),
            model: self.model.get(),
            // Without tools no snippet names it.
            mcp_path: mcp_path.unwrap_or_default(),
        }
    }

    /// The page was opened under another address than clients use. Reactive.
    pub(super) fn is_elsewhere(self) -> bool {
        let opened = self.opened.get();
        !opened.is_empty() && self.base.with(|base| origin(base) != opened)
    }
}
