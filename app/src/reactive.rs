//! Small reactive helpers.

use crate::dom;
use leptos::{html, leptos_dom::helpers::debounce, prelude::*};
use std::time::Duration;

/// The source's value once it has not changed for `delay`.
///
/// Server-side rendering: the value at the time of the call.
#[must_use]
pub fn use_debounced<T>(source: Signal<T>, delay: Duration) -> Memo<T>
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let settled = RwSignal::new(source.get_untracked());
    Effect::new(move |set: Option<Box<dyn FnMut(T)>>| {
        let mut set = set.unwrap_or_else(|| {
            let keep = move |value| _ = settled.try_set(value);
            Box::new(debounce(delay, keep))
        });
        set(source.get());
        set
    });
    Memo::new(move |_| settled.get())
}

/// Calls `task` every `period_ms` while the page is visible, until the caller is cleaned up.
///
/// Server-side rendering: does nothing.
pub fn use_refresh(period_ms: i32, task: impl Fn() + Copy + 'static) {
    Effect::new(move || {
        let ticker = dom::every(period_ms, move || {
            if dom::is_visible() {
                task();
            }
        });
        let ticker = StoredValue::new_local(ticker);
        on_cleanup(move || ticker.dispose());
    });
    Effect::new(move || {
        let shown = window_event_listener_untyped("focus", move |_| task());
        on_cleanup(move || shown.remove());
    });
}

/// Whether something is shown, for a dialog: closing it takes that away.
pub fn use_open<T: Send + Sync + 'static>(shown: RwSignal<Option<T>>) -> RwSignal<bool> {
    let open = RwSignal::new(false);
    Effect::new(move || {
        let is_shown = shown.with(Option::is_some);
        if open.get_untracked() != is_shown {
            open.set(is_shown);
        }
    });
    Effect::new(move || {
        if !open.get() && shown.with_untracked(Option::is_some) {
            shown.set(None);
        }
    });
    open
}

/// Makes a text field as high as its text; the style sheet limits it.
///
/// Server-side rendering: does nothing.
pub fn grow_with_text(input: NodeRef<html::Textarea>, text: Signal<String>) {
    Effect::new(move || {
        text.track();
        let Some(input) = input.get() else { return };
        request_animation_frame(move || {
            let style = web_sys::HtmlElement::style(&input);
            let _ = style.set_property("height", "auto");
            let _ = style.set_property("height", &format!("{}px", input.scroll_height()));
        });
    });
}
