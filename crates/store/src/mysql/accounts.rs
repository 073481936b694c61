//! Rows of accounts, written.

use std::collections::{BTreeMap, HashSet};

use pool::{AccountId, CheckResult};
use sqlx::{Error, Row, query};

use super::{
    apply::unless_taken,
    connection::Session,
    dialect::Statement,
    error::{Failure, is_duplicate},
    multi_row::{
        DELETE_ACCOUNTS, INSERT_ACCOUNTS, MultiRow, TAKEN_CREDENTIALS, TAKEN_IDS, USE_QUOTA,
    },
    statements::{END_COOLDOWN, PATCH_ACCOUNT, REPLACE_CREDENTIAL, SET_QUOTA},
};
use crate::{
    account::AccountRow,
    patch::Patch,
    sql::{bind_account, to_i64},
    writer::{Done, NewCredential},
};

/// Adds those whose id and credential are not there yet.
pub(super) async fn insert(
    session: &mut Session,
    accounts: &[AccountRow],
) -> Result<Done, Failure> {
    let mut done = Done::default();
    for chunk in accounts.chunks(MultiRow::LARGEST) {
        let ids = chunk.iter().map(|account| account.id.as_str());
        let mut ids = taken(session, &TAKEN_IDS, ids).await?;
        let hashes = chunk.iter().map(|account| account.credential_hash.as_str());
        let mut hashes = taken(session, &TAKEN_CREDENTIALS, hashes).await?;
        let is_new = |account: &&AccountRow| {
            let is_known = ids.contains(&account.id) || hashes.contains(&account.credential_hash);
            if !is_known {
                ids.insert(account.id.clone());
                hashes.insert(account.credential_hash.clone());
            }
            !is_known
        };
        let new: Vec<_> = chunk.iter().filter(is_new).collect();
        let limit = session.statement_bytes;
        for piece in MultiRow::pieces(&new, limit, |account| account_bytes(account)) {
            let added = insert_piece(session, piece).await?;
            done.rows += added.rows;
            done.ids.extend(added.ids);
        }
    }
    Ok(done)
}

async fn insert_piece(session: &mut Session, piece: &[&AccountRow]) -> Result<Done, Failure> {
    let statement = |piece: &[&AccountRow]| INSERT_ACCOUNTS.statement(piece.len());
    let insert = piece.iter().fold(statement(piece), |insert, account| {
        bind_account(insert, account)
    });
    let added = |account: &&AccountRow| AccountId::new(account.id.as_str());
    match session.execute(insert).await {
        Err(error) if is_duplicate(&error) => {}
        result => {
            return Ok(Done {
                ids: piece.iter().map(added).collect(),
                ..Done::of(result?)
            });
        }
    }
    // Another instance was quicker with one of them.
    let mut done = Done::default();
    for account in piece {
        let insert = bind_account(statement(&[account]), account);
        let one = unless_taken(session, insert).await?;
        done.rows += one.rows;
        done.ids.extend((one.rows > 0).then(|| added(account)));
    }
    Ok(done)
}

/// About how much of a statement the row takes.
fn account_bytes(account: &AccountRow) -> usize {
    /// Names and numbers.
    const OTHERS: usize = 1024;
    let optional = [
        &account.last_fail_reason,
        &account.quota_windows,
        &account.proxy,
    ];
    let optional = optional.into_iter().flatten().map(String::len);
    let texts = [
        &account.id,
        &account.credential,
        &account.tags,
        &account.note,
    ];
    OTHERS + texts.map(String::len).iter().sum::<usize>() + optional.sum::<usize>()
}

/// Those of these texts that are in the database.
async fn taken<'a>(
    session: &mut Session,
    find: &MultiRow,
    texts: impl ExactSizeIterator<Item = &'a str>,
) -> Result<HashSet<String>, Error> {
    let found = session.rows(find.about(texts)).await?;
    found.iter().map(|row| row.try_get(0)).collect()
}

pub(super) async fn delete(session: &mut Session, ids: &[AccountId]) -> Result<Done, Failure> {
    let mut deleted = 0;
    for chunk in ids.chunks(MultiRow::LARGEST) {
        let chunk = chunk.iter().map(AccountId::as_str);
        deleted += session.execute(DELETE_ACCOUNTS.about(chunk)).await?;
    }
    Ok(Done::of(deleted))
}

pub(super) async fn replace_credential(
    session: &mut Session,
    new: &NewCredential,
) -> Result<Done, Failure> {
    let replace = query(REPLACE_CREDENTIAL)
        .bind(&new.credential)
        .bind(&new.credential_hash)
        .bind(new.id.as_str());
    let done = unless_taken(session, replace).await?;
    if done.rows > 0 {
        patch(session, &new.id, &new.patch).await?;
    }
    Ok(done)
}

/// Applies patches in the order of their ids, first those that only use quota.
pub(super) async fn patch_all(
    session: &mut Session,
    patches: &BTreeMap<&AccountId, Patch>,
) -> Result<(), Failure> {
    let (uses, others): (Vec<_>, Vec<_>) =
        patches.iter().partition(|(_, patch)| patch.is_use_only());
    for chunk in uses.chunks(MultiRow::LARGEST) {
        let size = MultiRow::size_for(chunk.len());
        let uses = chunk.iter().fold(USE_QUOTA.statement(size), |uses, used| {
            let (id, patch) = used;
            uses.bind(id.as_str())
                .bind(to_i64(patch.used))
                .bind(patch.last_used_at_ms)
        });
        let uses = (chunk.len()..size).fold(uses, |uses, _| {
            uses.bind(None::<&str>).bind(None::<i64>).bind(None::<i64>)
        });
        session.execute(uses).await?;
    }
    for (id, changes) in others {
        patch(session, id, changes).await?;
    }
    Ok(())
}

async fn patch(session: &mut Session, id: &AccountId, patch: &Patch) -> Result<(), Error> {
    let mut quota = patch.quota.map(i64::from);
    if let Some(ended) = &patch.ended {
        let set = query(SET_QUOTA)
            .bind(quota.take())
            .bind(to_i64(ended.used))
            .bind(id.as_str());
        session.execute(set).await?;
        let end = query(END_COOLDOWN)
            .bind(ended.quota.map(i64::from))
            .bind(id.as_str())
            .bind(ended.until_ms);
        session.execute(end).await?;
    }
    session
        .execute(bind_patch(id, quota, patch))
        .await
        .map(drop)
}

/// `quota` is set before anything is taken from it.
fn bind_patch<'q>(id: &'q AccountId, quota: Option<i64>, patch: &'q Patch) -> Statement<'q> {
    let cooldown = patch.status.as_ref().map(|(_, cooldown)| cooldown.as_ref());
    let failure = patch.failure.as_ref();
    let (has_check, check) = (patch.check.is_some(), patch.check.flatten());
    let result = check.map(|check| check.result);
    query(PATCH_ACCOUNT)
        .bind(quota)
        .bind(to_i64(patch.used))
        .bind(to_i64(patch.uses))
        .bind(patch.last_used_at_ms)
        .bind(patch.status.as_ref().map(|(status, _)| status.as_str()))
        .bind(cooldown.is_some())
        .bind(cooldown.flatten().map(|cooldown| cooldown.until_ms))
        .bind(cooldown.is_some())
        .bind(cooldown.flatten().map(|cooldown| cooldown.reason.as_str()))
        .bind(failure.map(|failure| i64::from(failure.count)))
        .bind(failure.is_some())
        .bind(failure.and_then(|failure| failure.at_ms))
        .bind(failure.is_some())
        .bind(failure.and_then(|failure| failure.reason.as_deref()))
        .bind(patch.tier.map(|tier| tier.as_str()))
        .bind(patch.last_sync_at_ms.is_some())
        .bind(patch.last_sync_at_ms.flatten())
        .bind(patch.quota_windows.is_some())
        .bind(patch.quota_windows.as_ref().and_then(Option::as_deref))
        .bind(has_check)
        .bind(check.map(|check| check.at_ms))
        .bind(has_check)
        .bind(result.map(CheckResult::as_str))
        .bind(has_check)
        .bind(result.and_then(CheckResult::until_ms))
        .bind(&patch.tags)
        .bind(&patch.note)
        .bind(patch.proxy.is_some())
        .bind(patch.proxy.as_ref().and_then(Option::as_deref))
        .bind(id.as_str())
}
