//! Markdown to HTML: the only way foreign text becomes markup, and the only place where it goes
//! through `inner_html` (the title in `shell.rs` is a text of ours).
//!
//! The writer in `markdown/write.rs` knows a short list of elements and writes nothing else. Raw
//! HTML is text, links lead to `http`, `https` or `mailto`, images come from this origin or from a
//! `data:` URI (no request may go to another host), highlighted code must consist of
//! `<span class="hl-…">` elements. There is no inline style and no attribute taken over verbatim,
//! so the result also fits a strict content security policy.
//!
//! Data flow: text → [`blocks`] (whole message) or [`StreamDoc`] (growing message) → HTML of each
//! top-level block → [`Html`].

mod address;
mod blocks;
mod highlight;
mod linkify;
mod math;
mod stream;
mod write;

use leptos::prelude::*;
use std::collections::HashMap;

pub use blocks::{blocks, code_blocks, plain_text};
pub use stream::StreamDoc;
pub use write::CodeBlock;

/// What the writer needs beside the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RenderOptions {
    /// Makes element ids of one message distinct on the page, for example `t7`.
    pub id_prefix: String,
    /// Label of the button that copies a code block.
    pub copy_label: String,
    /// HTML of coloured code by the block's number in the message, from 0. Entries that do not
    /// pass [`is_safe_highlight`] are ignored.
    pub highlights: HashMap<usize, String>,
}

/// HTML that one of this module's functions has made.
#[component]
pub fn Html(
    /// Result of [`blocks`] or [`StreamDoc::advance`], never anything else.
    #[prop(into)]
    html: Signal<String>,
) -> impl IntoView {
    view! { <div class="md-block" inner_html=move || html.get()></div> }
}
