//! The cards that `grok:render` elements name, and the markdown that they become.

use std::collections::HashMap;

use serde_json::Value;

use super::syntax::attribute;
use crate::frame::Source;

/// Most cards and most sources kept for one answer; further ones are ignored.
const MAX_CARDS: usize = 1024;
/// Most found pictures that come behind the text because no element has placed them.
const MAX_UNPLACED: usize = 20;

/// A source that the text cites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    /// From 1, by first appearance of the URL in the answer.
    pub number: usize,
    /// Absolute http or https URL, exactly as it stands in the text.
    pub url: String,
    /// Empty when the upstream named none.
    pub title: String,
}

impl Citation {
    pub(super) fn markdown(&self) -> String {
        format!("[[{}]]({})", self.number, self.url)
    }
}

/// What a render element becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rendered {
    Nothing,
    Citation(Citation),
    /// Markdown that starts a line of its own.
    Image(String),
}

#[derive(Clone, Debug, Default)]
struct Card {
    url: Option<String>,
    title: String,
    original: Option<String>,
    thumbnail: Option<String>,
    link: Option<String>,
}

/// The cards seen so far, and the sources known and cited so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Cards {
    by_id: HashMap<String, Card>,
    /// Titles by URL.
    titles: HashMap<String, String>,
    /// Numbers by URL.
    numbers: HashMap<String, usize>,
    /// Ids of cards with a found picture that no element has named, in their order.
    unplaced: Vec<String>,
}

impl Cards {
    /// Remembers a card. False if it is no JSON object with an `id`, or one too many.
    pub(super) fn register(&mut self, json: &str) -> bool {
        let Ok(value) = serde_json::from_str::<Value>(json) else {
            return false;
        };
        let Some(id) = value["id"]
            .as_str()
            .filter(|_| self.by_id.len() < MAX_CARDS)
        else {
            return false;
        };
        let image = &value["image"];
        let title = [&image["title"], &value["title"]]
            .into_iter()
            .find_map(Value::as_str);
        let card = Card {
            url: value["url"].as_str().and_then(web_url),
            title: title.unwrap_or_default().to_owned(),
            original: image["original"].as_str().and_then(web_url),
            thumbnail: image["thumbnail"].as_str().and_then(web_url),
            link: image["link"].as_str().and_then(web_url),
        };
        let has_picture = card.original.is_some();
        // The complete answer lists the cards once more.
        let is_new = self.by_id.insert(id.to_owned(), card).is_none();
        if is_new && has_picture && self.unplaced.len() < MAX_UNPLACED {
            self.unplaced.push(id.to_owned());
        }
        true
    }

    /// Remembers the title of a page: cards of citations often have none.
    pub(super) fn register_source(&mut self, source: &Source) {
        let url = web_url(&source.url).filter(|_| !source.title.is_empty());
        if let Some(url) = url.filter(|_| self.titles.len() < MAX_CARDS) {
            self.titles.insert(url, source.title.clone());
        }
    }

    /// What the element with this opening tag stands for. Unknown cards and types are nothing.
    pub(super) fn render(&mut self, opening_tag: &str) -> Rendered {
        let id = attribute(opening_tag, "card_id").unwrap_or_default();
        let Some(card) = self.by_id.get(&id) else {
            return Rendered::Nothing;
        };
        self.unplaced.retain(|other| *other != id);
        let markdown = match attribute(opening_tag, "type").as_deref() {
            Some("render_inline_citation") => {
                let Some(url) = card.url.clone() else {
                    return Rendered::Nothing;
                };
                let title = card.title.clone();
                return Rendered::Citation(self.cite(url, title));
            }
            Some("render_searched_image") => {
                let source = card.thumbnail.as_ref().or(card.original.as_ref());
                source.map(|source| card.found_picture(source))
            }
            None => card
                .original
                .as_ref()
                .map(|source| image(&card.title, source)),
            Some(_) => None,
        };
        markdown.map_or(Rendered::Nothing, Rendered::Image)
    }

    /// The found pictures that no element has named, as markdown.
    pub(super) fn take_unplaced(&mut self) -> Vec<String> {
        let unplaced = std::mem::take(&mut self.unplaced);
        let cards = unplaced.iter().filter_map(|id| self.by_id.get(id));
        let pictures = cards.filter_map(|card| Some(card.found_picture(card.original.as_ref()?)));
        pictures.collect()
    }

    /// Sources are numbered by the first appearance of their URL.
    fn cite(&mut self, url: String, mut title: String) -> Citation {
        if title.is_empty() {
            title = self.titles.get(&url).cloned().unwrap_or_default();
        }
        let next = self.numbers.len() + 1;
        let number = *self.numbers.entry(url.clone()).or_insert(next);
        Citation { number, url, title }
    }
}

impl Card {
    /// The picture at `source`, linked to its page where that is known.
    fn found_picture(&self, source: &str) -> String {
        let picture = image(&self.title, source);
        match &self.link {
            Some(link) => format!("[{picture}]({link})"),
            None => picture,
        }
    }
}

fn image(title: &str, source: &str) -> String {
    let title: String = title
        .chars()
        .filter(|c| !matches!(c, '[' | ']' | '\\'))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let title = if title.trim().is_empty() {
        "image"
    } else {
        title.trim()
    };
    format!("![{title}]({source})")
}

/// An absolute http(s) URL with what would end a markdown link percent-encoded.
fn web_url(url: &str) -> Option<String> {
    let url = url.trim();
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return None;
    }
    let mut safe = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '(' => safe.push_str("%28"),
            ')' => safe.push_str("%29"),
            '<' => safe.push_str("%3C"),
            '>' => safe.push_str("%3E"),
            '\\' => safe.push_str("%5C"),
            c if c.is_whitespace() => safe.push_str("%20"),
            c if c.is_control() => {}
            c => safe.push(c),
        }
    }
    Some(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(card: &str, kind: &str) -> String {
        format!("<grok:render card_id=\"{card}\" card_type=\"x\" type=\"{kind}\">")
    }

    fn cards() -> Cards {
        let mut cards = Cards::default();
        for json in [
            r#"{"id":"a","url":"https://a.io/x (1)","title":"A"}"#,
            r#"{"id":"b","url":"https://b.io"}"#,
            r#"{"id":"c","url":"https://b.io"}"#,
            r#"{"id":"i","image":{"original":"https://i.io/o.png","thumbnail":"https://i.io/t.png","title":"A [red]\nfox","link":"https://i.io"}}"#,
            r#"{"id":"j","image":{"original":"https://j.io/o.png"}}"#,
            r#"{"id":"k","url":"javascript:alert(1)","image":{"original":"users/u1/x.jpg"}}"#,
        ] {
            assert!(cards.register(json), "{json}");
        }
        cards
    }

    fn citation(number: usize, url: &str, title: &str) -> Rendered {
        Rendered::Citation(Citation {
            number,
            url: url.to_owned(),
            title: title.to_owned(),
        })
    }

    #[test]
    fn citations_are_numbered_by_url() {
        let mut cards = cards();
        let mut cite = |id| cards.render(&tag(id, "render_inline_citation"));
        let first = citation(1, "https://a.io/x%20%281%29", "A");
        assert_eq!(cite("a"), first);
        assert_eq!(cite("b"), citation(2, "https://b.io", ""));
        assert_eq!(cite("c"), citation(2, "https://b.io", ""), "same URL");
        assert_eq!(cite("a"), first);
        let Rendered::Citation(citation) = first else {
            unreachable!("a citation")
        };
        assert_eq!(citation.markdown(), "[[1]](https://a.io/x%20%281%29)");
    }

    #[test]
    fn a_card_without_a_title_has_that_of_its_source() {
        let mut cards = cards();
        for (url, title) in [
            ("https://a.io/x (1)", "of the source"),
            ("https://b.io", "B"),
            ("https://b.io", ""),
            ("javascript:x", "J"),
        ] {
            cards.register_source(&Source {
                url: url.to_owned(),
                title: title.to_owned(),
            });
        }
        let mut cite = |id| cards.render(&tag(id, "render_inline_citation"));
        assert_eq!(cite("a"), citation(1, "https://a.io/x%20%281%29", "A"));
        assert_eq!(cite("b"), citation(2, "https://b.io", "B"));
        assert_eq!(cards.titles.len(), 2);
    }

    #[test]
    fn cards_and_sources_are_bounded() {
        let mut cards = Cards::default();
        for n in 0..MAX_CARDS {
            assert!(cards.register(&format!("{{\"id\":\"{n}\"}}")));
            cards.register_source(&Source {
                url: format!("https://a.io/{n}"),
                title: "T".to_owned(),
            });
        }
        assert!(!cards.register("{\"id\":\"x\"}"));
        let one_more = Source {
            url: "https://b.io".to_owned(),
            title: "T".to_owned(),
        };
        cards.register_source(&one_more);
        assert_eq!(
            (cards.by_id.len(), cards.titles.len()),
            (MAX_CARDS, MAX_CARDS)
        );
    }

    #[test]
    fn images_become_markdown() {
        let mut cards = cards();
        let fox = "[![A red fox](https://i.io/t.png)](https://i.io)";
        for (tag, markdown) in [
            (tag("i", "render_searched_image"), fox),
            (
                tag("j", "render_searched_image"),
                "![image](https://j.io/o.png)",
            ),
            (
                "<grok:render card_id=\"i\"/>".into(),
                "![A red fox](https://i.io/o.png)",
            ),
        ] {
            assert_eq!(
                cards.render(&tag),
                Rendered::Image(markdown.into()),
                "{tag}"
            );
        }
    }

    #[test]
    fn pictures_that_no_element_names_are_left_over_once() {
        let mut cards = cards();
        let again = r#"{"id":"j","image":{"original":"https://j.io/o.png"}}"#;
        assert!(cards.register(again), "the complete answer repeats it");
        assert_ne!(
            cards.render(&tag("i", "render_searched_image")),
            Rendered::Nothing
        );
        assert_eq!(cards.take_unplaced(), ["![image](https://j.io/o.png)"]);
        assert!(cards.register(again));
        assert!(cards.take_unplaced().is_empty());
        let linked =
            r#"{"id":"l","image":{"original":"https://l.io/o.png","link":"https://l.io"}}"#;
        assert!(cards.register(linked));
        let markdown = "[![image](https://l.io/o.png)](https://l.io)";
        assert_eq!(cards.take_unplaced(), [markdown]);
    }

    #[test]
    fn pictures_that_are_left_over_are_bounded() {
        let mut cards = Cards::default();
        for n in 0..MAX_UNPLACED + 5 {
            let original = format!("https://a.io/{n}.png");
            let card = serde_json::json!({"id": n.to_string(), "image": {"original": original}});
            assert!(cards.register(&card.to_string()));
        }
        assert_eq!(cards.take_unplaced().len(), MAX_UNPLACED);
    }

    #[test]
    fn urls_are_absolute_and_cannot_end_their_link() {
        for (url, safe) in [
            (" http://a.io/b \n", Some("http://a.io/b")),
            (
                "https://a.io/(b)<c>\\d e\u{1}f",
                Some("https://a.io/%28b%29%3Cc%3E%5Cd%20ef"),
            ),
            ("HTTPS://a.io", None),
            ("ftp://a.io", None),
            ("users/u1/x.jpg", None),
        ] {
            assert_eq!(web_url(url).as_deref(), safe, "{url}");
        }
    }

    #[test]
    fn what_cannot_be_shown_is_nothing() {
        let mut cards = cards();
        for tag in [
            tag("unknown", "render_inline_citation"),
            tag("k", "render_inline_citation"),
            tag("k", "render_searched_image"),
            tag("i", "render_inline_citation"),
            tag("i", "render_generated_image"),
            tag("i", "render_file"),
            "<grok:render>".into(),
        ] {
            assert_eq!(cards.render(&tag), Rendered::Nothing, "{tag}");
        }
        for bad in ["", "[]", "{}", "{\"id\":1}", "{\"id\""] {
            assert!(!cards.register(bad), "{bad}");
        }
    }
}
