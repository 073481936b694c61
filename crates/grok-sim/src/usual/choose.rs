//! Which tools a question asks for.

use super::Task;
use crate::prompt::{Rule, Tool, Toolbox};

/// Calls of one answer at most.
const MAX_CALLS: usize = 4;
/// What it counts that the question has the whole name of a tool.
const NAMED: usize = 100;
/// What a word of the name counts; a word of the description counts 1.
const WORD_OF_NAME: usize = 10;
/// Shortest telling word of a description.
const MIN_DESCRIPTION_WORD: usize = 5;
/// Shortest telling word of a name.
const MIN_NAME_WORD: usize = 3;
/// Words that say nothing about what a tool is for.
const EMPTY_WORDS: [&str; 46] = [
    "about",
    "after",
    "all",
    "and",
    "any",
    "are",
    "before",
    "call",
    "calls",
    "can",
    "could",
    "current",
    "final",
    "for",
    "from",
    "function",
    "get",
    "given",
    "gives",
    "have",
    "information",
    "into",
    "make",
    "please",
    "result",
    "return",
    "returns",
    "set",
    "should",
    "some",
    "specific",
    "tell",
    "that",
    "the",
    "their",
    "there",
    "these",
    "this",
    "tool",
    "use",
    "user",
    "using",
    "what",
    "which",
    "with",
    "you",
];

/// The tools that are to be called now; none if words are enough.
pub(super) fn tools<'a>(task: &Task<'_>, toolbox: &'a Toolbox) -> Vec<&'a Tool> {
    let has_results = !task.prompt.turns.results.is_empty();
    match &toolbox.rule {
        Rule::Named(name) => toolbox.find(name).into_iter().collect(),
        Rule::Free if has_results => Vec::new(),
        Rule::Free => matching(&task.asked.question, toolbox),
        Rule::AtLeastOne => {
            let matching = if has_results {
                Vec::new()
            } else {
                matching(&task.asked.question, toolbox)
            };
            if matching.is_empty() {
                any(task, toolbox).into_iter().collect()
            } else {
                matching
            }
        }
    }
}

/// The tool that has not answered yet and fits best; the last one when all have answered.
fn any<'a>(task: &Task<'_>, toolbox: &'a Toolbox) -> Option<&'a Tool> {
    let question = Words::of(&task.asked.question);
    let unused = |tool: &&Tool| !task.asked.called.contains(&tool.name);
    let unused = toolbox.tools.iter().filter(unused).rev();
    unused
        .max_by_key(|tool| question.score(tool))
        .or(toolbox.tools.last())
}

fn matching<'a>(question: &str, toolbox: &'a Toolbox) -> Vec<&'a Tool> {
    let question = Words::of(question);
    let scored = toolbox
        .tools
        .iter()
        .map(|tool| (question.score(tool), tool));
    let scored: Vec<(usize, &Tool)> = scored.filter(|(score, _)| *score > 0).collect();
    let sure: Vec<&Tool> = scored
        .iter()
        .filter(|(score, _)| *score >= WORD_OF_NAME)
        .map(|(_, tool)| *tool)
        .take(MAX_CALLS)
        .collect();
    let asks_for_several = question.has("both") || question.has("and");
    if asks_for_several && sure.len() > 1 && !toolbox.one_only {
        return sure;
    }
    let best = scored.iter().rev().max_by_key(|(score, _)| *score);
    best.map(|(_, tool)| *tool).into_iter().collect()
}

/// The words of a question.
struct Words {
    /// All of it in lower case, words separated by one space, with a space around it.
    line: String,
}

impl Words {
    fn of(text: &str) -> Self {
        let mut line = " ".to_owned();
        for word in words(text) {
            line.push_str(&word);
            line.push(' ');
        }
        Self { line }
    }

    fn has(&self, words: &str) -> bool {
        self.line.contains(&format!(" {words} "))
    }

    /// As `has`, in the singular or the plural.
    fn has_word(&self, word: &str) -> bool {
        let singular = word.strip_suffix('s').unwrap_or(word);
        self.has(word) || self.has(singular) || self.has(&format!("{singular}s"))
    }

    fn score(&self, tool: &Tool) -> usize {
        let name: Vec<String> = words(&tool.name).collect();
        let whole = if self.has(&name.join(" ")) { NAMED } else { 0 };
        let is_telling = |word: &&String, least: usize| {
            word.chars().count() >= least && !EMPTY_WORDS.contains(&word.as_str())
        };
        let of_name = name
            .iter()
            .filter(|word| is_telling(word, MIN_NAME_WORD) && self.has_word(word))
            .count();
        let sentence = tool.description.trim_start();
        let sentence = sentence.split(['\n', '.']).next().unwrap_or_default();
        let of_description = words(sentence)
            .filter(|word| is_telling(&word, MIN_DESCRIPTION_WORD) && self.has_word(word))
            .count();
        whole + of_name * WORD_OF_NAME + of_description.min(WORD_OF_NAME - 1)
    }
}

/// Words in lower case; `getWeather` and `get_weather` are two each.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .flat_map(split_humps)
        .filter(|word| !word.is_empty())
        .map(|word| word.to_lowercase())
}

fn split_humps(word: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut was_lower = false;
    for (at, character) in word.char_indices() {
        if was_lower && character.is_uppercase() {
            parts.extend(word.get(start..at));
            start = at;
        }
        was_lower = character.is_lowercase();
    }
    parts.extend(word.get(start..));
    parts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(question: &str, one_only: bool) -> Vec<String> {
        let tool = |name: &str, description: &str| Tool {
            name: name.to_owned(),
            description: description.to_owned(),
            parameters: json!({}),
        };
        let toolbox = Toolbox {
            tools: vec![
                tool("get_weather", "Says what the sky is like."),
                tool("getTime", "Reads the clock of a city. Needs a country."),
                tool("grep", "Searches lines.\nCountry by country."),
            ],
            rule: Rule::Free,
            one_only,
        };
        let found = matching(question, &toolbox);
        found.iter().map(|tool| tool.name.clone()).collect()
    }

    #[test]
    fn words_of_names_and_descriptions_tell() {
        assert_eq!(names("What's the weather like?", false), ["get_weather"]);
        assert_eq!(names("What does the clock say?", false), ["getTime"]);
        assert_eq!(names("Call grep on it", false), ["grep"]);
        assert!(names("Which country is large? Get it.", false).is_empty());
    }

    #[test]
    fn two_tools_are_called_only_when_both_are_wanted_and_allowed() {
        let both = "The weather and the time, please";
        assert_eq!(names(both, false), ["get_weather", "getTime"]);
        assert_eq!(names(both, true), ["get_weather"]);
        assert_eq!(names("The weather at this time", false).len(), 1);
    }
}
