//! What can be done with the shown picture.

use super::Lightbox;
use crate::{
    components::{Button, ButtonVariant, Icon, IconName},
    dom,
    i18n::{
        Text, t,
        text::{common, imagine as text, making},
        use_language,
    },
    pages::{
        imagine::{references::References, selection::Selection, tile::Picture},
        making::{PROMPT_ID, Prompt},
    },
};
use leptos::{prelude::*, task::spawn_local};
use std::{sync::Arc, time::Duration};

/// How long it says what was done.
const FEEDBACK: Duration = Duration::from_secs(4);

/// The buttons.
#[component]
pub(super) fn Actions() -> impl IntoView {
    let (lightbox, selection): (Lightbox, Selection) = (expect_context(), expect_context());
    let (references, prompt): (References, Prompt) = (expect_context(), expect_context());
    let language = use_language();
    let said = RwSignal::new(None::<Text>);
    let copy = move |copied: String, done: Text| say_copied(said, copied, done);
    let with = move |act: &dyn Fn(Arc<Picture>)| {
        if let Some(picture) = untrack(|| lightbox.picture()) {
            act(picture);
        }
    };
    // Back to the prompt, where it goes on.
    let go_on = move |picture: Arc<Picture>, words: Option<String>| {
        references.add_picture(picture);
        if let Some(words) = words {
            prompt.write(words);
        }
        lightbox.close();
        request_animation_frame(|| dom::focus(PROMPT_ID));
    };
    let is_kept = move || lightbox.picture().is_some_and(|one| !one.id.is_empty());
    let link = move |picture: &Picture| format!("{}{}", dom::origin(), picture.address);
    view! {
        <div class="lightbox__actions">
            <Button
                variant=ButtonVariant::Primary
                icon=IconName::Pencil
                on:click=move |_| with(&|one| go_on(one.clone(), Some(one.prompt.clone())))
            >
                {t(text::EDIT)}
            </Button>
            <Button
                icon=IconName::Image
                on:click=move |_| with(&|one| go_on(one, None))
            >
                {t(text::USE_AS_REFERENCE)}
            </Button>
            <Show when=is_kept>
                <Animate />
            </Show>
            <Download />
            <Button
                icon=IconName::Copy
                on:click=move |_| with(&|one| copy(one.prompt.clone(), text::PROMPT_COPIED))
            >
                {t(text::COPY_PROMPT)}
            </Button>
            <Show when=is_kept>
                <Button
                    icon=IconName::Link
                    on:click=move |_| with(&|one| copy(link(&one), making::LINK_COPIED))
                >
                    {t(making::COPY_LINK)}
                </Button>
                <Button
                    icon=IconName::Trash2
                    on:click=move |_| {
                        selection.ask_to_delete_these(lightbox.key().into_iter().collect());
                    }
                >
                    {t(making::DELETE)}
                </Button>
            </Show>
            <p class="lightbox__said" role="status">
                {move || said.get().map(|said| said.get(language.get()))}
            </p>
        </div>
    }
}

/// Begins a video with it.
#[component]
fn Animate() -> impl IntoView {
    let lightbox: Lightbox = expect_context();
    move || {
        lightbox.picture().map(|picture| {
            let reference = String::from(js_sys::encode_uri_component(&picture.address));
            view! {
                <a
                    class="button button--secondary"
                    href=format!("/video?reference={reference}")
                    on:click=move |_| lightbox.close()
                >
                    <Icon name=IconName::Clapperboard />
                    <span class="button__label">{t(text::ANIMATE)}</span>
                </a>
            }
        })
    }
}

/// Saves the file.
#[component]
fn Download() -> impl IntoView {
    let lightbox: Lightbox = expect_context();
    move || {
        lightbox.picture().map(|picture| {
            let name = picture.file_name().to_owned();
            view! {
                <a
                    class="button button--secondary"
                    href=picture.address.clone()
                    download=name
                    rel="external"
                >
                    <Icon name=IconName::Download />
                    <span class="button__label">{t(making::DOWNLOAD)}</span>
                </a>
            }
        })
    }
}

/// Copies a text and says so, here: what floats at the edge of the page is behind this dialog.
fn say_copied(said: RwSignal<Option<Text>>, copied: String, done: Text) {
    spawn_local(async move {
        let is_copied = dom::copy_text(&copied).await;
        let _ = said.try_set(Some(if is_copied {
            done
        } else {
            common::COPY_REFUSED
        }));
        set_timeout(move || _ = said.try_set(None), FEEDBACK);
    });
}
