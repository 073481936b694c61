//! All components together, in development builds.

use crate::{i18n::text::gallery, layout::set_title};
use leptos::prelude::*;

/// The component gallery at `/admin/dev/components`.
#[component]
pub fn ComponentsPage() -> impl IntoView {
    view! { {set_title(gallery::TITLE)} }
}
