//! `tower-sessions` over the project's own store.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use store::{SessionRow, Store};
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

use crate::clock::now_ms;

/// Tries for a fresh id before giving up; a collision of 128 random bits means a broken generator.
const ID_TRIES: usize = 3;

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
            if self
                .0
                .create_session(&to_row(record)?)
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
        let is_known = self
            .0
            .save_session(&to_row(record)?)
            .await
            .map_err(backend)?;
        if !is_known {
            tracing::debug!("a session that has ended was not saved");
        }
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let row = self
            .0
            .load_session(&id.to_string(), now_ms())
            .await
            .map_err(backend)?;
        row.map(|row| {
            let mut record: Record = serde_json::from_str(&row.data)
                .map_err(|error| Error::Decode(error.to_string()))?;
            record.id = *id;
            Ok(record)
        })
        .transpose()
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0
            .delete_session(&id.to_string())
            .await
            .map_err(backend)
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
    let expires_at_ms = (record.expiry_date.unix_timestamp_nanos() / 1_000_000) as i64;
    Ok(SessionRow {
        id: record.id.to_string(),
        data,
        expires_at_ms,
    })
}

fn backend(error: store::StoreError) -> Error {
    Error::Backend(error.to_string())
}
