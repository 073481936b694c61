//! One module per page.

pub mod accounts;
pub mod chat;
pub mod components;
pub mod connect;
pub mod imagine;
#[cfg(feature = "ssr")]
pub mod login;
mod making;
pub mod media;
pub mod not_found;
pub mod password;
pub mod video;
pub mod voice;
