//! What a video is to be like, to be chosen from.

use super::choices::{Choices, Preset, SECONDS, resolution};
use crate::{
    i18n::{Text, t, text::video as text, use_language},
    pages::making::{ChoicesMenu, Ratio, RatioShape, Segment},
};
use leptos::prelude::*;

/// What is chosen at a glance, and all choices in a panel.
#[component]
pub(super) fn Controls() -> impl IntoView {
    let choices: RwSignal<Choices> = expect_context();
    let language = use_language();
    let summary = move || {
        let chosen = choices.get();
        text::Summary {
            ratio: &chosen.ratio.name(),
            seconds: &chosen.seconds,
            resolution: &chosen.resolution(),
        }
        .fill(language.get())
    };
    view! {
        <ChoicesMenu label=text::CHOICES summary=Signal::derive(summary)>
            <Panel />
        </ChoicesMenu>
    }
}

#[component]
fn Panel() -> impl IntoView {
    let language = use_language();
    let seconds =
        move |seconds: u32| move || text::SecondsValue { seconds: &seconds }.fill(language.get());
    view! {
        <fieldset class="segments">
            <legend>{t(text::RATIO)}</legend>
            {Ratio::ALL
                .map(|ratio| {
                    view! {
                        <Choice name="ratio" of=|now| &mut now.ratio value=ratio>
                            <RatioShape ratio />
                            {ratio.name()}
                        </Choice>
                    }
                })
                .collect_view()}
        </fieldset>
        <fieldset class="segments">
            <legend>{t(text::LENGTH)}</legend>
            {SECONDS
                .map(|value| {
                    view! {
                        <Choice name="seconds" of=|now| &mut now.seconds value>
                            {seconds(value)}
                        </Choice>
                    }
                })
                .collect_view()}
        </fieldset>
        <fieldset class="segments">
            <legend>{t(text::RESOLUTION)}</legend>
            {[false, true]
                .map(|value| {
                    view! {
                        <Choice name="resolution" of=|now| &mut now.is_high_resolution value>
                            {resolution(value)}
                        </Choice>
                    }
                })
                .collect_view()}
        </fieldset>
        <fieldset class="segments">
            <legend>{t(text::PRESET)}</legend>
            {Preset::ALL
                .map(|value| {
                    view! {
                        <Choice name="preset" of=|now| &mut now.preset value>
                            {t(preset_name(value))}
                        </Choice>
                    }
                })
                .collect_view()}
        </fieldset>
    }
}

/// One value of a field of the choices.
#[component]
fn Choice<T: Copy + PartialEq + Send + Sync + 'static>(
    name: &'static str,
    of: fn(&mut Choices) -> &mut T,
    value: T,
    children: Children,
) -> impl IntoView {
    let choices: RwSignal<Choices> = expect_context();
    view! {
        <Segment
            name
            is_chosen=Signal::derive(move || *of(&mut choices.get()) == value)
            on_choose=move || choices.update(|now| *of(now) = value)
        >
            {children()}
        </Segment>
    }
}

fn preset_name(preset: Preset) -> Text {
    match preset {
        Preset::Custom => text::PRESET_CUSTOM,
        Preset::Normal => text::PRESET_NORMAL,
        Preset::Fun => text::PRESET_FUN,
        Preset::Spicy => text::PRESET_SPICY,
    }
}

/// What people call a preset of the API's; `None` for the one that says nothing.
pub(super) fn preset_text(name: &str) -> Option<Text> {
    let mut known = Preset::ALL.into_iter();
    let preset = known.find(|preset| preset.name() == name)?;
    (preset != Preset::Custom).then(|| preset_name(preset))
}
