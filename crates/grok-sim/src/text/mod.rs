//! Words for unscripted answers: plausible markdown that depends a little on the prompt and is the
//! same for the same prompt.

mod chinese;
mod english;
mod tokens;

pub(crate) use tokens::tokens;

/// Longest piece of the prompt that an answer repeats.
const TOPIC_CHARS: usize = 60;
const LABELS: [&str; 5] = ["system: ", "developer: ", "user: ", "assistant: ", "tool"];

/// What the prompt seems to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Greeting,
    Code,
    Table,
    Steps,
    Essay,
    Explanation,
}

/// What an answer is made from.
struct Prompt<'a> {
    topic: String,
    lower: String,
    attachments: &'a [String],
    seed: u64,
}

/// The visible answer to a flattened prompt.
pub(crate) fn compose(message: &str, attachments: &[String], seed: u64) -> String {
    let turn = last_turn(message);
    let prompt = Prompt {
        topic: topic(turn),
        lower: turn.to_lowercase(),
        attachments,
        seed,
    };
    let wish = wish(&prompt.lower);
    if is_chinese(turn) {
        chinese::answer(&prompt, wish)
    } else {
        english::answer(&prompt, wish)
    }
}

/// Reasoning steps before the answer.
pub(crate) fn reasoning(message: &str, seed: u64) -> Vec<String> {
    let turn = last_turn(message);
    let topic = topic(turn);
    if is_chinese(turn) {
        chinese::reasoning(&topic, seed)
    } else {
        english::reasoning(&topic, seed)
    }
}

/// Tokens of reasoning steps, each with the number of its step.
pub(crate) fn steps(steps: &[String]) -> Vec<(usize, String)> {
    steps
        .iter()
        .enumerate()
        .flat_map(|(number, step)| tokens(step).into_iter().map(move |token| (number, token)))
        .collect()
}

/// The newest turn: all of an unlabelled prompt, else its last paragraph.
fn last_turn(message: &str) -> &str {
    let labelled = LABELS.iter().any(|label| message.starts_with(label));
    let turn = if labelled {
        message.rsplit("\n\n").next().unwrap_or(message)
    } else {
        message
    };
    turn.trim()
}

fn topic(turn: &str) -> String {
    let line = turn.lines().next().unwrap_or_default();
    let plain: String = line.chars().filter(|c| !"#*`|<>[]_".contains(*c)).collect();
    let plain = plain
        .trim()
        .trim_end_matches(['?', '.', '!', '？', '。', '！']);
    if plain.chars().count() <= TOPIC_CHARS {
        return plain.to_owned();
    }
    let short: String = plain.chars().take(TOPIC_CHARS).collect();
    let whole_words = short
        .rfind(' ')
        .and_then(|end| short.get(..end))
        .unwrap_or(&short);
    format!("{whole_words} …")
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

fn wish(lower: &str) -> Wish {
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let is_greeting = ["hi", "hello", "hey", "你好", "您好", "嗨", "早上好"]
        .iter()
        .any(|word| lower.trim_end_matches(['!', '.', '！', '。', '?', '？', ' ']) == *word);
    if is_greeting {
        Wish::Greeting
    } else if has(&[
        "table", "compare", " vs ", "versus", "表格", "对比", "比较", "区别",
    ]) {
        Wish::Table
    } else if has(&[
        "code",
        "function",
        "rust",
        "python",
        "javascript",
        "program",
        "script",
        "sql",
        "代码",
        "函数",
        "编程",
        "程序",
        "脚本",
    ]) {
        Wish::Code
    } else if has(&[
        "essay",
        "in detail",
        "at length",
        "long ",
        "文章",
        "详细",
        "作文",
    ]) {
        Wish::Essay
    } else if has(&[
        "how do", "how to", "how can", "steps", "plan", "步骤", "如何", "怎么", "计划",
    ]) {
        Wish::Steps
    } else {
        Wish::Explanation
    }
}

/// A small program in the language that the prompt names: its name and its text.
fn program(lower: &str) -> (&'static str, &'static str) {
    if lower.contains("python") {
        ("python", PYTHON)
    } else if lower.contains("javascript") || lower.contains("typescript") {
        ("javascript", JAVASCRIPT)
    } else if lower.contains("sql") {
        ("sql", SQL)
    } else {
        ("rust", RUST)
    }
}

const RUST: &str = r#"use std::collections::BTreeMap;

/// Counts how often each word occurs.
fn count_words(text: &str) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word).or_default() += 1;
    }
    counts
}

fn main() {
    for (word, count) in count_words("to be or not to be") {
        println!("{word:>4} {count}");
    }
}
"#;

const PYTHON: &str = r#"from collections import Counter


def count_words(text: str) -> Counter[str]:
    """Count how often each word occurs."""
    return Counter(text.split())


for word, count in sorted(count_words("to be or not to be").items()):
    print(f"{word:>4} {count}")
"#;

const JAVASCRIPT: &str = r#"/** Counts how often each word occurs. */
function countWords(text) {
  const counts = new Map();
  for (const word of text.split(/\s+/)) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

for (const [word, count] of countWords("to be or not to be")) {
  console.log(word.padStart(4), count);
}
"#;

const SQL: &str = r"SELECT word, COUNT(*) AS occurrences
FROM words
GROUP BY word
HAVING COUNT(*) > 1
ORDER BY occurrences DESC, word
LIMIT 10;
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_turn_is_found_behind_labels() {
        assert_eq!(last_turn("system: Be brief.\n\nuser: Hi\n\nWhy?"), "Why?");
        assert_eq!(last_turn("One.\n\nTwo."), "One.\n\nTwo.");
    }

    #[test]
    fn answers_give_what_was_asked_for() {
        let answer = |message| compose(message, &[], 1);
        assert!(answer("A Rust function, please").contains("```rust\n"));
        assert!(answer("Compare tea and coffee in a table").contains("\n| --- |"));
        assert!(answer("How do I bake bread?").contains("\n1. "));
        assert!(answer("用表格比较茶和咖啡").contains("| --- |"));
        assert!(is_chinese(&answer("如何学习一门新语言？")));
        assert!(answer("Write a long essay about rivers").len() > 2_000);
    }

    #[test]
    fn same_prompt_same_answer() {
        assert_eq!(
            compose("What is a quine?", &[], 9),
            compose("What is a quine?", &[], 9)
        );
        assert_ne!(
            compose("What is a quine?", &[], 9),
            compose("What is a monad?", &[], 9)
        );
    }

    #[test]
    fn attachments_are_named() {
        assert!(compose("What is this?", &["cat.png".to_owned()], 1).contains("`cat.png`"));
        assert!(compose("这是什么？", &["cat.png".to_owned()], 1).contains("`cat.png`"));
    }
}
