//! Elements that the upstream writes into its answers and that no caller should see.
//!
//! A [`Filter`] takes the text as it comes, cut anywhere, and removes exactly the configured elements
//! or replaces them by what they stand for (`docs/upstream-protocol.md` 5.5):
//!
//! | element | becomes | and is told as |
//! |---|---|---|
//! | `xai:tool_usage_card` | a line such as `[Agent 1][WebSearch] rust 1.90` | [`Search`], if it is one |
//! | `grok:render` | a citation or an image, by the card that it names | [`Citation`], if it is one |
//! | others | nothing | |
//!
//! Where the text is cut never changes the result. Text that cannot be such an element passes at once.
//!
//! The work is linear in the text, whatever it holds: an element is searched on from where its last
//! piece ended, and given up after 64 KiB; what looks like the beginning of a tag is read again with
//! each piece that continues it, but no further than 4 KiB.

mod cards;
mod filter;
mod syntax;
mod tool_card;

pub use cards::Citation;
pub use filter::Filter;
pub use tool_card::{Search, SearchKind};
