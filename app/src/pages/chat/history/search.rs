//! Search over titles and messages.

use super::{Conversation, TurnId};

/// A conversation that has every word of the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) chat_id: String,
    pub(crate) title: String,
    pub(crate) updated_at_ms: i64,
    /// Where the first word is, unless it is in the title only.
    pub(crate) place: Option<(TurnId, Snippet)>,
}

/// The found word with what stands around it, on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snippet {
    pub(crate) before: String,
    pub(crate) found: String,
    pub(crate) after: String,
}

/// Characters shown on each side of the found word.
const AROUND: usize = 36;

/// Looks for all words of `query`, ignoring case, in the title and the turns of `chat`.
pub(crate) fn find(chat: &Conversation, query: &str) -> Option<Hit> {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let first = words.first()?;
    let has_word = |word: &String| {
        position(&chat.title, word).is_some()
            || chat
                .turns()
                .iter()
                .any(|turn| position(&turn.text, word).is_some())
    };
    if !words.iter().all(has_word) {
        return None;
    }
    let place = chat.turns().iter().rev().find_map(|turn| {
        position(&turn.text, first).map(|(from, to)| (turn.id, snippet(&turn.text, from, to)))
    });
    Some(Hit {
        chat_id: chat.id.clone(),
        title: chat.title.clone(),
        updated_at_ms: chat.updated_at_ms,
        place,
    })
}

/// Byte range in `text` of the first occurrence of `word`, which is in lower case.
fn position(text: &str, word: &str) -> Option<(usize, usize)> {
    text.char_indices().find_map(|(from, _)| {
        let mut rest = word.chars();
        let mut wanted = rest.next();
        for (at, c) in text[from..].char_indices() {
            let Some(_) = wanted else {
                return Some((from, from + at));
            };
            for lower in c.to_lowercase() {
                if wanted != Some(lower) {
                    return None;
                }
                wanted = rest.next();
            }
        }
        wanted.is_none().then_some((from, text.len()))
    })
}

fn snippet(text: &str, from: usize, to: usize) -> Snippet {
    let one_line = |part: &str| part.replace(['\n', '\r', '\t'], " ");
    let (before, after) = (&text[..from], &text[to..]);
    let start = before
        .char_indices()
        .rev()
        .nth(AROUND - 1)
        .map_or(0, |(at, _)| at);
    let end = after
        .char_indices()
        .nth(AROUND)
        .map_or(after.len(), |(at, _)| at);
    let lead = if start > 0 { "…" } else { "" };
    let trail = if end < after.len() { "…" } else { "" };
    Snippet {
        before: format!("{lead}{}", one_line(&before[start..])),
        found: one_line(&text[from..to]),
        after: format!("{}{trail}", one_line(&after[..end])),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Stamp;
    use super::*;

    fn chat() -> Conversation {
        let mut chat = Conversation::new("c".into(), 1);
        let question = chat.ask(
            None,
            "How do tides work?".into(),
            vec![],
            Stamp {
                at_ms: 2,
                tie_breaker: 1,
            },
        );
        let answer = chat.begin_answer(
            question,
            "m",
            Stamp {
                at_ms: 3,
                tie_breaker: 1,
            },
        );
        chat.turn_mut(answer).unwrap().text =
            "The Moon's gravity pulls the ocean;\nthe İzmir coast, 月亮 and the Sun matter too."
                .into();
        chat
    }

    #[test]
    fn words_are_found_in_any_case() {
        let hit = find(&chat(), "MOON").unwrap();
        let (_, snippet) = hit.place.unwrap();
        assert_eq!(
            (snippet.before.as_str(), snippet.found.as_str()),
            ("The ", "Moon"),
            "{snippet:?}"
        );
        assert!(snippet.after.ends_with('…') && !snippet.after.contains('\n'));
    }

    #[test]
    fn all_words_must_be_there() {
        assert!(find(&chat(), "tides moon").is_some(), "in different turns");
        assert!(find(&chat(), "tides mars").is_none());
        assert!(find(&chat(), "  ").is_none());
    }

    #[test]
    fn chinese_is_found() {
        let (_, snippet) = find(&chat(), "月亮").unwrap().place.unwrap();
        assert_eq!(snippet.found, "月亮");
    }

    #[test]
    fn letters_that_grow_in_lower_case_do_no_harm() {
        assert!(find(&chat(), "zmir").is_some());
        assert!(find(&chat(), "İzmir").is_some());
        assert!(find(&chat(), "too.").is_some(), "at the very end");
    }

    #[test]
    fn a_title_alone_is_a_hit_without_a_place() {
        let mut chat = Conversation::new("c".into(), 1);
        chat.title = "Shopping".into();
        assert_eq!(find(&chat, "shop").unwrap().place, None);
    }
}
