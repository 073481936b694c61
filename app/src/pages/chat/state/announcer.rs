//! What screen readers hear of a growing answer.

use leptos::prelude::*;

/// Reads the shown answer out paragraph by paragraph, not token by token.
#[derive(Clone, Copy, Default)]
pub(crate) struct Announcer {
    /// Finished parts of the answer, as they were written.
    parts: RwSignal<Vec<String>>,
    /// Bytes of the answer that are in `parts`.
    said_to: StoredValue<usize>,
}

impl Announcer {
    /// What is to be read out, oldest first, as it was written. Reactive.
    pub(crate) fn parts(self) -> Vec<String> {
        self.parts.get()
    }

    /// Reads out `source`, the next finished part of the answer.
    pub(crate) fn say(self, source: &str) {
        self.said_to.update_value(|to| *to += source.len());
        self.parts.update(|parts| parts.push(source.to_owned()));
    }

    /// Forgets the answer before.
    pub(super) fn begin(self) {
        self.parts.set(Vec::new());
        self.said_to.set_value(0);
    }

    /// Reads out what is left of the complete answer `text`.
    pub(super) fn finish(self, text: &str) {
        let from = self.said_to.try_get_value().unwrap_or_default();
        let rest = text.get(from..).unwrap_or_default().to_owned();
        self.parts.try_update(|parts| parts.push(rest));
    }
}
