//! Scripts inside a question, so that a program that knows nothing of the simulator can be led
//! through a task with its own tools.
//!
//! A question may hold directives in double square brackets, in any order and with other text
//! around them. `[[round]]` separates rounds: round `k` (from 0) is played when tools have answered
//! `k` times since the question. Parallel results count as one answer. A directive that cannot be read
//! is named in the answer.
//!
//! | directive | what the answer is |
//! | --- | --- |
//! | `[[call NAME {json}]]` | a call with these arguments, whatever the tool's schema says; several in a round are several calls of one answer; without JSON the arguments are `{}` |
//! | `[[bad_call NAME {json}]]` | the same at first; behind `# Correction`, arguments that fit the schema of the tool, and no other call |
//! | `[[broken NAME {json}]]` | the call with a trailing comma and without its last brace; behind `# Correction` it is in order |
//! | `[[say TEXT]]` | text before the calls of its round; alone, it is the answer |
//! | `[[then TEXT]]` | the text that is said once the results of its round are there (before the calls of the next round, if there are any); at once when its round has no calls |
//! | `[[json TEXT]]` | as `then`: this text verbatim |
//! | `[[bad_json TEXT]]` | as `then`: this text at first; behind `# Correction`, a value that fits the schema |
//! | `[[worst_json TEXT]]` | as `then`: this text always |
//! | `[[search QUERY]]` | a web search of the upstream's own, then an answer with citations |
//! | `[[xsearch QUERY]]` | the same on X; both can be asked for |
//! | `[[round]]` | the next round begins |
//!
//! When the rounds are over and nothing is left to say, the answer quotes the results. Calls need a
//! list of tools in the message; without one only the texts are used. `TEXT` ends at the next `]]`,
//! except that a JSON value at its beginning is read whole; so is the JSON of a call.
//!
//! Without directives the answer depends on the message:
//!
//! | message | answer |
//! | --- | --- |
//! | must call a tool | the named one; else the one that fits best and has not answered yet |
//! | results at the end | `The tool says: …`, or JSON if that is the output format |
//! | tools, and the question names one or shares a telling word with its name or description | a call with arguments from its schema and the question; two, if both are asked for |
//! | an output format | a value that fits the schema, or `{"answer": …}`, now and then in a fence or with prose around |
//! | begins with `search` | as `[[search …]]` (both kinds are left out when the request switches them off) |
//! | anything else | markdown composed from the question |

use serde::de::IgnoredAny;

/// Directives of one question at most; what follows is text.
const MAX_DIRECTIVES: usize = 256;
const WORDS: [&str; 11] = [
    "call",
    "bad_call",
    "broken",
    "say",
    "then",
    "json",
    "bad_json",
    "worst_json",
    "search",
    "xsearch",
    "round",
];

/// How a scripted call is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Exact,
    /// In order only when it is asked for again.
    BadAtFirst,
    /// Not quite JSON.
    Broken,
}

/// A scripted call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ScriptedCall {
    pub(crate) name: String,
    /// JSON as it was written.
    pub(crate) arguments: String,
    pub(crate) manner: Manner,
}

/// What is said when the results of a round are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// This, verbatim.
    Text(String),
    /// This, until JSON is asked for again.
    BadAtFirst(String),
}

/// Where the upstream looks something up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SearchKind {
    Web,
    X,
}

/// A search of the upstream's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Search {
    pub(crate) kind: SearchKind,
    pub(crate) query: String,
}

/// What happens between two answers of tools.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Round {
    pub(crate) say: Option<String>,
    pub(crate) calls: Vec<ScriptedCall>,
    pub(crate) closing: Option<Closing>,
    pub(crate) searches: Vec<Search>,
}

/// All rounds of a question; there is at least one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Script {
    pub(crate) rounds: Vec<Round>,
    /// The question without its directives.
    pub(crate) rest: String,
}

/// Whether the text holds the beginning of a directive.
pub(crate) fn is_in(text: &str) -> bool {
    find(text).is_some()
}

/// The script of a question, if it has one; else what is wrong with it.
pub(crate) fn read(question: &str) -> Option<Result<Script, String>> {
    is_in(question).then(|| read_all(question))
}

fn read_all(question: &str) -> Result<Script, String> {
    let mut script = Script {
        rounds: vec![Round::default()],
        rest: String::new(),
    };
    let mut text = question;
    for _ in 0..MAX_DIRECTIVES {
        let Some((before, word, body)) = find(text) else {
            break;
        };
        script.rest.push_str(before);
        text = script.take(word, body)?;
    }
    script.rest.push_str(text);
    Ok(script)
}

/// The text before the next directive, its word and what follows the word.
fn find(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices("[[").find_map(|(at, brackets)| {
        let inside = text.get(at + brackets.len()..)?;
        let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
        let length = inside.find(|c| !is_word(c)).unwrap_or(inside.len());
        let (word, body) = inside.split_at_checked(length)?;
        let is_known = WORDS.contains(&word);
        let is_whole = body.starts_with("]]") || body.starts_with(char::is_whitespace);
        (is_known && is_whole).then_some((text.get(..at)?, word, body))
    })
}

impl Script {
    /// Takes one directive and gives back what follows it.
    fn take<'a>(&mut self, word: &str, body: &'a str) -> Result<&'a str, String> {
        let manner = match word {
            "call" => Some(Manner::Exact),
            "bad_call" => Some(Manner::BadAtFirst),
            "broken" => Some(Manner::Broken),
            _ => None,
        };
        if let Some(manner) = manner {
            let (call, after) = read_call(word, manner, body)?;
            self.change_round(|round| round.calls.push(call));
            return Ok(after);
        }
        let (text, after) = read_text(word, body)?;
        self.take_text(word, text.to_owned());
        Ok(after)
    }

    fn take_text(&mut self, word: &str, text: String) {
        if word == "round" {
            self.rounds.push(Round::default());
            return;
        }
        let kind = if word == "xsearch" {
            SearchKind::X
        } else {
            SearchKind::Web
        };
        self.change_round(|round| match word {
            "say" => round.say = Some(text),
            "search" | "xsearch" => round.searches.push(Search { kind, query: text }),
            "bad_json" => round.closing = Some(Closing::BadAtFirst(text)),
            _ => round.closing = Some(Closing::Text(text)),
        });
    }

    /// Changes the round that is being read.
    fn change_round(&mut self, change: impl FnOnce(&mut Round)) {
        if let Some(round) = self.rounds.last_mut() {
            change(round);
        }
    }
}

fn read_call<'a>(
    word: &str,
    manner: Manner,
    body: &'a str,
) -> Result<(ScriptedCall, &'a str), String> {
    let wrong = |what: &str| Err(format!("`[[{word} NAME {{json}}]]` {what}"));
    let body = body.trim_start();
    let end = body.find(|c: char| c.is_whitespace() || c == '{' || c == ']');
    let (name, rest) = body.split_at(end.unwrap_or(body.len()));
    if name.is_empty() {
        return wrong("needs the name of a tool");
    }
    let rest = rest.trim_start();
    let (arguments, rest) = if rest.starts_with("]]") {
        ("{}", rest)
    } else {
        match leading_json(rest) {
            Some(parts) => parts,
            None => return wrong("has arguments that are no JSON"),
        }
    };
    let Some(after) = rest.trim_start().strip_prefix("]]") else {
        return wrong("does not end with `]]`");
    };
    let call = ScriptedCall {
        name: name.to_owned(),
        arguments: arguments.to_owned(),
        manner,
    };
    Ok((call, after))
}

/// The text of a directive, and what follows it.
fn read_text<'a>(word: &str, body: &'a str) -> Result<(&'a str, &'a str), String> {
    let start = body.trim_start();
    let json = leading_json(start)
        .and_then(|(text, rest)| Some((text, rest.trim_start().strip_prefix("]]")?)));
    json.or_else(|| {
        let (text, after) = body.split_once("]]")?;
        Some((text.trim(), after))
    })
    .ok_or_else(|| format!("`[[{word} …` does not end with `]]`"))
}

/// A JSON value at the beginning of a text, and what follows it.
fn leading_json(text: &str) -> Option<(&str, &str)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    text.split_at_checked(values.byte_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Script {
        read(text).unwrap().unwrap()
    }

    #[test]
    fn rounds_hold_their_calls_and_texts() {
        let script = script(
            "Do it: [[say First.]][[call write {\"rows\": [[1], [2]], \"t\": \"]]\"}]] \
             [[bad_call ls]] [[round]] [[broken bash {}]] [[then Done\n\nnow.]] please",
        );
        assert_eq!(script.rest, "Do it:      please");
        let [first, second] = &script.rounds[..] else {
            panic!("{script:?}")
        };
        assert_eq!(first.say.as_deref(), Some("First."));
        assert_eq!(
            first.calls[0].arguments,
            "{\"rows\": [[1], [2]], \"t\": \"]]\"}"
        );
        assert_eq!(first.calls[1].manner, Manner::BadAtFirst);
        assert_eq!(second.calls[0].manner, Manner::Broken);
        assert_eq!(
            second.closing,
            Some(Closing::Text("Done\n\nnow.".to_owned()))
        );
    }

    #[test]
    fn a_json_text_may_hold_brackets() {
        let script = script("[[json {\"a\": [[1]]}]][[search rust 1.90]]");
        let text = "{\"a\": [[1]]}".to_owned();
        assert_eq!(script.rounds[0].closing, Some(Closing::Text(text)));
        assert_eq!(script.rounds[0].searches[0].query, "rust 1.90");
    }

    #[test]
    fn what_cannot_be_read_is_named_and_other_brackets_are_text() {
        let error = read("[[call write {nope}]]").unwrap().unwrap_err();
        assert!(error.contains("[[call NAME"), "{error}");
        assert!(read("[[then Done").unwrap().is_err());
        assert_eq!(read("if [[ -f x ]]; see [[Notes]] and [[calls]]"), None);
    }
}
