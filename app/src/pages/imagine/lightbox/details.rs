//! What is known of the shown picture.

use super::Lightbox;
use crate::{
    components::LocalTime,
    i18n::{t, text::imagine as text},
    pages::imagine::tile::Picture,
};
use leptos::prelude::*;

/// Prompt, model, size and time.
#[component]
pub(super) fn Details() -> impl IntoView {
    let lightbox: Lightbox = expect_context();
    move || {
        let picture = lightbox.picture()?;
        let size = size(&picture);
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

/// `832 × 1248 · 214 KB`, as far as it is known.
fn size(picture: &Picture) -> Option<String> {
    let sides = (picture.width > 0).then(|| format!("{} × {}", picture.width, picture.height));
    let bytes = (picture.bytes > 0).then(|| match picture.bytes / 1024 {
        kb @ 0..1024 => format!("{} KB", kb.max(1)),
        kb => format!("{}.{} MB", kb / 1024, kb % 1024 * 10 / 1024),
    });
    let known: Vec<String> = sides.into_iter().chain(bytes).collect();
    (!known.is_empty()).then(|| known.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_as_far_as_they_are_known() {
        let picture = |width, height, bytes| Picture {
            width,
            height,
            bytes,
            ..Picture::default()
        };
        let said = |width, height, bytes| size(&picture(width, height, bytes));
        assert_eq!(
            said(832, 1248, 219_000).as_deref(),
            Some("832 × 1248 · 213 KB")
        );
        assert_eq!(said(0, 0, 3_400_000).as_deref(), Some("3.2 MB"));
        assert_eq!(said(0, 0, 0), None);
    }
}
