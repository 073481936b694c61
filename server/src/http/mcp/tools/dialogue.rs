//! One question to a chat model and its whole answer, told of while it comes.

use chat::{Citation, Delta, Event, Found, Reasoning, Request, SearchKind};
use rmcp::model::CallToolResult;

use crate::{
    gateway::{ErrorKind, GatewayError, chat::Delivery},
    http::{
        error::ApiError,
        mcp::{call::Call, progress::Progress},
    },
};

/// Sources that are told of.
const MAX_SOURCES: usize = 50;
/// Of what is looked up, in a note of progress.
const MAX_SHOWN_CHARS: usize = 120;

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) url: String,
    /// Empty: unknown.
    pub(super) title: String,
}

/// A whole answer.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) text: String,
    cited: Vec<Source>,
    found: Vec<Source>,
    /// Characters of answer and reasoning, and one for each look-up.
    seen: u64,
    reasoned: u64,
}

/// Asks, and returns what `render` makes of the answer once it is recorded.
///
/// # Errors
/// Every error of the gateway.
pub(super) async fn ask(
    call: &Call,
    mut request: Request,
    mut progress: Progress,
    render: impl FnOnce(&Said) -> CallToolResult,
) -> Result<CallToolResult, ApiError> {
    // Whole answers may still move to another account when one breaks off; of the others the client
    // hears while they come.
    let is_told = progress.is_wanted();
    let delivery = match is_told {
        true => Delivery::Stream,
        false => Delivery::Whole,
    };
    request.reasoning = Reasoning {
        is_shown: Some(is_told),
        ..request.reasoning
    };
    let limit_mb = call.settings().config.chat.max_answer_mb;
    let max_bytes = usize::try_from(limit_mb.saturating_mul(1024 * 1024)).unwrap_or(usize::MAX);
    progress.begin(None, "Waiting for Grok").await;
    let asking = call.gateway.chat(call.caller.clone(), request, delivery);
    let mut answer = Box::pin(asking).await?;
    let mut said = Said::default();
    while let Some(deltas) = answer.next().await? {
        let mut step = None;
        for delta in deltas.iter() {
            step = said.push(delta).or(step);
        }
        if said.text.len() > max_bytes {
            let message =
                format!("The answer is larger than {limit_mb} MiB (`chat.max_answer_mb`).");
            return Err(GatewayError::new(ErrorKind::Upstream("answer_too_large"), message).into());
        }
        let seen = said.seen;
        let note = || step.unwrap_or_else(|| said.step());
        progress.tell(seen as f64, None, note).await;
    }
    let result = render(&said);
    answer.commit(said.text.len()).await?;
    Ok(result)
}

impl Said {
    /// Takes what is new; what to say of it, if that is not how much there is.
    fn push(&mut self, delta: Delta<'_>) -> Option<String> {
        match delta {
            Delta::Text(piece) => {
                self.text.push_str(piece);
                self.seen += piece.chars().count() as u64;
                None
            }
            Delta::Reasoning(piece) => {
                let count = piece.chars().count() as u64;
                self.seen += count;
                self.reasoned += count;
                None
            }
            Delta::Event(event) => self.event(event),
        }
    }

    fn event(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::Citation(Citation { url, title, .. }) => keep(&mut self.cited, url, title),
            Event::Found(Found { url, title }) => keep(&mut self.found, url, title),
            Event::Image { url, alt } => self.text.push_str(&format!("![{alt}]({url})\n\n")),
            Event::Search(search) => {
                self.seen += 1;
                let place = match search.kind {
                    SearchKind::Web => "the web",
                    SearchKind::Images => "for images",
                    SearchKind::X => "X",
                };
                let query: String = search.query.chars().take(MAX_SHOWN_CHARS).collect();
                return Some(format!("Searching {place}: {query}"));
            }
            Event::ToolCall(_) | Event::Progress { .. } => {}
        }
        None
    }

    fn step(&self) -> String {
        match self.text.chars().count() {
            0 => format!("Thinking: {} characters", self.reasoned),
            count => format!("Answering: {count} characters"),
        }
    }

    /// What the answer cites; where it cites nothing, what was found for it.
    pub(super) fn sources(&self) -> &[Source] {
        match self.cited.is_empty() {
            true => &self.found,
            false => &self.cited,
        }
    }

    /// The answer with its sources as a list of links.
    pub(super) fn with_sources(&self) -> String {
        let mut text = self.text.trim_end().to_owned();
        if !self.sources().is_empty() {
            text.push_str("\n\nSources:");
        }
        for (at, source) in self.sources().iter().enumerate() {
            let name = match source.title.is_empty() {
                true => &source.url,
                false => &source.title,
            };
            text.push_str(&format!("\n{}. [{name}]({})", at + 1, source.url));
        }
        text
    }
}

/// Each address once, in the order in which they come.
fn keep(sources: &mut Vec<Source>, url: &str, title: &str) {
    if let Some(known) = sources.iter_mut().find(|source| source.url == url) {
        if known.title.is_empty() {
            title.clone_into(&mut known.title);
        }
    } else if sources.len() < MAX_SOURCES {
        sources.push(Source {
            url: url.to_owned(),
            title: title.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(events: &[Event]) -> Said {
        let mut said = Said::default();
        said.push(Delta::Text("Water boils.\n"));
        for event in events {
            said.push(Delta::Event(event));
        }
        said
    }

    fn cited(url: &str, title: &str) -> Event {
        Event::Citation(Citation {
            number: 1,
            url: url.to_owned(),
            title: title.to_owned(),
        })
    }

    fn found(url: &str) -> Event {
        Event::Found(Found {
            url: url.to_owned(),
            title: String::new(),
        })
    }

    #[test]
    fn what_is_cited_is_listed_once_and_what_was_only_found_is_not() {
        let said = said(&[
            found("https://c.example/"),
            cited("https://a.example/", ""),
            cited("https://b.example/", "B"),
            cited("https://a.example/", "A"),
        ]);
        assert_eq!(
            said.with_sources(),
            "Water boils.\n\nSources:\n1. [A](https://a.example/)\n2. [B](https://b.example/)"
        );
    }

    #[test]
    fn without_a_citation_the_list_is_what_was_found() {
        let one = said(&[found("https://c.example/")]);
        assert_eq!(
            one.with_sources(),
            "Water boils.\n\nSources:\n1. [https://c.example/](https://c.example/)"
        );
        assert_eq!(said(&[]).with_sources(), "Water boils.");
        let many: Vec<_> = (0..99)
            .map(|n| found(&format!("https://{n}.example/")))
            .collect();
        assert_eq!(said(&many).sources().len(), MAX_SOURCES);
    }
}
