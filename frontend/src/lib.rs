//! The browser entry point: hydrates the server-rendered page.

use wasm_bindgen::prelude::wasm_bindgen;

/// Called once by the script that the server puts into the page.
#[wasm_bindgen]
pub fn hydrate() {
    std::panic::set_hook(Box::new(report));
    leptos::mount::hydrate_lazy(grok2api_app::App);
}

/// What the code behind a lazy page says when it could not be fetched (`wasm_split_macros`).
const PART_IS_MISSING: &str = "load callback should succeed";

fn report(panic: &std::panic::PanicHookInfo<'_>) {
    console_error_panic_hook::hook(panic);
    let is_part_missing = |text: &str| text.starts_with(PART_IS_MISSING);
    if panic.payload_as_str().is_some_and(is_part_missing) {
        grok2api_app::browser::page::reload_for_missing_part();
    }
}
