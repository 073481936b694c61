//! What is known of the shown picture.

use super::Lightbox;
use crate::{
    components::LocalTime,
    i18n::{t, text::imagine as text},
    words::sizes,
};
use leptos::prelude::*;

/// Prompt, model, size and time.
#[component]
pub(super) fn Details() -> impl IntoView {
    let lightbox: Lightbox = expect_context();
    move || {
        let picture = lightbox.picture()?;
        let size = sizes(picture.width, picture.height, picture.bytes);
        let model = picture.model.clone();
        Some(view! {
            <p class="lightbox__prompt">{picture.prompt.clone()}</p>
            <dl class="lightbox__facts">
                {(!model.is_empty())
                    .then(|| {
                        view! {
                            <dt>{t(text::MODEL)}</dt>
                            <dd>{model}</dd>
                        }
                    })}
                {size
                    .map(|size| {
                        view! {
                            <dt>{t(text::SIZE)}</dt>
                            <dd>{size}</dd>
                        }
                    })}
                <dt>{t(text::TIME)}</dt>
                <dd>
                    <LocalTime at_ms=picture.at_ms />
                </dd>
            </dl>
        })
    }
}
