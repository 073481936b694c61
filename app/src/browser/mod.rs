//! What the pages need from the browser: streamed answers, the stored history, files.
//!
//! [`sse`] and [`completion`] are pure. The rest touches browser objects and is only called from
//! effects and event handlers, which never run on the server.

pub(crate) mod answer;
pub(crate) mod back;
pub(crate) mod call;
pub(crate) mod channel;
pub(crate) mod client;
pub(crate) mod completion;
pub(crate) mod database;
pub(crate) mod download;
pub(crate) mod early;
pub(crate) mod files;
pub(crate) mod lock;
pub mod page;
pub(crate) mod pause;
pub(crate) mod sse;
pub(crate) mod stream;
