//! The token counts of an answer, as the API writes them.

use serde::Serialize;

/// `usage` of a message and of its events.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Usage {
    input_tokens: u64,
    /// Nothing is cached here.
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<Details>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_tool_use: Option<ServerTools>,
    /// A field of our own, as in the OpenAI API: the numbers do not come from the upstream.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    estimated: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Details {
    thinking_tokens: u64,
}

/// How often Anthropic's servers would have been used.
#[derive(Clone, Debug, Serialize)]
struct ServerTools {
    web_search_requests: u64,
    web_fetch_requests: u64,
}

impl Usage {
    /// What is known before the answer. Anthropic counts one token of output here too.
    pub(crate) fn at_start(input_tokens: u64) -> Self {
        Self {
            input_tokens: input_tokens.max(1),
            cache_creation_input_tokens: 0,
            cache_read_input_tokens: 0,
            output_tokens: 1,
            output_tokens_details: None,
            server_tool_use: None,
            estimated: false,
        }
    }

    /// What the answer took. `searches` is there if the web search tool was.
    pub(crate) fn at_end(usage: chat::Usage, searches: Option<u64>) -> Self {
        let usage = usage.never_zero();
        Self {
            input_tokens: usage.prompt_tokens,
            cache_creation_input_tokens: 0,
            cache_read_input_tokens: 0,
            output_tokens: usage.completion_tokens,
            output_tokens_details: Some(Details {
                thinking_tokens: usage.reasoning_tokens,
            }),
            server_tool_use: searches.map(|searches| ServerTools {
                web_search_requests: searches,
                web_fetch_requests: 0,
            }),
            estimated: usage.estimated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(usage: &Usage) -> String {
        serde_json::to_string(usage).unwrap()
    }

    #[test]
    fn thinking_is_part_of_the_output_and_an_estimate_is_marked() {
        let counted = chat::Usage {
            prompt_tokens: 10,
            completion_tokens: 30,
            reasoning_tokens: 12,
            estimated: false,
        };
        assert_eq!(
            text(&Usage::at_end(counted, None)),
            r#"{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":30,"output_tokens_details":{"thinking_tokens":12}}"#
        );
        let nothing = chat::Usage {
            estimated: true,
            ..chat::Usage::default()
        };
        assert_eq!(
            text(&Usage::at_end(nothing, Some(0))),
            r#"{"input_tokens":1,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1,"output_tokens_details":{"thinking_tokens":0},"server_tool_use":{"web_search_requests":0,"web_fetch_requests":0},"estimated":true}"#
        );
    }

    #[test]
    fn before_the_answer_only_the_prompt_is_counted() {
        for (prompt, input) in [(0, 1), (7, 7)] {
            let expected = format!(
                r#"{{"input_tokens":{input},"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}"#
            );
            assert_eq!(text(&Usage::at_start(prompt)), expected);
        }
    }
}
