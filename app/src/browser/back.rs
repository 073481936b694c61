//! The browser's Back closes what lies over a page, where it covers the page.

use super::page::matches_media;
use leptos::prelude::*;
use std::cell::Cell;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::Event;

/// As in the style sheet: a drawer is as wide as the window.
const NARROW: &str = "(max-width: 639px)";

thread_local! {
    /// Steps back of our own that the browser has yet to take.
    static OWN_STEPS: Cell<u32> = const { Cell::new(0) };
}

/// Hears of steps in the history before the router does. Dropping it ends that.
struct Steps(Closure<dyn FnMut(Event)>);

impl Steps {
    fn hear(told: impl FnMut(Event) + 'static) -> Self {
        let closure = Closure::<dyn FnMut(Event)>::new(told);
        let function = closure.as_ref().unchecked_ref();
        let _ = window().add_event_listener_with_callback_and_bool("popstate", function, true);
        Self(closure)
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        let function = self.0.as_ref().unchecked_ref();
        let _ = window().remove_event_listener_with_callback_and_bool("popstate", function, true);
    }
}

/// While `open`, Back closes it instead of leaving the page.
///
/// Server-side rendering: does nothing.
pub(crate) fn close_on_back(open: RwSignal<bool>) {
    // An entry of the history is there for it.
    let has_entry = StoredValue::new(false);
    Effect::new(move || {
        let is_open = open.get();
        let Ok(history) = window().history() else {
            return;
        };
        if is_open && !has_entry.get_value() && matches_media(NARROW) {
            let state = history.state().unwrap_or(JsValue::NULL);
            has_entry.set_value(history.push_state(&state, "").is_ok());
        } else if !is_open && has_entry.get_value() {
            has_entry.set_value(false);
            if history.back().is_ok() {
                OWN_STEPS.set(OWN_STEPS.get() + 1);
            }
        }
    });
    Effect::new(move || {
        let steps = Steps::hear(move |event| {
            let own = OWN_STEPS.get();
            if own > 0 {
                OWN_STEPS.set(own - 1);
            } else if has_entry.try_get_value() == Some(true) {
                has_entry.set_value(false);
                open.set(false);
            } else {
                return;
            }
            event.stop_immediate_propagation();
        });
        let steps = StoredValue::new_local(steps);
        on_cleanup(move || steps.dispose());
    });
}
