//! Server functions: the typed calls of the pages. Each proves who calls, then asks the service.

pub mod accounts;
pub mod admin_media;
pub mod auth;
pub mod chat;
pub mod connect;
#[cfg(feature = "ssr")]
mod guard;
pub mod jobs;
pub mod media;
pub mod pictures;
pub mod videos;

#[cfg(feature = "ssr")]
pub use guard::{
    admin_service, auth_service, connect_service, fail, fail_at, health_service, job_service,
    media_admin_service, parts, public_service, require_admin, require_public, require_visitor,
};
#[cfg(feature = "ssr")]
pub(crate) use guard::{internal, malformed};
