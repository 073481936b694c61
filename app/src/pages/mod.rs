//! One module per page.

pub mod accounts;
pub mod chat;
pub mod components;
#[cfg(feature = "ssr")]
pub mod login;
pub mod not_found;
pub mod password;
