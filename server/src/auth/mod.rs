//! Who may do what: the operator's password, browser sessions, public mode.

pub mod attempts;
pub mod password;
mod service;
mod session_store;

pub use service::Sessions;
pub use session_store::StoreSessions;
