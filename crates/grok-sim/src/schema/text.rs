//! A text that fits what a schema says of it.

use serde_json::Value;

use super::{Cues, pattern};

/// Longest text that a schema can ask for.
const MAX_CHARS: u64 = 10_000;
/// Property names whose text is the question.
const QUESTIONS: [&str; 8] = [
    "query", "question", "prompt", "input", "text", "message", "q", "task",
];
/// Property names whose text is an answer.
const ANSWERS: [&str; 8] = [
    "answer",
    "response",
    "result",
    "reply",
    "content",
    "summary",
    "output",
    "explanation",
];

pub(super) fn sample(schema: &Value, name: &str, cues: &mut Cues) -> String {
    let word = |word: &str| schema.get(word).and_then(Value::as_str);
    let formatted = word("format").and_then(|format| of_format(format, cues));
    let text = formatted
        .or_else(|| word("pattern").and_then(pattern::sample))
        .unwrap_or_else(|| of_name(name, cues));
    fitted(text, schema)
}

fn of_format(format: &str, cues: &Cues) -> Option<String> {
    let is_email = |word: &str| word.contains('@') && word.contains('.');
    let is_address = |word: &str| word.starts_with("http://") || word.starts_with("https://");
    let text = match format {
        "date" => cues.word(is_date).unwrap_or("2026-01-15"),
        "date-time" => "2026-01-15T12:00:00Z",
        "time" => "12:00:00Z",
        "duration" => "P1D",
        "email" | "idn-email" => cues.word(is_email).unwrap_or("ada@example.org"),
        "uri" | "url" | "uri-reference" | "iri" => {
            cues.word(is_address).unwrap_or("https://example.org/")
        }
        "uuid" => "3f0c1f5e-6d0e-4b57-9a53-3c6c9a1b2d4e",
        "hostname" => "example.org",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        _ => return None,
    };
    Some(text.to_owned())
}

fn is_date(word: &str) -> bool {
    let shape = word
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c });
    shape.eq("0000-00-00".chars())
}

fn of_name(name: &str, cues: &mut Cues) -> String {
    let lower = name.to_lowercase();
    if ANSWERS.contains(&lower.as_str()) {
        return cues.answer().to_owned();
    }
    if QUESTIONS.contains(&lower.as_str()) && !cues.question().is_empty() {
        return cues.question().to_owned();
    }
    cues.name().unwrap_or_else(|| invented(&lower))
}

/// What stands there when the question says nothing.
fn invented(lower: &str) -> String {
    let known = match lower {
        "city" | "location" | "place" => "Lima",
        "country" => "Peru",
        "name" | "first_name" | "author" | "user" => "Ada",
        "language" => "English",
        "path" | "file" | "filename" | "file_path" | "filepath" => "notes.txt",
        "email" => "ada@example.org",
        "url" => "https://example.org/",
        "date" => "2026-01-15",
        "command" => "true",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let words = lower.replace(['_', '-'], " ");
    let words = words.trim();
    if words.is_empty() {
        return "example".to_owned();
    }
    format!("example {words}")
}

/// Cut or filled up to the length that is asked for.
fn fitted(text: String, schema: &Value) -> String {
    let count = |word: &str| schema.get(word).and_then(Value::as_u64);
    let chars = |count: u64| usize::try_from(count.min(MAX_CHARS)).unwrap_or(0);
    let least = chars(count("minLength").unwrap_or(0));
    let most = chars(count("maxLength").unwrap_or(MAX_CHARS));
    let filling = std::iter::repeat_n('x', least);
    let length = text.chars().count().max(least).min(most);
    text.chars().chain(filling).take(length).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn formats_lengths_and_names_are_kept() {
        let made = |schema: Value, name: &str, question: &str| {
            sample(&schema, name, &mut Cues::of(question))
        };
        let email = json!({"format": "email"});
        assert_eq!(
            made(email.clone(), "to", "Write to ada@lovelace.org!"),
            "ada@lovelace.org"
        );
        assert_eq!(made(email, "to", "Write"), "ada@example.org");
        assert_eq!(
            made(json!({"format": "date"}), "day", "On 2026-02-03."),
            "2026-02-03"
        );
        assert_eq!(made(json!({"minLength": 6}), "city", ""), "Limaxx");
        assert_eq!(made(json!({"maxLength": 2}), "city", ""), "Li");
        assert_eq!(
            made(json!({"pattern": "^[A-Z]{3}-\\d+$"}), "id", ""),
            "AAA-0"
        );
        assert_eq!(
            made(json!({"pattern": "^(a|b)$"}), "file_id", ""),
            "example file id"
        );
        assert_eq!(made(json!({}), "query", "Who is Ada?"), "Who is Ada?");
    }
}
