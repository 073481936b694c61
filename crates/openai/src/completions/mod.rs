//! `POST /v1/completions`, which came before chats: the prompt is a user's message.

mod answer;
mod parse;

pub use answer::{CompletionAnswer, CompletionWriter};
pub use parse::{CompletionRequest, parse};

#[cfg(test)]
mod tests;
