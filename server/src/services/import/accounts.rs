//! `token.json`.

use std::collections::HashSet;

use anyhow::Context;
use store::{MAX_NOTE_CHARS, MAX_TAG_CHARS, MAX_TAGS, legacy};

use super::{FileReport, Target};
use crate::services::first_account;

/// So many that a part is stored within the time limit of a write, also on a slow disk. What an
/// import that was broken off has stored is known to the next one.
const STORED_AT_ONCE: usize = 5_000;

pub(super) async fn import(target: Target<'_>, text: &str) -> anyhow::Result<FileReport> {
    let found = match legacy::read_token_json(text, target.now_ms) {
        Ok(found) => found,
        Err(error) => return Ok(FileReport::refused(&error)),
    };
    let store = target.store;
    let known = store.load_accounts().await;
    let known = known.context("reading the known accounts")?;
    let known: HashSet<_> = known
        .accounts
        .iter()
        .map(|account| &account.credential)
        .collect();
    let total = found.accounts.len() + found.duplicates;
    let mut new = found.accounts;
    new.retain(|account| !known.contains(&account.credential));
    let added = match target.is_dry {
        true => {
            target.planned.add_accounts(&new);
            new.len()
        }
        false => {
            let mut added = 0;
            for part in new.chunks(STORED_AT_ONCE) {
                let stored = store.insert_accounts(part).await;
                added += stored.context("storing the accounts")?.len();
            }
            added
        }
    };
    if added > 0 && !target.is_dry {
        let remembered = first_account::remember(store).await;
        remembered.context("storing a setting")?;
    }
    let unknown = |pool: &legacy::UnknownPool| {
        format!(
            "pool `{}` is not known, its {} entries were left out",
            pool.name, pool.entries
        )
    };
    let cut = (found.cut > 0).then(|| {
        format!(
            "{} note(s) or tags were cut: a note has at most {MAX_NOTE_CHARS} characters, a tag \
             {MAX_TAG_CHARS}, and an account {MAX_TAGS} tags",
            found.cut
        )
    });
    let notes = found.unknown_pools.iter().map(unknown).chain(cut);
    Ok(FileReport {
        added,
        known: total - added,
        notes: notes.collect(),
        ..FileReport::of("account", &found.bad)
    })
}
