//! Locks that all tabs of this site share (Web Locks). The browser frees those of a tab that is
//! closed or has crashed. They are absent on plain `http` from another machine.

use js_sys::{Function, Object, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

/// A lock that this tab holds. Dropping it frees it.
pub(crate) struct Held(Function);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.call0(&JsValue::NULL);
    }
}

/// Waits for the lock and takes it; `None` without locks.
pub(crate) async fn hold(name: &str) -> Option<Held> {
    let (free, until_freed) = deferred();
    let (grant, granted) = deferred();
    let on_grant = Closure::once_into_js(move || {
        let _ = grant.call0(&JsValue::NULL);
        until_freed
    });
    // Its promise ends with the lock: nobody waits for that.
    let _ends = request(name, &[], &on_grant)?;
    JsFuture::from(granted).await.ok()?;
    Some(Held(free))
}

/// Whether some tab holds the lock; `None` without locks.
pub(crate) async fn is_held(name: &str) -> Option<bool> {
    let on_answer = Closure::once_into_js(|lock: JsValue| JsValue::from_bool(lock.is_null()));
    let options = [("mode", "shared".into()), ("ifAvailable", JsValue::TRUE)];
    let answer = request(name, &options, &on_answer)?;
    JsFuture::from(answer).await.ok()?.as_bool()
}

/// Waits until no tab holds the lock.
pub(crate) async fn freed(name: &str) {
    let on_grant = Closure::once_into_js(|| {});
    if let Some(granted) = request(name, &[("mode", "shared".into())], &on_grant) {
        let _ = JsFuture::from(granted).await;
    }
}

/// `navigator.locks.request(name, options, callback)`, which `web-sys` does not offer yet.
fn request(name: &str, options: &[(&str, JsValue)], callback: &JsValue) -> Option<Promise> {
    let locks = Reflect::get(&window().navigator(), &"locks".into()).ok()?;
    let request: Function = Reflect::get(&locks, &"request".into())
        .ok()?
        .dyn_into()
        .ok()?;
    let chosen = Object::new();
    for (key, value) in options {
        Reflect::set(&chosen, &(*key).into(), value).ok()?;
    }
    let answer = request
        .call3(&locks, &name.into(), &chosen, callback)
        .ok()?;
    answer.dyn_into().ok()
}

/// A promise and what resolves it.
fn deferred() -> (Function, Promise) {
    let mut resolver = None;
    let promise = Promise::new(&mut |resolve, _| resolver = Some(resolve));
    (resolver.unwrap_or_default(), promise)
}
