//! Layers around the routes, one file each. Their order is documented in [`super::router`].

pub mod body_limit;
pub mod key;
pub mod origin;
pub mod panic;
pub mod request;
mod tracked;
