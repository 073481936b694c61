//! Grey shapes that hold the place of what is loading.

use crate::i18n::{t, text::common};
use leptos::prelude::*;

/// One line of text that is loading.
#[component]
pub fn Skeleton() -> impl IntoView {
    view! { <span class="skeleton" aria-hidden="true"></span> }
}

/// Rows of a table that is loading.
#[component]
pub fn TableSkeleton(#[prop(default = 8)] rows: usize) -> impl IntoView {
    view! {
        <div class="table-skeleton" role="status">
            <span class="visually-hidden">{t(common::LOADING)}</span>
            {(0..rows).map(|_| view! { <Skeleton /> }).collect_view()}
        </div>
    }
}

/// A whole page that is loading.
#[component]
pub fn PageSkeleton() -> impl IntoView {
    view! {
        <div class="page-skeleton" role="status">
            <span class="visually-hidden">{t(common::LOADING)}</span>
        </div>
    }
}
