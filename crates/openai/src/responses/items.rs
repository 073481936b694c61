//! The items that an answer consists of.

use serde::Serialize;

use crate::content::Citing;

/// One item of the output.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Item {
    pub(super) id: String,
    #[serde(flatten)]
    pub(super) kind: ItemKind,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ItemKind {
    Reasoning {
        status: ItemStatus,
        summary: Vec<SummaryText>,
    },
    WebSearchCall {
        status: ItemStatus,
        action: Action,
    },
    Message {
        status: ItemStatus,
        role: &'static str,
        content: Vec<OutputText>,
    },
    FunctionCall {
        status: ItemStatus,
        call_id: String,
        name: String,
        arguments: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ItemStatus {
    InProgress,
    Completed,
    Incomplete,
}

/// What a look-up did.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Action {
    #[serde(rename = "type")]
    kind: Search,
    pub(super) query: String,
    /// Only when the request asked for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sources: Option<Vec<Page>>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "snake_case")]
enum Search {
    #[default]
    Search,
}

impl Action {
    pub(super) fn new(query: &str, shows_sources: bool) -> Self {
        Self {
            kind: Search::Search,
            query: query.to_owned(),
            sources: shows_sources.then(Vec::new),
        }
    }
}

/// A page that a look-up found.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Page {
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
}

impl Page {
    pub(super) fn new(url: &str) -> Self {
        Self {
            kind: "url",
            url: url.to_owned(),
        }
    }
}

/// One part of a summary of reasoning.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SummaryText {
    #[serde(rename = "type")]
    kind: &'static str,
    text: String,
}

impl SummaryText {
    pub(super) fn new(text: String) -> Self {
        Self {
            kind: "summary_text",
            text,
        }
    }
}

/// The text of a message.
#[derive(Clone, Debug, Serialize)]
pub(super) struct OutputText {
    #[serde(rename = "type")]
    kind: &'static str,
    text: String,
    annotations: Vec<UrlCitation>,
    /// The upstream gives none; clients want the list.
    logprobs: [(); 0],
}

impl OutputText {
    pub(super) fn new(text: String, annotations: Vec<UrlCitation>) -> Self {
        Self {
            kind: "output_text",
            text,
            annotations,
            logprobs: [],
        }
    }
}

/// A source that the text cites, and where.
#[derive(Clone, Debug, Serialize)]
pub(super) struct UrlCitation {
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
    title: String,
    start_index: usize,
    end_index: usize,
}

impl UrlCitation {
    pub(super) fn new(citing: Citing) -> Self {
        Self {
            kind: "url_citation",
            url: citing.url,
            title: citing.title,
            start_index: citing.chars.start,
            end_index: citing.chars.end,
        }
    }
}
