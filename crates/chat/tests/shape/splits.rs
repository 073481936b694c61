//! How an answer is cut into pieces means nothing.

use chat::{Request, ResponseFormat, ToolChoice};
use proptest::prelude::*;

use super::{as_json, choosing, run, run_pieces, with_tools};

/// What answers are made of.
const PIECES: &[&str] = &[
    "<tool_call>",
    "</tool_call>",
    "<tool_calls>",
    "</tool_calls>",
    "<function_call>",
    "</function_call>",
    "<invoke name=\"any\">",
    "</invoke>",
    "<invoke name='weather'><parameter name=\"city\">Lima</parameter></invoke>",
    "<parameter name=\"a\">",
    "</parameter>",
    r#"<tool_call>{"name":"any","arguments":{"a":1}}</tool_call>"#,
    r#"<tool_call>{"name":"weather","arguments":{"city":"Lima"}}</tool_call>"#,
    r#"<tool_call>{"name":"weather","arguments":{}}</tool_call>"#,
    r#"<tool_call>{"name":"nope"}</tool_call>"#,
    r#"<tool_call>{"name":"any","arguments":{"a":"</tool_call>"},}</tool_call>"#,
    r#"<tool_call>{"name":"any","arguments":{"a":"open</tool_call>"#,
    "<tool_calls><tool_call><tool_name>any</tool_name><parameters>{\"a\":[1,]}</parameters></tool_call></tool_calls>",
    "<function_call><name>any</name><arguments>{}</arguments></function_call>",
    r#"{"tool_calls":[{"name":"any","arguments":{"b":2}}]}"#,
    r#"{"tool_calls":["#,
    r#"{"x":1}"#,
    r#"{"x":"y",}"#,
    "{",
    "}",
    "[1]",
    "\"",
    "\\",
    "```json\n",
    "\n```\n",
    "`",
    "<",
    "<tool_",
    "<invoke ",
    ">",
    " ",
    "\n\n",
    "Text. ",
    "é秘😀",
];

fn requests() -> Vec<Request> {
    let format = |request: Request| Request {
        response_format: ResponseFormat::JsonObject,
        ..request
    };
    let one = Request {
        one_tool_call: true,
        ..with_tools()
    };
    vec![
        with_tools(),
        one,
        choosing(ToolChoice::Required),
        choosing(ToolChoice::Named("any".to_owned())),
        format(with_tools()),
        format(choosing(ToolChoice::Required)),
        as_json(None),
        as_json(Some(
            r#"{"type":"object","properties":{"x":{"type":"integer"}}}"#,
        )),
    ]
}

fn any_answer() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        12 => prop::sample::select(PIECES).prop_map(str::to_owned),
        1 => "[ -~é\n]{0,6}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// Cuts before the characters that `seed` says.
fn cut(text: &str, seed: u64) -> Vec<&str> {
    let (mut pieces, mut rest, mut state) = (Vec::new(), text, seed | 1);
    while let Some(first) = rest.chars().next() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let wanted = usize::try_from(state % 9).unwrap_or_default();
        let end = rest.floor_char_boundary(wanted).max(first.len_utf8());
        let (piece, later) = rest.split_at(end);
        pieces.push(piece);
        rest = later;
    }
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_split_has_the_same_outcome(
        first in any_answer(),
        second in any_answer(),
        seed in any::<u64>(),
        which in 0_usize..8,
    ) {
        let all = requests();
        let Some(request) = all.get(which) else { return Ok(()) };
        let whole = run(request, &[&first, &second]);
        let cuts = [
            [characters(&first), characters(&second)],
            [cut(&first, seed), cut(&second, seed.rotate_left(7))],
        ];
        for pieces in cuts {
            prop_assert_eq!(&run_pieces(request, &pieces), &whole);
        }
    }

    #[test]
    fn without_calls_no_text_is_lost(text in "[a-z <`{}\n\"_/é]{0,40}") {
        let outcome = run(&with_tools(), &[&text]);
        prop_assert_eq!(outcome.text, text);
    }
}

fn characters(text: &str) -> Vec<&str> {
    text.split_inclusive(|_: char| true).collect()
}
