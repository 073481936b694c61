//! Answers as formatted text: complete ones, and ones that are still growing.

use super::{
    history::TurnId,
    state::{Announcer, Highlights, LiveAnswer},
};
use crate::{
    dom,
    i18n::{t, text::common},
    markdown::{Html, RenderOptions, StreamDoc, blocks, code_blocks},
};
use leptos::{ev, prelude::*, task::spawn_local};
use std::{collections::HashMap, time::Duration};
use wasm_bindgen::JsCast;

const COPIED_FOR: Duration = Duration::from_millis(1_600);

/// A complete text. Its code is coloured by the server once it is on the page.
#[component]
pub(super) fn DoneProse(#[prop(into)] text: Signal<String>, id: TurnId) -> impl IntoView {
    let highlights = RwSignal::new(HashMap::new());
    colour_code(text, highlights);
    let options = render_options(id);
    let html = Memo::new(move |_| {
        let options = RenderOptions {
            highlights: highlights.get(),
            ..options()
        };
        text.with(|text| blocks(text, &options))
    });
    let count = Memo::new(move |_| html.with(Vec::len));
    let block = move |index: usize| {
        let html = Memo::new(move |_| html.with(|all| all.get(index).cloned().unwrap_or_default()));
        view! { <Html html /> }
    };
    view! {
        <div class="prose" on:click=copy_code()>
            <For each=move || 0..count.get() key=|index| *index children=block />
        </div>
    }
}

/// A growing text: finished blocks stay, only the last one is drawn again.
#[component]
pub(super) fn LiveProse(answer: ArcRwSignal<LiveAnswer>, id: TurnId) -> impl IntoView {
    let announcer: Announcer = expect_context();
    let doc = StoredValue::new(StreamDoc::default());
    let finished = RwSignal::new(Vec::<(usize, String)>::new());
    let open = RwSignal::new(String::new());
    let options = render_options(id);
    Effect::new(move || {
        let options = untrack(options);
        let step = answer.with(|live| {
            doc.try_update_value(|doc| doc.advance(&live.text, &options))
                .unwrap_or_default()
        });
        if !step.finished.is_empty() {
            announcer.say(&step.finished_source);
            finished.update(|blocks| {
                let first = blocks.len();
                blocks.extend((first..).zip(step.finished));
            });
        }
        if open.with_untracked(|shown| *shown != step.open) {
            open.set(step.open);
        }
    });
    view! {
        <div class="prose prose--live" on:click=copy_code()>
            <For each=move || finished.get() key=|block| block.0 let:block>
                <Html html=block.1 />
            </For>
            <Html html=open />
        </div>
    }
}

fn render_options(id: TurnId) -> impl Fn() -> RenderOptions + Copy + Send + Sync + 'static {
    let copy = t(common::COPY);
    move || RenderOptions {
        id_prefix: format!("t{}", id.0),
        copy_label: copy().to_owned(),
        highlights: HashMap::new(),
    }
}

/// Asks for colours block by block; what fails stays plain.
fn colour_code(text: Signal<String>, highlights: RwSignal<HashMap<usize, String>>) {
    let coloured: Highlights = expect_context();
    Effect::new(move || {
        let codes = text.with(|text| code_blocks(text));
        spawn_local(async move {
            for (index, code) in codes.into_iter().enumerate() {
                if let Some(html) = coloured.of(code).await {
                    // None: the message has gone from the page.
                    if highlights
                        .try_update(|all| all.insert(index, html))
                        .is_none()
                    {
                        return;
                    }
                }
            }
        });
    });
}

/// One handler for the copy buttons of all code blocks in a text.
fn copy_code() -> impl Fn(ev::MouseEvent) + 'static {
    let (copy, copied) = (t(common::COPY), t(common::COPIED));
    move |event| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let Some(button) = target.and_then(|t| t.closest("[data-copy-code]").ok().flatten()) else {
            return;
        };
        let block = button.closest(".md-code").ok().flatten();
        let code = block.and_then(|block| block.query_selector("code").ok().flatten());
        let text = code
            .and_then(|code| code.text_content())
            .unwrap_or_default();
        let (copy, copied) = (untrack(copy), untrack(copied));
        spawn_local(async move {
            if dom::copy_text(&text).await {
                button.set_text_content(Some(copied));
                set_timeout(move || button.set_text_content(Some(copy)), COPIED_FOR);
            }
        });
    }
}
