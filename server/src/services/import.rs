//! Accounts from another installation's files (`requirements.md` 1.1). The files are never modified.

use std::{collections::HashSet, fmt, path::Path};

use anyhow::Context;
use store::{Store, legacy};

use super::first_account;
use crate::clock::now_ms;

/// What an import did.
#[derive(Debug, Default)]
pub struct Report {
    pub added: usize,
    pub duplicates: usize,
    /// Pool, position and reason of entries that are no accounts.
    pub bad: Vec<String>,
    /// Pools with names that this version does not know, and how many entries each holds.
    pub unknown_pools: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} account(s) imported, {} already known, {} unusable",
            self.added,
            self.duplicates,
            self.bad.len()
        )?;
        self.bad
            .iter()
            .chain(&self.unknown_pools)
            .try_for_each(|line| write!(formatter, "\n  {line}"))
    }
}

/// Reads `<dir>/token.json`.
///
/// # Errors
/// The file is missing or is no token.json, or the store refused.
pub async fn from_dir(store: &dyn Store, dir: &Path) -> anyhow::Result<Report> {
    let path = dir.join("token.json");
    let text = tokio::fs::read_to_string(&path)
        .await
        .with_context(|| format!("reading {}", path.display()))?;
    let found = legacy::read_token_json(&text, now_ms())
        .with_context(|| format!("{} is not a token.json", path.display()))?;
    let known = store
        .load_accounts()
        .await
        .context("reading the known accounts")?;
    let known: HashSet<_> = known
        .accounts
        .iter()
        .map(|account| &account.credential)
        .collect();
    let total = found.accounts.len() + found.duplicates;
    let mut new = found.accounts;
    new.retain(|account| !known.contains(&account.credential));
    let added = store
        .insert_accounts(&new)
        .await
        .context("storing the accounts")?
        .len();
    if added > 0 {
        first_account::remember(store)
            .await
            .context("storing a setting")?;
    }
    let bad = |entry: &legacy::BadEntry| {
        format!("{} entry {}: {}", entry.pool, entry.index, entry.reason)
    };
    let unknown = |pool: &legacy::UnknownPool| {
        format!(
            "pool `{}` is not known, its {} entries were left out",
            pool.name, pool.entries
        )
    };
    Ok(Report {
        added,
        duplicates: total - added,
        bad: found.bad.iter().map(bad).collect(),
        unknown_pools: found.unknown_pools.iter().map(unknown).collect(),
    })
}

/// At the first start: imports `<data_dir>/token.json` if there has never been an account.
///
/// # Errors
/// As [`from_dir`]; a missing file is fine.
pub async fn at_first_start(store: &dyn Store, data_dir: &Path) -> anyhow::Result<Option<Report>> {
    if !data_dir.join("token.json").is_file() || first_account::has_been(store).await? {
        return Ok(None);
    }
    from_dir(store, data_dir).await.map(Some)
}
