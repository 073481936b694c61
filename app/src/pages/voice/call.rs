//! One talk after the other: what state it is in, and what holds microphone, room and sound.

use super::{
    journal::{Journal, Who},
    livekit::{self, Participant, Room, Segment, Track, event},
    sound::Meter,
    token,
    trouble::Trouble,
};
use crate::{browser::pause::pause, i18n::text::voice as text};
use futures::future::{Either, select};
use js_sys::{Array, Date};
use leptos::{prelude::*, task::spawn_local};
use std::{pin::pin, time::Duration};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AudioContext, HtmlMediaElement, MediaDeviceInfo, MediaDeviceKind};

const SECOND_MS: f64 = 1000.0;
/// How long our server may take for what opens a room.
const PATIENCE: Duration = Duration::from_secs(45);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Idle,
    Opening,
    Connected,
    Reconnecting,
}

/// A microphone that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Microphone {
    pub(super) id: String,
    pub(super) label: String,
}

/// What a talk is to be like.
#[derive(Clone, Copy)]
pub(super) struct Wishes {
    pub(super) voice: RwSignal<String>,
    pub(super) personality: RwSignal<String>,
    pub(super) speed: RwSignal<String>,
    /// Empty: the browser's choice.
    pub(super) microphone: RwSignal<String>,
}

#[derive(Clone, Copy)]
pub(super) struct Call {
    pub(super) wishes: Wishes,
    pub(super) phase: RwSignal<Phase>,
    pub(super) trouble: RwSignal<Option<Trouble>>,
    pub(super) is_muted: RwSignal<bool>,
    pub(super) microphones: RwSignal<Vec<Microphone>>,
    /// Loudness of this side and of the other, 0 to 100.
    pub(super) levels: RwSignal<(u32, u32)>,
    pub(super) elapsed_secs: RwSignal<u64>,
    pub(super) journal: Journal,
    /// Counts attempts, so that one that was given up notices.
    attempt: StoredValue<u32>,
    started_ms: StoredValue<f64>,
    /// The microphone of the talk that is under way.
    in_use: StoredValue<String>,
    /// Made in the browser, where it is also dropped: a server moves pages between threads.
    live: StoredValue<Option<StoredValue<Option<Live>, LocalStorage>>>,
}

/// What a talk, or the attempt at one, holds. Dropping it gives everything back.
struct Live {
    room: Room,
    track: Track,
    /// Of the question for a token.
    asking: AbortController,
    context: Option<AudioContext>,
    guest: Option<Meter>,
    voice: Option<Meter>,
    players: Vec<HtmlMediaElement>,
    _handlers: Vec<Closure<dyn FnMut(JsValue, JsValue)>>,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.asking.abort();
        // Nobody listens any more: the handlers go with this.
        self.room.remove_all_listeners();
        let _ = self.room.disconnect();
        self.track.stop();
        for player in &self.players {
            player.set_src_object(None);
            player.remove();
        }
        if let Some(context) = &self.context {
            let _ = context.close();
        }
    }
}

impl Call {
    pub(super) fn new(wishes: Wishes) -> Self {
        Self {
            wishes,
            phase: RwSignal::default(),
            trouble: RwSignal::new(None),
            is_muted: RwSignal::new(false),
            microphones: RwSignal::new(Vec::new()),
            levels: RwSignal::new((0, 0)),
            elapsed_secs: RwSignal::new(0),
            journal: Journal::new(),
            attempt: StoredValue::new(0),
            started_ms: StoredValue::new(0.0),
            in_use: StoredValue::new(String::new()),
            live: StoredValue::new(None),
        }
    }

    /// To be called in an effect of the page: what a talk holds is given back when that effect ends.
    pub(super) fn enter(self) {
        self.live.set_value(Some(StoredValue::new_local(None)));
        if !window().is_secure_context() {
            self.trouble.set(Some(Trouble::Insecure));
        }
    }

    /// Opens a room.
    pub(super) fn start(self) {
        let attempt = self.attempt.get_value() + 1;
        self.attempt.set_value(attempt);
        self.trouble.set(None);
        self.is_muted.set(false);
        self.elapsed_secs.set(0);
        self.phase.set(Phase::Opening);
        spawn_local(async move {
            let opened = self.open(attempt).await;
            if !self.is_current(attempt) {
                return;
            }
            match opened {
                Ok(()) => self.phase.set(Phase::Connected),
                Err(trouble) => self.end(Some(trouble)),
            }
        });
    }

    /// Ends the talk, or the attempt at one.
    pub(super) fn stop(self) {
        self.journal
            .note(text::ENDED, self.elapsed_secs.get_untracked());
        self.end(None);
    }

    fn end(self, trouble: Option<Trouble>) {
        self.attempt.update_value(|attempt| *attempt += 1);
        self.with_live(|live| *live = None);
        self.phase.set(Phase::Idle);
        self.levels.set((0, 0));
        self.trouble.set(trouble);
    }

    fn is_current(self, attempt: u32) -> bool {
        self.attempt.try_get_value() == Some(attempt)
    }

    fn with_live<T>(self, use_it: impl FnOnce(&mut Option<Live>) -> T) -> Option<T> {
        let live = self.live.try_get_value().flatten()?;
        live.try_update_value(use_it)
    }

    async fn open(self, attempt: u32) -> Result<(), Trouble> {
        // The page may be left during any of the waits below.
        let wishes = self.wishes;
        let device = wishes.microphone.get_untracked();
        let (voice, personality) = (
            wishes.voice.get_untracked(),
            wishes.personality.get_untracked(),
        );
        let speed = wishes.speed.get_untracked();
        if !window().is_secure_context() {
            return Err(Trouble::Insecure);
        }
        livekit::load().await.map_err(|()| Trouble::NoClient)?;
        if !self.is_current(attempt) {
            return Ok(());
        }
        let track = Track::microphone(&device).await;
        let track = track.map_err(|error| Trouble::of_microphone(&error))?;
        if !self.is_current(attempt) {
            track.stop();
            return Ok(());
        }
        let room = Room::open();
        let asking = AbortController::new().map_err(|_| Trouble::Offline)?;
        self.in_use.set_value(device);
        self.hold(attempt, room.clone(), track.clone(), asking.clone());
        self.list_microphones().await;
        let signal = asking.signal();
        let token = token::ask(&voice, &personality, &speed, &signal);
        let token = match select(pin!(token), pin!(pause(PATIENCE))).await {
            Either::Left((token, _)) => token?,
            Either::Right(_) => return Err(Trouble::Offline),
        };
        if !self.is_current(attempt) {
            return Ok(());
        }
        room.join(&token.url, &token.token)
            .await
            .map_err(|_| Trouble::NoRoom)?;
        if !self.is_current(attempt) {
            return Ok(());
        }
        self.started_ms.set_value(Date::now());
        self.journal.note(text::CONNECTED, 0);
        room.publish(&track).await.map_err(|_| Trouble::NoRoom)
    }

    /// Puts everything where the end of the attempt, of the talk or of the page finds it, before
    /// anything can come in.
    fn hold(self, attempt: u32, room: Room, track: Track, asking: AbortController) {
        let context = AudioContext::new().ok();
        let meter = |context: &AudioContext| Meter::of(context, &track.media()).ok();
        let guest = context.as_ref().and_then(meter);
        let handlers = self.listen(attempt, &room);
        let live = Live {
            room,
            track,
            asking,
            context,
            guest,
            voice: None,
            players: Vec::new(),
            _handlers: handlers,
        };
        self.with_live(|held| *held = Some(live));
    }

    fn listen(self, attempt: u32, room: &Room) -> Vec<Closure<dyn FnMut(JsValue, JsValue)>> {
        let mut handlers = Vec::new();
        let mut on = |name: &str, handle: Box<dyn FnMut(JsValue, JsValue)>| {
            let handler = Closure::wrap(handle);
            room.on(name, handler.as_ref().unchecked_ref());
            handlers.push(handler);
        };
        let at = move || self.elapsed_secs.get_untracked();
        on(
            event::TRACK_SUBSCRIBED,
            Box::new(move |track, _| self.play(&track.unchecked_into())),
        );
        on(
            event::WORDS,
            Box::new(move |segments, participant| self.write(&segments, &participant)),
        );
        on(
            event::RECONNECTING,
            Box::new(move |_, _| {
                self.journal.note(text::CONNECTION_WEAK, at());
                self.phase.set(Phase::Reconnecting);
            }),
        );
        on(
            event::RECONNECTED,
            Box::new(move |_, _| {
                self.journal.note(text::CONNECTED, at());
                self.phase.set(Phase::Connected);
            }),
        );
        on(
            event::DISCONNECTED,
            Box::new(move |_, _| {
                // Not from here: what is given back holds this handler.
                spawn_local(async move {
                    if self.is_current(attempt) && self.phase.get_untracked() != Phase::Opening {
                        self.journal.note(text::ROOM_GONE, at());
                        self.end(Some(Trouble::Lost));
                    }
                });
            }),
        );
        handlers
    }

    /// Lets the other side be heard.
    fn play(self, track: &Track) {
        if track.kind() != "audio" {
            return;
        }
        let player = track.attach();
        if let Some(body) = document().body() {
            let _ = body.append_child(&player);
        }
        self.with_live(|live| {
            if let Some(live) = live {
                let context = live.context.as_ref();
                live.voice = context.and_then(|context| Meter::of(context, &track.media()).ok());
                live.players.push(player);
            }
        });
    }

    fn write(self, segments: &JsValue, participant: &JsValue) {
        let ours = self.with_live(|live| live.as_ref().map(|live| live.room.guest().identity()));
        let theirs: &Participant = participant.unchecked_ref();
        let is_ours = !participant.is_undefined() && ours.flatten() == Some(theirs.identity());
        let who = if is_ours { Who::Guest } else { Who::Voice };
        for segment in Segment::all(segments) {
            let at = self.elapsed_secs.get_untracked();
            self.journal.words(segment, who, at);
        }
    }

    pub(super) fn toggle_mute(self) {
        let is_muted = !self.is_muted.get_untracked();
        self.with_live(|live| {
            if let Some(live) = live {
                let _ = match is_muted {
                    true => live.track.mute(),
                    false => live.track.unmute(),
                };
            }
        });
        self.is_muted.set(is_muted);
        let event = if is_muted {
            text::NOTE_MUTED
        } else {
            text::NOTE_UNMUTED
        };
        self.journal.note(event, self.elapsed_secs.get_untracked());
    }

    /// Takes the chosen microphone into a talk that is under way.
    pub(super) fn switch_microphone(self) {
        let device = self.wishes.microphone.get_untracked();
        let track = self.with_live(|live| live.as_ref().map(|live| live.track.clone()));
        let Some(track) = track.flatten() else {
            return;
        };
        let at = self.elapsed_secs.get_untracked();
        spawn_local(async move {
            if track.switch(&device).await.is_err() {
                let kept = self.in_use.try_get_value().unwrap_or_default();
                let _ = self.wishes.microphone.try_set(kept);
                self.journal.note(text::MICROPHONE_STAYS, at);
            } else if self.in_use.try_set_value(device).is_none() {
                self.with_live(|live| {
                    if let Some(live) = live {
                        let context = live.context.as_ref();
                        let meter = |context| Meter::of(context, &track.media()).ok();
                        live.guest = context.and_then(meter);
                    }
                });
            }
        });
    }

    /// Looks at the clock and at both levels.
    pub(super) fn look(self) {
        if !matches!(
            self.phase.get_untracked(),
            Phase::Connected | Phase::Reconnecting
        ) {
            return;
        }
        let secs = (Date::now() - self.started_ms.get_value()) / SECOND_MS;
        let secs = secs.max(0.0) as u64;
        if secs != self.elapsed_secs.get_untracked() {
            self.elapsed_secs.set(secs);
        }
        let measure = |meter: &mut Option<Meter>| meter.as_mut().map_or(0, Meter::level);
        let levels = self.with_live(|live| {
            let live = live.as_mut()?;
            Some((measure(&mut live.guest), measure(&mut live.voice)))
        });
        if let Some(levels) = levels.flatten() {
            self.levels.set(levels);
        }
    }

    /// Which microphones there are. Browsers name them once one was allowed.
    async fn list_microphones(self) {
        let Ok(devices) = window().navigator().media_devices() else {
            return;
        };
        let Ok(listing) = devices.enumerate_devices() else {
            return;
        };
        let Ok(found) = JsFuture::from(listing).await else {
            return;
        };
        let found = Array::from(&found);
        let microphones = found.iter().filter_map(|device| {
            let device: MediaDeviceInfo = device.dyn_into().ok()?;
            let is_named = !device.device_id().is_empty() && !device.label().is_empty();
            let is_own =
                device.kind() == MediaDeviceKind::Audioinput && device.device_id() != "default";
            (is_named && is_own).then(|| Microphone {
                id: device.device_id(),
                label: device.label(),
            })
        });
        let microphones: Vec<_> = microphones.collect();
        let _ = self.microphones.try_set(microphones);
    }
}
