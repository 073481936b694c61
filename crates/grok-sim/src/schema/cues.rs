//! What a question offers for the values that are wanted.

use std::collections::VecDeque;

/// Cues of each kind at most.
const MAX_CUES: usize = 64;
/// Longest text that is a name.
const MAX_CUE_CHARS: usize = 80;
/// Longest question that is a value.
const MAX_QUESTION_CHARS: usize = 200;
/// Quotation marks, opening and closing.
const QUOTES: [(char, char); 4] = [('"', '"'), ('`', '`'), ('“', '”'), ('«', '»')];

/// Words and numbers of a question; names and numbers are used once, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cues {
    names: VecDeque<String>,
    numbers: VecDeque<f64>,
    words: Vec<String>,
    question: String,
    answer: String,
}

impl Cues {
    pub(crate) fn of(question: &str) -> Self {
        let line: String = question.chars().take(MAX_QUESTION_CHARS).collect();
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut names = quoted(question);
        names.extend(capitalised(question));
        names.truncate(MAX_CUES);
        let words = question.split_whitespace();
        let bare = words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
        let bare: Vec<&str> = bare.take(MAX_CUES * 8).collect();
        Self {
            names: names.into(),
            numbers: numbers(question),
            words: bare.iter().map(|&word| word.to_owned()).collect(),
            answer: if line.is_empty() {
                "This is what I know.".to_owned()
            } else {
                format!("Here is a short answer to: {line}")
            },
            question: line,
        }
    }

    /// The same, with what tools have said as the answer.
    pub(crate) fn answered(mut self, answer: String) -> Self {
        self.answer = answer;
        self
    }

    /// The next quoted text or name.
    pub(super) fn name(&mut self) -> Option<String> {
        self.names.pop_front()
    }

    pub(super) fn number(&mut self) -> Option<f64> {
        self.numbers.pop_front()
    }

    /// The first word with this property.
    pub(super) fn word(&self, wanted: impl Fn(&str) -> bool) -> Option<&str> {
        let mut words = self.words.iter().map(String::as_str);
        words.find(|word| wanted(word))
    }

    /// The beginning of the question, on one line; may be empty.
    pub(super) fn question(&self) -> &str {
        &self.question
    }

    /// A sentence that answers the question.
    pub(super) fn answer(&self) -> &str {
        &self.answer
    }
}

fn quoted(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while found.len() < MAX_CUES {
        let opening = rest.char_indices().find_map(|(at, c)| {
            let (open, close) = QUOTES.iter().find(|(open, _)| *open == c)?;
            Some((at + open.len_utf8(), *close))
        });
        let Some((start, close)) = opening else { break };
        let inside = rest.get(start..).unwrap_or_default();
        let Some((quote, after)) = inside.split_once(close) else {
            break;
        };
        if (1..=MAX_CUE_CHARS).contains(&quote.trim().chars().count()) {
            found.push(quote.trim().to_owned());
        }
        rest = after;
    }
    found
}

/// Runs of capitalised words that do not begin a sentence.
fn capitalised(text: &str) -> Vec<String> {
    let mut runs: Vec<String> = Vec::new();
    let mut run: Vec<&str> = Vec::new();
    let mut begins_sentence = true;
    for token in text.split_whitespace() {
        let word = token.trim_matches(|c: char| !c.is_alphanumeric());
        let is_name = word.chars().next().is_some_and(char::is_uppercase) && word != "I";
        let begins_run = token.starts_with(|c: char| c.is_alphanumeric());
        if !begins_run {
            runs.extend(joined(&mut run));
        }
        if is_name && !begins_sentence && !word.starts_with("I'") {
            run.push(word);
        } else {
            runs.extend(joined(&mut run));
        }
        begins_sentence = token.ends_with(['.', '!', '?', ':', '"']);
        if token.ends_with(|c: char| !c.is_alphanumeric()) {
            runs.extend(joined(&mut run));
        }
    }
    runs.extend(joined(&mut run));
    runs.truncate(MAX_CUES);
    runs
}

fn joined(run: &mut Vec<&str>) -> Option<String> {
    let name = std::mem::take(run).join(" ");
    (1..=MAX_CUE_CHARS)
        .contains(&name.chars().count())
        .then_some(name)
}

fn numbers(text: &str) -> VecDeque<f64> {
    let is_part = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
    let words = text.split(|c: char| !is_part(c) && !c.is_alphabetic() && c != '_');
    words
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| word.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
        .filter_map(|word| word.parse().ok())
        .take(MAX_CUES)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_or_capitalised() {
        let names = |text| Vec::from(Cues::of(text).names);
        assert_eq!(
            names("What is it like in New York? And in Lima, Peru?"),
            ["New York", "Lima", "Peru"]
        );
        assert_eq!(
            names("Open \"notes.txt\" with `vim`."),
            ["notes.txt", "vim"]
        );
        assert_eq!(names("Please tell me what I'd say."), Vec::<String>::new());
    }

    #[test]
    fn numbers_stand_alone() {
        let numbers = |text| Vec::from(Cues::of(text).numbers);
        assert_eq!(numbers("Add 2 and -3.5 to 10."), [2.0, -3.5, 10.0]);
        assert_eq!(numbers("grok4 gpt-4"), Vec::<f64>::new());
    }
}
