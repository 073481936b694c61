//! Cuts text into pieces of the size that a model produces.

/// Pieces that join to the text: words with the space before them, Chinese characters in pairs,
/// line ends and punctuation on their own.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut current = String::new();
    for character in text.chars() {
        if starts_token(&current, character) && !current.is_empty() {
            tokens.push(std::mem::take(&mut current));
        }
        current.push(character);
    }
    if !current.is_empty() {
        tokens.push(current);
    }
    tokens
}

/// Whether this character begins a new piece after what was collected.
fn starts_token(current: &str, next: char) -> bool {
    let Some(last) = current.chars().next_back() else {
        return true;
    };
    match next {
        '\n' => last != '\n',
        ' ' => last != ' ',
        _ if next.is_ascii_alphanumeric() => !(last == ' ' || last.is_ascii_alphanumeric()),
        _ if next.is_ascii() => last != next,
        _ => current.chars().count() >= 2 || last.is_ascii() && last != ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_to_the_text() {
        for text in [
            "",
            "Hello, world!\n\n## A b\n",
            "你好，世界！这是",
            "```rust\nfn a() {}\n```",
            "🌍 é",
        ] {
            assert_eq!(tokens(text).concat(), text);
        }
    }

    #[test]
    fn words_keep_the_space_before_them() {
        assert_eq!(tokens("A quine prints."), ["A", " quine", " prints", "."]);
        assert_eq!(tokens("你好世界"), ["你好", "世界"]);
    }
}
