//! Streamed answers, from the words to the socket:
//!
//! `frames` writes one frame each, `events` puts them into the order of an answer, `script` turns a
//! reply into [`Step`]s (which is where faults happen), `hold` lets a test stop them, `body` plays
//! them, `template` is the short cut for benchmarks, `media` does for pictures what `script` does for words.

mod body;
mod drawing;
mod events;
mod extras;
mod frames;
mod hold;
mod media;
mod script;
mod template;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::Semaphore;

pub(crate) use body::{PacedBody, take_permit};
pub(crate) use drawing::Drawing;
pub(crate) use events::{Answer, Envelope, Ids};
pub(crate) use hold::{Gates, held};
pub(crate) use media::{MediaAnswer, media_steps};
pub(crate) use script::{Scene, steps};
pub(crate) use template::Template;

/// One thing a body does.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// One write to the connection.
    Write(Bytes),
    /// Wait, having flushed.
    Pause(Duration),
    /// Wait for a permit, having flushed.
    Await(Arc<Semaphore>),
    /// Stay open for ever.
    Stay,
    /// Flush, then reset the TCP connection.
    Reset,
}

/// A lazily made sequence of steps.
pub(crate) type Steps = Box<dyn Iterator<Item = Step> + Send>;
