//! Every behaviour of the simulator through the real binary: what the client saw, what became of the
//! account, and that no lease is left ([`support::Server::end`] checks that in every test).

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod breaks;
mod cancel;
mod continuation;
mod oddities;
mod other_calls;
mod refusals;
mod switching;
