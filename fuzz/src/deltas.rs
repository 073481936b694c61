//! Answers made of bytes, for the targets that write them.
//!
//! Byte 0 holds flags of the target, byte 1 how the answer ends. The rest is steps with a NUL between
//! them: the first letter of a step says what it is, and U+0001 stands between its fields.

use chat::{
    Citation, Delta, Event, Finish, FinishReason, Found, SearchActivity, SearchKind, ToolCall,
    Usage,
};

/// More steps are left out.
const MAX_STEPS: usize = 512;
/// How often the text of `T`, `R` and `C` is repeated, so that a small input makes a long answer.
const REPEATS: usize = 200;
const MAX_REPEATED_BYTES: usize = 16 * 1024;

/// One answer.
pub(crate) struct Answer {
    pub(crate) flags: u8,
    pub(crate) steps: Vec<Step>,
    /// `None`: it breaks off.
    pub(crate) finish: Option<Finish>,
}

/// One delta, owned.
#[derive(Debug)]
pub(crate) enum Step {
    Text(String),
    Reasoning(String),
    Event(Event),
}

impl Step {
    pub(crate) fn delta(&self) -> Delta<'_> {
        match self {
            Self::Text(text) => Delta::Text(text),
            Self::Reasoning(text) => Delta::Reasoning(text),
            Self::Event(event) => Delta::Event(event),
        }
    }
}

/// Makes the answer that the bytes describe; every input is one.
pub(crate) fn read(data: &[u8]) -> Answer {
    let (flags, end, rest) = match data {
        [flags, end, rest @ ..] => (*flags, *end, rest),
        [flags] => (*flags, 0, [].as_slice()),
        [] => (0, 0, [].as_slice()),
    };
    let text = String::from_utf8_lossy(rest);
    let mut steps = Vec::new();
    let mut urls = Vec::new();
    for step in text.split('\0').take(MAX_STEPS) {
        push(step, &mut urls, &mut steps);
    }
    Answer {
        flags,
        steps,
        finish: finish(end),
    }
}

fn push(step: &str, urls: &mut Vec<String>, steps: &mut Vec<Step>) {
    let mut chars = step.chars();
    let kind = chars.next().unwrap_or_default();
    let rest = chars.as_str();
    let mut fields = rest.splitn(3, '\u{1}');
    let mut field = || fields.next().unwrap_or_default().to_owned();
    let event = match kind {
        't' => return steps.push(Step::Text(rest.to_owned())),
        'T' => return steps.push(Step::Text(repeated(rest))),
        'r' => return steps.push(Step::Reasoning(rest.to_owned())),
        'R' => return steps.push(Step::Reasoning(repeated(rest))),
        'c' | 'C' => {
            let (id, name, arguments) = (field(), field(), field());
            Event::ToolCall(ToolCall {
                id,
                name,
                arguments: match kind {
                    'C' => format!("{{\"a\":\"{}\"}}", repeated(&arguments)),
                    _ => arguments,
                },
            })
        }
        's' | 'i' | 'x' => Event::Search(SearchActivity {
            kind: match kind {
                's' => SearchKind::Web,
                'i' => SearchKind::Images,
                _ => SearchKind::X,
            },
            query: rest.to_owned(),
        }),
        'f' => Event::Found(Found {
            url: url(&field()),
            title: field(),
        }),
        'q' => {
            // The gateway reports a citation right after its mark and numbers the URLs.
            let (url, title) = (url(&field()), field());
            let known = urls.iter().position(|known| *known == url);
            let number = 1 + known.unwrap_or(urls.len());
            if known.is_none() {
                urls.push(url.clone());
            }
            steps.push(Step::Text(format!("[[{number}]]({url})")));
            Event::Citation(Citation { number, url, title })
        }
        'g' => Event::Image {
            url: url(&field()),
            alt: field(),
        },
        'p' => Event::Progress {
            percent: rest.bytes().next().unwrap_or_default() % 101,
        },
        _ => return steps.push(Step::Text(step.to_owned())),
    };
    steps.push(Step::Event(event));
}

fn url(path: &str) -> String {
    format!("https://a.io/{path}")
}

fn repeated(text: &str) -> String {
    let most = MAX_REPEATED_BYTES / text.len().max(1);
    text.repeat(REPEATS.min(most))
}

/// The low bits say why, the others how much it took.
fn finish(end: u8) -> Option<Finish> {
    let reason = match end & 7 {
        1 => FinishReason::Length,
        2 => FinishReason::ToolCalls,
        3 => FinishReason::StopSequence("EN\"D\n\u{2028}".to_owned()),
        4 => return None,
        _ => FinishReason::Stop,
    };
    let count = u64::from(end >> 3);
    Some(Finish {
        reason,
        usage: Usage {
            prompt_tokens: count & 7,
            completion_tokens: count >> 2,
            reasoning_tokens: count >> 1,
            estimated: count & 1 != 0,
        },
    })
}
