//! What every client wants to know: address, key, model.

use super::{address::is_loopback, state::Setup};
use crate::{
    components::{Choice, CodeField, Field, Notice, Select, Switch, Tone, described_by},
    i18n::{t, text::connect as text, use_language},
};
use leptos::prelude::*;

const KEY: &str = "api-key";
const MODEL: &str = "model";

/// Asked by the check, which tells it about a missing key.
pub(super) const KEY_FIELD: &str = KEY;

/// The card with the values that go into the snippets.
#[component]
pub(super) fn Details(setup: Setup) -> impl IntoView {
    let base_url = Signal::derive(move || format!("{}/v1", setup.base.get()));
    view! {
        <section class="card connect__card" aria-labelledby="connect-details">
            <h2 class="connect__heading" id="connect-details">
                {t(text::DETAILS)}
            </h2>
            <dl class="connect-fields">
                <CodeField label=t(text::OPENAI_ADDRESS) value=base_url />
                <CodeField label=t(text::ANTHROPIC_ADDRESS) value=setup.base />
            </dl>
            <AddressHints setup />
            <div class="connect__inputs">
                <KeyInput setup />
                <ModelInput setup />
            </div>
            <p class="connect__links">
                <a href="/docs" rel="external">
                    {t(text::REFERENCE)}
                </a>
            </p>
        </section>
    }
}

/// Where the address is from, and who does not reach it.
#[component]
fn AddressHints(setup: Setup) -> impl IntoView {
    let language = use_language();
    let is_configured = setup
        .connection
        .with_value(|connection| connection.is_configured);
    let source = if is_configured {
        text::ADDRESS_SET
    } else {
        text::ADDRESS_SEEN
    };
    let elsewhere = move || {
        setup.is_elsewhere().then(|| {
            let opened = setup.opened.get();
            text::AddressDiffers { opened: &opened }.fill(language.get())
        })
    };
    view! {
        <div class="connect__hints">
            <p>{t(source)} " " {elsewhere}</p>
            {move || {
                setup
                    .base
                    .with(|base| is_loopback(base))
                    .then(|| view! { <p>{t(text::ADDRESS_LOOPBACK)}</p> })
            }}
        </div>
    }
}

#[component]
fn KeyInput(setup: Setup) -> impl IntoView {
    let hint = if setup.is_open() {
        text::KEY_OPEN
    } else {
        text::KEY_HINT
    };
    let language = use_language();
    let error = Signal::derive(move || {
        let key = setup.typed_key();
        (!key.is_ascii()).then(|| text::KEY_ODD.get(language.get()).to_owned())
    });
    view! {
        <div class="connect__key">
            <Field id=KEY label=t(text::KEY) hint=t(hint) error>
                // Whoever fills in passwords would fill in the operator's, which is no key: they leave
                // codes that count once alone.
                <input
                    class="input"
                    id=KEY
                    type=move || if setup.is_shown.get() { "text" } else { "password" }
                    autocomplete="one-time-code"
                    autocapitalize="off"
                    spellcheck="false"
                    maxlength="512"
                    aria-describedby=described_by(KEY)
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    prop:value=move || setup.key.get()
                    on:input=move |event| setup.key.set(event_target_value(&event))
                />
            </Field>
            <Switch label=t(text::KEY_SHOW) checked=setup.is_shown />
        </div>
    }
}

#[component]
fn ModelInput(setup: Setup) -> impl IntoView {
    let language = use_language();
    let models = setup
        .connection
        .with_value(|connection| connection.models.clone());
    let has_served = models.iter().any(|model| model.is_served);
    let choice = move |(id, is_served): (String, bool)| {
        let label = id.clone();
        let label = move || match is_served {
            true => label.clone(),
            false => text::ModelUnserved { model: &label }.fill(language.get()),
        };
        Choice::new(id, label)
    };
    let choices: Vec<_> = models
        .into_iter()
        .map(|model| choice((model.id, model.is_served)))
        .collect();
    view! {
        <div class="field connect__model">
            <label class="field__label" for=MODEL>
                {t(text::MODEL)}
            </label>
            <Select
                id=MODEL
                label=t(text::MODEL)
                value=setup.model
                choices=Signal::stored(choices)
            />
            {(!has_served)
                .then(|| {
                    view! {
                        <Notice tone=Tone::Warning>
                            {t(text::NO_ACCOUNT)} " "
                            <a href="/admin/accounts?add=1">{t(text::TO_ACCOUNTS)}</a>
                        </Notice>
                    }
                })}
        </div>
    }
}
