//! What the next video begins with, and where that comes from: a file, the gallery, an address.

use super::{
    beginning::{Beginning, Start, by_address},
    picker::Picker,
};
use crate::{
    components::{Button, Icon, IconButton, IconName, Popover, PopoverKind, close_popover},
    dom,
    i18n::{
        t,
        text::{making, video as text},
        use_language,
    },
    pages::making::{ImagePicker, PROMPT_ID},
};
use leptos::{ev, html, prelude::*};
use leptos_router::hooks::use_query_map;

const ADDRESS_ID: &str = "reference-address";

/// What was chosen, with a button that takes it away, and what is wrong with a refused file.
#[component]
pub(super) fn BeginningRow() -> impl IntoView {
    let beginning: Beginning = expect_context();
    let query = use_query_map();
    // A link from the gallery brings its picture along.
    Effect::new(move || {
        let asked = query.with(|query| query.get("reference"));
        if let Some(start) = asked.as_deref().and_then(by_address) {
            beginning.set(Some(start));
        }
    });
    view! {
        {move || beginning.get().map(|start| view! { <Chosen start /> })}
        <Show when=move || beginning.problem().is_some()>
            <p class="prompt__problem" role="alert">
                {move || beginning.problem()}
            </p>
        </Show>
    }
}

#[component]
fn Chosen(start: Start) -> impl IntoView {
    let beginning: Beginning = expect_context();
    let language = use_language();
    let is_remix = matches!(start, Start::Remix(_));
    let name = start.name();
    let (alt, shown) = (name.clone(), name.clone());
    let label = move || making::ReferenceRemove { name: &name }.fill(language.get());
    let preview = match start.preview() {
        Some(preview) => view! { <img class="beginning__image" src=preview alt=alt /> }.into_any(),
        None => view! {
            <span class="beginning__image beginning__image--none">
                <Icon name=IconName::Globe size=20 />
            </span>
        }
        .into_any(),
    };
    let what = if is_remix {
        text::REMIX_OF
    } else {
        text::BEGINS_WITH
    };
    view! {
        <div class="beginning">
            {preview}
            <div class="beginning__text">
                <p class="beginning__what">{t(what)}</p>
                <p class="beginning__name">{shown}</p>
                {is_remix.then(|| view! { <p class="beginning__note">{t(text::REMIX_NOTE)}</p> })}
            </div>
            <IconButton
                icon=IconName::X
                label=Signal::derive(label)
                on:click=move |_| {
                    beginning.set(None);
                    dom::catch_focus(PROMPT_ID);
                }
            />
        </div>
    }
}

/// The button and its panel.
#[component]
pub(super) fn AddBeginning() -> impl IntoView {
    let beginning: Beginning = expect_context();
    let (open, is_picking) = (RwSignal::new(false), RwSignal::new(false));
    let (picker, button) = (
        NodeRef::<html::Input>::new(),
        NodeRef::<html::Button>::new(),
    );
    let close = move || close_popover(open, button);
    let pick_file = move |_| {
        close();
        if let Some(picker) = picker.get_untracked() {
            picker.click();
        }
    };
    let pick_picture = move |_| {
        close();
        is_picking.set(true);
    };
    let trigger = || view! { <Icon name=IconName::Image size=20 /> };
    view! {
        <Popover
            open
            kind=PopoverKind::Dialog
            label=t(text::ADD_REFERENCE)
            button_class="icon-button"
            button
            trigger=trigger.into()
        >
            <div class="sources">
                <Button icon=IconName::Upload on:click=pick_file>
                    {t(text::REFERENCE_FILE)}
                </Button>
                <Button icon=IconName::Image on:click=pick_picture>
                    {t(text::REFERENCE_GALLERY)}
                </Button>
                <AddressField close=Callback::new(move |()| close()) />
            </div>
        </Popover>
        <ImagePicker
            input=picker
            label=t(text::ADD_REFERENCE)
            multiple=false
            take=Callback::new(move |files| beginning.take_file(files))
        />
        <Picker open=is_picking />
    }
}

#[component]
fn AddressField(close: Callback<()>) -> impl IntoView {
    let beginning: Beginning = expect_context();
    let (address, is_wrong) = (RwSignal::new(String::new()), RwSignal::new(false));
    let take = move || match by_address(&address.get_untracked()) {
        Some(start) => {
            beginning.set(Some(start));
            close.run(());
        }
        None => is_wrong.set(true),
    };
    // Not a form: it stands inside the one of the prompt.
    let on_key = move |event: ev::KeyboardEvent| {
        if event.key() == "Enter" && !event.is_composing() {
            event.prevent_default();
            take();
        }
    };
    view! {
        <div class="sources__address">
            <label for=ADDRESS_ID>{t(text::REFERENCE_ADDRESS)}</label>
            <div class="sources__row">
                <input
                    class="input"
                    id=ADDRESS_ID
                    // Not `url`: the browser would check it when the form around it is sent.
                    type="text"
                    inputmode="url"
                    placeholder="https://"
                    autocomplete="off"
                    prop:value=address
                    aria-invalid=move || is_wrong.get().then_some("true")
                    on:input=move |event| {
                        is_wrong.set(false);
                        address.set(event_target_value(&event));
                    }
                    on:keydown=on_key
                />
                <Button on:click=move |_| take()>{t(text::USE_ADDRESS)}</Button>
            </div>
            <Show when=move || is_wrong.get()>
                <p class="prompt__problem" role="alert">
                    {t(text::ADDRESS_WRONG)}
                </p>
            </Show>
        </div>
    }
}
