//! Questions that ask for a picture.

/// Longest subject, in characters.
const MAX_SUBJECT_CHARS: usize = 200;
/// How a question asks for one.
const OPENINGS: [&str; 3] = ["please draw ", "draw me ", "draw "];

/// What a question begins with asking to be drawn.
pub(super) fn asked_for(question: &str) -> Option<String> {
    let opening = OPENINGS.into_iter().find(|opening| {
        let start = question.get(..opening.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(opening))
    })?;
    let subject = question.get(opening.len()..)?.lines().next()?.trim();
    let subject = subject.trim_end_matches(['.', '?', '!']);
    let subject: String = subject.chars().take(MAX_SUBJECT_CHARS).collect();
    (!subject.is_empty()).then_some(subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_begins_with_what_to_draw() {
        for (question, subject) in [
            ("Draw a red fox.", Some("a red fox")),
            ("please draw two boats\nat night", Some("two boats")),
            ("DRAW ME a map!", Some("a map")),
            ("Drawing is fun", None),
            ("draw ", None),
            ("Can you draw a fox?", None),
        ] {
            assert_eq!(asked_for(question).as_deref(), subject, "{question}");
        }
    }
}
