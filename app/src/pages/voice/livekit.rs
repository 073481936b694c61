//! LiveKit's own client (`public/vendor`), loaded when the first room is opened. Only what the page
//! calls is named here; names and events are those of its documentation.

use futures::channel::oneshot;
use js_sys::{Function, Object, Promise, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlMediaElement, HtmlScriptElement, MediaStreamTrack};

/// Its name has the version, so browsers may keep it for ever.
const SCRIPT: &str = "/vendor/livekit-client-2.23.0.js";
/// What the script defines.
const GLOBAL: &str = "LivekitClient";

/// Events of a room.
pub(super) mod event {
    pub(in super::super) const RECONNECTING: &str = "reconnecting";
    pub(in super::super) const RECONNECTED: &str = "reconnected";
    pub(in super::super) const DISCONNECTED: &str = "disconnected";
    pub(in super::super) const TRACK_SUBSCRIBED: &str = "trackSubscribed";
    pub(in super::super) const WORDS: &str = "transcriptionReceived";
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = LivekitClient)]
    #[derive(Clone, Debug)]
    pub(super) type Room;

    #[wasm_bindgen(constructor, js_namespace = LivekitClient)]
    fn new(options: &Object) -> Room;

    #[wasm_bindgen(method)]
    pub(super) fn on(this: &Room, event: &str, handler: &Function) -> Room;

    #[wasm_bindgen(method, js_name = removeAllListeners)]
    pub(super) fn remove_all_listeners(this: &Room) -> Room;

    #[wasm_bindgen(method)]
    fn connect(this: &Room, url: &str, token: &str) -> Promise;

    #[wasm_bindgen(method)]
    pub(super) fn disconnect(this: &Room) -> Promise;

    #[wasm_bindgen(method, getter, js_name = localParticipant)]
    pub(super) fn guest(this: &Room) -> Participant;

    #[wasm_bindgen(js_namespace = LivekitClient)]
    #[derive(Clone, Debug)]
    pub(super) type Participant;

    #[wasm_bindgen(method, getter)]
    pub(super) fn identity(this: &Participant) -> String;

    #[wasm_bindgen(method, js_name = publishTrack)]
    fn publish_track(this: &Participant, track: &Track) -> Promise;

    /// Of this side or the other.
    #[wasm_bindgen(js_namespace = LivekitClient)]
    #[derive(Clone, Debug)]
    pub(super) type Track;

    #[wasm_bindgen(method, getter)]
    pub(super) fn kind(this: &Track) -> String;

    #[wasm_bindgen(method, getter, js_name = mediaStreamTrack)]
    pub(super) fn media(this: &Track) -> MediaStreamTrack;

    #[wasm_bindgen(method)]
    pub(super) fn attach(this: &Track) -> HtmlMediaElement;

    #[wasm_bindgen(method)]
    pub(super) fn stop(this: &Track);

    #[wasm_bindgen(method)]
    pub(super) fn mute(this: &Track) -> Promise;

    #[wasm_bindgen(method)]
    pub(super) fn unmute(this: &Track) -> Promise;

    #[wasm_bindgen(method, js_name = setDeviceId)]
    fn set_device(this: &Track, id: &str) -> Promise;

    #[wasm_bindgen(js_namespace = LivekitClient, js_name = createLocalAudioTrack)]
    fn create_local_audio_track(options: &Object) -> Promise;

    #[wasm_bindgen(js_namespace = LivekitClient, js_name = setLogLevel)]
    fn set_log_level(level: &str);
}

/// Some words of somebody in the room.
#[derive(Clone)]
pub(super) struct Segment {
    pub(super) id: String,
    pub(super) text: String,
    /// They stay as they are.
    pub(super) is_final: bool,
}

impl Segment {
    pub(super) fn all(segments: &JsValue) -> Vec<Self> {
        let text = |segment: &JsValue, name: &str| {
            let value = Reflect::get(segment, &name.into()).ok();
            value
                .and_then(|value| value.as_string())
                .unwrap_or_default()
        };
        let segments = js_sys::Array::from(segments);
        let read = |segment: JsValue| Self {
            id: text(&segment, "id"),
            text: text(&segment, "text"),
            is_final: Reflect::get(&segment, &"final".into())
                .is_ok_and(|is_final| is_final.is_truthy()),
        };
        segments.iter().map(read).collect()
    }
}

/// Loads the client, once for a page load.
///
/// # Errors
/// The script could not be had.
pub(super) async fn load() -> Result<(), ()> {
    let is_loaded = || Reflect::has(&window(), &GLOBAL.into()).unwrap_or(false);
    if is_loaded() {
        return Ok(());
    }
    let script: HtmlScriptElement = document()
        .create_element("script")
        .map_err(drop)?
        .dyn_into()
        .map_err(drop)?;
    script.set_src(SCRIPT);
    let (tell, told) = oneshot::channel();
    let done = Closure::once(move || _ = tell.send(()));
    let done: &Function = done.as_ref().unchecked_ref();
    script.set_onload(Some(done));
    script.set_onerror(Some(done));
    let head = document().head().ok_or(())?;
    head.append_child(&script).map_err(drop)?;
    let _ = told.await;
    script.remove();
    if !is_loaded() {
        return Err(());
    }
    // What goes wrong is told by the page.
    set_log_level("silent");
    Ok(())
}

impl Room {
    pub(super) fn open() -> Self {
        // Two connections, one for each direction, as Grok's server knows it.
        let options = Object::new();
        let _ = Reflect::set(&options, &"singlePeerConnection".into(), &false.into());
        Self::new(&options)
    }

    /// # Errors
    /// The room did not open.
    pub(super) async fn join(&self, url: &str, token: &str) -> Result<(), JsValue> {
        JsFuture::from(self.connect(url, token)).await.map(drop)
    }

    /// # Errors
    /// The room took no sound.
    pub(super) async fn publish(&self, track: &Track) -> Result<(), JsValue> {
        let publishing = self.guest().publish_track(track);
        JsFuture::from(publishing).await.map(drop)
    }
}

impl Track {
    /// Opens a microphone; an empty `device` is the browser's choice.
    ///
    /// # Errors
    /// What the browser said.
    pub(super) async fn microphone(device: &str) -> Result<Self, JsValue> {
        let options = Object::new();
        if !device.is_empty() {
            let _ = Reflect::set(&options, &"deviceId".into(), &device.into());
        }
        let track = JsFuture::from(create_local_audio_track(&options)).await?;
        Ok(track.unchecked_into())
    }

    /// Takes another microphone.
    ///
    /// # Errors
    /// What the browser said.
    pub(super) async fn switch(&self, device: &str) -> Result<(), JsValue> {
        JsFuture::from(self.set_device(device)).await.map(drop)
    }
}
