//! The events of a stream and the message object, as the API writes them.

use chat::FinishReason;
use serde::Serialize;

use crate::{
    Head,
    block::{Block, Cited},
    json,
    usage::Usage,
};

/// One server-sent event.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Event<'a> {
    MessageStart {
        message: MessageObject<'a>,
    },
    Ping,
    ContentBlockStart {
        index: usize,
        content_block: Block<'a>,
    },
    ContentBlockDelta {
        index: usize,
        delta: BlockDelta<'a>,
    },
    ContentBlockStop {
        index: usize,
    },
    MessageDelta {
        delta: Stop<'a>,
        usage: Usage,
    },
    MessageStop,
}

/// What is new in a content block, but for text and thinking: for these the writer is quicker.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type")]
pub(crate) enum BlockDelta<'a> {
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: &'a str },
    #[serde(rename = "signature_delta")]
    Signature { signature: &'static str },
    #[serde(rename = "citations_delta")]
    Citations { citation: Cited<'a> },
}

impl Event<'_> {
    /// Appends the event: its name, its data and a blank line.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(self.name().as_bytes());
        out.extend_from_slice(b"\ndata: ");
        json::write(self, out);
        out.extend_from_slice(b"\n\n");
    }

    fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "message_start",
            Self::Ping => "ping",
            Self::ContentBlockStart { .. } => "content_block_start",
            Self::ContentBlockDelta { .. } => "content_block_delta",
            Self::ContentBlockStop { .. } => "content_block_stop",
            Self::MessageDelta { .. } => "message_delta",
            Self::MessageStop => "message_stop",
        }
    }
}

/// The message object: without content and stop at the start of a stream.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MessageObject<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<Block<'a>>,
    #[serde(flatten)]
    stop: Stop<'a>,
    usage: Usage,
}

impl<'a> MessageObject<'a> {
    pub(crate) fn at_start(head: &'a Head) -> Self {
        let usage = Usage::at_start(head.input_tokens);
        Self::new(head, Vec::new(), Stop::default(), usage)
    }

    pub(crate) fn whole(
        head: &'a Head,
        content: Vec<Block<'a>>,
        reason: &'a FinishReason,
        usage: Usage,
    ) -> Self {
        Self::new(head, content, reason.into(), usage)
    }

    fn new(head: &'a Head, content: Vec<Block<'a>>, stop: Stop<'a>, usage: Usage) -> Self {
        Self {
            id: &head.id,
            kind: "message",
            role: "assistant",
            model: &head.model,
            content,
            stop,
            usage,
        }
    }
}

/// Why the answer ended; both are `null` before it has.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Stop<'a> {
    stop_reason: Option<&'static str>,
    stop_sequence: Option<&'a str>,
}

impl<'a> From<&'a FinishReason> for Stop<'a> {
    fn from(reason: &'a FinishReason) -> Self {
        let (reason, sequence) = match reason {
            FinishReason::Stop => ("end_turn", None),
            FinishReason::StopSequence(sequence) => ("stop_sequence", Some(sequence.as_str())),
            FinishReason::Length => ("max_tokens", None),
            FinishReason::ToolCalls => ("tool_use", None),
        };
        Self {
            stop_reason: Some(reason),
            stop_sequence: sequence,
        }
    }
}
