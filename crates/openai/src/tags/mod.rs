//! Elements that the upstream writes into its answers and that no caller should see.
//!
//! [`TagFilter`] takes the text as it comes, cut anywhere, and removes exactly the configured
//! elements or replaces them by what they stand for (`docs/upstream-protocol.md` 5.5):
//!
//! | element | becomes |
//! |---|---|
//! | `xai:tool_usage_card` | a line such as `[Agent 1][WebSearch] rust 1.90` |
//! | `grok:render` | a citation or an image, by the card that it names |
//! | others | nothing |
//!
//! Where the text is cut never changes the result. Text that cannot be such an element passes at once.

mod cards;
mod filter;
mod syntax;
mod tool_card;

pub use filter::{MAX_HELD_BYTES, TagFilter};
