//! `/voice`: talking with Grok in a room of LiveKit's.
//!
//! - `call`: what state a talk is in, and what it holds
//! - `livekit`: the client that opens rooms, `token`: what opens them, `sound`: how loud it is
//! - `journal`: what was said and what happened, `trouble`: why there is no talking

mod call;
mod journal;
mod livekit;
mod sound;
mod token;
mod trouble;

use self::{
    call::{Call, Phase, Wishes},
    journal::JournalView,
    trouble::Trouble,
};
use crate::{
    components::{Button, ButtonVariant, Choice, FailureBox, Field, IconName, PageTitle, Select},
    dom,
    i18n::{
        Text, t,
        text::{shell, voice as text},
        use_language,
    },
    limits::{PERSONALITIES, VOICE_SPEEDS, VOICES},
    session::use_viewer,
    words::clock,
};
use leptos::prelude::*;
use std::time::Duration;

/// How often levels and clock are looked at.
const LOOK: Duration = Duration::from_millis(80);
/// The button that starts, or ends, a talk.
const CALL_ID: &str = "voice-call";
/// Leads back here.
const SIGN_IN: &str = "/login?next=/voice";
/// Steps of the slider for the speed.
const SPEED_STEP: &str = "0.1";

/// Wishes on one side, the talk and what was said on the other.
#[component]
pub fn VoicePage() -> impl IntoView {
    let first = |of: &[&str]| RwSignal::new(of.first().copied().unwrap_or_default().to_owned());
    let call = Call::new(Wishes {
        voice: first(&VOICES),
        personality: first(&PERSONALITIES),
        speed: RwSignal::new("1".to_owned()),
        microphone: RwSignal::new(String::new()),
    });
    Effect::new(move |_| {
        call.enter();
        if let Ok(looking) = set_interval_with_handle(move || call.look(), LOOK) {
            on_cleanup(move || looking.clear());
        }
    });
    view! {
        <PageTitle text=t(shell::VOICE) />
        <div class="voice">
            <h1 class="visually-hidden">{t(shell::VOICE)}</h1>
            <WishesForm call />
            <div class="voice__talk">
                <Talk call />
                <JournalView journal=call.journal />
            </div>
        </div>
    }
}

/// What the next talk is to be like.
#[component]
fn WishesForm(call: Call) -> impl IntoView {
    let Wishes {
        voice,
        personality,
        speed,
        microphone,
    } = call.wishes;
    let language = use_language();
    let is_busy = move || call.phase.get() != Phase::Idle;
    let voices = VOICES
        .map(|name| Choice::new(name, capitalised(name)))
        .to_vec();
    let personalities = PERSONALITIES
        .map(|name| Choice::new(name, t(personality_name(name))))
        .to_vec();
    let shown_speed = move || {
        text::SpeedValue {
            speed: &speed.get(),
        }
        .fill(language.get())
    };
    view! {
        <section class="card voice__wishes" aria-label=t(text::WISHES)>
            <fieldset class="voice__fields" disabled=is_busy>
                <Field id="voice" label=t(text::VOICE)>
                    <Select id="voice" label=t(text::VOICE) value=voice choices=voices />
                </Field>
                <Field id="personality" label=t(text::PERSONALITY)>
                    <Select
                        id="personality"
                        label=t(text::PERSONALITY)
                        value=personality
                        choices=personalities
                    />
                </Field>
                <Field id="speed" label=t(text::SPEED)>
                    <div class="voice__speed">
                        <input
                            type="range"
                            id="speed"
                            min=VOICE_SPEEDS.start().to_string()
                            max=VOICE_SPEEDS.end().to_string()
                            step=SPEED_STEP
                            prop:value=speed
                            value="1"
                            aria-valuetext=shown_speed
                            on:input=move |event| speed.set(event_target_value(&event))
                        />
                        <output for="speed">{shown_speed}</output>
                    </div>
                </Field>
            </fieldset>
            <p class="field__hint" hidden=move || !is_busy()>
                {t(text::NEXT_TALK)}
            </p>
            <Field id="microphone" label=t(text::MICROPHONE)>
                <MicrophoneSelect call chosen=microphone />
            </Field>
        </section>
    }
}

/// May be changed while talking.
#[component]
fn MicrophoneSelect(call: Call, chosen: RwSignal<String>) -> impl IntoView {
    let option = move |(id, label): (String, String)| {
        let value = id.clone();
        view! {
            <option value=value prop:selected=move || chosen.get() == id>
                {label}
            </option>
        }
    };
    let others = move || {
        let found = call.microphones.get().into_iter();
        found.map(|one| option((one.id, one.label))).collect_view()
    };
    view! {
        <div class="select">
            <select
                class="input select__control"
                id="microphone"
                on:change=move |event| {
                    chosen.set(event_target_value(&event));
                    call.switch_microphone();
                }
            >
                <option value="" prop:selected=move || chosen.with(String::is_empty)>{t(text::DEFAULT_MICROPHONE)}</option>
                {others}
            </select>
            <crate::components::Icon name=IconName::ChevronDown />
        </div>
    }
}

/// State, levels and what can be done now.
#[component]
fn Talk(call: Call) -> impl IntoView {
    let is_idle = move || call.phase.get() == Phase::Idle;
    // The button that was pressed is replaced by the other one.
    Effect::new(move |was: Option<bool>| {
        let is_idle = is_idle();
        if was.is_some_and(|was| was != is_idle) {
            dom::catch_focus(CALL_ID);
        }
        is_idle
    });
    let is_open = move || matches!(call.phase.get(), Phase::Connected | Phase::Reconnecting);
    let state = move || match call.phase.get() {
        Phase::Idle => text::IDLE,
        Phase::Opening => text::OPENING,
        Phase::Connected => text::CONNECTED,
        Phase::Reconnecting => text::CONNECTION_WEAK,
    };
    let language = use_language();
    let is_muted = call.is_muted;
    let mute = move || {
        let text = if is_muted.get() {
            text::UNMUTE
        } else {
            text::MUTE
        };
        text.get(language.get())
    };
    view! {
        <section class="card voice__room" aria-label=t(text::TALK)>
            <div class="voice__state">
                <p class="voice__phase" role="status">
                    {move || state().get(language.get())}
                </p>
                <span class="voice__clock" role="timer" aria-label=t(text::ELAPSED)>
                    {move || clock(call.elapsed_secs.get())}
                </span>
            </div>
            <Level label=text::YOU level=Signal::derive(move || call.levels.get().0) />
            <Level label=text::GROK level=Signal::derive(move || call.levels.get().1) />
            <div class="voice__actions">
                <Show
                    when=move || !is_idle()
                    fallback=move || {
                        view! {
                            <Button
                                variant=ButtonVariant::Primary
                                icon=IconName::Mic
                                attr:id=CALL_ID
                                on:click=move |_| call.start()
                            >
                                {t(text::START)}
                            </Button>
                        }
                    }
                >
                    <Button
                        variant=ButtonVariant::Danger
                        icon=IconName::Square
                        attr:id=CALL_ID
                        on:click=move |_| call.stop()
                    >
                        {t(text::STOP)}
                    </Button>
                </Show>
                <Button
                    disabled=Signal::derive(move || !is_open())
                    icon=IconName::MicOff
                    on:click=move |_| call.toggle_mute()
                >
                    {mute}
                </Button>
            </div>
            {move || {
                call.trouble.get().map(|trouble| view! { <TroubleNotice call trouble /> })
            }}
        </section>
    }
}

/// How loud one side is. The browser's `<meter>`, so no inline style is needed.
#[component]
fn Level(label: Text, level: Signal<u32>) -> impl IntoView {
    view! {
        <div class="level">
            <span class="level__label">{t(label)}</span>
            <meter
                class="level__meter"
                min="0"
                max="100"
                value="0"
                prop:value=level
                aria-label=t(label)
            ></meter>
        </div>
    }
}

#[component]
fn TroubleNotice(call: Call, trouble: Trouble) -> impl IntoView {
    let viewer = use_viewer();
    let again = if trouble == Trouble::Lost {
        text::CONNECT_AGAIN
    } else {
        text::TRY_AGAIN
    };
    view! {
        <FailureBox headline=t(trouble.words()) request_id=None>
            {trouble
                .is_worth_another_try()
                .then(|| {
                    view! { <Button on:click=move |_| call.start()>{t(again)}</Button> }
                })}
            {(trouble == Trouble::SignIn)
                .then(|| {
                    view! {
                        <a class="button button--secondary" href=SIGN_IN rel="external">
                            {t(shell::SIGN_IN)}
                        </a>
                    }
                })}
            {(trouble == Trouble::NoAccount && viewer.is_admin)
                .then(|| {
                    view! {
                        <a class="button button--secondary" href="/admin/accounts">
                            {t(text::TO_ACCOUNTS)}
                        </a>
                    }
                })}
        </FailureBox>
    }
}

/// Voices are names.
fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn personality_name(name: &str) -> Text {
    match name {
        "assistant" => text::ASSISTANT,
        "custom" => text::CUSTOM,
        "therapist" => text::THERAPIST,
        "storyteller" => text::STORYTELLER,
        "kids_story_time" => text::KIDS_STORY_TIME,
        "kids_trivia_game" => text::KIDS_TRIVIA_GAME,
        "meditation" => text::MEDITATION,
        "doc" => text::DOC,
        "unhinged" => text::UNHINGED,
        "sexy" => text::SEXY,
        "motivation" => text::MOTIVATION,
        "conspiracy" => text::CONSPIRACY,
        "romantic" => text::ROMANTIC,
        _ => text::ARGUMENTATIVE,
    }
}
