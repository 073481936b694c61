//! The conversation as data: turns in branches, titles, grouping and search.
//!
//! Pure: time and ids are passed in. A conversation is a tree; editing or asking again adds a
//! sibling instead of overwriting, so nothing that was written is lost. What the page shows is the
//! path from the root to [`Conversation::head`]. Every part knows when it was set, so that the copies of
//! two tabs can be merged in any order.

mod conversation;
mod listing;
mod search;
mod title;
mod turn;

pub(crate) use conversation::{ChatSettings, Conversation};
pub(crate) use listing::{Period, Summary, grouped};
pub(crate) use search::{Hit, find};
pub(crate) use title::title_from;
pub(crate) use turn::{AttachmentRef, Author, Stamp, Turn, TurnId, TurnState};
