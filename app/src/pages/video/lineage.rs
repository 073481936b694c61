//! What a video came from and what came from it, among those that the page knows.

use super::library::Library;
use crate::{
    components::{Icon, IconName},
    dto::VideoItem,
    i18n::{Text, t, text::video as text},
};
use leptos::prelude::*;
use std::sync::Arc;

/// Sources of sources that are shown.
const MAX_SOURCES: usize = 3;

/// One place of the strip.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// The picture that it all began with; none where it is not on this server.
    Reference(Option<String>),
    /// A source; none where the page does not know it.
    Source(Option<Arc<VideoItem>>),
    This(Arc<VideoItem>),
    Remix(Arc<VideoItem>),
}

/// The strip from the first picture to the remixes; empty where there is the video alone.
fn strip(items: &[Arc<VideoItem>], video: &Arc<VideoItem>) -> Vec<Place> {
    let find = |id: &str| items.iter().find(|one| one.id == id).cloned();
    let (mut before, mut first) = (Vec::new(), Some(Arc::clone(video)));
    while let Some(parent) = first.as_ref().and_then(|one| one.parent.clone()) {
        if before.len() == MAX_SOURCES {
            break;
        }
        first = find(&parent);
        before.push(Place::Source(first.clone()));
    }
    if let Some(root) = first.filter(|root| root.parent.is_none() && root.has_reference) {
        before.push(Place::Reference(root.reference.clone()));
    }
    before.reverse();
    let remixes = items
        .iter()
        .rev()
        .filter(|one| one.parent.as_deref() == Some(video.id.as_str()));
    let remixes: Vec<_> = remixes.cloned().map(Place::Remix).collect();
    if before.is_empty() && remixes.is_empty() {
        return Vec::new();
    }
    before.push(Place::This(Arc::clone(video)));
    before.extend(remixes);
    before
}

/// The strip of one video.
#[component]
pub(super) fn Lineage(id: String) -> impl IntoView {
    let library: Library = expect_context();
    let places = Memo::new(move |_| {
        let video = library.find(&id)?;
        let places = strip(&library.items(), &video);
        (!places.is_empty()).then_some(places)
    });
    move || {
        places.get().map(|places| {
            view! {
                <ol class="lineage" aria-label=t(text::LINEAGE)>
                    {places.into_iter().map(|place| view! { <Step place /> }).collect_view()}
                </ol>
            }
        })
    }
}

#[component]
fn Step(place: Place) -> impl IntoView {
    let (label, picture, link): (Text, Option<String>, Option<String>) = match &place {
        Place::Reference(picture) => (text::LINEAGE_REFERENCE, picture.clone(), None),
        Place::Source(None) => (text::LINEAGE_GONE, None, None),
        Place::Source(Some(one)) => (text::LINEAGE_SOURCE, one.thumbnail.clone(), to(one)),
        Place::This(one) => (text::LINEAGE_THIS, one.thumbnail.clone(), None),
        Place::Remix(one) => (text::LINEAGE_REMIX, one.thumbnail.clone(), to(one)),
    };
    let is_this = matches!(place, Place::This(_));
    let shown = move || match picture {
        Some(picture) => {
            view! { <img class="lineage__image" src=picture alt="" loading="lazy" /> }.into_any()
        }
        None => view! {
            <span class="lineage__image lineage__image--none">
                <Icon name=IconName::Image />
            </span>
        }
        .into_any(),
    };
    let inside = view! {
        {shown()}
        <span class="lineage__label">{t(label)}</span>
    };
    view! {
        <li class="lineage__place" aria-current=is_this.then_some("true")>
            {match link {
                Some(link) => view! {
                    <a class="lineage__link" href=link rel="external">
                        {inside}
                    </a>
                }
                .into_any(),
                None => view! { <span class="lineage__link">{inside}</span> }.into_any(),
            }}
        </li>
    }
}

fn to(video: &VideoItem) -> Option<String> {
    Some(format!("#{}", video.id))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::dto::VideoState;

    pub(in super::super) fn video(id: &str, parent: Option<&str>) -> VideoItem {
        VideoItem {
            id: id.to_owned(),
            at_ms: 1,
            state: VideoState::Completed,
            progress: 100,
            prompt: "x".to_owned(),
            model: "m".to_owned(),
            seconds: 6,
            aspect_ratio: "16:9".to_owned(),
            is_high_resolution: false,
            preset: "custom".to_owned(),
            has_reference: parent.is_some(),
            ended_ms: None,
            url: None,
            poster: None,
            thumbnail: None,
            reference: None,
            failure: None,
            parent: parent.map(str::to_owned),
        }
    }

    #[test]
    fn a_strip_leads_from_the_first_picture_to_the_remixes() {
        let root = VideoItem {
            has_reference: true,
            reference: Some("fox.jpg".to_owned()),
            ..video("root", None)
        };
        let of = |id: &str, parent: &str| Arc::new(video(id, Some(parent)));
        let items = [
            of("second", "middle"),
            of("first", "middle"),
            of("middle", "root"),
            Arc::new(root),
            Arc::new(video("alone", None)),
        ];
        let [second, first, middle, root, alone] = &items;
        let expected = [
            Place::Reference(Some("fox.jpg".to_owned())),
            Place::Source(Some(root.clone())),
            Place::This(middle.clone()),
            Place::Remix(first.clone()),
            Place::Remix(second.clone()),
        ];
        assert_eq!(strip(&items, middle), expected);
        assert_eq!(strip(&items, alone), []);
    }

    #[test]
    fn a_source_that_is_not_known_has_a_place() {
        let orphan = Arc::new(video("b", Some("a")));
        let expected = [Place::Source(None), Place::This(orphan.clone())];
        assert_eq!(strip(std::slice::from_ref(&orphan), &orphan), expected);
    }
}
