//! What pages and commands share: the ports of `app`, implemented over pool, store and gateway.

pub mod accounts;
mod assets;
pub mod export;
pub mod first_account;
pub mod forecast;
pub mod gallery;
pub mod highlight;
pub mod import;
pub mod jobs;
pub mod media_admin;
pub mod public;
pub mod videos;
