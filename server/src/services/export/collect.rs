//! What an export writes, read from one view of the store.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use pool::{Account, Tier};
use store::{
    ClientKey, Document, DocumentKind, Outcome, RequestRow, Row, Span, StoreView, SumRow, Table,
    Tables,
    legacy::{self, Counts, LegacyConversation, LegacyStats, LogEntry},
};

use super::IMPORTED_CONVERSATION;
use crate::services::import::{AHEAD_MINUTES, IMPORTED_STATS};

/// As many requests, hours and days as the predecessor keeps.
const MAX_LOGS: usize = 2_000;
const MAX_HOURS: usize = 48;
const MAX_DAYS: usize = 30;

/// What there is to write.
#[derive(Default)]
pub(super) struct Collected {
    accounts: Vec<Account>,
    unreadable: Vec<String>,
    keys: Vec<ClientKey>,
    stats: LegacyStats,
    logs: Vec<LogEntry>,
    conversations: Vec<LegacyConversation>,
    /// Requests, hours and days that the predecessor would not keep.
    left_out: usize,
}

impl Collected {
    pub(super) async fn read(view: &StoreView) -> anyhow::Result<Self> {
        let ahead = view.get_setting(AHEAD_MINUTES).await?;
        let ahead: i64 = ahead.and_then(|text| text.parse().ok()).unwrap_or(0);
        let imported = view.get_setting(IMPORTED_STATS).await?;
        let imported: LegacyStats = imported
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default();
        let mut tables = view.tables().await.context("reading the store")?;
        let mut collected = Self::default();
        collected.read_accounts(&mut tables).await?;
        collected.read_documents(&mut tables).await?;
        let uses = collected
            .read_sums(&mut tables, ahead.div_euclid(60))
            .await?;
        for (model, count) in imported.models {
            *collected.stats.models.entry(model).or_default() += count;
        }
        let last = collected.read_requests(&mut tables, ahead).await?;
        for key in &mut collected.keys {
            let label = key.label();
            key.use_count += uses.get(&label).copied().unwrap_or(0);
            key.last_used_at_ms = key.last_used_at_ms.max(last.get(&label).copied());
        }
        Ok(collected)
    }

    async fn read_accounts(&mut self, tables: &mut Tables<'_>) -> anyhow::Result<()> {
        let mut unreadable = Vec::new();
        let mut accounts = Vec::new();
        each(tables, Table::Accounts, &mut unreadable, |row| {
            if let Row::Account(account) = row {
                accounts.push(account.into_account());
            }
        })
        .await?;
        for account in accounts {
            match account {
                Ok(account) => self.accounts.push(account),
                Err(bad) => unreadable.push(format!("account {}: {}", bad.id, bad.reason)),
            }
        }
        self.accounts.sort_by(|one, other| {
            (one.created_at_ms, &one.id).cmp(&(other.created_at_ms, &other.id))
        });
        self.unreadable.append(&mut unreadable);
        Ok(())
    }

    async fn read_documents(&mut self, tables: &mut Tables<'_>) -> anyhow::Result<()> {
        let (mut unreadable, mut documents) = (Vec::new(), Vec::new());
        each(tables, Table::Documents, &mut unreadable, |row| match row {
            Row::Document(one)
                if matches!(
                    one.kind,
                    DocumentKind::ClientKey | DocumentKind::UpstreamConversation
                ) =>
            {
                documents.push(one);
            }
            _ => {}
        })
        .await?;
        self.unreadable.append(&mut unreadable);
        documents.sort_by(|one, other| (one.at_ms, &one.id).cmp(&(other.at_ms, &other.id)));
        let credentials: HashMap<_, _> = self
            .accounts
            .iter()
            .map(|account| (account.id.to_string(), account.credential.clone()))
            .collect();
        self.keys = documents
            .iter()
            .filter(|one| one.kind == DocumentKind::ClientKey)
            .filter_map(ClientKey::from_document)
            .collect();
        let conversation = |one: &Document| {
            let id = one.id.strip_prefix(IMPORTED_CONVERSATION)?;
            let kept: LegacyConversation = serde_json::from_str(&one.data).ok()?;
            Some(LegacyConversation {
                id: id.to_owned(),
                token: credentials.get(&one.group)?.expose().to_owned(),
                ..kept
            })
        };
        self.conversations = documents.iter().filter_map(conversation).collect();
        Ok(())
    }

    /// Reads the counts; how often each key was used.
    async fn read_sums(
        &mut self,
        tables: &mut Tables<'_>,
        ahead_hours: i64,
    ) -> anyhow::Result<HashMap<String, u64>> {
        let mut uses = HashMap::<String, u64>::new();
        let stats = &mut self.stats;
        each(tables, Table::Sums, &mut Vec::new(), |row| {
            let Row::Sum(sum) = row else { return };
            match sum.span {
                Span::Minute => {}
                Span::Hour => stats.add_hour(sum.start_ms, ahead_hours, counts(&sum)),
                Span::Day => {
                    stats.add_day(sum.start_ms, counts(&sum));
                    let requests = sum.totals.requests;
                    if !sum.model.is_empty() {
                        *stats.models.entry(sum.model).or_default() += requests;
                    }
                    *uses.entry(sum.key).or_default() += requests;
                }
            }
        })
        .await?;
        self.left_out += keep_newest(&mut stats.hourly, MAX_HOURS);
        self.left_out += keep_newest(&mut stats.daily, MAX_DAYS);
        Ok(uses)
    }

    /// Reads the newest requests; when each key was used last.
    async fn read_requests(
        &mut self,
        tables: &mut Tables<'_>,
        ahead_minutes: i64,
    ) -> anyhow::Result<HashMap<String, i64>> {
        let mut last = HashMap::<String, i64>::new();
        let mut rows = Vec::<RequestRow>::new();
        let mut total = 0;
        each(tables, Table::Requests, &mut Vec::new(), |row| {
            let Row::Request(row) = row else { return };
            if let Some(key) = &row.key {
                let at_ms = last.entry(key.clone()).or_insert(row.at_ms);
                *at_ms = row.at_ms.max(*at_ms);
            }
            total += 1;
            rows.push(row);
            if rows.len() >= 2 * MAX_LOGS {
                newest_first(&mut rows);
            }
        })
        .await?;
        newest_first(&mut rows);
        self.left_out += total - rows.len();
        let keys: HashMap<_, _> = self
            .keys
            .iter()
            .map(|key| (key.label(), (key.name.as_str(), key.masked())))
            .collect();
        let entry = |row: &RequestRow| {
            let key = row.key.as_ref().and_then(|label| keys.get(label));
            let key = key.map(|(name, masked)| match name.is_empty() {
                true => (masked.as_str(), masked.as_str()),
                false => (*name, masked.as_str()),
            });
            LogEntry::from_request(row, key, ahead_minutes)
        };
        self.logs = rows.iter().map(entry).collect();
        Ok(last)
    }

    /// Names and texts of the files.
    pub(super) fn files(&self) -> [(&'static str, String); 5] {
        [
            ("token.json", legacy::write_token_json(&self.accounts)),
            ("api_keys.json", legacy::write_api_keys(&self.keys)),
            ("stats.json", legacy::write_stats(&self.stats)),
            ("logs.json", legacy::write_logs(&self.logs)),
            (
                "conversations.json",
                legacy::write_conversations(&self.conversations),
            ),
        ]
    }

    /// What is in them, for people.
    pub(super) fn lines(&self) -> Vec<String> {
        let stats = &self.stats;
        let mut lines = vec![
            format!("token.json: {} account(s)", self.accounts.len()),
            format!("api_keys.json: {} key(s)", self.keys.len()),
            format!(
                "stats.json: {} hour(s), {} day(s), {} model(s)",
                stats.hourly.len(),
                stats.daily.len(),
                stats.models.len()
            ),
            format!("logs.json: {} request(s)", self.logs.len()),
            format!(
                "conversations.json: {} conversation(s)",
                self.conversations.len()
            ),
        ];
        let heavy = self
            .accounts
            .iter()
            .filter(|account| account.tier == Tier::Heavy);
        let heavy = heavy.count();
        if heavy > 0 {
            lines.push(format!(
                "{heavy} heavy account(s) are in a pool that the predecessor does not use"
            ));
        }
        if self.left_out > 0 {
            lines.push(format!(
                "{} older request(s), hours and days were left out, as the predecessor does",
                self.left_out
            ));
        }
        let unreadable = self.unreadable.iter();
        lines.extend(unreadable.map(|what| format!("left out: {what}")));
        lines
    }
}

/// Every row of a table.
async fn each(
    tables: &mut Tables<'_>,
    table: Table,
    unreadable: &mut Vec<String>,
    mut take: impl FnMut(Row),
) -> anyhow::Result<()> {
    let mut place = None;
    loop {
        let page = tables.page(table, place.as_deref()).await;
        let page = page.with_context(|| format!("reading the table {}", table.as_str()))?;
        page.rows.into_iter().for_each(&mut take);
        unreadable.extend(page.unreadable);
        place = page.next;
        if place.is_none() {
            return Ok(());
        }
    }
}

fn counts(sum: &SumRow) -> Counts {
    let requests = sum.totals.requests;
    let (success, failed) = match sum.outcome {
        Outcome::Served => (requests, 0),
        Outcome::Refused | Outcome::Failed => (0, requests),
        Outcome::ClientGone => (0, 0),
    };
    Counts {
        total: requests,
        success,
        failed,
    }
}

/// How many were left out.
fn keep_newest(counts: &mut BTreeMap<String, Counts>, max: usize) -> usize {
    let surplus = counts.len().saturating_sub(max);
    for _ in 0..surplus {
        counts.pop_first();
    }
    surplus
}

fn newest_first(rows: &mut Vec<RequestRow>) {
    rows.sort_by(|one, other| (other.at_ms, &other.id).cmp(&(one.at_ms, &one.id)));
    rows.truncate(MAX_LOGS);
}
