//! How pictures are to be drawn, to be chosen from.

use super::{
    NsfwAllowed,
    choices::{Choices, MAX_COUNT},
};
use crate::{
    i18n::{t, text::imagine as text, use_language},
    pages::making::{ChoicesMenu, Ratio, RatioShape, Segment},
};
use leptos::prelude::*;

/// The shape and the number at a glance, and all choices in a panel.
#[component]
pub(super) fn Controls() -> impl IntoView {
    let choices: RwSignal<Choices> = expect_context();
    let language = use_language();
    let summary = move || {
        let Choices {
            ratio,
            count,
            is_endless,
            ..
        } = choices.get();
        let language = language.get();
        let summary = text::Summary {
            ratio: &ratio.name(),
            count: &count,
        };
        match is_endless {
            true => format!(
                "{} · {}",
                summary.fill(language),
                text::ENDLESS.get(language)
            ),
            false => summary.fill(language),
        }
    };
    view! {
        <ChoicesMenu label=text::CHOICES summary=Signal::derive(summary)>
            <Panel />
        </ChoicesMenu>
    }
}

#[component]
fn Panel() -> impl IntoView {
    let choices: RwSignal<Choices> = expect_context();
    let NsfwAllowed(is_nsfw_allowed) = expect_context();
    view! {
        <fieldset class="segments">
            <legend>{t(text::RATIO)}</legend>
            {Ratio::ALL.map(|ratio| view! { <RatioChoice ratio /> }).collect_view()}
        </fieldset>
        <fieldset class="segments">
            <legend>{t(text::COUNT)}</legend>
            {(1..=MAX_COUNT)
                .map(|count| {
                    view! {
                        <Segment
                            name="count"
                            is_chosen=Signal::derive(move || choices.get().count == count)
                            on_choose=move || choices.update(|now| now.count = count)
                        >
                            {count}
                        </Segment>
                    }
                })
                .collect_view()}
        </fieldset>
        <fieldset class="segments">
            <legend>{t(text::QUALITY)}</legend>
            {[(false, text::QUALITY_FAST), (true, text::QUALITY_HIGH)]
                .map(|(is_high, label)| {
                    view! {
                        <Segment
                            name="quality"
                            is_chosen=Signal::derive(move || {
                                choices.get().is_high_quality == is_high
                            })
                            on_choose=move || {
                                choices.update(|now| now.is_high_quality = is_high);
                            }
                        >
                            {t(label)}
                        </Segment>
                    }
                })
                .collect_view()}
        </fieldset>
        <Toggle
            label=text::ENDLESS_LONG
            is_on=Signal::derive(move || choices.get().is_endless)
            on_change=move |is_on| choices.update(|now| now.is_endless = is_on)
        />
        {is_nsfw_allowed
            .then(|| {
                view! {
                    <Toggle
                        label=text::NSFW
                        is_on=Signal::derive(move || choices.get().is_nsfw_wanted)
                        on_change=move |is_on| choices.update(|now| now.is_nsfw_wanted = is_on)
                    />
                }
            })}
    }
}

#[component]
fn RatioChoice(ratio: Ratio) -> impl IntoView {
    let choices: RwSignal<Choices> = expect_context();
    view! {
        <Segment
            name="ratio"
            is_chosen=Signal::derive(move || choices.get().ratio == ratio)
            on_choose=move || choices.update(|now| now.ratio = ratio)
        >
            <RatioShape ratio />
            {ratio.name()}
        </Segment>
    }
}

#[component]
fn Toggle(
    label: crate::i18n::Text,
    is_on: Signal<bool>,
    on_change: impl Fn(bool) + 'static,
) -> impl IntoView {
    view! {
        <label class="switch">
            <input
                class="switch__control"
                type="checkbox"
                role="switch"
                prop:checked=is_on
                on:change=move |event| on_change(event_target_checked(&event))
            />
            <span class="switch__track" aria-hidden="true"></span>
            <span>{t(label)}</span>
        </label>
    }
}
