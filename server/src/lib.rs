//! The grok2api server. `docs/architecture.md` draws its rooms and the way of a request.

pub mod auth;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod delivery;
pub mod gateway;
pub mod http;
pub mod ids;
pub mod jobs;
pub mod limits;
pub mod media;
pub mod obs;
pub mod reached;
pub mod record;
pub mod runtime;
pub mod serve;
pub mod services;
pub mod snapshot;
pub mod timer;
pub mod work;
