//! What a person did before this code was there. See [`SCRIPT`].

use leptos::prelude::{document, is_browser};
use wasm_bindgen::JsCast;
use web_sys::{HtmlFormElement, HtmlInputElement, HtmlTextAreaElement};

/// Runs in the head of every page, before anything can be pressed. A form that says
/// `data-early="send"`, or `"draw"` (Enter makes a line), keeps what was to be sent in `data-sent`; a button that says
/// `data-early="fill"` puts the text of its `data-early-text` child into the form's field. Whoever
/// takes over the form ([`take_over`]) ends both.
#[cfg(feature = "ssr")]
pub(crate) const SCRIPT: &str = include_str!("early.js");

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
