//! What handlers and server functions may use.

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::extract::FromRef;
use grok2api_app::{
    dto::Demo,
    service::{AdminService, AuthService, PublicService},
};
use leptos::config::LeptosOptions;
use pool::Pool;
use secrecy::SecretString;
use store::Store;

use crate::{
    config::Config,
    gateway::{Gateway, models::Models, remote_file::RemoteFiles},
    http::middleware::in_flight::InFlight,
};

/// Configuration, what is built from it, and the accounts, swapped together: a request never sees
/// the accounts of one upstream with the client of another.
pub struct Live {
    pub config: Config,
    pub mode: Mode,
    pub pool: Arc<Pool>,
    pub upstream: grok::Client,
    pub models: Models,
    pub remote_files: RemoteFiles,
    /// `app.api_key`, split. Empty: the API is open.
    pub api_keys: Vec<SecretString>,
}

/// Who answers, and who may ask without signing in.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    pub demo: Demo,
    /// The public pages are open without signing in.
    pub is_public: bool,
}

/// What every handler and every server function may use. Cheap to clone.
#[derive(Clone, FromRef)]
pub struct AppState {
    pub leptos: LeptosOptions,
    pub live: Arc<ArcSwap<Live>>,
    pub store: Arc<dyn Store>,
    pub gateway: Arc<Gateway>,
    pub auth: Arc<dyn AuthService>,
    pub admin: Arc<dyn AdminService>,
    pub public: Arc<dyn PublicService>,
    pub in_flight: InFlight,
}
