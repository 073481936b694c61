//! The HTML writer: a closed list of elements, everything else is escaped text.

use super::{
    RenderOptions,
    address::{is_allowed_image, is_allowed_link},
    highlight::is_safe_highlight,
    linkify::{Piece, pieces},
    math::{self, Formula, Part},
};
use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, LinkType, Tag, TagEnd};
use std::collections::VecDeque;

/// One fenced or indented block of code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CodeBlock {
    /// First word after the fence, empty when there is none.
    pub language: String,
    pub code: String,
}

/// What the writer knows of the text before the one that it is given.
#[derive(Clone, Debug, Default)]
pub(super) struct Before {
    pub(super) code_blocks: usize,
    /// Levels of the headings that are open here, outermost first.
    outline: Vec<HeadingLevel>,
}

/// The language of a fence: letters, digits and a few marks that language names have.
pub(super) fn language(kind: &CodeBlockKind<'_>) -> String {
    let CodeBlockKind::Fenced(info) = kind else {
        return String::new();
    };
    let word = info.split([' ', ',', '{', '\t']).next().unwrap_or_default();
    word.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.'))
        .take(32)
        .collect()
}

/// Appends `text` so that it is text in an element and in a quoted attribute.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\0' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

/// An image being read: its description arrives as events before its end.
struct OpenImage {
    address: String,
    alt: String,
}

pub(super) struct Writer<'o> {
    options: &'o RenderOptions,
    pub(super) out: String,
    pub(super) known: Before,
    code: Option<CodeBlock>,
    image: Option<OpenImage>,
    /// For each open link, whether it became an `<a>`.
    links: Vec<bool>,
    columns: Vec<Alignment>,
    column: usize,
    in_head: bool,
    footnotes: Vec<String>,
    /// Those that have not come yet.
    formulas: VecDeque<Formula>,
}

impl<'o> Writer<'o> {
    pub(super) fn new(
        options: &'o RenderOptions,
        known: Before,
        formulas: VecDeque<Formula>,
    ) -> Self {
        Self {
            options,
            out: String::new(),
            known,
            code: None,
            image: None,
            links: Vec::new(),
            columns: Vec::new(),
            column: 0,
            in_head: false,
            footnotes: Vec::new(),
            formulas,
        }
    }

    pub(super) fn event(&mut self, event: Event<'_>) {
        if let Some(image) = &mut self.image {
            match event {
                Event::Text(text) | Event::Code(text) => image.alt.push_str(&text),
                Event::SoftBreak | Event::HardBreak => image.alt.push(' '),
                Event::End(TagEnd::Image) => self.end_image(),
                _ => {}
            }
            return;
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(text) => {
                self.out.push_str("<code>");
                escape(&text, &mut self.out);
                self.out.push_str("</code>");
            }
            Event::Html(text) => self.parts(&text, Self::plain),
            Event::InlineHtml(text) => match text.as_ref() {
                "<br>" | "<br/>" | "<br />" => self.out.push_str("<br>"),
                text => self.parts(text, Self::plain),
            },
            Event::SoftBreak => self.out.push('\n'),
            Event::HardBreak => self.out.push_str("<br>\n"),
            Event::Rule => self.out.push_str("<hr>"),
            Event::TaskListMarker(done) => self.out.push_str(if done {
                "<span class=\"md-task md-task-done\">☑</span> "
            } else {
                "<span class=\"md-task\">☐</span> "
            }),
            Event::FootnoteReference(label) => self.footnote_reference(&label),
            Event::InlineMath(text) | Event::DisplayMath(text) => escape(&text, &mut self.out),
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(code) = &mut self.code {
            code.code.push_str(text);
            return;
        }
        if !self.links.is_empty() {
            return self.plain(text);
        }
        self.parts(text, Self::linked);
    }

    /// Writes the formulas of a text, and hands the rest to `write`.
    fn parts(&mut self, text: &str, write: fn(&mut Self, &str)) {
        for part in math::parts(text, &mut self.formulas) {
            match part {
                Part::Text(text) => write(self, text),
                Part::Formula(formula) => self.formula(&formula),
            }
        }
    }

    /// As it was written: nobody reads `(a^2)` for `\(a^2\)`, nor `a1` in italics for `a_1`.
    fn formula(&mut self, formula: &Formula) {
        let block = if formula.is_block() {
            " md-math-block"
        } else {
            ""
        };
        self.out
            .push_str(&format!("<span class=\"md-math{block}\">"));
        escape(&formula.source, &mut self.out);
        self.out.push_str("</span>");
    }

    fn plain(&mut self, text: &str) {
        escape(text, &mut self.out);
    }

    /// With its addresses as links.
    fn linked(&mut self, text: &str) {
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => escape(text, &mut self.out),
                Piece::Address(address) => {
                    self.open_link(address);
                    escape(address, &mut self.out);
                    self.out.push_str("</a>");
                }
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.out.push_str("<p>"),
            Tag::Heading { level, .. } => {
                self.open_heading(level);
                self.heading_tag("");
            }
            Tag::BlockQuote(_) => self.out.push_str("<blockquote>"),
            Tag::CodeBlock(kind) => {
                self.code = Some(CodeBlock {
                    language: language(&kind),
                    code: String::new(),
                });
            }
            Tag::HtmlBlock => self.out.push_str("<p class=\"md-raw\">"),
            Tag::List(None) => self.out.push_str("<ul>"),
            Tag::List(Some(1)) => self.out.push_str("<ol>"),
            Tag::List(Some(first)) => self.out.push_str(&format!("<ol start=\"{first}\">")),
            Tag::Item => self.out.push_str("<li>"),
            Tag::FootnoteDefinition(label) => self.footnote(&label),
            Tag::Table(columns) => {
                self.columns = columns;
                self.out
                    .push_str("<div class=\"md-table\" tabindex=\"0\"><table>");
            }
            Tag::TableHead => {
                (self.in_head, self.column) = (true, 0);
                self.out.push_str("<thead><tr>");
            }
            Tag::TableRow => {
                self.column = 0;
                self.out.push_str("<tr>");
            }
            Tag::TableCell => self.cell(),
            Tag::Emphasis => self.out.push_str("<em>"),
            Tag::Strong => self.out.push_str("<strong>"),
            Tag::Strikethrough => self.out.push_str("<del>"),
            Tag::Link {
                link_type,
                dest_url,
                ..
            } => self.start_link(link_type, &dest_url),
            Tag::Image { dest_url, .. } => {
                self.image = Some(OpenImage {
                    address: dest_url.into_string(),
                    alt: String::new(),
                });
            }
            // Not enabled in `super::blocks`.
            Tag::Superscript
            | Tag::Subscript
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::MetadataBlock(_) => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.out.push_str("</p>\n"),
            TagEnd::Heading(_) => self.heading_tag("/"),
            TagEnd::BlockQuote(_) => self.out.push_str("</blockquote>"),
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::List(true) => self.out.push_str("</ol>"),
            TagEnd::List(false) => self.out.push_str("</ul>"),
            TagEnd::Item => self.out.push_str("</li>"),
            TagEnd::FootnoteDefinition => self.out.push_str("</div></div>"),
            TagEnd::Table => self.out.push_str("</tbody></table></div>"),
            TagEnd::TableHead => {
                self.in_head = false;
                self.out.push_str("</tr></thead><tbody>");
            }
            TagEnd::TableRow => self.out.push_str("</tr>"),
            TagEnd::TableCell => {
                self.column += 1;
                self.out
                    .push_str(if self.in_head { "</th>" } else { "</td>" });
            }
            TagEnd::Emphasis => self.out.push_str("</em>"),
            TagEnd::Strong => self.out.push_str("</strong>"),
            TagEnd::Strikethrough => self.out.push_str("</del>"),
            TagEnd::Link => {
                if self.links.pop() == Some(true) {
                    self.out.push_str("</a>");
                }
            }
            TagEnd::Image
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::MetadataBlock(_) => {}
        }
    }

    /// Models begin with any level and skip some; the outline must not.
    fn open_heading(&mut self, level: HeadingLevel) {
        let outline = &mut self.known.outline;
        while outline.last().is_some_and(|open| *open >= level) {
            outline.pop();
        }
        outline.push(level);
    }

    /// The page and each message have headings of their own: the outermost here is an `h3`.
    fn heading_tag(&mut self, slash: &str) {
        let shown = (self.known.outline.len() + 2).min(6);
        self.out.push_str(&format!("<{slash}h{shown}>"));
    }

    fn cell(&mut self) {
        let name = if self.in_head { "th" } else { "td" };
        let class = match self.columns.get(self.column) {
            Some(Alignment::Center) => " class=\"md-center\"",
            Some(Alignment::Right) => " class=\"md-right\"",
            _ => "",
        };
        self.out.push_str(&format!("<{name}{class}>"));
    }

    fn start_link(&mut self, kind: LinkType, address: &str) {
        let mail = format!("mailto:{address}");
        let address = if kind == LinkType::Email {
            &mail
        } else {
            address
        };
        let is_link = is_allowed_link(address) && self.links.is_empty();
        if is_link {
            self.open_link(address);
        }
        self.links.push(is_link);
    }

    fn open_link(&mut self, address: &str) {
        self.out.push_str("<a href=\"");
        escape(address, &mut self.out);
        self.out
            .push_str("\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">");
    }

    fn end_image(&mut self) {
        let Some(OpenImage { address, alt }) = self.image.take() else {
            return;
        };
        if is_allowed_image(&address) {
            self.out.push_str("<img loading=\"lazy\" src=\"");
            escape(&address, &mut self.out);
            self.out.push_str("\" alt=\"");
            escape(&alt, &mut self.out);
            self.out.push_str("\">");
            return;
        }
        let label = if alt.trim().is_empty() {
            &address
        } else {
            &alt
        };
        let is_link = is_allowed_link(&address) && self.links.is_empty();
        if is_link {
            self.open_link(&address);
        }
        escape(label, &mut self.out);
        if is_link {
            self.out.push_str("</a>");
        }
    }

    fn end_code(&mut self) {
        let Some(block) = self.code.take() else {
            return;
        };
        let coloured = self.options.highlights.get(&self.known.code_blocks);
        self.known.code_blocks += 1;
        self.out
            .push_str("<div class=\"md-code\"><div class=\"md-code-head\"><span>");
        escape(&block.language, &mut self.out);
        self.out
            .push_str("</span><button type=\"button\" data-copy-code>");
        escape(&self.options.copy_label, &mut self.out);
        self.out
            .push_str("</button></div><pre tabindex=\"0\"><code>");
        match coloured {
            Some(html) if is_safe_highlight(html) => self.out.push_str(html),
            _ => escape(&block.code, &mut self.out),
        }
        self.out.push_str("</code></pre></div>");
    }

    /// The number of a footnote: its place in the order in which labels were met.
    fn footnote_number(&mut self, label: &str) -> usize {
        let known = self.footnotes.iter().position(|name| name == label);
        known.unwrap_or_else(|| {
            self.footnotes.push(label.to_owned());
            self.footnotes.len() - 1
        }) + 1
    }

    fn footnote_reference(&mut self, label: &str) {
        let number = self.footnote_number(label);
        let prefix = &self.options.id_prefix;
        self.out.push_str("<sup><a href=\"#fn-");
        escape(prefix, &mut self.out);
        self.out
            .push_str(&format!("-{number}\">{number}</a></sup>"));
    }

    fn footnote(&mut self, label: &str) {
        let number = self.footnote_number(label);
        self.out.push_str("<div class=\"md-footnote\" id=\"fn-");
        escape(&self.options.id_prefix, &mut self.out);
        self.out
            .push_str(&format!("-{number}\"><sup>{number}</sup><div>"));
    }
}

#[cfg(test)]
mod tests;
