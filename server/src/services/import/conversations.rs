//! `conversations.json`. The predecessor's conversations are kept for an export alone: their history is
//! hashed by another rule and nobody knows whose they were, so no request goes on with one.

use std::collections::HashMap;

use anyhow::Context;
use pool::{AccountId, Credential};
use store::{
    Document, DocumentKind,
    legacy::{self, LegacyConversation},
};

use super::{FileReport, Target};
use crate::services::export::IMPORTED_CONVERSATION;

pub(super) async fn import(target: Target<'_>, text: &str) -> anyhow::Result<FileReport> {
    let found = match legacy::read_conversations(text) {
        Ok(found) => found,
        Err(error) => return Ok(FileReport::refused(&error)),
    };
    let store = target.store;
    let accounts = store.load_accounts().await;
    let accounts = accounts.context("reading the known accounts")?.accounts;
    let accounts: HashMap<Credential, AccountId> = accounts
        .into_iter()
        .map(|account| (account.credential, account.id))
        .chain(target.planned.accounts())
        .collect();
    let mut report = FileReport::of("conversation", &found.bad);
    let (mut strays, mut over) = (0, 0);
    for conversation in found.entries {
        let credential = Credential::try_new(&conversation.token).ok();
        let Some(account) = credential.and_then(|credential| accounts.get(&credential)) else {
            strays += 1;
            continue;
        };
        let document = document(account, conversation, target.conversation_ttl_ms)?;
        if document.expires_ms <= target.now_ms {
            over += 1;
            continue;
        }
        let known = store
            .get_document(DocumentKind::UpstreamConversation, &document.id)
            .await;
        let is_known = known.context("reading the known conversations")?.is_some()
            || (target.is_dry && !target.planned.add_document(&document.id));
        if is_known {
            report.known += 1;
            continue;
        }
        report.added += 1;
        if !target.is_dry {
            store
                .put_document(document)
                .await
                .context("storing a conversation")?;
        }
    }
    if strays > 0 {
        report.notes.push(format!(
            "{strays} of accounts that are not known were left out"
        ));
    }
    if over > 0 {
        report.notes.push(format!(
            "{over} that nobody has used for too long were left out"
        ));
    }
    Ok(report)
}

fn document(
    account: &AccountId,
    conversation: LegacyConversation,
    ttl_ms: i64,
) -> anyhow::Result<Document> {
    let [created_ms, updated_ms] = conversation.times_ms();
    let conversation = LegacyConversation {
        // The store keeps credentials with their accounts alone.
        token: String::new(),
        ..conversation
    };
    Ok(Document {
        kind: DocumentKind::UpstreamConversation,
        id: format!("{IMPORTED_CONVERSATION}{}", conversation.id),
        group: account.to_string(),
        at_ms: created_ms,
        expires_ms: updated_ms.saturating_add(ttl_ms),
        revision: 0,
        data: serde_json::to_string(&conversation)?,
    })
}
