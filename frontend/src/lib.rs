//! The browser entry point: hydrates the server-rendered page.

// The types of a page nest as deeply as its elements.
#![recursion_limit = "1024"]

use wasm_bindgen::prelude::wasm_bindgen;

/// Called once by the script that the server puts into the page.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_lazy(grok2api_app::App);
}
