//! Sessions as the pages and the cookie-authenticated endpoints see them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use grok2api_app::{
    dto::Viewer,
    error::{Field, UiError},
    service::{AdminProof, AuthService, PublicProof},
};
use http::request::Parts;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use store::Store;
use subtle::ConstantTimeEq;
use tower_sessions::Session;

use crate::{
    auth::{attempts::Attempts, password},
    clock::now_ms,
    record::RequestRecord,
    snapshot::Current,
};

const ROLE_KEY: &str = "role";
const STARTED_KEY: &str = "started_at_ms";
const SEEN_KEY: &str = "seen_at_ms";
const TOUCH_INTERVAL_MS: i64 = 5 * 60 * 1000;

/// What a session may do. The serialised names are in stored sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    Admin,
    /// The public pages only.
    Public,
}

/// Sign-in, sign-out and the checks that hand out proofs.
pub struct Sessions {
    store: Arc<dyn Store>,
    current: Current,
    attempts: Attempts,
}

impl Sessions {
    #[must_use]
    pub fn new(store: Arc<dyn Store>, current: Current) -> Self {
        Self {
            store,
            current,
            attempts: Attempts::default(),
        }
    }

    /// The role of a session that has not outlived its absolute limit.
    async fn role(&self, parts: &Parts) -> Option<Role> {
        let session = parts.extensions.get::<Session>()?;
        let role: Role = session.get(ROLE_KEY).await.ok().flatten()?;
        let started: i64 = session.get(STARTED_KEY).await.ok().flatten()?;
        let snapshot = self.current.load();
        let app = &snapshot.settings.config.app;
        let hours = match role {
            Role::Admin => app.admin_session_ttl_hours,
            Role::Public => app.public_session_ttl_hours,
        };
        let limit_ms = i64::from(hours).saturating_mul(3_600_000);
        let now = now_ms();
        touch(session, now).await;
        is_young(started, now, limit_ms).then_some(role)
    }

    /// A cookie for https only is not kept by a browser that came over http: without this line the
    /// operator would sign in again and again and never learn why.
    fn warn_of_lost_cookie(&self, parts: &Parts) {
        let snapshot = self.current.load();
        let app_url = &snapshot.settings.config.app.app_url;
        let origin = parts.headers.get(http::header::ORIGIN);
        let is_http = origin.is_some_and(|origin| origin.as_bytes().starts_with(b"http://"));
        if is_http && app_url.starts_with("https://") {
            tracing::warn!(
                "a browser signs in over http, but app.app_url is {app_url}: it will not keep the \
                 session. Open that address, or set app.app_url to the one that is used"
            );
        }
    }

    /// Which role the password opens. The public key is an ordinary secret, compared in constant time.
    async fn role_for(&self, parts: &Parts, given: &str) -> Result<Option<Role>, UiError> {
        let snapshot = self.current.load_full();
        let public_key = snapshot.settings.config.app.public_key.expose_secret();
        if !public_key.is_empty() && bool::from(public_key.as_bytes().ct_eq(given.as_bytes())) {
            return Ok(Some(Role::Public));
        }
        let is_admin = password::verify(self.store.as_ref(), given.to_owned())
            .await
            .map_err(|error| internal(parts, &error))?;
        Ok(is_admin.then_some(Role::Admin))
    }
}

/// Whether a session is within its absolute limit. One from the future began while the clock was
/// ahead, and its limit would never come.
fn is_young(started_ms: i64, now_ms: i64, limit_ms: i64) -> bool {
    /// A clock that is put right steps by less.
    const SKEW_MS: i64 = 5 * 60 * 1000;
    (-SKEW_MS..limit_ms).contains(&now_ms.saturating_sub(started_ms))
}

/// Marks the session as used, which moves its idle timeout on. Seldom, since each mark is a write.
async fn touch(session: &Session, now_ms: i64) {
    let seen: i64 = session.get(SEEN_KEY).await.ok().flatten().unwrap_or(0);
    if now_ms.saturating_sub(seen) < TOUCH_INTERVAL_MS {
        return;
    }
    if let Err(error) = session.insert(SEEN_KEY, now_ms).await {
        tracing::warn!(%error, "a session could not be marked as used");
    }
}

/// The `Session` that the session layer put into the request.
fn session(parts: &Parts) -> Result<&Session, UiError> {
    parts
        .extensions
        .get::<Session>()
        .ok_or(UiError::SignInRequired)
}

fn internal(parts: &Parts, cause: &dyn std::fmt::Display) -> UiError {
    let id = parts
        .extensions
        .get::<RequestRecord>()
        .map(|record| record.id().to_string())
        .unwrap_or_default();
    tracing::error!(request_id = id, "page call failed: {cause:#}");
    UiError::Internal { request_id: id }
}

#[async_trait]
impl AuthService for Sessions {
    async fn viewer(&self, parts: &Parts) -> Viewer {
        let role = self.role(parts).await;
        let is_admin = role == Some(Role::Admin);
        let must_change_password = is_admin
            && password::must_change(self.store.as_ref())
                .await
                .unwrap_or(false);
        let mode = self.current.load().mode;
        Viewer {
            is_admin,
            may_chat: role.is_some() || mode.is_public,
            demo: mode.demo,
            must_change_password,
            is_development: cfg!(debug_assertions),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    async fn require_admin(&self, parts: &Parts) -> Result<AdminProof, UiError> {
        match self.role(parts).await {
            Some(Role::Admin) => Ok(AdminProof::checked()),
            Some(Role::Public) | None => Err(UiError::SignInRequired),
        }
    }

    async fn require_public(&self, parts: &Parts) -> Result<PublicProof, UiError> {
        if self.current.load().mode.is_public || self.role(parts).await.is_some() {
            Ok(PublicProof::checked())
        } else {
            Err(UiError::SignInRequired)
        }
    }

    async fn sign_in(&self, parts: &Parts, password: String) -> Result<(), UiError> {
        if let Some(wait) = self.attempts.wait(Instant::now()) {
            let retry_secs = wait.as_secs_f64().ceil() as u64;
            return Err(UiError::TooManyAttempts {
                retry_secs: retry_secs.max(1),
            });
        }
        self.warn_of_lost_cookie(parts);
        let Some(role) = self.role_for(parts, &password).await? else {
            self.attempts.record_failure(Instant::now());
            tracing::warn!("a sign-in failed");
            // A constant pause, so that the answer's time says nothing about the cause.
            tokio::time::sleep(Duration::from_millis(300)).await;
            return Err(UiError::WrongPassword);
        };
        self.attempts.record_success();
        let session = session(parts)?;
        let stored = async {
            session.cycle_id().await?;
            session.insert(ROLE_KEY, role).await?;
            session.insert(STARTED_KEY, now_ms()).await
        };
        stored.await.map_err(|error| internal(parts, &error))?;
        tracing::info!(?role, "signed in");
        Ok(())
    }

    async fn sign_out(&self, parts: &Parts) -> Result<(), UiError> {
        session(parts)?
            .flush()
            .await
            .map_err(|error| internal(parts, &error))
    }

    async fn change_password(
        &self,
        _admin: AdminProof,
        parts: &Parts,
        current: String,
        new: String,
    ) -> Result<(), UiError> {
        if let Some(wait) = self.attempts.wait(Instant::now()) {
            return Err(UiError::TooManyAttempts {
                retry_secs: wait.as_secs().max(1),
            });
        }
        let store = self.store.as_ref();
        let is_right = password::verify(store, current)
            .await
            .map_err(|error| internal(parts, &error))?;
        if !is_right {
            self.attempts.record_failure(Instant::now());
            return Err(UiError::WrongPassword);
        }
        password::check_strength(&new).map_err(|rule| UiError::Invalid {
            field: Field::NewPassword,
            rule: rule.into(),
        })?;
        password::set(store, new, false)
            .await
            .map_err(|error| internal(parts, &error))?;
        store
            .delete_all_sessions()
            .await
            .map_err(|error| internal(parts, &error))?;
        let session = session(parts)?;
        let renewed = async {
            session.flush().await?;
            session.insert(ROLE_KEY, Role::Admin).await?;
            session.insert(STARTED_KEY, now_ms()).await
        };
        renewed.await.map_err(|error| internal(parts, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_from_the_future_is_over() {
        let (hour, now) = (3_600_000, 1_000 * 3_600_000);
        for (started, expected) in [
            (now, true),
            (now - hour + 1, true),
            (now - hour, false),
            (now + 60_000, true),
            (now + hour, false),
        ] {
            assert_eq!(is_young(started, now, hour), expected, "{}", now - started);
        }
    }
}
