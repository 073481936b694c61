//! From a reply to the steps of its stream: this is where faults happen.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::{
    Step, Steps,
    events::{Answer, Event, Role, line},
    extras, frames,
};
use crate::{hash, options::Pace, reply::Reply};

/// Before the first token at human pace.
const FIRST_TOKEN: Duration = Duration::from_millis(300);
/// Shortest and longest gap between later tokens at human pace.
const TOKEN_GAP_MS: (u64, u64) = (15, 40);
/// Time for the peer to read what was written before its connection is reset.
pub(super) const BEFORE_RESET: Duration = Duration::from_millis(20);
/// A huge line is written in pieces of this size.
const HUGE_PIECE: usize = 64 * 1024;

/// What a stream is made from.
pub(crate) struct Scene {
    pub(crate) answer: Answer,
    pub(crate) pace: Pace,
    /// Decides about the jitter.
    pub(crate) seed: u64,
}

/// The steps of a streamed reply. Replies that do not stream get the ordinary answer.
pub(crate) fn steps(reply: &Reply, scene: &Scene) -> Steps {
    let answer = &scene.answer;
    match reply {
        Reply::Lines { lines } => {
            let lines = lines.iter().map(|line| Bytes::from(format!("{line}\n")));
            writes(lines.collect())
        }
        Reply::Chunks { chunks } => writes(
            chunks
                .iter()
                .map(|chunk| Bytes::from(chunk.clone()))
                .collect(),
        ),
        Reply::Stall { after_lines } => interrupted(scene, *after_lines, |_| vec![Step::Stay]),
        Reply::Cut { after_lines } => interrupted(scene, *after_lines, |next| {
            vec![
                Step::Write(half(next)),
                Step::Pause(BEFORE_RESET),
                Step::Reset,
            ]
        }),
        Reply::HalfLine { after_lines } => {
            interrupted(scene, *after_lines, |next| vec![Step::Write(half(next))])
        }
        Reply::NoAnswer => paced(scene, answer.head()),
        Reply::UnknownShapes => paced(scene, extras::unknown_shapes(answer)),
        Reply::SplitUtf8 => writes(answer.events().iter().flat_map(split_characters).collect()),
        Reply::HugeLine { size_bytes } => huge_line(scene, *size_bytes),
        Reply::Concatenated => writes(concatenated(answer)),
        Reply::EventStream => writes(event_stream(answer)),
        Reply::AntiBot { after_lines } => interrupted(scene, *after_lines, |_| {
            vec![Step::Write(line(&frames::anti_bot()))]
        }),
        Reply::UsageLimit { after_lines } => {
            let error = answer.envelope.line(frames::usage_limit());
            interrupted(scene, *after_lines, |_| vec![Step::Write(error)])
        }
        Reply::StreamErrors { after_lines } => {
            let errors = answer.envelope.line(frames::stream_errors(&answer.ids));
            interrupted(scene, *after_lines, |_| vec![Step::Write(errors)])
        }
        Reply::ModeratedInStream { after_lines } => moderated(scene, *after_lines),
        Reply::ToolCard => paced(scene, extras::tool_card(answer)),
        Reply::Render => paced(scene, extras::render(answer)),
        Reply::WebSearch => paced(scene, extras::web_search(answer)),
        Reply::Paced {
            first_ms, each_ms, ..
        } => {
            let [first, each] = [*first_ms, *each_ms].map(Duration::from_millis);
            with_pauses(answer.events(), move |n| if n == 0 { first } else { each })
        }
        _ => paced(scene, answer.events()),
    }
}

pub(super) fn writes(pieces: Vec<Bytes>) -> Steps {
    Box::new(pieces.into_iter().map(Step::Write))
}

/// Lines with the pauses of the scene.
fn paced(scene: &Scene, events: Vec<Event>) -> Steps {
    match scene.pace {
        Pace::Full => writes(events.into_iter().map(|event| event.line).collect()),
        Pace::Interval(gap) => with_pauses(events, move |_| gap),
        Pace::Human => {
            let seed = scene.seed;
            with_pauses(events, move |n| human_gap(seed, n))
        }
    }
}

/// The pause before the `n`-th token at human pace.
pub(super) fn human_gap(seed: u64, n: usize) -> Duration {
    if n == 0 {
        return FIRST_TOKEN;
    }
    let (shortest, longest) = TOKEN_GAP_MS;
    let jitter = hash::mix(seed, n as u64) % (longest - shortest + 1);
    Duration::from_millis(shortest + jitter)
}

fn with_pauses(events: Vec<Event>, gap: impl Fn(usize) -> Duration + Send + 'static) -> Steps {
    let mut tokens = 0;
    Box::new(events.into_iter().flat_map(move |event| {
        let pause = (event.role == Role::Token).then(|| {
            let pause = gap(tokens);
            tokens += 1;
            Step::Pause(pause)
        });
        pause.into_iter().chain([Step::Write(event.line)])
    }))
}

/// The first lines of the answer, then something else; `end` gets the line that would be next.
fn interrupted(scene: &Scene, after_lines: usize, end: impl FnOnce(&Bytes) -> Vec<Step>) -> Steps {
    let mut events = scene.answer.events();
    let rest = events.split_off(after_lines.min(events.len()));
    let next = rest
        .first()
        .map_or_else(|| line(&frames::last()), |event| event.line.clone());
    Box::new(paced(scene, events).chain(end(&next)))
}

pub(super) fn half(line: &Bytes) -> Bytes {
    line.slice(..line.len() / 2)
}

/// Cuts a line inside each of its multi-byte characters.
fn split_characters(event: &Event) -> Vec<Bytes> {
    let text = String::from_utf8_lossy(&event.line);
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, character) in text.char_indices() {
        if character.len_utf8() > 1 {
            pieces.push(event.line.slice(start..=at));
            start = at + 1;
        }
    }
    pieces.push(event.line.slice(start..));
    pieces
}

fn huge_line(scene: &Scene, size_bytes: usize) -> Steps {
    let answer = &scene.answer;
    let frame = answer.envelope.line(frames::token(&answer.ids, "@"));
    let at = frame.iter().position(|byte| *byte == b'@').unwrap_or(0);
    let filling = size_bytes.saturating_sub(frame.len() - 1);
    let piece = Bytes::from(vec![b'a'; HUGE_PIECE]);
    let whole = std::iter::repeat_n(piece.clone(), filling / HUGE_PIECE);
    let fill = whole.chain([piece.slice(..filling % HUGE_PIECE)]);
    let huge = [frame.slice(..at)]
        .into_iter()
        .chain(fill)
        .chain([frame.slice(at + 1..)]);
    let head = answer.head().into_iter().map(|event| event.line);
    let tail = answer
        .words()
        .into_iter()
        .chain(answer.tail(&[]))
        .map(|event| event.line);
    let pieces = head
        .chain(huge)
        .chain(tail)
        .filter(|piece| !piece.is_empty());
    Box::new(pieces.collect::<Vec<_>>().into_iter().map(Step::Write))
}

/// Objects without newlines, three to a write, so that writes and objects do not agree.
fn concatenated(answer: &Answer) -> Vec<Bytes> {
    let mut all = BytesMut::new();
    for event in answer.events() {
        all.extend_from_slice(event.line.trim_ascii_end());
    }
    let all = all.freeze();
    let piece = (all.len() / 7).max(1);
    (0..all.len())
        .step_by(piece)
        .map(|at| all.slice(at..(at + piece).min(all.len())))
        .collect()
}

/// The dress of server-sent events, with lines that a client must skip.
fn event_stream(answer: &Answer) -> Vec<Bytes> {
    let dress = |event: Event| {
        let mut line = BytesMut::from(&b"event: message\ndata: "[..]);
        line.extend_from_slice(event.line.trim_ascii_end());
        line.extend_from_slice(b"\r\n\r\n");
        line.freeze()
    };
    let good = answer.events().into_iter().map(dress);
    let start = Bytes::from_static(b"\n\nthis is not json\n{\"result\": broken}\n");
    let end = Bytes::from_static(b"data: [DONE]\n\n");
    [start].into_iter().chain(good).chain([end]).collect()
}

fn moderated(scene: &Scene, after_lines: usize) -> Steps {
    let answer = &scene.answer;
    let empty = Answer {
        tokens: Vec::new(),
        thinking: Vec::new(),
        drawing: None,
        ..answer.clone()
    };
    let image = Step::Write(answer.envelope.line(frames::moderated_image()));
    let tail = empty
        .tail(&[])
        .into_iter()
        .map(|event| Step::Write(event.line));
    let end: Vec<Step> = [image].into_iter().chain(tail).collect();
    interrupted(scene, after_lines, |_| end)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Envelope, Ids},
        *,
    };

    fn scene(tokens: &[&str]) -> Scene {
        let id = |n: u8| format!("00000000-0000-4000-8000-00000000000{n}");
        let answer = Answer {
            ids: Ids {
                conversation: id(1),
                user_response: id(2),
                response: id(3),
            },
            envelope: Envelope::Nested,
            model_hash: "hash".to_owned(),
            thinking: Vec::new(),
            tokens: tokens.iter().map(|&token| token.to_owned()).collect(),
            lookups: Vec::new(),
            cards: Vec::new(),
            drawing: None,
        };
        Scene {
            answer,
            pace: Pace::Full,
            seed: 1,
        }
    }

    fn written(reply: &Reply, scene: &Scene) -> Vec<u8> {
        let bytes = steps(reply, scene).filter_map(|step| match step {
            Step::Write(bytes) => Some(bytes),
            _ => None,
        });
        bytes.flatten().collect()
    }

    #[test]
    fn split_writes_join_to_the_same_answer() {
        let scene = scene(&["Grüße", " 世界", " 🌍"]);
        let pieces: Vec<Step> = steps(&Reply::SplitUtf8, &scene).collect();
        let broken = pieces
            .iter()
            .any(|step| matches!(step, Step::Write(bytes) if std::str::from_utf8(bytes).is_err()));
        assert!(broken, "some write must end inside a character");
        assert_eq!(
            written(&Reply::SplitUtf8, &scene),
            written(&Reply::Answer, &scene)
        );
    }

    #[test]
    fn huge_line_has_the_asked_length() {
        let size_bytes = 3 * HUGE_PIECE + 17;
        let all = written(&Reply::HugeLine { size_bytes }, &scene(&["x"]));
        let longest = all
            .split_inclusive(|byte| *byte == b'\n')
            .map(<[u8]>::len)
            .max();
        assert_eq!(longest, Some(size_bytes));
    }

    #[test]
    fn concatenated_objects_have_no_newline() {
        let all = written(
            &Reply::Concatenated,
            &scene(&["fn main() { \"}\" }\n", "b"]),
        );
        assert!(!all.contains(&b'\n'));
        let objects = serde_json::Deserializer::from_slice(&all).into_iter::<serde_json::Value>();
        assert_eq!(objects.map(Result::unwrap).count(), 6);
    }

    #[test]
    fn unknown_shapes_stay_valid_json() {
        let all = written(&Reply::UnknownShapes, &scene(&["a", "b"]));
        let lines: Vec<serde_json::Value> = String::from_utf8(all)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.iter().filter(|line| line["zzz"] == "é\"").count(), 4);
    }

    #[test]
    fn human_gaps_are_in_range_and_repeatable() {
        assert_eq!(human_gap(7, 0), FIRST_TOKEN);
        for n in 1..200 {
            let gap = human_gap(7, n);
            assert!((15..=40).contains(&gap.as_millis()), "{gap:?}");
            assert_eq!(gap, human_gap(7, n));
        }
    }
}
