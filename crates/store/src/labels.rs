//! How much an operator may say of an account: a note and tags are kept in every copy of it.

/// Longest note, in characters.
pub const MAX_NOTE_CHARS: usize = 500;
/// Most tags of an account.
pub const MAX_TAGS: usize = 20;
/// Longest tag, in characters.
pub const MAX_TAG_CHARS: usize = 40;

/// The note without blanks around it, as long as is kept.
#[must_use]
pub fn cut_note(note: &str) -> String {
    cut(note, MAX_NOTE_CHARS)
}

/// The tags without blanks around them, each once, as many and as long as are kept.
#[must_use]
pub fn cut_tags<'a>(tags: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for tag in tags {
        if kept.len() == MAX_TAGS {
            break;
        }
        let tag = cut(tag, MAX_TAG_CHARS);
        if !tag.is_empty() && !kept.contains(&tag) {
            kept.push(tag);
        }
    }
    kept
}

fn cut(text: &str, max_chars: usize) -> String {
    let text = text.trim();
    let end = text.char_indices().nth(max_chars);
    let kept = end.and_then(|(end, _)| text.get(..end));
    kept.unwrap_or(text).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        assert_eq!(cut_note(&"é".repeat(600)), "é".repeat(500));
        assert_eq!(cut_note("  short "), "short");
        let many: Vec<_> = (0..30).map(|n| format!(" tag {n} ")).collect();
        assert_eq!(cut_tags(many.iter().map(String::as_str)).len(), MAX_TAGS);
        assert_eq!(cut_tags(["a", " a ", ""]), ["a"]);
        assert_eq!(cut_tags([&*"é".repeat(41)]), ["é".repeat(40)]);
    }
}
