//! What agents ask for, beside a plain streamed chat on the same server: the model answers with the same
//! text each time.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};

use crate::{
    compare::{Pair, Proxy, in_turns},
    load::Target,
    process::{Gateway, Upstream},
    upstream::Shape,
};

/// Tools of a coding agent are about so many.
const TOOLS: usize = 8;
const DONE: &[u8] = b"data: [DONE]";
/// Of `response.completed`: earlier events have no numbers there.
const USAGE: &[u8] = b"\"usage\":{\"input_tokens\"";

/// One way to ask.
struct Ask {
    what: &'static str,
    path: &'static str,
    body: Value,
    end: &'static [u8],
    /// The model answers with JSON.
    is_json: bool,
}

fn asks() -> [Ask; 5] {
    let messages = || json!([{"role": "user", "content": "Say something."}]);
    let chat = |field: &str, value: Value| {
        let mut body = json!({"model": "grok-3", "stream": true, "messages": messages()});
        body[field] = value;
        body
    };
    let ask = |what, path, body, end| Ask {
        what,
        path,
        body,
        end,
        is_json: false,
    };
    let responses = |store: bool| json!({"model": "grok-3", "stream": true, "input": "Say something.", "store": store});
    let schema = json!({"type": "object", "properties": {"text": {"type": "string"}},
        "required": ["text"], "additionalProperties": false});
    let format = json!({"type": "json_schema", "json_schema": {"name": "text", "schema": schema}});
    [
        ask(
            "tools",
            "/v1/chat/completions",
            chat("tools", tools()),
            DONE,
        ),
        Ask {
            is_json: true,
            ..ask(
                "JSON schema",
                "/v1/chat/completions",
                chat("response_format", format),
                DONE,
            )
        },
        ask(
            "messages",
            "/v1/messages",
            {
                let mut body = chat("max_tokens", json!(100_000));
                body["system"] = json!("Be brief.");
                body
            },
            b"event: message_stop",
        ),
        ask(
            "responses, not kept",
            "/v1/responses",
            responses(false),
            USAGE,
        ),
        ask("responses, kept", "/v1/responses", responses(true), USAGE),
    ]
}

fn tools() -> Value {
    let tool = |number: usize| {
        json!({"type": "function", "function": {
            "name": format!("tool_{number}"),
            "description": "Reads a file of the project and says what is in it.",
            "parameters": {"type": "object", "required": ["path"], "properties": {
                "path": {"type": "string", "description": "Where the file is."},
                "lines": {"type": "array", "items": {"type": "integer"}},
            }},
        }})
    };
    (0..TOOLS).map(tool).collect()
}

/// Each of them; the reference is the plain chat.
pub(crate) async fn measure(
    binary: &Path,
    events: usize,
    clients: usize,
    time: Duration,
) -> anyhow::Result<Vec<(&'static str, Pair)>> {
    let mut pairs = Vec::new();
    for is_json in [false, true] {
        let upstream = Upstream::start(&Shape {
            events,
            interval_ms: 0,
            http2: None,
            json: is_json,
        })
        .await?;
        // So many that no answer waits for an account.
        let gateway = Gateway::start(binary, &upstream.url, clients * 4, None).await?;
        let plain = Target::gateway(gateway.address());
        let gateway = Proxy::Gateway(gateway);
        for ask in asks().into_iter().filter(|ask| ask.is_json == is_json) {
            let target = plain.clone().asked(ask.path, &ask.body, ask.end);
            let sides = ((&gateway, &plain), (&gateway, &target));
            pairs.push((ask.what, in_turns(sides.0, sides.1, clients, time).await?));
        }
    }
    Ok(pairs)
}
