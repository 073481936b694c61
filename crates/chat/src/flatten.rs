//! From turns to the one message that the upstream takes (`docs/upstream-protocol.md` 5.1).

use crate::{Attachment, AttachmentKind, Estimator, Request, Role, ToolCall, Turn, contract};

mod calls;
mod inlined;

/// What is sent when the caller only attached something.
const ONLY_ATTACHMENTS: &str = "Refer to the following content:";
/// Prompt tokens that one attachment counts for, since the upstream reports none.
const ATTACHMENT_TOKENS: u64 = 256;

/// What the upstream gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub text: String,
    /// Files and recordings first, then images, each in the order of the turns.
    pub attachments: Vec<Attachment>,
}

impl Prompt {
    /// Estimated tokens: those of the text, and 256 for each attachment.
    pub fn tokens(&self) -> u64 {
        Estimator::count(&self.text) + ATTACHMENT_TOKENS * self.attachments.len() as u64
    }
}

/// The prompt tokens that an answer to the whole conversation is charged with, unless the upstream
/// reports another number.
pub fn count_tokens(request: &Request) -> u64 {
    flatten(request).tokens()
}

/// Flattens the whole conversation, for a new conversation upstream.
///
/// The last user turn stands bare, every other one is `label: text`, with blank lines between. In
/// front stands what tools and JSON need.
pub fn flatten(request: &Request) -> Prompt {
    render(request, 0)
}

/// Flattens the newest turn only, for a follow-up in a conversation that the upstream remembers.
///
/// That is everything after the last assistant turn before the last turn of the user or a tool; the
/// whole conversation if there is none. Tools and format are told again: they may have changed.
pub fn flatten_last_turn(request: &Request) -> Prompt {
    render(request, last_turn(&request.turns))
}

/// Where the newest turn starts.
pub(crate) fn last_turn(turns: &[Turn]) -> usize {
    let asks = |turn: &Turn| matches!(turn.role, Role::User | Role::Tool);
    let last = turns.iter().rposition(asks).unwrap_or_default();
    let before = turns.get(..last).unwrap_or_default();
    before
        .iter()
        .rposition(|turn| turn.role == Role::Assistant)
        .map_or(0, |assistant| assistant + 1)
}

fn render(request: &Request, start: usize) -> Prompt {
    let turns = request.turns.get(start..).unwrap_or_default();
    let mut text = if request.tools.is_empty() {
        render_plain(turns)
    } else {
        calls::render(&request.turns, start)
    };
    let attachments = attachments(turns);
    if text.trim().is_empty() && !attachments.is_empty() {
        text = ONLY_ATTACHMENTS.to_owned();
    }
    let mut contract = String::new();
    contract::write(request, &mut contract);
    if !contract.is_empty() {
        contract.push_str(&text);
        text = contract;
    }
    Prompt { text, attachments }
}

/// Without tools: calls of the history are told in words.
fn render_plain(turns: &[Turn]) -> String {
    let is_bare = |turn: &Turn| turn.role == Role::User && text_len(turn) > 0;
    let bare = turns.iter().rposition(is_bare);
    let size = turns.iter().map(|turn| text_len(turn) + 16).sum();
    let mut text = String::with_capacity(size);
    for (index, turn) in turns.iter().enumerate() {
        if text_len(turn) == 0 {
            continue;
        }
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        if bare != Some(index) {
            write_label(turn, &mut text);
            text.push_str(": ");
        }
        write_text(turn, &mut text);
    }
    text
}

/// Files come first: the upstream takes their ids in this order.
fn attachments(turns: &[Turn]) -> Vec<Attachment> {
    let all = || turns.iter().flat_map(Turn::attachments);
    let is_image = |attachment: &&Attachment| attachment.kind == AttachmentKind::Image;
    all()
        .filter(|attachment| !is_image(attachment))
        .chain(all().filter(is_image))
        .cloned()
        .collect()
}

/// The role; for a tool also its name and the call that it answers.
fn write_label(turn: &Turn, out: &mut String) {
    out.push_str(turn.role.as_str());
    if turn.role != Role::Tool {
        return;
    }
    if let Some(name) = &turn.name {
        out.extend(["[", name, "]"]);
    }
    if let Some(id) = &turn.tool_call_id {
        out.extend(["#", id]);
    }
}

/// Appends the texts of a turn, one a line.
fn write_text(turn: &Turn, out: &mut String) {
    for (index, part) in turn.texts().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        write_part(turn.role, part, out);
    }
    for (
        index,
        ToolCall {
            name, arguments, ..
        },
    ) in called_instead(turn).iter().enumerate()
    {
        if index > 0 {
            out.push('\n');
        }
        out.extend(["[tool_call] ", name, " ", arguments]);
    }
}

fn write_part(role: Role, part: &str, out: &mut String) {
    match role {
        Role::Assistant => inlined::push_without_data(part, out),
        _ => out.push_str(part),
    }
}

/// Roughly the bytes that [`write_text`] appends; 0 if and only if it appends nothing.
fn text_len(turn: &Turn) -> usize {
    let calls = called_instead(turn)
        .iter()
        .map(|c| c.name.len() + c.arguments.len() + 14);
    turn.texts().map(|part| part.len() + 1).chain(calls).sum()
}

/// The calls of an assistant that said nothing else.
fn called_instead(turn: &Turn) -> &[ToolCall] {
    match turn.texts().next() {
        None => &turn.tool_calls,
        Some(_) => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Part, Source};

    fn request(turns: Vec<Turn>) -> Request {
        Request {
            model: "grok-4".to_owned(),
            turns,
            ..Request::default()
        }
    }

    fn flat(turns: Vec<Turn>) -> String {
        flatten(&request(turns)).text
    }

    fn texts(role: Role, texts: &[&str]) -> Turn {
        let parts = texts.iter().map(|text| Part::Text((*text).to_owned()));
        Turn::new(role, parts.collect())
    }

    fn attachment(kind: AttachmentKind, name: &str) -> Part {
        Part::Attachment(Attachment {
            kind,
            source: Source::Url(format!("https://a.io/{name}")),
            name: None,
            param: name.to_owned(),
        })
    }

    fn call(name: &str, arguments: &str) -> ToolCall {
        ToolCall {
            id: "t".to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        }
    }

    #[test]
    fn the_documented_example_holds() {
        let text = flat(vec![
            Turn::text(Role::System, "Be brief."),
            Turn::text(Role::User, "Hi"),
            Turn::text(Role::Assistant, "Hello"),
            Turn::text(Role::User, "Capital of Peru?"),
        ]);
        assert_eq!(
            text,
            "system: Be brief.\n\nuser: Hi\n\nassistant: Hello\n\nCapital of Peru?"
        );
    }

    #[test]
    fn the_last_user_turn_is_bare_even_if_others_follow() {
        let text = flat(vec![
            Turn::text(Role::Developer, "A"),
            Turn::text(Role::User, "B"),
            Turn::new(Role::Assistant, Vec::new()),
            Turn::text(Role::Assistant, " C"),
            Turn::text(Role::User, " "),
        ]);
        assert_eq!(text, "developer: A\n\nB\n\nassistant:  C");
    }

    #[test]
    fn pictures_of_earlier_answers_are_not_told_as_data() {
        let picture = "![image](data:image/png;base64,AAAA)";
        let text = flat(vec![
            Turn::text(Role::User, picture),
            Turn::text(Role::Assistant, picture),
            Turn::text(Role::User, "Why?"),
        ]);
        let expected = format!("user: {picture}\n\nassistant: ![image]()\n\nWhy?");
        assert_eq!(text, expected, "what the user wrote stays");
    }

    #[test]
    fn parts_are_lines_and_a_conversation_may_lack_a_user() {
        let text = flat(vec![texts(Role::System, &["A", " ", "B"])]);
        assert_eq!(text, "system: A\nB");
    }

    #[test]
    fn calls_and_tool_answers_of_the_history_are_told() {
        let tool = |id: &str, name: Option<&str>, text: &str| Turn {
            name: name.map(str::to_owned),
            tool_call_id: Some(id.to_owned()),
            ..Turn::text(Role::Tool, text)
        };
        let text = flat(vec![
            Turn::text(Role::User, "Weather?"),
            Turn {
                tool_calls: vec![call("f", "{\"a\":1}"), call("g", "{}")],
                ..Turn::new(Role::Assistant, Vec::new())
            },
            tool("t1", Some("f"), "sunny"),
            tool("t2", None, "warm"),
            tool("t3", None, ""),
            Turn {
                tool_calls: vec![call("f", "{}")],
                ..Turn::text(Role::Assistant, "Wait")
            },
        ]);
        assert_eq!(
            text,
            "Weather?\n\nassistant: [tool_call] f {\"a\":1}\n[tool_call] g {}\n\n\
             tool[f]#t1: sunny\n\ntool#t2: warm\n\nassistant: Wait"
        );
    }

    #[test]
    fn images_come_after_everything_else_that_is_attached() {
        let prompt = flatten(&request(vec![
            Turn::new(
                Role::User,
                vec![
                    attachment(AttachmentKind::Image, "1.png"),
                    Part::Text("Compare".to_owned()),
                    attachment(AttachmentKind::File, "2.pdf"),
                    attachment(AttachmentKind::Audio, "3.mp3"),
                ],
            ),
            Turn::text(Role::Assistant, "?"),
            Turn::new(Role::User, vec![attachment(AttachmentKind::Image, "4.png")]),
        ]));
        assert_eq!(prompt.text, "Compare\n\nassistant: ?");
        let params: Vec<_> = prompt
            .attachments
            .iter()
            .map(|a| a.param.as_str())
            .collect();
        assert_eq!(params, ["2.pdf", "3.mp3", "1.png", "4.png"]);
    }

    #[test]
    fn a_prompt_costs_its_text_and_256_tokens_an_attachment() {
        let mut turns = vec![
            Turn::text(Role::User, "12345678"),
            Turn::text(Role::User, "1234"),
        ];
        assert_eq!(count_tokens(&request(turns.clone())), 5, "user: 12345678 …");
        for name in ["1.png", "2.pdf"] {
            let image = attachment(AttachmentKind::Image, name);
            turns.push(Turn::new(Role::User, vec![image]));
        }
        let whole = request(turns);
        assert_eq!(count_tokens(&whole), 5 + 512);
        assert_eq!(flatten(&whole).tokens(), 5 + 512);
    }

    #[test]
    fn attachments_alone_get_a_sentence() {
        let image = attachment(AttachmentKind::Image, "1.png");
        let text = flat(vec![Turn::new(Role::User, vec![image])]);
        assert_eq!(text, "Refer to the following content:");
        assert_eq!(flat(vec![Turn::new(Role::User, Vec::new())]), "");
    }

    #[test]
    fn a_follow_up_holds_what_came_after_the_last_answer() {
        let mut turns = vec![
            Turn::text(Role::System, "Be brief."),
            Turn::new(
                Role::User,
                vec![
                    Part::Text("Hi".to_owned()),
                    attachment(AttachmentKind::Image, "1.png"),
                ],
            ),
            Turn::text(Role::Assistant, "Hello"),
            Turn::text(Role::System, "Now in French."),
            Turn::text(Role::User, "Capital of Peru?"),
        ];
        let follow_up = flatten_last_turn(&request(turns.clone()));
        assert_eq!(follow_up.text, "system: Now in French.\n\nCapital of Peru?");
        assert_eq!(follow_up.attachments, []);

        turns.truncate(2);
        let whole = request(turns);
        assert_eq!(flatten_last_turn(&whole), flatten(&whole), "no answer yet");
    }
}
