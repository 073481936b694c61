//! Formulas in a text: found before Markdown reads it, which would take their signs for its own.
//!
//! `\(…\)` and `$…$` stand in a line, `\[…\]` and `$$…$$` for themselves. Amounts of money are no
//! formulas: an opening `$` has no blank after it and no letter, digit or `$` before it, a closing one
//! has no blank before it and no letter or digit after it.
//!
//! A formula is replaced by [`MARK`] and filling of the same length, so that places in the text stay
//! what they are; the writer puts it back.

use std::{borrow::Cow, collections::VecDeque, ops::Range};

/// Stands for a formula. A private character: one that is in the text already stands for itself.
pub(super) const MARK: char = '\u{e000}';
/// The longest formula, in bytes; longer ones stay text.
const MAX_BYTES: usize = 1024;

/// One formula, or a [`MARK`] that was in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Formula {
    /// With its delimiters.
    pub(super) source: String,
}

impl Formula {
    /// Bytes of filling behind its mark.
    fn filling(&self) -> usize {
        self.source.len() - MARK.len_utf8()
    }

    /// Whether it stands for itself, between `\[` and `\]` or `$$` and `$$`.
    pub(super) fn is_block(&self) -> bool {
        self.source.starts_with(r"\[") || self.source.starts_with("$$")
    }
}

/// A piece of a text that was masked.
pub(super) enum Part<'t> {
    Text(&'t str),
    Formula(Formula),
}

/// Takes a masked text apart; `formulas` are those that have not come yet.
pub(super) fn parts<'t>(text: &'t str, formulas: &mut VecDeque<Formula>) -> Vec<Part<'t>> {
    let (mut found, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some(step) = text[at..].find(MARK) {
        let start = at + step;
        at = start + MARK.len_utf8();
        let filling = formulas.front().map_or(0, Formula::filling);
        let is_filled = text[at..].len() >= filling
            && text.as_bytes()[at..at + filling]
                .iter()
                .all(|byte| *byte == b'x');
        if let Some(formula) = formulas.pop_front_if(|_| is_filled) {
            found.push(Part::Text(&text[from..start]));
            found.push(Part::Formula(formula));
            at += filling;
            from = at;
        }
    }
    found.push(Part::Text(&text[from..]));
    found
}

/// The text with its formulas masked, and those in order. `code` are the ranges that are none of
/// ours, in order: code and links.
pub(super) fn mask<'t>(text: &'t str, code: &[Range<usize>]) -> (Cow<'t, str>, VecDeque<Formula>) {
    let mut masked = String::new();
    let mut formulas = VecDeque::new();
    let (mut from, mut at) = (0, 0);
    let mut code = code.iter().peekable();
    while let Some(step) = text[at..].find(['\\', '$', MARK]) {
        at += step;
        while code.next_if(|range| range.end <= at).is_some() {}
        if let Some(range) = code.peek().filter(|range| range.contains(&at)) {
            at = range.end;
            continue;
        }
        let until = code.peek().map_or(text.len(), |range| range.start);
        let Some(len) = formula_at(&text[..until], at) else {
            at += skip(&text[at..]);
            continue;
        };
        let source = text[at..at + len].to_owned();
        masked.push_str(&text[from..at]);
        masked.push(MARK);
        masked.extend(std::iter::repeat_n('x', len - MARK.len_utf8()));
        formulas.push_back(Formula { source });
        at += len;
        from = at;
    }
    if formulas.is_empty() {
        return (Cow::Borrowed(text), formulas);
    }
    masked.push_str(&text[from..]);
    (Cow::Owned(masked), formulas)
}

/// Whether there can be a formula at all.
pub(super) fn may_have(text: &str) -> bool {
    text.contains(['$', MARK]) || text.contains(r"\(") || text.contains(r"\[")
}

/// What is passed over where no formula begins: an escaped sign whole, a run of `$` whole.
fn skip(rest: &str) -> usize {
    let mut chars = rest.chars();
    match chars.next() {
        Some('\\') => 1 + chars.next().map_or(0, char::len_utf8),
        Some('$') => rest.len() - rest.trim_start_matches('$').len(),
        first => first.map_or(0, char::len_utf8),
    }
}

/// Length of the formula that begins here, with its delimiters.
fn formula_at(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    if rest.starts_with(MARK) {
        return Some(MARK.len_utf8());
    }
    for (open, close) in [(r"\(", r"\)"), (r"\[", r"\]"), ("$$", "$$")] {
        if let Some(inside) = rest.strip_prefix(open) {
            return between(inside, close).map(|len| open.len() + len + close.len());
        }
    }
    let inside = rest.strip_prefix('$')?;
    let before = text[..at].chars().next_back();
    // The latter in addresses.
    let is_glued = |c: char| c.is_alphanumeric() || matches!(c, '/' | '?' | '&');
    if before.is_some_and(is_glued) || inside.starts_with(char::is_whitespace) {
        return None;
    }
    let len = single_dollar(inside)?;
    Some(1 + len + 1)
}

/// Length of what comes before `close`: not empty, not too long, without an empty line.
fn between(inside: &str, close: &str) -> Option<usize> {
    // No further than it may end: a text of many beginnings would be read as often.
    let reach = inside.floor_char_boundary(MAX_BYTES + close.len());
    let len = inside[..reach].find(close)?;
    let formula = &inside[..len];
    (!formula.trim().is_empty() && !has_empty_line(formula)).then_some(len)
}

fn has_empty_line(text: &str) -> bool {
    let mut lines = text.split('\n').skip(1).peekable();
    while let Some(line) = lines.next() {
        if lines.peek().is_some() && line.trim().is_empty() {
            return true;
        }
    }
    false
}

fn single_dollar(inside: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        if c == '\n' || at > MAX_BYTES {
            return None;
        }
        if c == '$' && !escaped {
            let after = inside[at + 1..].chars().next();
            let is_end = at > 0
                && !inside[..at].ends_with(char::is_whitespace)
                && !after.is_some_and(|c| c.is_alphanumeric() || c == '$');
            return is_end.then_some(at);
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let (masked, formulas) = mask(text, &[]);
        assert_eq!(masked.len(), text.len(), "places stay what they are");
        formulas.into_iter().map(|formula| formula.source).collect()
    }

    #[test]
    fn formulas_are_found_by_their_delimiters() {
        assert_eq!(
            found(r"Let \(a^2\), $b_1$ and $\$5$: \[c\] or $$d$$."),
            [r"\(a^2\)", "$b_1$", r"$\$5$", r"\[c\]", "$$d$$"]
        );
        assert_eq!(
            found("\\[\na\n\\]\n\n$$\nb\n$$"),
            ["\\[\na\n\\]", "$$\nb\n$$"]
        );
    }

    #[test]
    fn amounts_and_halves_are_text() {
        for text in [
            "$5 and $6",
            "from $5-$6, US$7 and 8$",
            "|$a|$b|",
            "$ x $",
            "$x\ny$",
            r"\\(a\\)",
            r"\$a$",
            r"\(a",
            "$$a",
            "$$$",
            "$",
            r"\",
            "\\[a\n\nb\\]",
            "\\(\\)",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn beginnings_without_an_end_take_no_quadratic_time() {
        // Minutes, if each beginning read the whole text.
        let text = r"\( ".repeat(400_000);
        let started = std::time::Instant::now();
        assert_eq!(found(&text), Vec::<String>::new());
        let taken = started.elapsed();
        assert!(taken < std::time::Duration::from_secs(40), "{taken:?}");
    }

    #[test]
    fn a_formula_may_be_as_long_as_the_longest() {
        for (filling, is_formula) in [(MAX_BYTES, true), (MAX_BYTES + 1, false)] {
            let text = format!(r"\({}\)", "x".repeat(filling));
            assert_eq!(found(&text).len(), usize::from(is_formula), "{filling}");
        }
        let wide = format!("$${}x$$", "é".repeat(MAX_BYTES / 2));
        assert_eq!(found(&wide), Vec::<String>::new(), "cut inside a character");
    }

    #[test]
    fn code_is_left_alone() {
        let text = "`$a$` $b$ `$c$`";
        let (_, formulas) = mask(text, &[0..5, 10..15]);
        assert_eq!(formulas.len(), 1);
        assert_eq!(formulas[0].source, "$b$");
    }
}
