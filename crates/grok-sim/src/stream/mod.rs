//! Streamed answers, from the words to the socket:
//!
//! `frames` writes one frame each, `events` puts them into the order of an answer, `script` turns a
//! reply into [`Step`]s (which is where faults happen), `body` plays the steps, `template` is the
//! short cut for benchmarks.

mod body;
mod events;
mod extras;
mod frames;
mod script;
mod template;

use std::time::Duration;

use bytes::Bytes;

pub(crate) use body::PacedBody;
pub(crate) use events::{Answer, Envelope, Ids};
pub(crate) use script::{Scene, steps};
pub(crate) use template::Template;

/// One thing a body does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// One write to the connection.
    Write(Bytes),
    /// Wait, having flushed.
    Pause(Duration),
    /// Stay open for ever.
    Stay,
    /// Flush, then reset the TCP connection.
    Reset,
}

/// A lazily made sequence of steps.
pub(crate) type Steps = Box<dyn Iterator<Item = Step> + Send>;
