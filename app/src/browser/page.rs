//! Small facts about the page and the person's device.

use leptos::prelude::window;
use web_sys::{Element, ScrollBehavior, ScrollToOptions, Storage};

/// Within this many pixels of the end a list is at its end: positions are rounded.
const END_SLACK: i32 = 2;

/// A new id: 24 hex digits. Unique enough inside one browser; not a secret.
pub(crate) fn random_id() -> String {
    let word = random_word;
    format!("{:08x}{:08x}{:08x}", word(), word(), word())
}

/// Any number. Not a secret.
pub(crate) fn random_word() -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 2^32"
    )]
    let word = (js_sys::Math::random() * 4_294_967_296.0) as u32;
    word
}

/// Milliseconds on a clock that never jumps.
pub(crate) fn monotonic_ms() -> f64 {
    window()
        .performance()
        .map_or(0.0, |performance| performance.now())
}

/// Local time minus UTC, in minutes, now.
pub(crate) fn zone_minutes() -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "whole minutes")]
    let behind = js_sys::Date::new_0().get_timezone_offset() as i64;
    -behind
}

/// Whether a media query holds now, for example `(max-width: 800px)`.
pub(crate) fn matches_media(query: &str) -> bool {
    window()
        .match_media(query)
        .ok()
        .flatten()
        .is_some_and(|list| list.matches())
}

/// How long the browser keeps a small text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// For all tabs of this site.
    Always,
    /// For this tab, over reloads, until it is closed.
    WithTab,
}

impl Kept {
    fn storage(self) -> Option<Storage> {
        let found = match self {
            Self::Always => window().local_storage(),
            Self::WithTab => window().session_storage(),
        };
        found.ok().flatten()
    }
}

/// A small text; `None` when absent or storage is switched off.
pub(crate) fn recall(kept: Kept, key: &str) -> Option<String> {
    kept.storage()?.get_item(key).ok().flatten()
}

/// Keeps a small text if the browser allows it: when this returns it is written.
pub(crate) fn keep(kept: Kept, key: &str, value: &str) {
    if let Some(storage) = kept.storage() {
        let _ = storage.set_item(key, value);
    }
}

pub(crate) fn forget(kept: Kept, key: &str) {
    if let Some(storage) = kept.storage() {
        let _ = storage.remove_item(key);
    }
}

/// The keys of what is kept for all tabs that begin so.
pub(crate) fn kept_keys(prefix: &str) -> Vec<String> {
    let Some(storage) = Kept::Always.storage() else {
        return Vec::new();
    };
    let count = storage.length().unwrap_or_default();
    (0..count)
        .filter_map(|at| storage.key(at).ok().flatten())
        .filter(|key| key.starts_with(prefix))
        .collect()
}

pub(crate) fn is_at_end(list: &Element) -> bool {
    list.scroll_height() - list.scroll_top() - list.client_height() <= END_SLACK
}

/// Scrolls to the end: gently when asked and the person allows motion.
pub(crate) fn scroll_to_end(list: &Element, gently: bool) {
    let options = ScrollToOptions::new();
    options.set_top(f64::from(list.scroll_height()));
    let is_gentle = gently && !matches_media("(prefers-reduced-motion: reduce)");
    options.set_behavior(if is_gentle {
        ScrollBehavior::Smooth
    } else {
        ScrollBehavior::Instant
    });
    list.scroll_to_with_scroll_to_options(&options);
}

/// Loads the page again because code of it could not be fetched: after an update the parts of the
/// old build are gone. At most once a minute, so that a part that stays away is no endless loop.
pub fn reload_for_missing_part() {
    const KEY: &str = "grok2api.reloaded_at_ms";
    const PAUSE_MS: f64 = 60_000.0;
    let Ok(Some(storage)) = window().session_storage() else {
        return;
    };
    let now = js_sys::Date::now();
    // The browser's number functions: Rust's would be ten kilobytes more for every first visit.
    let last = storage.get_item(KEY).ok().flatten();
    if last.is_some_and(|last| now - js_sys::parse_float(&last) < PAUSE_MS) {
        return;
    }
    let Ok(now) = js_sys::Number::from(now).to_string_with_radix(10) else {
        return;
    };
    if storage.set_item(KEY, &String::from(now)).is_ok() {
        let _ = window().location().reload();
    }
}
