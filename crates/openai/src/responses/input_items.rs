//! The input of a response as items of one form, as it is stored and as `GET …/input_items` shows it.

use chat::{Attachment, AttachmentKind, Part, Role, Source, ToolCall, Turn};
use serde::Serialize;

use super::ids::item_id;
use crate::wire::to_json;

#[derive(Serialize)]
struct InputItem<'a> {
    id: String,
    #[serde(flatten)]
    kind: Kind<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Kind<'a> {
    Message {
        status: &'static str,
        role: &'static str,
        content: Vec<Block<'a>>,
    },
    FunctionCall {
        status: &'static str,
        call_id: &'a str,
        name: &'a str,
        arguments: &'a str,
    },
    FunctionCallOutput {
        status: &'static str,
        call_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
        output: Output<'a>,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Output<'a> {
    Text(&'a str),
    Blocks(Vec<Block<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    InputText {
        text: &'a str,
    },
    OutputText {
        text: &'a str,
        annotations: [(); 0],
    },
    InputImage {
        detail: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        image_url: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_id: Option<&'a str>,
    },
    InputFile {
        #[serde(skip_serializing_if = "Option::is_none")]
        filename: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_data: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_url: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_id: Option<&'a str>,
    },
    InputAudio {
        data: String,
    },
}

const COMPLETED: &str = "completed";

/// The items of `turns` as a JSON array, in order.
pub(super) fn to_items(turns: &[Turn], response_id: &str) -> Vec<u8> {
    let mut items = Vec::new();
    for turn in turns {
        for (prefix, kind) in kinds(turn) {
            let id = item_id(prefix, response_id, "i", items.len());
            items.push(InputItem { id, kind });
        }
    }
    to_json(&items)
}

fn kinds(turn: &Turn) -> Vec<(&'static str, Kind<'_>)> {
    if turn.role == Role::Tool {
        return vec![("fco", result(turn))];
    }
    let mut all = Vec::new();
    if !turn.parts.is_empty() || turn.tool_calls.is_empty() {
        let message = Kind::Message {
            status: COMPLETED,
            role: turn.role.as_str(),
            content: turn
                .parts
                .iter()
                .map(|part| block(part, turn.role))
                .collect(),
        };
        all.push(("msg", message));
    }
    all.extend(turn.tool_calls.iter().map(|call| ("fc", called(call))));
    all
}

fn called(call: &ToolCall) -> Kind<'_> {
    Kind::FunctionCall {
        status: COMPLETED,
        call_id: &call.id,
        name: &call.name,
        arguments: &call.arguments,
    }
}

fn result(turn: &Turn) -> Kind<'_> {
    let output = match turn.parts.as_slice() {
        [] => Output::Text(""),
        [Part::Text(text)] => Output::Text(text),
        parts => Output::Blocks(parts.iter().map(|part| block(part, turn.role)).collect()),
    };
    Kind::FunctionCallOutput {
        status: COMPLETED,
        call_id: turn.tool_call_id.as_deref().unwrap_or_default(),
        name: turn.name.as_deref(),
        output,
    }
}

fn block(part: &Part, role: Role) -> Block<'_> {
    match part {
        Part::Text(text) if role == Role::Assistant => Block::OutputText {
            text,
            annotations: [],
        },
        Part::Text(text) => Block::InputText { text },
        Part::Attachment(attachment) => attached(attachment),
    }
}

fn attached(attachment: &Attachment) -> Block<'_> {
    let source = &attachment.source;
    let file_id = match source {
        Source::File { id } => Some(id.as_str()),
        Source::Data { .. } | Source::Url(_) => None,
    };
    match attachment.kind {
        AttachmentKind::Image => Block::InputImage {
            detail: "auto",
            image_url: uri(source),
            file_id,
        },
        AttachmentKind::File => {
            let (file_data, file_url) = match source {
                Source::Url(url) => (None, Some(url.as_str())),
                data => (uri(data), None),
            };
            Block::InputFile {
                filename: attachment.name.as_deref(),
                file_data,
                file_url,
                file_id,
            }
        }
        AttachmentKind::Audio => Block::InputAudio {
            data: uri(source).unwrap_or_default(),
        },
    }
}

fn uri(source: &Source) -> Option<String> {
    match source {
        Source::Data { mime, base64 } => Some(format!("data:{mime};base64,{base64}")),
        Source::Url(url) => Some(url.clone()),
        Source::File { .. } => None,
    }
}
