//! What lives as long as the process, and how its settings are replaced meanwhile.
//!
//! - `reload`: the one entry for changed settings; `watch` calls it for `config.toml` and SIGHUP
//! - `demo`: the simulator as upstream, and the one legitimate swap of a pool
//! - `follow`: what other instances on the same store change in the accounts
//! - `drain`: requests under way, and whether new ones are welcome

pub mod demo;
pub mod drain;
pub mod follow;
mod reload;
pub mod watch;

pub use self::reload::Runtime;
