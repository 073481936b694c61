//! The answer of a chat completion that is not streamed.

use std::borrow::Cow;

use chat::{Delta, Event, Finish, FinishReason, ToolCall, Usage};
use serde::Serialize;

use crate::{
    content::{self, Cited, Citing, MarkFinder},
    stream::{Head, Thinking},
    wire::{
        Annotation, AnswerChoice, FunctionCall, Message, Opening, ToolCallJson, UsageJson,
        finish_reason, to_json,
    },
};

/// Collects the deltas of one answer.
#[derive(Clone, Debug)]
pub struct Answer {
    thinking: Thinking,
    content: String,
    reasoning: String,
    citings: Vec<Citing>,
    cited: Cited,
    finder: MarkFinder,
    tool_calls: Vec<ToolCall>,
    is_legacy: bool,
}

#[derive(Serialize)]
struct Completion<'a> {
    #[serde(flatten)]
    opening: Opening<'a>,
    choices: Vec<AnswerChoice<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    citations: &'a [String],
    usage: UsageJson,
}

/// The body of the HTTP answer that holds several answers, in the order of their choices.
#[must_use]
pub fn merged_json(head: &Head, answers: &[(Answer, Finish)]) -> Vec<u8> {
    let mut cited = Cited::default();
    for (answer, _) in answers {
        cited.extend(&answer.cited);
    }
    // What is in front of a content is borrowed by its choice.
    let contents: Vec<_> = answers.iter().map(|(answer, _)| answer.content()).collect();
    let choices = answers.iter().zip(&contents).zip(0_u8..);
    to_json(&Completion {
        opening: Opening::new(head, "chat.completion"),
        choices: choices
            .map(|(((answer, finish), content), index)| {
                answer.choice(index, content, &finish.reason)
            })
            .collect(),
        citations: cited.urls(),
        usage: UsageJson::new(Usage::of_all(
            answers.iter().map(|(_, finish)| finish.usage),
        )),
    })
}

/// The content as the caller sees it, and the characters in front of the answer's own text.
struct Content<'a> {
    text: Cow<'a, str>,
    offset: usize,
}

impl Answer {
    /// An answer that says nothing yet.
    pub fn new(thinking: Thinking) -> Self {
        Self {
            thinking,
            content: String::new(),
            reasoning: String::new(),
            citings: Vec::new(),
            cited: Cited::default(),
            finder: MarkFinder::default(),
            tool_calls: Vec::new(),
            is_legacy: false,
        }
    }

    /// Whether the caller offered `functions`: a call is then a `function_call`.
    #[must_use]
    pub fn legacy(mut self, is_legacy: bool) -> Self {
        self.is_legacy = is_legacy;
        self
    }

    /// Takes the next delta. Reasoning that is not shown and what this API has no place for
    /// (look-ups, progress) are dropped.
    pub fn push(&mut self, delta: Delta<'_>) {
        match delta {
            Delta::Text(text) => self.content.push_str(text),
            Delta::Reasoning(text) => {
                if self.thinking != Thinking::Hidden {
                    self.reasoning.push_str(text);
                }
            }
            Delta::Event(Event::ToolCall(call)) => self.tool_calls.push(call.clone()),
            Delta::Event(Event::Citation(citation)) => {
                self.cited.push(citation);
                self.citings.push(self.finder.find(&self.content, citation));
            }
            Delta::Event(Event::Image { url, alt }) => {
                let is_line_start = content::is_line_start(&self.content);
                self.content
                    .push_str(&content::image(url, alt, is_line_start));
            }
            Delta::Event(Event::Search(_) | Event::Found(_) | Event::Progress { .. }) => {}
        }
    }

    /// The body of the HTTP answer.
    pub fn to_json(&self, head: &Head, finish: &Finish) -> Vec<u8> {
        let content = self.content();
        to_json(&Completion {
            opening: Opening::new(head, "chat.completion"),
            choices: vec![self.choice(0, &content, &finish.reason)],
            citations: self.cited.urls(),
            usage: UsageJson::new(finish.usage),
        })
    }

    fn content(&self) -> Content<'_> {
        let thought = self.think_block();
        Content {
            offset: thought.chars().count(),
            text: if thought.is_empty() {
                Cow::Borrowed(&self.content)
            } else {
                Cow::Owned(thought + &self.content)
            },
        }
    }

    fn choice<'a>(
        &'a self,
        index: u8,
        content: &'a Content<'_>,
        reason: &FinishReason,
    ) -> AnswerChoice<'a> {
        let is_apart = self.thinking == Thinking::ReasoningContent && !self.reasoning.is_empty();
        let calls = if self.is_legacy {
            &[]
        } else {
            self.tool_calls.as_slice()
        };
        let function = self.tool_calls.first().filter(|_| self.is_legacy);
        let says_something = !content.text.is_empty() || self.tool_calls.is_empty();
        let message = Message {
            role: "assistant",
            content: says_something.then_some(content.text.as_ref()),
            reasoning_content: is_apart.then_some(&self.reasoning),
            refusal: (),
            annotations: self
                .citings
                .iter()
                .map(|citing| Annotation::new(citing, content.offset))
                .collect(),
            tool_calls: calls.iter().map(ToolCallJson::new).collect(),
            function_call: function.map(FunctionCall::new),
        };
        AnswerChoice {
            index,
            message,
            finish_reason: finish_reason(reason, self.is_legacy),
        }
    }

    /// The reasoning as it stands before the content, in the form that a stream has.
    fn think_block(&self) -> String {
        if self.thinking != Thinking::ThinkTags || self.reasoning.is_empty() {
            return String::new();
        }
        let end = if self.content.is_empty() {
            "</think>\n"
        } else {
            "\n</think>\n"
        };
        ["<think>\n", &self.reasoning, end].concat()
    }
}

#[cfg(test)]
mod tests {
    use chat::{Citation, FinishReason, SearchActivity, SearchKind, Usage};
    use serde_json::{Value, json};

    use super::*;

    fn head() -> Head {
        Head {
            id: "r-1".into(),
            created: 1_772_700_000,
            model: "grok-4".into(),
            conversation_id: None,
            fingerprint: Some("k3/9".into()),
        }
    }

    fn finish(reason: FinishReason) -> Finish {
        let usage = Usage {
            prompt_tokens: 9,
            completion_tokens: 6,
            ..Usage::default()
        };
        Finish { reason, usage }
    }

    fn message(thinking: Thinking, deltas: &[Delta<'_>]) -> Value {
        let mut answer = Answer::new(thinking);
        deltas.iter().for_each(|delta| answer.push(*delta));
        let body = answer.to_json(&head(), &finish(FinishReason::Stop));
        let json: Value = serde_json::from_slice(&body).unwrap();
        json["choices"][0]["message"].clone()
    }

    #[test]
    fn answer_has_the_documented_bytes() {
        let mut answer = Answer::new(Thinking::Hidden);
        for delta in [
            Delta::Text("A quine"),
            Delta::Reasoning("hm"),
            Delta::Text(" prints itself."),
        ] {
            answer.push(delta);
        }
        let expected = concat!(
            r#"{"id":"r-1","object":"chat.completion","created":1772700000,"model":"grok-4","#,
            r#""system_fingerprint":"k3/9","choices":[{"index":0,"message":{"role":"assistant","#,
            r#""content":"A quine prints itself.","refusal":null,"annotations":[]},"#,
            r#""finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":6,"#,
            r#""total_tokens":15,"prompt_tokens_details":{"cached_tokens":0,"text_tokens":9,"#,
            r#""audio_tokens":0,"image_tokens":0},"completion_tokens_details":{"text_tokens":6,"#,
            r#""audio_tokens":0,"reasoning_tokens":0}}}"#
        );
        let body = answer.to_json(&head(), &finish(FinishReason::Stop));
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }

    #[test]
    fn the_conversation_appears_when_there_is_one_and_the_end_has_its_word() {
        let head = Head {
            conversation_id: Some("c-1".into()),
            ..head()
        };
        let body = Answer::new(Thinking::Hidden).to_json(&head, &finish(FinishReason::Length));
        let json: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(json["conversation_id"], "c-1");
        assert_eq!(json["choices"][0]["finish_reason"], "length");
        assert_eq!(json["choices"][0]["message"]["content"], "");
    }

    #[test]
    fn reasoning_is_hidden_apart_or_wrapped() {
        let deltas = [
            Delta::Reasoning("h"),
            Delta::Reasoning("m"),
            Delta::Text("A"),
        ];
        let hidden = message(Thinking::Hidden, &deltas);
        assert_eq!(hidden["content"], "A");
        assert_eq!(hidden.get("reasoning_content"), None);
        let apart = message(Thinking::ReasoningContent, &deltas);
        assert_eq!(apart["content"], "A");
        assert_eq!(apart["reasoning_content"], "hm");
        let wrapped = message(Thinking::ThinkTags, &deltas);
        assert_eq!(wrapped["content"], "<think>\nhm\n</think>\nA");
        assert_eq!(wrapped.get("reasoning_content"), None);
        let alone = message(Thinking::ThinkTags, &deltas[..2]);
        assert_eq!(alone["content"], "<think>\nhm</think>\n");
        for thinking in [Thinking::ReasoningContent, Thinking::ThinkTags] {
            let without = message(thinking, &[Delta::Text("A")]);
            assert_eq!(without["content"], "A");
            assert_eq!(without.get("reasoning_content"), None);
        }
    }

    #[test]
    fn citations_become_annotations_at_character_positions() {
        let citation = |number: usize, url: &str| {
            Event::Citation(Citation {
                number,
                url: url.into(),
                title: "T".into(),
            })
        };
        let (first, second) = (citation(1, "https://a.io"), citation(2, "https://b.io"));
        let deltas = [
            Delta::Reasoning("hm"),
            Delta::Text("Né[[2]](https://b.io) x"),
            Delta::Event(&second),
            Delta::Text("[[1]](https://a.io)[[2]](https://b.io)"),
            Delta::Event(&first),
            Delta::Event(&second),
        ];
        let places = |offset: u32| {
            let place = |start: u32, end: u32, url: &str| {
                json!({"type": "url_citation", "url_citation": {"url": url, "title": "T",
                    "start_index": start + offset, "end_index": end + offset}})
            };
            json!([
                place(2, 21, "https://b.io"),
                place(23, 42, "https://a.io"),
                place(42, 61, "https://b.io")
            ])
        };
        let hidden = message(Thinking::Hidden, &deltas);
        assert_eq!(hidden["annotations"], places(0));
        let wrapped = message(Thinking::ThinkTags, &deltas);
        assert_eq!(wrapped["annotations"], places(20));
    }

    #[test]
    fn an_answer_that_only_calls_tools_has_no_content() {
        let call = Event::ToolCall(ToolCall {
            id: "call_0".into(),
            name: "f".into(),
            arguments: "{}".into(),
        });
        let calls = json!([{"id": "call_0", "type": "function",
            "function": {"name": "f", "arguments": "{}"}}]);
        let silent = message(Thinking::Hidden, &[Delta::Event(&call)]);
        assert_eq!(silent["content"], Value::Null);
        assert_eq!(silent["tool_calls"], calls);
        let both = message(Thinking::Hidden, &[Delta::Text("A"), Delta::Event(&call)]);
        assert_eq!(
            (&both["content"], &both["tool_calls"]),
            (&json!("A"), &calls)
        );
        let none = message(Thinking::Hidden, &[Delta::Text("A")]);
        assert_eq!(none.get("tool_calls"), None);
    }

    #[test]
    fn pictures_are_content_and_other_events_say_nothing() {
        let image = Event::Image {
            url: "https://a.io/b.png".into(),
            alt: String::new(),
        };
        let search = Event::Search(SearchActivity {
            kind: SearchKind::Images,
            query: "q".into(),
        });
        let progress = Event::Progress { percent: 5 };
        let said = message(
            Thinking::Hidden,
            &[
                Delta::Event(&search),
                Delta::Text("A"),
                Delta::Event(&progress),
                Delta::Event(&image),
            ],
        );
        assert_eq!(said["content"], "A\n![image](https://a.io/b.png)\n");
    }
}
