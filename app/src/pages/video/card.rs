//! One video: its film, or how far it is, or why there is none; and what can be done with it.

use super::{
    beginning::{Beginning, Start, by_address},
    choices::{Choices, resolution},
    controls::preset_text,
    deletion::Deletion,
    failure::NotMade,
    library::Library,
    lineage::Lineage,
    player::Player,
    progress::{UnderWay, phase},
};
use crate::{
    components::{Button, Icon, IconName, LocalTime, use_toaster},
    dom,
    dto::{VideoItem, VideoState},
    i18n::{
        t,
        text::{common, making, video as text},
        use_language,
    },
    pages::making::{PROMPT_ID, Prompt},
};
use leptos::{prelude::*, task::spawn_local};
use std::sync::Arc;

/// The card of the video of that id.
#[component]
pub(super) fn Card(id: String) -> impl IntoView {
    let library: Library = expect_context();
    let language = use_language();
    let (of, anchor) = (id.clone(), id.clone());
    let item = Memo::new(move |_| library.find(&of));
    // Only a new state draws the card again: a film that plays goes on.
    let state = Memo::new(move |_| item.get().map(|item| item.state));
    let known = item.get_untracked();
    let (prompt, shape) = known.as_ref().map_or_else(Default::default, |item| {
        (item.prompt.clone(), shape(&item.aspect_ratio))
    });
    let label = prompt.clone();
    let said = move || item.get().map(|item| phase(&item).get(language.get()));
    let stage = move || {
        let shown = item.get_untracked()?;
        Some(match state.get()? {
            VideoState::Completed => view! { <Player item /> }.into_any(),
            VideoState::Failed | VideoState::Cancelled => {
                view! { <NotMade item=VideoItem::clone(&shown) /> }.into_any()
            }
            _ => view! { <UnderWay item /> }.into_any(),
        })
    };
    view! {
        <li class="film" id=anchor>
            <article aria-label=label>
                <div class=format!("film__stage {shape}")>{stage}</div>
                <div class="film__body">
                    <p class="visually-hidden" role="status">
                        {said}
                    </p>
                    <p class="film__prompt">{prompt}</p>
                    {known.map(|item| view! { <Facts item=VideoItem::clone(&item) /> })}
                    <Lineage id />
                    {move || state.get().map(|state| view! { <Actions item state /> })}
                </div>
            </article>
        </li>
    }
}

/// The class of a shape.
fn shape(aspect_ratio: &str) -> &'static str {
    match aspect_ratio {
        "1:1" => "film__stage--square",
        "3:2" => "film__stage--landscape",
        "2:3" | "9:16" => "film__stage--tall",
        _ => "film__stage--wide",
    }
}

/// What was asked for.
#[component]
fn Facts(item: VideoItem) -> impl IntoView {
    let language = use_language();
    let facts = move || {
        let language = language.get();
        let seconds = &item.seconds;
        let mut facts = vec![
            text::SecondsValue { seconds }.fill(language),
            item.aspect_ratio.clone(),
            resolution(item.is_high_resolution).to_owned(),
        ];
        facts.extend(preset_text(&item.preset).map(|text| text.get(language).to_owned()));
        facts.join(" · ")
    };
    view! {
        <p class="film__facts">
            <span>{facts}</span>
            <LocalTime at_ms=item.at_ms />
        </p>
    }
}

#[component]
fn Actions(item: Memo<Option<Arc<VideoItem>>>, state: VideoState) -> impl IntoView {
    let deletion: Deletion = expect_context();
    let with = move |act: &dyn Fn(Arc<VideoItem>)| {
        if let Some(item) = item.get_untracked() {
            act(item);
        }
    };
    let fill = use_fill();
    let finished = (state == VideoState::Completed)
        .then(|| item.get_untracked())
        .flatten();
    view! {
        <div class="film__actions">
            {finished.map(|item| view! { <OfFinished item=VideoItem::clone(&item) /> })}
            <Button
                icon=IconName::Pencil
                attr:title=t(text::AGAIN_LONG)
                on:click=move |_| with(&|item| fill(&item))
            >
                {t(text::AGAIN)}
            </Button>
            {state
                .is_over()
                .then(|| {
                    view! {
                        <Button
                            icon=IconName::Trash2
                            on:click=move |_| with(&|item| deletion.ask(item))
                        >
                            {t(making::DELETE)}
                        </Button>
                    }
                })}
        </div>
    }
}

#[component]
fn OfFinished(item: VideoItem) -> impl IntoView {
    let (beginning, prompt): (Beginning, Prompt) = (expect_context(), expect_context());
    let (toaster, language) = (use_toaster(), use_language());
    let url = item.url.clone().unwrap_or_default();
    let link = format!("{}{url}", dom::origin());
    let source = Arc::new(item);
    let remix = move |_| {
        beginning.set(Some(Start::Remix(Arc::clone(&source))));
        prompt.write(source.prompt.clone());
        dom::focus(PROMPT_ID);
    };
    let copy = move |_| {
        let link = link.clone();
        spawn_local(async move {
            let language = language.get_untracked();
            if dom::copy_text(&link).await {
                toaster.success(making::LINK_COPIED.get(language));
            } else {
                toaster.error_text(common::COPY_REFUSED.get(language));
            }
        });
    };
    let name = url.split('?').next().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default().to_owned();
    view! {
        <Button icon=IconName::Sparkles on:click=remix>
            {t(text::REMIX)}
        </Button>
        <a class="button button--secondary" href=url download=name rel="external">
            <Icon name=IconName::Download />
            <span class="button__label">{t(making::DOWNLOAD)}</span>
        </a>
        <Button icon=IconName::Link on:click=copy>
            {t(making::COPY_LINK)}
        </Button>
    }
}

/// Fills the form with what a video was asked for.
fn use_fill() -> impl Fn(&VideoItem) + Copy {
    let (beginning, prompt): (Beginning, Prompt) = (expect_context(), expect_context());
    let (choices, library): (RwSignal<Choices>, Library) = (expect_context(), expect_context());
    let (toaster, language) = (use_toaster(), use_language());
    move |item| {
        let source = item.parent.as_deref();
        let source = source.and_then(|id| untrack(|| library.find(id)));
        if source.is_none() && item.parent.is_some() {
            toaster.error_text(text::SOURCE_MISSING.get(language.get_untracked()));
        }
        let picture = item.reference.as_deref();
        let picture = picture.map(|small| small.replacen("/thumbnail/", "/image/", 1));
        let picture = picture.as_deref().and_then(by_address);
        beginning.set(source.map(Start::Remix).or(picture));
        choices.set(Choices::of(item));
        prompt.write(item.prompt.clone());
        dom::focus(PROMPT_ID);
    }
}
