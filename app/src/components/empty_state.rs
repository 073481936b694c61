//! What a list says when it is empty.

use super::{Icon, IconName};
use leptos::{prelude::*, text_prop::TextProp};

/// Says that there is nothing yet and what to do next; the children are the button for it.
#[component]
pub fn EmptyState(
    icon: IconName,
    #[prop(into)] title: TextProp,
    #[prop(into)] text: TextProp,
    /// It is the whole page, so its title is the page's heading.
    #[prop(optional)]
    whole_page: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <span class="empty__icon">
                <Icon name=icon size=20 />
            </span>
            {if whole_page {
                view! { <h1 class="empty__title">{move || title.get()}</h1> }.into_any()
            } else {
                view! { <h2 class="empty__title">{move || title.get()}</h2> }.into_any()
            }}
            <p class="empty__text">{move || text.get()}</p>
            {children.map(|children| children())}
        </div>
    }
}
