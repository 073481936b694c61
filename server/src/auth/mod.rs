//! Who may do what: the operator's password, browser sessions, public mode.

mod attempts;
mod device;
mod known_key;
mod origin;
pub mod password;
mod seal;
mod service;
mod session_store;
mod visitor;

pub use service::Sessions;
pub use session_store::StoreSessions;
