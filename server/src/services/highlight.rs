//! Code colouring on the server: scope classes only, no inline styles, all text escaped.

use std::sync::LazyLock;

use syntect::{
    html::{ClassStyle, ClassedHTMLGenerator},
    parsing::SyntaxSet,
    util::LinesWithEndings,
};

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// `<span class="hl-…">` elements for `code`; plain escaped text when the language is unknown or
/// the grammar fails.
#[must_use]
pub fn to_html(language: &str, code: &str) -> String {
    let syntaxes = &*SYNTAXES;
    let Some(syntax) = syntaxes.find_syntax_by_token(alias(language)) else {
        return escape(code);
    };
    let style = ClassStyle::SpacedPrefixed { prefix: "hl-" };
    let mut generator = ClassedHTMLGenerator::new_with_class_style(syntax, syntaxes, style);
    for line in LinesWithEndings::from(code) {
        if generator
            .parse_html_for_line_which_includes_newline(line)
            .is_err()
        {
            return escape(code);
        }
    }
    generator.finalize()
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
}
