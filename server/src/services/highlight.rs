//! Code colouring on the server: scope classes only, no inline styles, all text escaped.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use syntect::{
    html::{ClassStyle, line_tokens_to_classed_spans},
    parsing::{ParseState, ScopeStack, SyntaxReference, SyntaxSet},
    util::LinesWithEndings,
};

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

const STYLE: ClassStyle = ClassStyle::SpacedPrefixed { prefix: "hl-" };
/// Colouring is given up after this time, looked at between lines.
const TIME_LIMIT: Duration = Duration::from_secs(2);
/// A line is coloured in one piece, and the work for it grows faster than its length.
const MAX_LINE_BYTES: usize = 2048;
/// Bytes of HTML for each byte of code, beyond [`SMALL_HTML`]. Real code has up to 20, since each
/// scope is several words; nested nonsense has several times that.
const MAX_GROWTH: usize = 32;
/// As much is fine whatever the code was.
const SMALL_HTML: usize = 4096;

/// `<span class="hl-…">` elements for `code`; plain escaped text when the language is unknown, the
/// grammar fails, or colouring is too costly.
#[must_use]
pub fn to_html(language: &str, code: &str) -> String {
    let syntax = SYNTAXES.find_syntax_by_token(alias(language));
    // The first block after a start loads them, which is not its fault.
    LazyLock::force(&SYNTAXES);
    let deadline = Instant::now() + TIME_LIMIT;
    syntax
        .and_then(|syntax| coloured(syntax, code, deadline))
        .unwrap_or_else(|| escape(code))
}

fn coloured(syntax: &SyntaxReference, code: &str, deadline: Instant) -> Option<String> {
    let (mut state, mut stack) = (ParseState::new(syntax), ScopeStack::new());
    let (mut html, mut open_spans) = (String::new(), 0);
    for line in LinesWithEndings::from(code) {
        if line.len() > MAX_LINE_BYTES || Instant::now() > deadline {
            return None;
        }
        let scopes = state.parse_line(line, &SYNTAXES).ok()?;
        let (spans, opened) =
            line_tokens_to_classed_spans(line, &scopes, STYLE, &mut stack).ok()?;
        html.push_str(&spans);
        open_spans += opened;
        if html.len() > SMALL_HTML + MAX_GROWTH * code.len() {
            return None;
        }
    }
    for _ in 0..open_spans {
        html.push_str("</span>");
    }
    Some(html)
}

/// Names that people write and the grammar set does not know.
fn alias(language: &str) -> &str {
    match language {
        "ts" | "typescript" | "tsx" | "jsx" => "js",
        "shell" | "console" | "zsh" => "sh",
        "jsonc" | "json5" => "json",
        "golang" => "go",
        other => other,
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_coloured_and_never_becomes_markup() {
        let html = to_html("rust", "fn main() { let a = \"<script>\"; }\n");
        assert!(html.contains("hl-"), "{html}");
        assert!(!html.contains("<script>"), "{html}");
        assert!(html.contains("&lt;script&gt;"), "{html}");
        assert_eq!(to_html("no-such-language", "<b>&"), "&lt;b&gt;&amp;");
    }

    /// Coloured within `limit`; `None` = given up.
    fn within(limit: Duration, language: &str, code: &str) -> Option<String> {
        let syntax = SYNTAXES.find_syntax_by_token(language).unwrap();
        coloured(syntax, code, Instant::now() + limit)
    }

    #[test]
    fn real_code_is_within_the_limits() {
        let patient = Duration::from_secs(60);
        let json = include_str!("../../../app/locales/en/chat.json");
        let rust = include_str!("highlight.rs");
        for (language, code) in [("rust", rust), ("json", json)] {
            let html = within(patient, language, code).unwrap();
            assert_eq!(
                html.matches("<span").count(),
                html.matches("</span>").count()
            );
        }
    }

    #[test]
    fn code_that_would_be_too_costly_is_given_up() {
        let patient = Duration::from_secs(60);
        let nested = "a=>a=>a=>a=>\n".repeat(1200);
        assert_eq!(within(patient, "js", &nested), None, "too much HTML");
        let long = "a=>".repeat(5000);
        assert_eq!(within(patient, "js", &long), None, "one long line");
        let lines = "fn main() {}\n".repeat(1000);
        assert_eq!(within(Duration::ZERO, "rust", &lines), None, "too slow");
        assert_eq!(to_html("js", &long), escape(&long));
    }
}
