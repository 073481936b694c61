//! Server-sent events, read as strictly as the strictest client.

use serde_json::Value;

/// One frame.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) event: Option<String>,
    pub(crate) data: Value,
}

/// The frames of a stream, and whether `[DONE]` came last.
pub(crate) fn read(bytes: &[u8]) -> (Vec<Frame>, bool) {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    assert_eq!(text.len(), bytes.len(), "the stream is UTF-8");
    assert!(!text.contains('\r'), "a bare CR ends a line");
    assert!(text.is_empty() || text.ends_with("\n\n"), "an open frame");
    let (body, is_done) = match text.strip_suffix("data: [DONE]\n\n") {
        Some(body) => (body, true),
        None => (text, false),
    };
    let mut frames = Vec::new();
    for frame in body.split_terminator("\n\n") {
        frames.push(one(frame));
    }
    (frames, is_done)
}

fn one(frame: &str) -> Frame {
    let (event, data) = match frame.strip_prefix("event: ") {
        Some(rest) => rest
            .split_once('\n')
            .map_or((Some(rest), ""), |(event, data)| (Some(event), data)),
        None => (None, frame),
    };
    let json = data.strip_prefix("data: ").unwrap_or_default();
    assert!(!json.contains('\n'), "one line of data: {frame:?}");
    let data = serde_json::from_str(json);
    assert!(data.is_ok(), "{data:?} in {frame:?}");
    Frame {
        event: event.map(str::to_owned),
        data: data.unwrap_or_default(),
    }
}

/// Appends a piece to a text, as clients do.
pub(crate) fn append(text: &mut Value, piece: &Value) {
    let piece = piece.as_str();
    assert!(piece.is_some(), "a piece is a text");
    let whole = text.as_str().unwrap_or_default().to_owned() + piece.unwrap_or_default();
    *text = Value::String(whole);
}

/// Appends to a list, as clients do.
pub(crate) fn push(list: &mut Value, element: Value) {
    match list {
        Value::Array(list) => list.push(element),
        other => *other = Value::Array(vec![element]),
    }
}

/// How many elements a list has.
pub(crate) fn len(list: &Value) -> usize {
    list.as_array().map_or(0, Vec::len)
}
