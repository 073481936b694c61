//! Coloured code.

use crate::{api::chat::highlight, limits::MAX_CODE_BYTES, markdown::CodeBlock};
use leptos::prelude::*;
use std::collections::HashMap;

/// HTML of code that the server has coloured, by what it was made from.
#[derive(Clone, Copy, Default)]
pub(crate) struct Highlights(StoredValue<HashMap<CodeBlock, String>>);

impl Highlights {
    /// The code in colour; asks the server the first time. `None` for what cannot be coloured, or
    /// when the page has gone.
    pub(crate) async fn of(self, block: CodeBlock) -> Option<String> {
        if block.language.is_empty() || block.code.len() > MAX_CODE_BYTES {
            return None;
        }
        let known = self.0.try_with_value(|known| known.get(&block).cloned())?;
        if known.is_some() {
            return known;
        }
        let html = highlight(block.language.clone(), block.code.clone())
            .await
            .ok()?;
        self.0
            .try_update_value(|known| known.insert(block, html.clone()))?;
        Some(html)
    }
}
