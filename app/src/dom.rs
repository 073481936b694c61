//! Small browser helpers. They compile natively but are only called from effects and event
//! handlers, which never run on the server. Failures are ignored: they only cost a convenience.

use leptos::prelude::{document, request_animation_frame, window};
use wasm_bindgen::{JsCast, closure::Closure};

const YEAR_SECS: u32 = 31_536_000;

/// Sets or removes an attribute of `<html>`.
pub(crate) fn set_root_attribute(name: &str, value: Option<&str>) {
    let Some(root) = document().document_element() else {
        return;
    };
    let _ = match value {
        Some(value) => root.set_attribute(name, value),
        None => root.remove_attribute(name),
    };
}

/// Keeps a preference in a cookie for a year.
pub(crate) fn remember(name: &str, value: &str) {
    if let Ok(document) = document().dyn_into::<web_sys::HtmlDocument>() {
        let _ = document.set_cookie(&preference_cookie(name, value));
    }
}

/// The cookie of a preference, as `document.cookie` takes it. Made here for the sign-in page, too.
pub(crate) fn preference_cookie(name: &str, value: &str) -> String {
    format!("{name}={value}; Path=/; Max-Age={YEAR_SECS}; SameSite=Lax")
}

/// Leaves this page by a full load, so that nothing of an earlier session stays in memory.
pub(crate) fn load_page(path: &str) {
    let _ = window().location().set_href(path);
}

/// Gives this page another address without loading anything; going back does not come by.
pub(crate) fn replace_address(path: &str) {
    let Ok(history) = window().history() else {
        return;
    };
    let state = history.state().unwrap_or_default();
    let _ = history.replace_state_with_url(&state, "", Some(path));
}

/// Whether keys that are pressed now are meant for a text field.
pub(crate) fn is_typing() -> bool {
    let active = document().active_element();
    active.is_some_and(|active| {
        active
            .matches("input, textarea, select")
            .unwrap_or_default()
    })
}

/// Scheme, host and port of this page, for example `http://127.0.0.1:8000`.
pub(crate) fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// Whether a dialog lies over the page.
pub(crate) fn has_modal() -> bool {
    matches!(document().query_selector("dialog:modal"), Ok(Some(_)))
}

/// Moves the focus to the element with this id.
pub fn focus(id: &str) {
    let element = document().get_element_by_id(id);
    if let Some(element) = element.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Gives the focus to the element with this id once what had it is gone from the page.
pub(crate) fn catch_focus(id: &'static str) {
    request_animation_frame(move || {
        let active = document().active_element();
        if active.is_none() || active == document().body().map(Into::into) {
            focus(id);
        }
    });
}

/// Moves the focus among the elements of `list` that match `selector`: `step` on from the one that
/// has it, around the ends; to the ticked one, else the first, when none has it.
pub(crate) fn move_focus(list: &web_sys::Element, selector: &str, step: i32) {
    let Ok(found) = list.query_selector_all(selector) else {
        return;
    };
    let items: Vec<web_sys::HtmlElement> = (0..found.length())
        .filter_map(|at| found.item(at)?.dyn_into().ok())
        .collect();
    let active = document().active_element();
    let current = items
        .iter()
        .position(|item| Some(item.as_ref()) == active.as_ref());
    let is_ticked =
        |item: &web_sys::HtmlElement| item.get_attribute("aria-checked").as_deref() == Some("true");
    let count = i32::try_from(items.len()).unwrap_or(0).max(1);
    let next = match current.and_then(|at| i32::try_from(at).ok()) {
        Some(at) => usize::try_from((at + step).rem_euclid(count)).unwrap_or(0),
        None => items.iter().position(is_ticked).unwrap_or(0),
    };
    if let Some(item) = items.get(next) {
        let _ = item.focus();
    }
}

/// Whether the page can be seen now.
pub fn is_visible() -> bool {
    document().visibility_state() == web_sys::VisibilityState::Visible
}

/// Copies text to the clipboard. False when the browser refuses.
pub async fn copy_text(text: &str) -> bool {
    let clipboard = window().navigator().clipboard();
    // `navigator.clipboard` is undefined outside secure contexts.
    if clipboard.is_undefined() {
        return copy_selection_of(text).unwrap_or(false);
    }
    wasm_bindgen_futures::JsFuture::from(clipboard.write_text(text))
        .await
        .is_ok()
}

/// Copies as a key press does, what is selected: the way that is left over plain http, where many
/// servers at home are. To be called while a press is being handled.
fn copy_selection_of(text: &str) -> Option<bool> {
    let document = document();
    let had_focus = document.active_element();
    let field = document.create_element("textarea").ok()?;
    let field: web_sys::HtmlTextAreaElement = field.dyn_into().ok()?;
    field.set_class_name("visually-hidden");
    field.set_value(text);
    // Below a dialog nothing can be selected.
    let dialog = document.query_selector("dialog:modal").ok().flatten();
    let parent = dialog.or_else(|| document.body().map(Into::into))?;
    parent.append_child(&field).ok()?;
    field.select();
    let page: web_sys::HtmlDocument = document.dyn_into().ok()?;
    let is_copied = page.exec_command("copy").unwrap_or(false);
    field.remove();
    if let Some(had_focus) = had_focus.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = had_focus.focus();
    }
    Some(is_copied)
}

/// The image at this address, once it can be drawn; `None`: it cannot be.
pub(crate) async fn decoded(address: &str) -> Option<web_sys::HtmlImageElement> {
    let image = web_sys::HtmlImageElement::new().ok()?;
    image.set_src(address);
    wasm_bindgen_futures::JsFuture::from(image.decode())
        .await
        .ok()?;
    Some(image)
}

/// Runs `task` every `period_ms` until the returned guard is dropped.
#[must_use]
pub fn every(period_ms: i32, task: impl FnMut() + 'static) -> Ticker {
    let closure = Closure::<dyn FnMut()>::new(task);
    let id = window()
        .set_interval_with_callback_and_timeout_and_arguments_0(
            closure.as_ref().unchecked_ref(),
            period_ms,
        )
        .ok();
    Ticker {
        id,
        _closure: closure,
    }
}

/// A running interval. Dropping it stops it.
pub struct Ticker {
    id: Option<i32>,
    _closure: Closure<dyn FnMut()>,
}

impl Drop for Ticker {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            window().clear_interval_with_handle(id);
        }
    }
}

/// A moment as the browser's local date and time, for example `14:20` or `Nov 22, 14:20`.
#[must_use]
pub fn local_time(at_ms: i64, language: &str, style: TimeStyle) -> String {
    let date = date(at_ms);
    let options = js_sys::Object::new();
    let set = |name: &str, value: &str| {
        let _ = js_sys::Reflect::set(&options, &name.into(), &value.into());
    };
    if style == TimeStyle::Full {
        set("dateStyle", "medium");
        set("timeStyle", "medium");
    } else {
        set("hour", "2-digit");
        set("minute", "2-digit");
        set("hourCycle", "h23");
        if date.to_date_string() != js_sys::Date::new_0().to_date_string() {
            set("month", "short");
            set("day", "numeric");
        }
    }
    String::from(date.to_locale_string(language, &options))
}

/// A moment as programs read it; `None` for one that no calendar has.
pub(crate) fn iso_time(at_ms: i64) -> Option<String> {
    let date = date(at_ms);
    (!date.get_time().is_nan()).then(|| String::from(date.to_iso_string()))
}

fn date(at_ms: i64) -> js_sys::Date {
    #[expect(
        clippy::cast_precision_loss,
        reason = "below 2^53 until the year 287396"
    )]
    js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at_ms as f64))
}

/// How much of a moment to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeStyle {
    /// Hours and minutes, with the day when it is not today.
    Short,
    /// Date and time to the second.
    Full,
}

/// The browser's clock, unix milliseconds.
#[must_use]
pub fn now_ms() -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds")]
    let now = js_sys::Date::now() as i64;
    now
}
