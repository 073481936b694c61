//! `tower-sessions` over the project's own store.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use store::{SessionRow, Store, bounded};
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

use crate::clock::now_ms;

/// Tries for a fresh id before giving up; a collision of 128 random bits means a broken generator.
const ID_TRIES: usize = 3;
/// A session that nobody uses ends after this time, even if it could live longer.
const IDLE_MS: i64 = 12 * 3_600_000;
/// A session that is used has its end moved this often: each time is a write.
const TOUCH_INTERVAL_MS: i64 = 5 * 60 * 1000;

/// Browser sessions in whichever store the operator chose.
#[derive(Clone)]
pub struct StoreSessions(pub Arc<dyn Store>);

impl fmt::Debug for StoreSessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StoreSessions")
    }
}

#[async_trait]
impl SessionStore for StoreSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        for _ in 0..ID_TRIES {
            let row = to_row(record)?;
            if bounded(self.0.create_session(&row))
                .await
                .map_err(backend)?
            {
                return Ok(());
            }
            record.id = Id::default();
        }
        Err(Error::Backend("session ids collide".to_owned()))
    }

    async fn save(&self, record: &Record) -> Result<()> {
        // One that was ended meanwhile does not come back; its cookie finds nothing the next time.
        let row = to_row(record)?;
        let is_known = bounded(self.0.save_session(&row)).await.map_err(backend)?;
        if !is_known {
            tracing::debug!("a session that has ended was not saved");
        }
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let (name, now) = (id.to_string(), now_ms());
        let loaded = bounded(self.0.load_session(&name, now)).await;
        let row = loaded.map_err(backend)?;
        if let Some(row) = &row
            && !self.touch(row, now).await
        {
            return Ok(None);
        }
        row.map(|row| {
            let mut record: Record = serde_json::from_str(&row.data)
                .map_err(|error| Error::Decode(error.to_string()))?;
            record.id = *id;
            Ok(record)
        })
        .transpose()
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        bounded(self.0.delete_session(&id.to_string()))
            .await
            .map_err(backend)
    }
}

impl StoreSessions {
    /// Moves the end of a session that is being used; `false`: it has ended this very moment.
    ///
    /// A write of its own: to save the whole session after the request would also send its cookie
    /// again, over the one of a session that the browser has got meanwhile.
    async fn touch(&self, row: &SessionRow, now_ms: i64) -> bool {
        let until_ms = now_ms.saturating_add(IDLE_MS);
        if until_ms.saturating_sub(row.expires_at_ms) < TOUCH_INTERVAL_MS || self.0.check().is_err()
        {
            return true;
        }
        match bounded(self.0.touch_session(&row.id, until_ms)).await {
            Ok(is_known) => is_known,
            Err(error) => {
                tracing::warn!(%error, "a session could not be marked as used");
                true
            }
        }
    }
}

fn to_row(record: &Record) -> Result<SessionRow> {
    // The id is the secret that the browser holds: only its hash is stored.
    let anonymous = Record {
        id: Id(0),
        ..record.clone()
    };
    let data =
        serde_json::to_string(&anonymous).map_err(|error| Error::Encode(error.to_string()))?;
    Ok(SessionRow {
        id: record.id.to_string(),
        data,
        // The record's own date is how long the browser keeps the cookie.
        expires_at_ms: now_ms().saturating_add(IDLE_MS),
    })
}

fn backend(error: store::StoreError) -> Error {
    Error::Backend(error.to_string())
}
