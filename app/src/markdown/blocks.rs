//! A text as its blocks: what is read from it, and the HTML of each.

use super::{
    RenderOptions,
    math::{self, Formula, Part},
    write::{Before, CodeBlock, Writer, language},
};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, TextMergeWithOffset};
use std::{borrow::Cow, collections::VecDeque};

/// HTML of one top-level block, where it begins and what is known after it.
pub(super) struct Spanned {
    pub(super) start: usize,
    pub(super) html: String,
    pub(super) after: Before,
}

/// HTML of each top-level block of a complete text.
#[must_use]
pub fn blocks(text: &str, options: &RenderOptions) -> Vec<String> {
    spanned_blocks(text, options, Before::default())
        .into_iter()
        .map(|block| block.html)
        .collect()
}

/// The code blocks of a text in the order in which [`RenderOptions::highlights`] counts them.
#[must_use]
pub fn code_blocks(text: &str) -> Vec<CodeBlock> {
    let mut found = Vec::new();
    let mut open: Option<CodeBlock> = None;
    for event in Parser::new_ext(text, extensions()) {
        match (event, &mut open) {
            (Event::Start(Tag::CodeBlock(kind)), _) => {
                open = Some(CodeBlock {
                    language: language(&kind),
                    code: String::new(),
                });
            }
            (Event::End(TagEnd::CodeBlock), _) => found.extend(open.take()),
            (Event::Text(text), Some(block)) => block.code.push_str(&text),
            _ => {}
        }
    }
    found
}

/// The words of a text without any markup, for titles, search and screen readers.
#[must_use]
pub fn plain_text(text: &str) -> String {
    let mut out = String::new();
    let (text, mut formulas) = without_formulas(text);
    let parser = Parser::new_ext(&text, extensions());
    for (event, _) in TextMergeWithOffset::new(parser.into_offset_iter()) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                for part in math::parts(&text, &mut formulas) {
                    match part {
                        Part::Text(text) => out.push_str(text),
                        Part::Formula(formula) => out.push_str(&formula.source),
                    }
                }
            }
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::TableCell) => out.push(' '),
            Event::End(tag) if !is_inline(tag) => out.push('\n'),
            _ => {}
        }
    }
    out.truncate(out.trim_end().len());
    out
}

pub(super) fn spanned_blocks(text: &str, options: &RenderOptions, before: Before) -> Vec<Spanned> {
    let (text, formulas) = without_formulas(text);
    let mut writer = Writer::new(options, before, formulas);
    let mut found: Vec<Spanned> = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    let parser = Parser::new_ext(&text, extensions());
    for (event, range) in TextMergeWithOffset::new(parser.into_offset_iter()) {
        if depth == 0 {
            start = range.start;
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        writer.event(event);
        if depth == 0 {
            let html = std::mem::take(&mut writer.out);
            found.push(Spanned {
                start,
                html,
                after: writer.known.clone(),
            });
        }
    }
    found
}

/// The text with its formulas masked, and those.
fn without_formulas(text: &str) -> (Cow<'_, str>, VecDeque<Formula>) {
    if !math::may_have(text) {
        return (Cow::Borrowed(text), VecDeque::new());
    }
    let parser = Parser::new_ext(text, extensions());
    let others = parser
        .into_offset_iter()
        .filter(|(event, _)| {
            matches!(
                event,
                Event::Code(_)
                    | Event::Start(Tag::CodeBlock(_) | Tag::Link { .. } | Tag::Image { .. })
            )
        })
        .map(|(_, range)| range);
    math::mask(text, &others.collect::<Vec<_>>())
}

fn extensions() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
}

fn is_inline(tag: TagEnd) -> bool {
    matches!(
        tag,
        TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image
    )
}
