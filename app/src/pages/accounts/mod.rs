//! The accounts of the pool.

use crate::{i18n::text::accounts, layout::set_title};
use leptos::prelude::*;

/// Stats, filters and the table.
#[component]
pub fn AccountsPage() -> impl IntoView {
    view! { {set_title(accounts::TITLE)} }
}
