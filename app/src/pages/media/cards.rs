//! How much there is, by kind, and how much of the limit that is.

use super::{
    deletion::Doomed,
    state::{Found, Media},
};
use crate::{
    components::{Button, ButtonVariant, IconName, LocalTime},
    dto::{MediaFilter, MediaKind},
    i18n::{Text, t, text::media as text, use_language},
    words::{bytes, group},
};
use leptos::prelude::*;

#[component]
pub(super) fn Cards(state: Media) -> impl IntoView {
    view! {
        <div class="media-cards" role="group" aria-label=t(text::CARDS)>
            <KindCard state kind=None label=text::ALL />
            <KindCard state kind=Some(MediaKind::Image) label=text::IMAGES />
            <KindCard state kind=Some(MediaKind::Video) label=text::VIDEOS />
            <LimitCard state />
        </div>
    }
}

/// Items and bytes of a kind, or of all.
fn sum(state: Media, kind: Option<MediaKind>) -> (u64, u64) {
    state.overview.with(|overview| {
        let totals = overview.totals.iter();
        let totals = totals.filter(|total| kind.is_none_or(|kind| kind == total.kind));
        totals.fold((0, 0), |(count, bytes), total| {
            (count + total.count, bytes + total.bytes)
        })
    })
}

/// Shows its kind alone when pressed; its button deletes all of it.
#[component]
fn KindCard(state: Media, kind: Option<MediaKind>, label: Text) -> impl IntoView {
    let language = use_language();
    let total = Memo::new(move |_| sum(state, kind));
    let is_chosen = move || state.filters.kind.get() == kind;
    let clear = move |_| {
        let (count, bytes) = total.get_untracked();
        let filter = MediaFilter {
            kind,
            ..MediaFilter::default()
        };
        state.doomed.set(Some(Doomed::Found(Found {
            filter,
            count,
            bytes,
        })));
    };
    let clear_label = move || {
        let kind = &label.get(language.get());
        text::ClearKind { kind }.fill(language.get())
    };
    view! {
        <section class="card media-card" class:is-chosen=is_chosen>
            <button
                type="button"
                class="media-card__choose"
                aria-pressed=move || if is_chosen() { "true" } else { "false" }
                on:click=move |_| state.filters.kind.set(kind)
            >
                <span class="stat__label">{t(label)}</span>
                <span class="stat__value">{move || group(total.get().0)}</span>
                <span class="stat__note">{move || bytes(total.get().1)}</span>
            </button>
            <Button
                variant=ButtonVariant::Ghost
                icon=IconName::Trash2
                disabled=Signal::derive(move || total.get().0 == 0)
                attr:aria-label=clear_label
                on:click=clear
            >
                {t(text::CLEAR)}
            </Button>
        </section>
    }
}

#[component]
fn LimitCard(state: Media) -> impl IntoView {
    let language = use_language();
    let used = Memo::new(move |_| state.overview.with(|overview| overview.used_bytes));
    let limit = Memo::new(move |_| state.overview.with(|overview| overview.limit_bytes));
    let last = Memo::new(move |_| state.overview.with(|overview| overview.last_clean));
    let value = move || match limit.get() {
        Some(limit) => {
            let (used, limit) = (bytes(used.get()), bytes(limit));
            text::UsedOf {
                used: &used,
                limit: &limit,
            }
            .fill(language.get())
        }
        None => bytes(used.get()),
    };
    let bar = move || {
        let limit = limit.get()?;
        let is_low = used.get() > limit / 100 * 90;
        Some(view! {
            <progress
                class="progress"
                class:is-low=is_low
                max=(limit / 1024).max(1)
                value=used.get().min(limit) / 1024
                aria-label=t(text::LIMIT)
            ></progress>
        })
    };
    view! {
        <section class="card media-card">
            <div class="media-card__choose">
                <span class="stat__label">{t(text::LIMIT)}</span>
                <span class="media-card__used">{value}</span>
                {bar}
                <span class="stat__note">
                    {move || match (limit.get(), last.get()) {
                        (None, _) => t(text::NO_CLEAN)().into_any(),
                        (Some(_), None) => t(text::NEVER_CLEANED)().into_any(),
                        (Some(_), Some(last)) => {
                            view! {
                                {text::CLEANED.fill(language.get(), last.files)}
                                " "
                                <LocalTime at_ms=last.at_ms />
                            }
                                .into_any()
                        }
                    }}
                </span>
            </div>
        </section>
    }
}
