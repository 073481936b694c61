//! One input: what the request asks for, how the answers are cut, and the answers.
//!
//! Byte 0 holds flags, byte 1 the seed of the cuts; the rest is text, with a NUL between the first
//! answer and the second.

use chat::{Request, ResponseFormat, Shape, Tool, ToolChoice, Verdict, WrittenCall};

/// What may be held at most: text up to its bound twice, and one block.
const MAX_HELD_BYTES: usize = 2 * 4 * 1024 * 1024 + 512 * 1024;
const MAX_CALLS: usize = 128;
const SCHEMA: &str = r#"{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"]}"#;

/// Checks one input: no panic, within bounds, the same whatever the cuts, and no call or JSON that was
/// not asked for.
pub(crate) fn check(data: &[u8]) {
    let [flags, seed, text @ ..] = data else {
        return;
    };
    let text = String::from_utf8_lossy(text);
    let (first, second) = text.split_once('\0').unwrap_or((&text, ""));
    let request = request(*flags);
    let is_cut = flags & 0x80 != 0;
    let whole = run(&request, [first, second], usize::MAX, 0, is_cut);
    for (size, seed) in [(1, 0), (7, *seed)] {
        let cut = run(&request, [first, second], size, seed, is_cut);
        assert_eq!(cut, whole, "{size} {seed}");
    }
    hold(&request, &whole, is_cut);
}

/// What came of the answers.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    text: String,
    calls: Vec<WrittenCall>,
    verdicts: Vec<Verdict>,
}

fn request(flags: u8) -> Request {
    let tool = |name: &str, parameters: Option<&str>| Tool {
        name: name.to_owned(),
        description: None,
        parameters: parameters.map(str::to_owned),
    };
    let mut tools = vec![tool("weather", Some(SCHEMA)), tool("any", None)];
    if flags & 0x20 != 0 {
        tools.clear();
    }
    Request {
        tools,
        tool_choice: match flags & 3 {
            0 => ToolChoice::Auto,
            1 => ToolChoice::Required,
            2 => ToolChoice::Named("any".to_owned()),
            _ => ToolChoice::Allowed {
                names: vec!["weather".to_owned()],
                is_required: false,
            },
        },
        one_tool_call: flags & 4 != 0,
        response_format: match (flags >> 3) & 3 {
            1 => ResponseFormat::JsonObject,
            2 => ResponseFormat::JsonSchema {
                name: "answer".to_owned(),
                schema: chat::JsonSchema::new(SCHEMA.to_owned()),
            },
            _ => ResponseFormat::Text,
        },
        ..Request::default()
    }
}

/// Pieces of up to `size` bytes; with a seed, of random sizes.
fn run(request: &Request, answers: [&str; 2], size: usize, seed: u8, is_cut: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(mut shape) = Shape::new(request) else {
        return outcome;
    };
    let mut state = u32::from(seed);
    for answer in answers {
        let mut rest = answer;
        while let Some(first) = rest.chars().next() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let wanted = match seed {
                0 => size,
                _ => 1 + (state >> 16) as usize % size,
            };
            let end = rest.floor_char_boundary(wanted.min(rest.len()));
            let (piece, later) = rest.split_at(end.max(first.len_utf8()));
            rest = later;
            if !shape.is_over() {
                shape.push(piece, &mut outcome.text);
            }
            outcome.calls.extend(shape.take_calls());
            assert!(
                shape.held_bytes() <= MAX_HELD_BYTES,
                "{}",
                shape.held_bytes()
            );
        }
        let verdict = shape.finish(is_cut, &mut outcome.text);
        outcome.calls.extend(shape.take_calls());
        let is_asked = matches!(verdict, Verdict::AskAgain(_));
        outcome.verdicts.push(verdict);
        if !is_asked {
            break;
        }
    }
    outcome
}

/// What holds for every outcome.
fn hold(request: &Request, outcome: &Outcome, is_cut: bool) {
    let most = if request.one_tool_call { 1 } else { MAX_CALLS };
    assert!(outcome.calls.len() <= most, "{outcome:?}");
    for call in &outcome.calls {
        assert!(
            request.callable_tools().any(|tool| tool.name == call.name),
            "{call:?}"
        );
        assert!(
            call.arguments.starts_with('{') && call.arguments.ends_with('}'),
            "{call:?}"
        );
        if call.name == "weather" {
            assert!(call.arguments.contains("\"city\":\""), "{call:?}");
        }
    }
    let is_json = request.response_format != ResponseFormat::Text;
    if is_json && !is_cut && outcome.calls.is_empty() && !outcome.text.is_empty() {
        let text = outcome.text.as_str();
        assert!(text.starts_with('{') && text.ends_with('}'), "{text}");
    }
    for verdict in &outcome.verdicts {
        match verdict {
            Verdict::Fine => {}
            Verdict::AskAgain(text) => assert!(text.len() < 16 * 1024, "{}", text.len()),
            Verdict::Misfit(why) => assert!(why.len() < 1024 && outcome.calls.is_empty()),
        }
    }
}
