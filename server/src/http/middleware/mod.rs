//! Layers around the routes, one file each. Their order is documented in [`super::router`].

pub(super) mod admin;
pub mod body;
pub mod compress;
pub mod held_answer;
pub mod host;
pub mod key;
pub mod origin;
pub mod panic;
pub mod redirect;
pub mod request;
pub mod server_function;
mod tracked;
