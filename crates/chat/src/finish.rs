//! How an answer ended.

use crate::Usage;

/// The end of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finish {
    pub reason: FinishReason,
    pub usage: Usage,
}

/// Why an answer ended. A moderated one is an error, never an end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FinishReason {
    /// It was complete.
    #[default]
    Stop,
    /// It reached one of [`crate::OutputLimits::stop`], which is not part of the text.
    StopSequence(String),
    /// It reached [`crate::OutputLimits::max_tokens`].
    Length,
    /// It ended with calls for the caller's program to make.
    ToolCalls,
}
