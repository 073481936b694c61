//! The newest question of a conversation, and what tools have said since it was asked.

use crate::directives;

/// What of a conversation an answer depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Turns<'a> {
    /// Empty when a follow-up brings nothing but results.
    pub(crate) question: &'a str,
    /// What the newest turn says, when that is what tools have said.
    pub(crate) results: Vec<ToolResult<'a>>,
    /// How often tools have answered since the question; parallel results count once.
    pub(crate) rounds: usize,
    /// Tools that have answered since the question.
    pub(crate) called: Vec<&'a str>,
}

/// What a tool said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ToolResult<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker<'a> {
    System,
    User,
    Assistant,
    /// A tool, by its name; `is_bare` without the label of a user.
    Tool {
        name: &'a str,
        is_bare: bool,
    },
}

#[derive(Clone, Debug)]
struct Turn<'a> {
    speaker: Speaker<'a>,
    start: usize,
    end: usize,
    /// Where its later paragraphs start. The newest user turn has no label, so it may be among them.
    later: Vec<usize>,
}

impl<'a> Turns<'a> {
    pub(crate) fn read(text: &'a str) -> Self {
        let turns = split(text);
        let (question, after) = question(text, &turns);
        let since = turns.get(after..).unwrap_or_default();
        let mut read = Self {
            question: question.trim(),
            ..Self::default()
        };
        let mut last_was_tool = false;
        for turn in since {
            let Speaker::Tool { name, .. } = turn.speaker else {
                last_was_tool = false;
                read.results.clear();
                continue;
            };
            read.rounds += usize::from(!last_was_tool);
            last_was_tool = true;
            read.called.push(name);
            let text = text.get(turn.start..turn.end).unwrap_or_default().trim();
            read.results.push(ToolResult { name, text });
        }
        read
    }
}

/// The newest question, and the index of the first turn behind it.
fn question<'a>(text: &'a str, turns: &[Turn<'a>]) -> (&'a str, usize) {
    let ends_with_results = turns
        .last()
        .is_some_and(|turn| matches!(turn.speaker, Speaker::Tool { is_bare: true, .. }));
    let last_user = turns.iter().rposition(|turn| turn.speaker == Speaker::User);
    // With bare results at the end, every other user turn has its label.
    if !ends_with_results {
        let from = last_user.map_or(0, |index| index + 1);
        let later = || turns.iter().enumerate().skip(from).rev();
        let scripted = later().find_map(|(index, turn)| Some((index, scripted(text, turn)?)));
        let plain = || later().find_map(|(index, turn)| Some((index, *turn.later.last()?)));
        if let Some((index, start)) = scripted.or_else(plain) {
            let end = turns.get(index).map_or(start, |turn| turn.end);
            return (text.get(start..end).unwrap_or_default(), index + 1);
        }
    }
    let Some((index, turn)) = last_user.and_then(|index| Some((index, turns.get(index)?))) else {
        return ("", 0);
    };
    let whole = text.get(turn.start..turn.end).unwrap_or_default();
    (whole, index + 1)
}

/// Where a script begins among the later paragraphs of a turn: the question that holds it stands
/// there without a label.
fn scripted(text: &str, turn: &Turn<'_>) -> Option<usize> {
    let has_script = |at: &usize| {
        let paragraph = text.get(*at..turn.end).unwrap_or_default();
        let paragraph = paragraph.split("\n\n").next().unwrap_or_default();
        directives::is_in(paragraph)
    };
    turn.later.iter().copied().find(has_script)
}

fn split(text: &str) -> Vec<Turn<'_>> {
    let mut turns: Vec<Turn<'_>> = Vec::new();
    let mut at = 0;
    for paragraph in text.split("\n\n") {
        let end = at + paragraph.len();
        match (label(paragraph), turns.last_mut()) {
            (None, Some(turn)) => {
                if !paragraph.trim().is_empty() {
                    turn.later.push(at);
                }
                turn.end = end;
            }
            (found, _) => {
                let (speaker, length) = found.unwrap_or((Speaker::User, 0));
                turns.push(Turn {
                    speaker,
                    start: at + length,
                    end,
                    later: Vec::new(),
                });
            }
        }
        at = end + 2;
    }
    turns
}

/// Who speaks from here on, and how long the label is.
fn label(paragraph: &str) -> Option<(Speaker<'_>, usize)> {
    let rest = paragraph.strip_prefix("user: ");
    if let Some((name, length)) = tool_label(rest.unwrap_or(paragraph)) {
        let is_bare = rest.is_none();
        let length = length + paragraph.len() - rest.unwrap_or(paragraph).len();
        return Some((Speaker::Tool { name, is_bare }, length));
    }
    [
        ("system:", Speaker::System),
        ("developer:", Speaker::System),
        ("user:", Speaker::User),
        ("assistant:", Speaker::Assistant),
    ]
    .into_iter()
    .find(|(label, _)| {
        paragraph
            .strip_prefix(label)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n']))
    })
    .map(|(label, speaker)| (speaker, label.len()))
}

/// The name in `tool (name, id): …` and the length of that label.
fn tool_label(text: &str) -> Option<(&str, usize)> {
    let line = text.lines().next()?;
    let inner = line.strip_prefix("tool (")?;
    let (inside, _) = inner.split_once("):")?;
    let (name, _) = inside.split_once(", ")?;
    Some((name, "tool (".len() + inside.len() + "):".len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_found_behind_labels_and_paragraphs() {
        let question = |text| Turns::read(text).question;
        assert_eq!(question("One.\n\nTwo."), "One.\n\nTwo.");
        assert_eq!(
            question("system: A\n\nB\n\nuser: C\n\nassistant: D\n\nE"),
            "E"
        );
        assert_eq!(question("B\n\nassistant: C"), "B");
        assert_eq!(
            question("system: A\n\nDo it. [[then x\n\ny]]\n\nReminder."),
            "Do it. [[then x\n\ny]]\n\nReminder."
        );
        assert_eq!(
            question("system: A\n\nDo it. [[then x]]\n\nsystem: Be\n\nbrief."),
            "Do it. [[then x]]",
            "a reminder may follow"
        );
    }

    #[test]
    fn rounds_of_results_are_counted_since_the_question() {
        let text = "user: Q0\n\nassistant: <tool_call>{}</tool_call>\n\nuser: tool (a, 0): old\n\n\
            assistant: Done\n\nuser: Q1\n\nassistant: <tool_call>{}</tool_call>\n\n\
            user: tool (a, 1): one\n\nuser: tool (b, 2): two\n\nassistant: <tool_call>{}</tool_call>\n\n\
            tool (unknown, 3): three\n\nlines";
        let turns = Turns::read(text);
        assert_eq!(turns.question, "Q1");
        assert_eq!(turns.rounds, 2);
        assert_eq!(turns.called, ["a", "b", "unknown"]);
        let text = "three\n\nlines";
        let name = "unknown";
        assert_eq!(turns.results, [ToolResult { name, text }]);
    }

    #[test]
    fn a_question_behind_results_is_the_newest_turn() {
        let turns = Turns::read(
            "user: Q\n\nassistant: <tool_call>{}</tool_call>\n\nuser: tool (a, 1): one\n\nAnd now?",
        );
        assert_eq!((turns.question, turns.rounds), ("And now?", 0));
        assert!(turns.results.is_empty());
    }

    #[test]
    fn a_follow_up_may_bring_results_alone() {
        let turns = Turns::read("user: tool (a, 1): one\n\ntool (b, 2): two");
        assert_eq!((turns.question, turns.rounds), ("", 1));
        assert_eq!(turns.results.len(), 2);
    }
}
