//! How far a call is, for clients that want to know.

use std::time::Duration;

use rmcp::{
    Peer, RoleServer,
    model::{ProgressNotificationParam, ProgressToken},
    service::RequestContext,
};
use tokio::time::Instant;

/// Shortest time between two notes.
const PAUSE: Duration = Duration::from_millis(500);

/// Notes to one client about one call.
pub(super) struct Progress {
    /// `None`: the client did not ask for any.
    client: Option<(Peer<RoleServer>, ProgressToken)>,
    /// The last number; the protocol wants them to grow.
    told: Option<f64>,
    told_at: Option<Instant>,
}

impl Progress {
    pub(super) fn of(context: &RequestContext<RoleServer>) -> Self {
        let token = context.meta.get_progress_token();
        Self {
            client: token.map(|token| (context.peer.clone(), token)),
            told: None,
            told_at: None,
        }
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.client.is_some()
    }

    /// The first note: work has begun.
    pub(super) async fn begin(&mut self, total: Option<f64>, message: &str) {
        self.tell(0.0, total, || message.to_owned()).await;
        self.told_at = None;
    }

    /// Says how far it is, unless that was said a moment ago or would be no progress.
    pub(super) async fn tell(
        &mut self,
        progress: f64,
        total: Option<f64>,
        message: impl FnOnce() -> String,
    ) {
        let Some((client, token)) = &self.client else {
            return;
        };
        let is_recent = self.told_at.is_some_and(|at| at.elapsed() < PAUSE);
        if is_recent || self.told.is_some_and(|told| progress <= told) {
            return;
        }
        self.told = Some(progress);
        self.told_at = Some(Instant::now());
        let mut note = ProgressNotificationParam::new(token.clone(), progress);
        note.total = total;
        note.message = Some(message());
        if let Err(error) = client.notify_progress(note).await {
            // The call ends by itself when its client has left.
            tracing::debug!(%error, "a note of progress was not sent: {error}");
        }
    }
}
