//! What a person did before this code was there. See [`SCRIPT`].

use super::page;
use leptos::{
    ev,
    prelude::{document, is_browser},
};
use wasm_bindgen::JsCast;
use web_sys::{HtmlFormElement, HtmlInputElement, HtmlTextAreaElement};

/// Runs in the head of every page, before anything can be pressed. A form that says
/// `data-early="send"` keeps what was to be sent in `data-sent`; a button that says `data-early="fill"`
/// puts the text of its `data-early-text` child into the form's field. Whoever takes over the form
/// ([`take_over`]) ends both.
#[cfg(feature = "ssr")]
pub(crate) const SCRIPT: &str = include_str!("early.js");

/// What browsers report for a key press that belongs to an input method.
const INPUT_METHOD_KEY: u32 = 229;

/// Whether this press of Enter sends what the field says. With Shift, inside an input method and on
/// touch keyboards it makes a line; with Ctrl or ⌘ it always sends. The same rule is in `early.js`.
pub(crate) fn sends(event: &ev::KeyboardEvent) -> bool {
    let is_composing = event.is_composing() || event.key_code() == INPUT_METHOD_KEY;
    let has_command = event.ctrl_key() || event.meta_key();
    let makes_line = event.shift_key() || page::matches_media("(pointer: coarse)");
    !is_composing && (has_command || !makes_line)
}

/// What stands in a field that the server has drawn. Only to be asked while the page is built: later
/// the field says what the code has put there.
pub(crate) fn typed(id: &str) -> Option<String> {
    if !is_browser() {
        return None;
    }
    let field = document().get_element_by_id(id)?;
    let text = match field.dyn_into::<HtmlTextAreaElement>() {
        Ok(area) => area.value(),
        Err(field) => field.dyn_into::<HtmlInputElement>().ok()?.value(),
    };
    Some(text).filter(|text| !text.is_empty())
}

/// From now on the code answers for this form; what was to be sent before.
pub(crate) fn take_over(form: &HtmlFormElement) -> Option<String> {
    let sent = form.get_attribute("data-sent");
    for mark in ["data-early", "data-sent", "aria-busy"] {
        let _ = form.remove_attribute(mark);
    }
    sent
}
