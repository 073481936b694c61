//! Searches of the upstream's own: what they find, and an answer that cites it.

use serde_json::{Value, json};

use crate::{
    directives::{Search, SearchKind},
    hash, text as words,
};

/// Longest query.
const MAX_QUERY_CHARS: usize = 200;
/// How a question asks for a search, longest first.
const OPENINGS: [(&str, SearchKind); 6] = [
    ("search the web for ", SearchKind::Web),
    ("search x for ", SearchKind::X),
    ("search on x for ", SearchKind::X),
    ("search for ", SearchKind::Web),
    ("search: ", SearchKind::Web),
    ("search ", SearchKind::Web),
];

/// What was found, and the frames that say so.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    /// Payloads of frames, in their order; the ids of the answer are added when they are sent.
    pub(crate) payloads: Vec<Value>,
    /// Cards that the text refers to.
    pub(crate) cards: Vec<Value>,
    queries: Vec<String>,
}

/// The search that a question begins with.
pub(super) fn asked_for(question: &str) -> Option<Search> {
    let (opening, kind) = OPENINGS.into_iter().find(|(opening, _)| {
        question
            .get(..opening.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(opening))
    })?;
    let query = question.get(opening.len()..)?.lines().next()?.trim();
    let query = query.trim_end_matches(['.', '?', '!']);
    (!query.is_empty()).then(|| Search {
        kind,
        query: query.to_owned(),
    })
}

/// What these searches find; the same for the same queries.
pub(crate) fn findings(searches: &[Search]) -> Findings {
    let mut findings = Findings::default();
    for (index, search) in searches.iter().enumerate() {
        let query: String = search.query.chars().take(MAX_QUERY_CHARS).collect();
        findings.add(index + 1, search.kind, query);
    }
    findings
}

impl Findings {
    fn add(&mut self, number: usize, kind: SearchKind, query: String) {
        let (tool, field, sources) = match kind {
            SearchKind::Web => ("webSearch", "webSearchResults", pages(&query)),
            SearchKind::X => ("xSearch", "xSearchResults", posts(&query)),
        };
        let id = format!("t{number}");
        let mut card = json!({"toolUsageCardId": id});
        card[tool] = json!({"args": {"query": query}});
        self.payloads.push(json!({
            "isThinking": true,
            "messageTag": "tool_usage_card",
            "toolUsageCardId": id,
            "toolUsageCard": card,
            "rolloutId": "Agent 1",
        }));
        let (results, addresses): (Vec<Value>, Vec<String>) = sources.into_iter().unzip();
        let mut found = json!({"isThinking": true, "messageTag": "raw_function_result"});
        found[field] = json!({"results": results});
        self.payloads.push(found);
        if kind == SearchKind::Web {
            let cited = json!({"citedWebSearchResults": {"results": results}});
            self.payloads.push(cited);
        }
        for url in addresses {
            self.cards.push(json!({
                "id": format!("c{}", self.cards.len() + 1),
                "type": "render_inline_citation",
                "cardType": "citation_card",
                "url": url,
            }));
        }
        self.queries.push(query);
    }

    /// An answer that cites everything.
    pub(super) fn tokens(&self) -> Vec<String> {
        let query = self.queries.join(" and ");
        let sentences = [
            format!("Here is what I found about {query}: the sources agree on the main points"),
            " One of them adds details and an example".to_owned(),
            " Another one looks at what comes next".to_owned(),
            " The last one tells how it began".to_owned(),
        ];
        let mut tokens = Vec::new();
        let mut citations = self.citations().into_iter();
        for sentence in sentences {
            let Some(citation) = citations.next() else {
                break;
            };
            tokens.extend(words::tokens(&sentence));
            tokens.extend([citation, ".".to_owned()]);
        }
        tokens.extend(citations);
        tokens
    }

    /// The elements that stand for the cards.
    pub(super) fn citations(&self) -> Vec<String> {
        let element = |(index, card): (usize, &Value)| {
            let id = card["id"].as_str().unwrap_or_default();
            format!(
                "<grok:render card_id=\"{id}\" card_type=\"citation_card\" \
                 type=\"render_inline_citation\"><argument name=\"citation_id\">{}</argument>\
                 </grok:render>",
                index + 1
            )
        };
        self.cards.iter().enumerate().map(element).collect()
    }
}

/// Pages about a query, each with its address.
fn pages(query: &str) -> Vec<(Value, String)> {
    let slug = slug(query);
    [
        ("https://example.org", "an overview"),
        ("https://example.com/notes", "notes from practice"),
    ]
    .into_iter()
    .map(|(site, kind)| {
        let url = format!("{site}/{slug}");
        let page = json!({
            "url": url,
            "title": format!("{query}: {kind}"),
            "preview": format!("What there is to know about {query} …"),
        });
        (page, url)
    })
    .collect()
}

/// Posts about a query, each with its address.
fn posts(query: &str) -> Vec<(Value, String)> {
    let seed = hash::of(query);
    ["ada", "grace"]
        .into_iter()
        .enumerate()
        .map(|(index, name)| {
            let number = hash::mix(seed, index as u64) % 1_000_000_000;
            let post = format!("{}", 1_900_000_000_000_000_000 + number);
            let url = format!("https://x.com/{name}/status/{post}");
            let text = format!("A thought about {query}.");
            (json!({"username": name, "postId": post, "text": text}), url)
        })
        .collect()
}

fn slug(query: &str) -> String {
    let words = query.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    if words.is_empty() {
        return format!("topic-{}", hash::of(query) % 10_000);
    }
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_begins_with_its_search() {
        let query = |text| asked_for(text).map(|search| (search.kind, search.query));
        let web = |query: &str| Some((SearchKind::Web, query.to_owned()));
        assert_eq!(query("Search the web for Rust 1.90?"), web("Rust 1.90"));
        assert_eq!(query("search tide tables"), web("tide tables"));
        assert_eq!(query("search X for ferris").unwrap().0, SearchKind::X);
        assert_eq!(query("searching is hard"), None);
        assert_eq!(query("search"), None);
    }

    #[test]
    fn every_source_is_cited_once() {
        let search = |kind| Search {
            kind,
            query: "rust".to_owned(),
        };
        let findings = findings(&[search(SearchKind::Web), search(SearchKind::X)]);
        let text = findings.tokens().concat();
        assert_eq!(findings.cards.len(), 4);
        for card in &findings.cards {
            let id = format!("card_id={}", card["id"]);
            assert_eq!(text.matches(&id).count(), 1);
        }
    }
}
