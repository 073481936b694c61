//! Sessions as the pages and the cookie-authenticated endpoints see them.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use grok2api_app::{
    dto::{Viewer, Visitors, WrongAppUrl},
    error::{Field, UiError},
    service::{AdminProof, AuthService, Door, PublicProof, Visitor},
};
use http::request::Parts;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use settings::AppConfig;
use sha2::{Digest, Sha256};
use store::{Store, bounded};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tower_sessions::{Expiry, Session, cookie::time, session, session_store};

use super::{
    attempts::{Attempts, Guesser},
    device,
    known_key::KnownKey,
    origin::PageOrigin,
    password,
    seal::Seal,
    visitor,
};
use crate::{
    clock::now_ms,
    reached::{OpenedAt, Reached},
    record::RequestRecord,
    snapshot::Current,
};

const ROLE_KEY: &str = "role";
const STARTED_KEY: &str = "started_at_ms";
const MARK_KEY: &str = "mark";
/// Passwords that are verified at once: each takes 19 MiB and a core for tens of milliseconds.
const VERIFICATIONS: usize = 2;
/// How long an attempt waits for one of them.
const VERIFICATION_WAIT: Duration = Duration::from_secs(3);
/// A failure takes this long in any case, so that the answer's time says nothing about the cause.
const FAILURE_PAUSE: Duration = Duration::from_millis(300);

/// What a session may do. The serialised names are in stored sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    Admin,
    /// The public pages only.
    Public,
}

/// Sign-in, sign-out and the checks that hand out proofs.
pub struct Sessions {
    store: Arc<dyn Store>,
    current: Current,
    attempts: Attempts,
    verifications: Arc<Semaphore>,
    origin: PageOrigin,
    reached: Reached,
    known_key: KnownKey,
}

impl Sessions {
    #[must_use]
    pub fn new(store: Arc<dyn Store>, current: Current, reached: Reached) -> Self {
        let origin = PageOrigin::new(&current.load().settings.config.app.app_url);
        Self {
            store,
            current,
            attempts: Attempts::default(),
            verifications: Arc::new(Semaphore::new(VERIFICATIONS)),
            origin,
            reached,
            known_key: KnownKey::default(),
        }
    }

    /// The role of a session that has not outlived its absolute limit, nor the password or key that
    /// it was made with.
    ///
    /// # Errors
    /// [`UiError::Unavailable`]: the store does not say whether there is a session.
    async fn role(&self, parts: &Parts) -> Result<Option<Role>, UiError> {
        let Some(session) = parts.extensions.get::<Session>() else {
            return Ok(None);
        };
        let (Some(role), Some(started), Some(mark)) = (
            stored::<Role>(session, ROLE_KEY).await?,
            stored::<i64>(session, STARTED_KEY).await?,
            stored::<String>(session, MARK_KEY).await?,
        ) else {
            return Ok(None);
        };
        let lifetime_ms = i64::try_from(self.lifetime(role).as_millis()).unwrap_or(i64::MAX);
        if !is_young(started, now_ms(), lifetime_ms) {
            return Ok(None);
        }
        let in_force = self.mark(&self.seal().await.map_err(unavailable)?, role);
        if !bool::from(in_force.as_bytes().ct_eq(mark.as_bytes())) {
            return Ok(None);
        }
        if let Some(OpenedAt(address)) = parts.extensions.get() {
            self.reached.note(address);
        }
        Ok(Some(role))
    }

    /// How long a session of this role may live in all.
    fn lifetime(&self, role: Role) -> Duration {
        let snapshot = self.current.load();
        let app = &snapshot.settings.config.app;
        let hours = match role {
            Role::Admin => app.admin_session_ttl_hours,
            Role::Public => app.public_session_ttl_hours,
        };
        Duration::from_secs(u64::from(hours) * 3600)
    }

    fn wrong_app_url(&self) -> Option<WrongAppUrl> {
        let trouble = self.reached.trouble()?;
        Some(WrongAppUrl {
            app_url: trouble.app_url,
            opened: trouble.address,
            is_answered: trouble.status.is_some(),
        })
    }

    async fn seal(&self) -> anyhow::Result<Seal> {
        let hash = bounded(password::hash_in_force(self.store.as_ref())).await?;
        Ok(Seal::new(hash.unwrap_or_default()))
    }

    fn mark(&self, seal: &Seal, role: Role) -> String {
        let snapshot = self.current.load();
        let public_key = snapshot.settings.config.app.public_key.expose_secret();
        seal.session(role, public_key)
    }

    fn is_public_key(&self, given: &str) -> bool {
        let snapshot = self.current.load();
        let key = snapshot.settings.config.app.public_key.expose_secret();
        !key.is_empty() && bool::from(key.as_bytes().ct_eq(given.as_bytes()))
    }

    /// Whose attempts count together.
    fn guesser(&self, parts: &Parts, seal: &Seal) -> Guesser {
        device::known(parts, seal, self.origin.is_https()).map_or_else(
            || Guesser::stranger(client(parts).unwrap_or(Ipv6Addr::UNSPECIFIED.into())),
            Guesser::Device,
        )
    }

    /// Counts the attempt, then says which role the password opens, as it is or without the blanks
    /// around it that came along when it was copied. Who is let in as the operator
    /// is forgiven; a visitor's success is no failure, and forgives nothing.
    async fn judge(
        &self,
        parts: &Parts,
        (door, who): (Door, Guesser),
        given: String,
    ) -> Result<Option<Role>, UiError> {
        if given.len() > password::MAX_BYTES {
            return Ok(None);
        }
        self.attempts
            .reserve(door, who, Instant::now())
            .map_err(retry_after)?;
        let trimmed = Some(given.trim()).filter(|trimmed| *trimmed != given);
        let trimmed = trimmed.map(str::to_owned);
        let exact = self.role_for(parts, door, given).await;
        let (is_wrong, judged) = match (exact, trimmed) {
            (Ok(None), Some(trimmed)) => (true, self.role_for(parts, door, trimmed).await),
            (exact, _) => (false, exact),
        };
        match judged {
            Ok(None) => {}
            // A wrong guess counts, also where nobody had time for its other form.
            Err(_) if is_wrong => {}
            Ok(Some(Role::Admin)) => self.attempts.forgive(door, who),
            Ok(Some(Role::Public)) | Err(_) => self.attempts.take_back(door, who),
        }
        judged
    }

    async fn role_for(
        &self,
        parts: &Parts,
        door: Door,
        given: String,
    ) -> Result<Option<Role>, UiError> {
        if door == Door::Visitors && self.is_public_key(&given) {
            return Ok(Some(Role::Public));
        }
        self.verify(parts, given).await
    }

    async fn verify(&self, parts: &Parts, given: String) -> Result<Option<Role>, UiError> {
        let permit = self.verifications.clone().acquire_owned();
        let Ok(Ok(permit)) = tokio::time::timeout(VERIFICATION_WAIT, permit).await else {
            return Err(retry_after(VERIFICATION_WAIT));
        };
        let is_right = password::verify(self.store.as_ref(), given, permit).await;
        let is_right = is_right.map_err(|error| internal(parts, &error))?;
        Ok(is_right.then_some(Role::Admin))
    }

    /// Stores a new session in place of the old one. It is durable when this returns: what the
    /// session layer stores after the handler could only fail without a word.
    async fn start_session(&self, parts: &Parts, role: Role, seal: &Seal) -> Result<(), UiError> {
        let session = session(parts)?;
        let lifetime = time::Duration::try_from(self.lifetime(role));
        let stored = async {
            session.cycle_id().await?;
            session.insert(ROLE_KEY, role).await?;
            session.insert(STARTED_KEY, now_ms()).await?;
            session.insert(MARK_KEY, self.mark(seal, role)).await?;
            session.set_expiry(lifetime.ok().map(Expiry::OnInactivity));
            session.save().await
        };
        stored.await.map_err(|error| not_stored(parts, error))
    }
}

/// The `Session` that the session layer put into the request.
fn session(parts: &Parts) -> Result<&Session, UiError> {
    parts
        .extensions
        .get::<Session>()
        .ok_or(UiError::SignInRequired)
}

/// A value of the session; what cannot be read is not there.
async fn stored<T: DeserializeOwned>(session: &Session, key: &str) -> Result<Option<T>, UiError> {
    match session.get(key).await {
        Ok(value) => Ok(value),
        Err(session::Error::Store(error)) => Err(unavailable(error)),
        Err(_) => Ok(None),
    }
}

fn client(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<RequestRecord>()?.client()
}

fn retry_after(wait: Duration) -> UiError {
    let retry_secs = wait.as_secs_f64().ceil() as u64;
    UiError::TooManyAttempts {
        retry_secs: retry_secs.max(1),
    }
}

/// One line for each failure, for tools that ban addresses.
fn log_failure(parts: &Parts, what: &str) {
    let client = client(parts).map(|address| address.to_string());
    let client = client.as_deref().unwrap_or("unknown");
    tracing::warn!(client, "{what} failed, from {client}");
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

fn not_stored(parts: &Parts, error: session::Error) -> UiError {
    match error {
        session::Error::Store(session_store::Error::Backend(reason)) => {
            tracing::warn!(reason, "a session could not be stored or ended: {reason}");
            UiError::Unavailable
        }
        error => internal(parts, &error),
    }
}

fn unavailable(error: impl std::fmt::Display) -> UiError {
    tracing::warn!("the store does not answer: {error:#}");
    UiError::Unavailable
}

#[async_trait]
impl AuthService for Sessions {
    async fn viewer(&self, parts: &Parts) -> Result<Viewer, UiError> {
        let role = self.role(parts).await?;
        let is_admin = role == Some(Role::Admin);
        let must_change_password = is_admin
            && password::must_change(self.store.as_ref())
                .await
                .unwrap_or(false);
        let snapshot = self.current.load_full();
        let mode = snapshot.mode;
        // Strangers need not know which version's faults to try.
        let version = if is_admin {
            env!("CARGO_PKG_VERSION")
        } else {
            ""
        };
        Ok(Viewer {
            is_admin,
            may_chat: role.is_some() || mode.is_public,
            demo: mode.demo,
            visitors: if is_admin {
                visitors(&snapshot.settings.config.app)
            } else {
                Visitors::default()
            },
            must_change_password,
            wrong_app_url: is_admin.then(|| self.wrong_app_url()).flatten(),
            is_development: cfg!(debug_assertions),
            version: version.to_owned(),
        })
    }

    fn https_url(&self) -> String {
        self.origin.https_url()
    }

    async fn require_admin(&self, parts: &Parts) -> Result<AdminProof, UiError> {
        match self.role(parts).await? {
            Some(Role::Admin) => Ok(AdminProof::checked()),
            Some(Role::Public) | None => Err(UiError::SignInRequired),
        }
    }

    async fn require_admin_key(&self, parts: &Parts, key: String) -> Result<AdminProof, UiError> {
        let hash = bounded(password::hash_in_force(self.store.as_ref())).await;
        let hash = hash.map_err(unavailable)?.unwrap_or_default();
        if self.known_key.is_it(&key, &hash) {
            return Ok(AdminProof::checked());
        }
        // One at a time: requests that come together are verified by the first of them.
        let turn = tokio::time::timeout(VERIFICATION_WAIT, self.known_key.turn());
        let Ok(_turn) = turn.await else {
            return Err(retry_after(VERIFICATION_WAIT));
        };
        if self.known_key.is_it(&key, &hash) {
            return Ok(AdminProof::checked());
        }
        let who = Guesser::stranger(client(parts).unwrap_or(Ipv6Addr::UNSPECIFIED.into()));
        let role = self
            .judge(parts, (Door::Operator, who), key.clone())
            .await?;
        if role != Some(Role::Admin) {
            log_failure(parts, "a call of the admin API");
            tokio::time::sleep(FAILURE_PAUSE).await;
            return Err(UiError::WrongPassword);
        }
        self.known_key.remember(&key, &hash);
        Ok(AdminProof::checked())
    }

    async fn require_public(&self, parts: &Parts) -> Result<PublicProof, UiError> {
        if self.current.load().mode.is_public || self.role(parts).await?.is_some() {
            Ok(PublicProof::checked())
        } else {
            Err(UiError::SignInRequired)
        }
    }

    async fn require_visitor(&self, parts: &Parts) -> Result<Visitor, UiError> {
        self.require_public(parts).await?;
        Ok(Visitor::checked(visitor::owner(
            parts,
            self.origin.is_https(),
        )))
    }

    async fn sign_in(&self, parts: &Parts, door: Door, password: String) -> Result<(), UiError> {
        self.origin.check(parts)?;
        let seal = self.seal().await.map_err(unavailable)?;
        let who = self.guesser(parts, &seal);
        let Some(role) = self.judge(parts, (door, who), password).await? else {
            log_failure(parts, "a sign-in");
            tokio::time::sleep(FAILURE_PAUSE).await;
            return Err(UiError::WrongPassword);
        };
        self.start_session(parts, role, &seal).await?;
        if role == Role::Admin {
            device::remember(parts, &seal, self.origin.is_https());
        }
        tracing::info!(?role, "signed in");
        Ok(())
    }

    async fn sign_out(&self, parts: &Parts) -> Result<(), UiError> {
        let ended = session(parts)?.flush().await;
        ended.map_err(|error| not_stored(parts, error))
    }

    async fn change_password(
        &self,
        _admin: AdminProof,
        parts: &Parts,
        current: String,
        new: String,
    ) -> Result<(), UiError> {
        let seal = self.seal().await.map_err(unavailable)?;
        let who = match (self.guesser(parts, &seal), session(parts)?.id()) {
            // Signed in, so no stranger.
            (Guesser::Stranger(_), Some(id)) => Guesser::Device(short_hash(&id.0.to_be_bytes())),
            (who, _) => who,
        };
        let judged = self.judge(parts, (Door::Operator, who), current).await?;
        if judged.is_none() {
            log_failure(parts, "a change of the password");
            return Err(UiError::WrongPassword);
        }
        password::check_strength(&new).map_err(|rule| UiError::Invalid {
            field: Field::NewPassword,
            rule: rule.into(),
        })?;
        let store = self.store.as_ref();
        // A harmless write first: when the store is stuck, the new password would be reported as
        // not stored, and be in force later all the same.
        bounded(store.sweep_sessions(now_ms()))
            .await
            .map_err(unavailable)?;
        password::set(store, new, false)
            .await
            .map_err(unavailable)?;
        // Their marks are void already.
        bounded(store.delete_all_sessions())
            .await
            .map_err(unavailable)?;
        let seal = self.seal().await.map_err(unavailable)?;
        device::remember(parts, &seal, self.origin.is_https());
        self.start_session(parts, Role::Admin, &seal).await
    }
}

fn visitors(app: &AppConfig) -> Visitors {
    if !app.public_key.expose_secret().is_empty() {
        Visitors::WithKey
    } else if app.public_enabled {
        Visitors::Everybody
    } else {
        Visitors::Nobody
    }
}

/// Whether a session is within its absolute limit. One from the future began while the clock was
/// ahead, and its limit would never come.
fn is_young(started_ms: i64, now_ms: i64, limit_ms: i64) -> bool {
    /// A clock that is put right steps by less.
    const SKEW_MS: i64 = 5 * 60 * 1000;
    (-SKEW_MS..limit_ms).contains(&now_ms.saturating_sub(started_ms))
}

fn short_hash(bytes: &[u8]) -> [u8; 16] {
    let mut short = [0; 16];
    for (to, from) in short.iter_mut().zip(Sha256::digest(bytes)) {
        *to = from;
    }
    short
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
