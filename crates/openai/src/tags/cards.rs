//! The cards that `grok:render` elements name, and the markdown that they become.

use std::collections::HashMap;

use serde_json::Value;

use super::syntax::attribute;
use crate::answer::Citation;

/// Most cards kept for one answer; further ones are ignored.
const MAX_CARDS: usize = 1024;

/// What a render element becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rendered {
    Nothing,
    /// Number (from 1) and markdown of a citation.
    Citation(usize, String),
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

/// The cards seen so far and the sources cited so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Cards {
    by_id: HashMap<String, Card>,
    cited: Vec<Citation>,
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
            url: web_url(&value["url"]),
            title: title.unwrap_or_default().to_owned(),
            original: web_url(&image["original"]),
            thumbnail: web_url(&image["thumbnail"]),
            link: web_url(&image["link"]),
        };
        self.by_id.insert(id.to_owned(), card);
        true
    }

    pub(super) fn cited(&self) -> &[Citation] {
        &self.cited
    }

    /// What the element with this opening tag stands for. Unknown cards and types are nothing.
    pub(super) fn render(&mut self, opening_tag: &str) -> Rendered {
        let card = attribute(opening_tag, "card_id").and_then(|id| self.by_id.get(&id));
        let Some(card) = card else {
            return Rendered::Nothing;
        };
        let markdown = match attribute(opening_tag, "type").as_deref() {
            Some("render_inline_citation") => {
                let citation = card.url.clone().map(|url| (url, card.title.clone()));
                return citation.map_or(Rendered::Nothing, |(url, title)| self.cite(url, title));
            }
            Some("render_searched_image") => {
                let source = card.thumbnail.as_ref().or(card.original.as_ref());
                source.map(|source| match &card.link {
                    Some(link) => format!("[{}]({link})", image(&card.title, source)),
                    None => image(&card.title, source),
                })
            }
            None => card
                .original
                .as_ref()
                .map(|source| image(&card.title, source)),
            Some(_) => None,
        };
        markdown.map_or(Rendered::Nothing, Rendered::Image)
    }

    /// Sources are numbered by the first appearance of their URL.
    fn cite(&mut self, url: String, title: String) -> Rendered {
        let known = self.cited.iter().position(|citation| citation.url == url);
        let index = known.unwrap_or(self.cited.len());
        let number = index + 1;
        let markdown = format!("[[{number}]]({url})");
        if known.is_none() {
            self.cited.push(Citation { url, title });
        }
        Rendered::Citation(number, markdown)
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
fn web_url(value: &Value) -> Option<String> {
    let url = value.as_str()?.trim();
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

    #[test]
    fn citations_are_numbered_by_url() {
        let mut cards = cards();
        let mut cite = |id| match cards.render(&tag(id, "render_inline_citation")) {
            Rendered::Citation(number, markdown) => (number, markdown),
            other => unreachable!("{other:?}"),
        };
        assert_eq!(cite("a"), (1, "[[1]](https://a.io/x%20%281%29)".into()));
        assert_eq!(cite("b"), (2, "[[2]](https://b.io)".into()));
        assert_eq!(cite("c"), (2, "[[2]](https://b.io)".into()), "same URL");
        assert_eq!(cite("a").0, 1);
        let titles: Vec<_> = cards.cited().iter().map(|c| c.title.as_str()).collect();
        assert_eq!(titles, ["A", ""]);
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
