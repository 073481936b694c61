//! The simulator proven with a client that knows nothing of it, before others trust it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod account_settings;
mod caller;
mod chat;
mod control;
mod drawings;
mod faults;
mod other_calls;
mod searches;
mod shaped;
mod strictness;
mod tools;
mod videos;
mod voice;
