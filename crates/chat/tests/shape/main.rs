//! What of an answer becomes text, calls or JSON.

mod calls;
mod checks;
mod json;
mod splits;

use chat::{Request, ResponseFormat, Shape, Tool, ToolChoice, Verdict};

/// What became of the answers to one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Outcome {
    text: String,
    /// `name arguments`
    calls: Vec<String>,
    /// The verdict on each answer.
    verdicts: Vec<Verdict>,
}

impl Outcome {
    /// A good end, with these calls.
    fn fine(text: &str, calls: &[&str]) -> Self {
        Self {
            text: text.to_owned(),
            calls: calls.iter().map(|call| (*call).to_owned()).collect(),
            verdicts: vec![Verdict::Fine],
        }
    }

    /// What was asked for again after the first answer.
    fn asked(&self) -> &str {
        match self.verdicts.first() {
            Some(Verdict::AskAgain(text)) => text,
            _ => "",
        }
    }
}

const WEATHER: &str = r#"{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"],"additionalProperties":false}"#;

/// A request with the tools `weather`, which needs a city, and `any`.
fn with_tools() -> Request {
    let tool = |name: &str, parameters: Option<&str>| Tool {
        name: name.to_owned(),
        description: None,
        parameters: parameters.map(str::to_owned),
    };
    Request {
        tools: vec![tool("weather", Some(WEATHER)), tool("any", None)],
        ..Request::default()
    }
}

fn choosing(tool_choice: ToolChoice) -> Request {
    Request {
        tool_choice,
        ..with_tools()
    }
}

fn as_json(schema: Option<&str>) -> Request {
    let response_format = match schema {
        None => ResponseFormat::JsonObject,
        Some(schema) => ResponseFormat::JsonSchema {
            name: "answer".to_owned(),
            schema: chat::JsonSchema::new(schema.to_owned()),
        },
    };
    Request {
        response_format,
        ..Request::default()
    }
}

#[expect(
    clippy::expect_used,
    reason = "a request of these tests asks for something"
)]
fn shape_of(request: &Request) -> Shape {
    Shape::new(request).expect("something is asked for")
}

/// Gives answers, each cut into pieces, until the shape is content.
fn run_pieces(request: &Request, answers: &[Vec<&str>]) -> Outcome {
    let mut shape = shape_of(request);
    let mut outcome = Outcome::default();
    for pieces in answers {
        for piece in pieces {
            if shape.is_over() {
                break;
            }
            shape.push(piece, &mut outcome.text);
            take(&mut shape, &mut outcome);
        }
        let verdict = shape.finish(false, &mut outcome.text);
        take(&mut shape, &mut outcome);
        let is_asked = matches!(verdict, Verdict::AskAgain(_));
        outcome.verdicts.push(verdict);
        if !is_asked {
            break;
        }
    }
    assert_eq!(shape.has_calls(), !outcome.calls.is_empty());
    outcome
}

fn take(shape: &mut Shape, outcome: &mut Outcome) {
    for call in shape.take_calls() {
        outcome
            .calls
            .push(format!("{} {}", call.name, call.arguments));
    }
}

fn run(request: &Request, answers: &[&str]) -> Outcome {
    let answers: Vec<_> = answers.iter().map(|answer| vec![*answer]).collect();
    run_pieces(request, &answers)
}

/// What came out before the end, and whether that was the end.
fn so_far(request: &Request, pieces: &[&str]) -> (String, bool) {
    let mut shape = shape_of(request);
    let mut out = String::new();
    for piece in pieces {
        shape.push(piece, &mut out);
    }
    (out, shape.is_over())
}
