//! Tokens that are hard to read: cut inside tags and strings, at times one character each.

use crate::hash::mix;

/// Longest piece.
const MAX_CHARS: u64 = 9;
/// Pieces that are cut in the same way before another way may follow.
const STRETCH: u64 = 8;

/// Pieces that join to the text.
pub(super) fn tokens(text: &str, seed: u64) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut characters = text.chars();
    for number in 0.. {
        let is_single = mix(seed, number / STRETCH).is_multiple_of(3);
        let length = if is_single {
            1
        } else {
            1 + mix(!seed, number) % MAX_CHARS
        };
        let token: String = (0..length).map_while(|_| characters.next()).collect();
        if token.is_empty() {
            break;
        }
        tokens.push(token);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_to_the_text_and_cut_tags() {
        let text =
            "<tool_call>\n{\"name\": \"grüße\", \"arguments\": {\"a\": \"世界 🌍\"}}\n</tool_call>";
        let all: Vec<Vec<String>> = (0..20).map(|seed| tokens(text, seed)).collect();
        for tokens in &all {
            assert_eq!(tokens.concat(), text);
            assert!(!tokens.contains(&"<tool_call>".to_owned()));
        }
        let has_single = |tokens: &Vec<String>| {
            tokens
                .windows(8)
                .any(|eight| eight.iter().all(|token| token.chars().count() == 1))
        };
        assert!(all.iter().any(has_single));
        assert!(tokens("", 1).is_empty());
    }
}
