//! Parts of a data table.

use super::{Icon, IconName};
use leptos::{prelude::*, text_prop::TextProp};

/// The scrolling frame of a table: sticky head, its own horizontal scroll.
#[component]
pub fn TableFrame(#[prop(into)] label: TextProp, children: Children) -> impl IntoView {
    view! {
        <div class="table-frame" role="region" tabindex="0" aria-label=move || label.get()>
            <table class="table">{children()}</table>
        </div>
    }
}

/// The direction in which a column is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortOrder {
    Ascending,
    Descending,
}

/// A column head that sorts when pressed. `order` is `None` while another column sorts.
#[component]
pub fn SortHeader(
    #[prop(into)] label: TextProp,
    #[prop(into)] order: Signal<Option<SortOrder>>,
    on_sort: Callback<()>,
    /// Numbers stand at the right.
    #[prop(optional)]
    numeric: bool,
) -> impl IntoView {
    let aria = move || match order.get() {
        Some(SortOrder::Ascending) => "ascending",
        Some(SortOrder::Descending) => "descending",
        None => "none",
    };
    let icon = move || match order.get() {
        Some(SortOrder::Ascending) => IconName::ArrowUp,
        Some(SortOrder::Descending) => IconName::ArrowDown,
        None => IconName::ChevronsUpDown,
    };
    view! {
        <th scope="col" aria-sort=aria class:is-numeric=numeric>
            <button type="button" class="table__sort" on:click=move |_| on_sort.run(())>
                {move || label.get()}
                {move || view! { <Icon name=icon() /> }}
            </button>
        </th>
    }
}

/// A column head that does not sort.
#[component]
pub fn HeadCell(#[prop(into)] label: TextProp, #[prop(optional)] numeric: bool) -> impl IntoView {
    view! {
        <th scope="col" class:is-numeric=numeric>
            {move || label.get()}
        </th>
    }
}
