//! The answer of a chat completion that is not streamed.

use crate::{json, usage::Usage};

/// A source that the content cites as `[[N]](url)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Citation {
    pub url: String,
    /// Empty when the upstream gave none.
    pub title: String,
}

/// One whole chat completion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The upstream's response id, else `chatcmpl-` and 24 hex digits.
    pub id: String,
    /// Unix seconds.
    pub created: i64,
    pub model: String,
    /// `system_fingerprint`; `null` when absent.
    pub fingerprint: Option<String>,
    /// Written at the top level when present.
    pub conversation_id: Option<String>,
    pub content: String,
    /// `message.reasoning_content`; left out when absent. For think tags use
    /// [`Answer::with_think_tags`].
    pub reasoning: Option<String>,
    pub finish_reason: String,
    pub usage: Usage,
    /// In the order of their numbers, as [`crate::tags::TagFilter::citations`] gives them. Each
    /// place in the content that cites one becomes a `url_citation` annotation.
    pub citations: Vec<Citation>,
}

impl Answer {
    /// Moves the reasoning into the content, in the form of [`crate::stream::Thinking::ThinkTags`].
    pub fn with_think_tags(mut self) -> Self {
        if let Some(reasoning) = self.reasoning.take().filter(|text| !text.is_empty()) {
            let end = if self.content.is_empty() {
                "</think>\n"
            } else {
                "\n</think>\n"
            };
            self.content = ["<think>\n", &reasoning, end, &self.content].concat();
        }
        self
    }

    /// The body of the HTTP answer.
    pub fn to_json(&self) -> Vec<u8> {
        let reasoning_len = self.reasoning.as_ref().map_or(0, String::len);
        let mut out = Vec::with_capacity(640 + (self.content.len() + reasoning_len) * 9 / 8);
        out.extend_from_slice(br#"{"id":"#);
        json::write_str(&self.id, &mut out);
        out.extend_from_slice(br#","object":"chat.completion","created":"#);
        json::write_number(self.created, &mut out);
        out.extend_from_slice(br#","model":"#);
        json::write_str(&self.model, &mut out);
        out.extend_from_slice(br#","system_fingerprint":"#);
        json::write_opt(self.fingerprint.as_deref(), &mut out);
        if let Some(id) = &self.conversation_id {
            out.extend_from_slice(br#","conversation_id":"#);
            json::write_str(id, &mut out);
        }
        out.extend_from_slice(br#","choices":[{"index":0,"message":"#);
        self.write_message(&mut out);
        out.extend_from_slice(br#","finish_reason":"#);
        json::write_str(&self.finish_reason, &mut out);
        out.extend_from_slice(br#"}],"usage":"#);
        self.usage.write_json(&mut out);
        out.push(b'}');
        out
    }

    fn write_message(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"role":"assistant","content":"#);
        json::write_str(&self.content, out);
        if let Some(reasoning) = &self.reasoning {
            out.extend_from_slice(br#","reasoning_content":"#);
            json::write_str(reasoning, out);
        }
        out.extend_from_slice(br#","refusal":null,"annotations":["#);
        let mut places: Vec<_> = self.cited_places().collect();
        places.sort_by_key(|place| place.start);
        let (mut chars, mut bytes) = (0, 0);
        for (index, place) in places.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            chars += count_chars(self.content.get(bytes..place.start));
            bytes = place.start;
            place.write_json(chars, count_chars(self.content.get(bytes..place.end)), out);
        }
        out.extend_from_slice(b"]}");
    }

    fn cited_places(&self) -> impl Iterator<Item = Place<'_>> {
        self.citations
            .iter()
            .enumerate()
            .flat_map(|(index, citation)| {
                let mark = format!("[[{}]]({})", index + 1, citation.url);
                let finder = memchr::memmem::Finder::new(mark.as_bytes()).into_owned();
                let starts: Vec<usize> = finder.find_iter(self.content.as_bytes()).collect();
                starts.into_iter().map(move |start| Place {
                    start,
                    end: start + mark.len(),
                    citation,
                })
            })
    }
}

/// Where the content cites a source, in bytes.
struct Place<'a> {
    start: usize,
    end: usize,
    citation: &'a Citation,
}

impl Place<'_> {
    /// OpenAI's positions are in characters.
    fn write_json(&self, start_chars: usize, len_chars: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"type":"url_citation","url_citation":{"start_index":"#);
        json::write_number(start_chars, out);
        out.extend_from_slice(br#","end_index":"#);
        json::write_number(start_chars + len_chars, out);
        out.extend_from_slice(br#","url":"#);
        json::write_str(&self.citation.url, out);
        out.extend_from_slice(br#","title":"#);
        json::write_str(&self.citation.title, out);
        out.extend_from_slice(b"}}");
    }
}

fn count_chars(text: Option<&str>) -> usize {
    text.map_or(0, |text| text.chars().count())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answer() -> Answer {
        Answer {
            id: "r-1".into(),
            created: 1_772_700_000,
            model: "grok-4".into(),
            fingerprint: Some("k3/9".into()),
            content: "A quine prints itself.".into(),
            finish_reason: "stop".into(),
            usage: Usage {
                prompt_tokens: 9,
                completion_tokens: 6,
                ..Usage::default()
            },
            ..Answer::default()
        }
    }

    #[test]
    fn answer_has_the_documented_bytes() {
        let expected = concat!(
            r#"{"id":"r-1","object":"chat.completion","created":1772700000,"model":"grok-4","#,
            r#""system_fingerprint":"k3/9","choices":[{"index":0,"message":{"role":"assistant","#,
            r#""content":"A quine prints itself.","refusal":null,"annotations":[]},"#,
            r#""finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":6,"#,
            r#""total_tokens":15,"prompt_tokens_details":{"cached_tokens":0,"text_tokens":9,"#,
            r#""audio_tokens":0,"image_tokens":0},"completion_tokens_details":{"text_tokens":6,"#,
            r#""audio_tokens":0,"reasoning_tokens":0}}}"#
        );
        assert_eq!(String::from_utf8(answer().to_json()).unwrap(), expected);
    }

    #[test]
    fn conversation_and_reasoning_appear_when_there_are_any() {
        let answer = Answer {
            conversation_id: Some("c-1".into()),
            reasoning: Some("hm".into()),
            ..answer()
        };
        let json: Value = serde_json::from_slice(&answer.to_json()).unwrap();
        assert_eq!(json["conversation_id"], "c-1");
        assert_eq!(json["choices"][0]["message"]["reasoning_content"], "hm");

        let json: Value = serde_json::from_slice(&answer.with_think_tags().to_json()).unwrap();
        let message = &json["choices"][0]["message"];
        assert_eq!(
            message["content"],
            "<think>\nhm\n</think>\nA quine prints itself."
        );
        assert_eq!(message.get("reasoning_content"), None);
    }

    #[test]
    fn citations_become_annotations_at_character_positions() {
        let citation = |url: &str| Citation {
            url: url.into(),
            title: "T".into(),
        };
        let answer = Answer {
            content: "Né[[2]](https://b.io) x[[1]](https://a.io)[[2]](https://b.io)".into(),
            citations: vec![citation("https://a.io"), citation("https://b.io")],
            ..answer()
        };
        let json: Value = serde_json::from_slice(&answer.to_json()).unwrap();
        let place = |start: u32, end: u32, url: &str| {
            json!({"type": "url_citation", "url_citation":
                {"start_index": start, "end_index": end, "url": url, "title": "T"}})
        };
        assert_eq!(
            json["choices"][0]["message"]["annotations"],
            json!([
                place(2, 21, "https://b.io"),
                place(23, 42, "https://a.io"),
                place(42, 61, "https://b.io")
            ])
        );
    }
}
