//! A calm box of information.

use super::{Icon, IconName, Tone};
use leptos::prelude::*;

/// A tinted box with an icon and text.
#[component]
pub fn Notice(#[prop(default = Tone::Info)] tone: Tone, children: Children) -> impl IntoView {
    let icon = match tone {
        Tone::Warning | Tone::Danger => IconName::TriangleAlert,
        Tone::Success => IconName::CircleCheck,
        _ => IconName::Info,
    };
    view! {
        <div class=format!("notice tone-{}", tone.name()) role="status">
            <Icon name=icon size=20 />
            <div class="notice__body">{children()}</div>
        </div>
    }
}
