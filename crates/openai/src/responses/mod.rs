//! `POST /v1/responses` and what is kept of it.
//!
//! ```text
//! body -> request (scalars: settings, echo) -> input -> blocks: turns, without what came before
//! deltas -> output: items, each event of which goes to a sink
//!           ResponseWriter (events): the sink writes frames · ResponseDocument: there is none
//! store  -> input_items (the input as items), the document; stored_turns makes both turns again
//! ```

mod blocks;
mod conversations;
mod count;
mod document;
mod echo;
mod events;
mod ids;
mod input;
mod input_items;
mod items;
mod lists;
mod object;
mod output;
mod request;
mod settings;

pub use conversations::{Conversation, ConversationRequest, parse_conversation};
pub use count::input_tokens_json;
pub use document::{ResponseDocument, ended_json};
pub use echo::Echo;
pub use events::ResponseWriter;
pub use input::stored_turns;
pub use lists::{ItemQuery, input_items_page, joined_items, one_item, without_item};
pub use object::{Failure, ResponseHead, Status};
pub use request::{ResponsesRequest, check_id, parse};

#[cfg(test)]
mod tests;
