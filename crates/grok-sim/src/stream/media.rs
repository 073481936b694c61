//! Streams of calls that make media: the lines of a good answer, and what becomes of them by reply.

use bytes::Bytes;
use serde_json::Value;

use super::{
    Step, Steps,
    events::{Envelope, Ids, line},
    frames,
    script::{BEFORE_RESET, half, writes},
};
use crate::{options::Pace, reply::Reply};

/// Pause before a line at human pace.
const HUMAN_GAP: std::time::Duration = std::time::Duration::from_millis(350);

/// An answer before it becomes lines.
pub(crate) struct MediaAnswer {
    pub(crate) ids: Ids,
    /// Payloads of a good answer, in order.
    pub(crate) good: Vec<Value>,
    /// Payloads of one that is moderated.
    pub(crate) moderated: Vec<Value>,
}

/// The steps of a streamed reply. Replies that do not stream get the good answer.
pub(crate) fn media_steps(reply: &Reply, answer: &MediaAnswer, pace: Pace) -> Steps {
    let all = |payloads: &[Value]| {
        let head = [line(&frames::conversation(&answer.ids))].into_iter();
        let payloads = payloads.iter().cloned().chain([frames::last()]);
        let lines = head.chain(payloads.map(|payload| Envelope::Nested.line(payload)));
        lines.collect::<Vec<_>>()
    };
    let good = all(&answer.good);
    let interrupted = |after_lines: &usize, end: &dyn Fn(&Bytes) -> Vec<Step>| {
        let at = (*after_lines).min(good.len() - 1);
        let (before, rest) = good.split_at(at);
        let end = rest.first().map(end).unwrap_or_default();
        Box::new(paced(pace, before.to_vec()).chain(end)) as Steps
    };
    match reply {
        Reply::Lines { lines } => {
            let lines = lines.iter().map(|line| Bytes::from(format!("{line}\n")));
            writes(lines.collect())
        }
        Reply::Stall { after_lines } => interrupted(after_lines, &|_| vec![Step::Stay]),
        Reply::Cut { after_lines } => interrupted(after_lines, &|next| {
            vec![
                Step::Write(half(next)),
                Step::Pause(BEFORE_RESET),
                Step::Reset,
            ]
        }),
        Reply::HalfLine { after_lines } => {
            interrupted(after_lines, &|next| vec![Step::Write(half(next))])
        }
        Reply::NoAnswer => paced(pace, all(&[])),
        Reply::AntiBot { after_lines } => interrupted(after_lines, &|_| {
            vec![Step::Write(line(&frames::anti_bot()))]
        }),
        Reply::UsageLimit { after_lines } => interrupted(after_lines, &|_| {
            vec![Step::Write(Envelope::Nested.line(frames::usage_limit()))]
        }),
        Reply::ModeratedInStream { .. } | Reply::ModeratedPicture { .. } => {
            paced(pace, all(&answer.moderated))
        }
        _ => paced(pace, good),
    }
}

fn paced(pace: Pace, lines: Vec<Bytes>) -> Steps {
    let gap = match pace {
        Pace::Full => return writes(lines),
        Pace::Human => HUMAN_GAP,
        Pace::Interval(gap) => gap,
    };
    let steps = move |line| [Step::Pause(gap), Step::Write(line)];
    Box::new(lines.into_iter().flat_map(steps))
}
