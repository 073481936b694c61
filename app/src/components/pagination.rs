//! Walking through pages of a list.

use super::{IconButton, IconName};
use crate::{
    i18n::{t, text::common, use_language},
    words::group,
};
use leptos::prelude::*;

/// "1–50 of 312" with buttons for the page before and after. Hidden for a single page.
#[component]
pub fn Pagination(
    /// From 0.
    page: RwSignal<u32>,
    #[prop(into)] page_size: Signal<u32>,
    #[prop(into)] total: Signal<u32>,
) -> impl IntoView {
    let language = use_language();
    let last = move || total.get().saturating_sub(1) / page_size.get().max(1);
    // What is deleted may take its page with it.
    Effect::new(move || {
        let last = last();
        if page.get() > last {
            page.set(last);
        }
    });
    let range = move || {
        let first = page.get() * page_size.get() + 1;
        let end = (first + page_size.get() - 1).min(total.get());
        common::PageRange {
            first: &group(first.into()),
            last: &group(end.into()),
            total: &group(total.get().into()),
        }
        .fill(language.get())
    };
    view! {
        <nav class="pagination" aria-label=t(common::PAGES) hidden=move || last() == 0>
            <span class="pagination__range" aria-live="polite">
                {range}
            </span>
            <IconButton
                icon=IconName::ChevronLeft
                label=t(common::PREVIOUS_PAGE)
                disabled=Signal::derive(move || page.get() == 0)
                on:click=move |_| page.update(|page| *page = page.saturating_sub(1))
            />
            <IconButton
                icon=IconName::ChevronRight
                label=t(common::NEXT_PAGE)
                disabled=Signal::derive(move || page.get() >= last())
                on:click=move |_| page.update(|page| *page += 1)
            />
        </nav>
    }
}
