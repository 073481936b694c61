//! The row of a kept picture, whatever it was made by.

use store::{MediaKind, MediaRow};
use uuid::Uuid;

use crate::{clock::now_ms, gateway::Caller, media::files::StoredFile};

/// What a picture was made of.
pub(in crate::gateway) struct Origin {
    pub(in crate::gateway) prompt: String,
    /// Id in the catalogue.
    pub(in crate::gateway) model: String,
    /// What else was asked for, as JSON.
    pub(in crate::gateway) params: String,
    /// Last four characters of the account's credential.
    pub(in crate::gateway) account: String,
}

/// The row that lists a picture among those of its caller.
pub(in crate::gateway) fn row_of(caller: &Caller, origin: Origin, stored: &StoredFile) -> MediaRow {
    let record = &caller.record;
    MediaRow {
        id: Uuid::now_v7().simple().to_string(),
        at_ms: now_ms(),
        kind: MediaKind::Image,
        file: stored.name.clone(),
        mime: stored.mime.to_owned(),
        bytes: stored.bytes,
        width: stored.width,
        height: stored.height,
        prompt: origin.prompt,
        model: origin.model,
        params: origin.params,
        poster: None,
        parent: None,
        account: origin.account,
        owner: caller.owner.clone(),
        key: record.key().map(|key| key.to_string()),
        request_id: record.id().to_string(),
    }
}
