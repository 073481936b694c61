//! Everybody's media, for the operator.

use std::{sync::Arc, time::UNIX_EPOCH};

use async_trait::async_trait;
use grok2api_app::{
    dto::{
        AccountChoice, AccountFilter, AssetAccounts, AssetWork, CallerCount, DeletedMedia,
        FoundMedia, FoundMediaPage, JobStart, LastClean, MediaCaller, MediaFilter, MediaOverview,
        MediaTotal,
    },
    error::UiError,
    limits::{MAX_CHOSEN_MEDIA, MAX_MEDIA_PAGE},
    service::{AdminProof, MediaAdminService},
};
use store::{MediaRow, OwnerFilter, Store};

use super::{
    assets,
    gallery::{
        Gallery, check_count, cursor_after, from_page_kind, read_cursor, to_page_kind, unavailable,
    },
    jobs::AccountJobs,
};
use crate::{clock::now_ms, gateway::Gateway, snapshot::Current, work::Work};

/// Longest text that is looked for, in characters.
const MAX_TEXT_CHARS: usize = 200;

/// Implements [`MediaAdminService`].
pub struct MediaAdmin {
    store: Arc<dyn Store>,
    current: Current,
    gateway: Arc<Gateway>,
    gallery: Gallery,
    jobs: Arc<AccountJobs>,
    work: Work,
}

impl MediaAdmin {
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        current: Current,
        gateway: Arc<Gateway>,
        gallery: Gallery,
        (jobs, work): (Arc<AccountJobs>, Work),
    ) -> Self {
        Self {
            store,
            current,
            gateway,
            gallery,
            jobs,
            work,
        }
    }

    fn last_clean(&self) -> Option<LastClean> {
        let last = self.gateway.media_files().last_clean()?;
        let since = last.at.duration_since(UNIX_EPOCH).ok()?;
        Some(LastClean {
            at_ms: i64::try_from(since.as_millis()).ok()?,
            files: last.files as u64,
        })
    }

    fn show(&self, row: MediaRow) -> FoundMedia {
        FoundMedia {
            caller: to_caller(OwnerFilter::of(&row.owner)),
            account: row.account.clone(),
            request_id: row.request_id.clone(),
            item: self.gallery.show(row),
        }
    }
}

#[async_trait]
impl MediaAdminService for MediaAdmin {
    async fn overview(&self, _admin: AdminProof) -> Result<MediaOverview, UiError> {
        let everything = store::MediaFilter::default();
        let totals = self.store.sum_media(&everything).await;
        let owners = self.store.media_owners().await.map_err(unavailable)?;
        let used = self.gateway.media_files().used_bytes(self.store.as_ref());
        let used = used.await;
        let snapshot = self.current.load_full();
        let cache = &snapshot.settings.config.cache;
        let limit_bytes = cache.limit_mb.saturating_mul(1024 * 1024);
        Ok(MediaOverview {
            totals: totals.map_err(unavailable)?.iter().map(to_total).collect(),
            used_bytes: used.map_err(uncounted)?,
            limit_bytes: cache.enable_auto_clean.then_some(limit_bytes),
            last_clean: self.last_clean(),
            callers: owners
                .into_iter()
                .map(|one| CallerCount {
                    caller: to_caller(one.owner),
                    count: one.rows,
                })
                .collect(),
            accounts: self.store.media_accounts().await.map_err(unavailable)?,
        })
    }

    async fn find(
        &self,
        _admin: AdminProof,
        filter: MediaFilter,
        cursor: Option<String>,
    ) -> Result<FoundMediaPage, UiError> {
        let before = cursor.as_deref().map(read_cursor).transpose()?;
        let filter = from_filter(filter, None);
        let found = self.store.find_media(&filter, before, MAX_MEDIA_PAGE);
        let page = found.await.map_err(unavailable)?;
        let totals = match cursor {
            None => self.store.sum_media(&filter).await.map_err(unavailable)?,
            Some(_) => Vec::new(),
        };
        Ok(FoundMediaPage {
            next: page.last().filter(|_| page.has_more).map(cursor_after),
            items: page.into_iter().map(|row| self.show(row)).collect(),
            count: totals.iter().map(|total| total.rows).sum(),
            bytes: totals.iter().map(|total| total.bytes).sum(),
        })
    }

    async fn delete_chosen(&self, _admin: AdminProof, ids: Vec<String>) -> Result<u32, UiError> {
        check_count(&ids)?;
        let count = self.gallery.delete_of(None, &ids).await?;
        tracing::info!(count, "media deleted by the operator");
        Ok(count)
    }

    async fn delete_found(
        &self,
        _admin: AdminProof,
        filter: MediaFilter,
        until_ms: Option<i64>,
    ) -> Result<DeletedMedia, UiError> {
        let until_ms = until_ms.unwrap_or_else(now_ms);
        let filter = from_filter(filter, Some(until_ms));
        let batch = MAX_CHOSEN_MEDIA as u32;
        let found = self.store.find_media(&filter, None, batch);
        let page = found.await.map_err(unavailable)?;
        let is_done = !page.has_more;
        let ids: Vec<_> = page.into_iter().map(|row| row.id).collect();
        let count = self.gallery.delete_of(None, &ids).await?;
        tracing::info!(count, "media deleted by the operator");
        Ok(DeletedMedia {
            count,
            until_ms,
            is_done,
        })
    }

    async fn list_assets(&self, _admin: AdminProof, page: u32) -> Result<AssetAccounts, UiError> {
        let run = self
            .work
            .last_of(&assets::KINDS)
            .await
            .map_err(unavailable)?;
        let pool = self.current.load().pool.clone();
        Ok(assets::list(&pool, &self.gateway, page, run))
    }

    async fn start_assets(
        &self,
        admin: AdminProof,
        work: AssetWork,
        ids: Option<Vec<String>>,
    ) -> Result<bool, UiError> {
        let everybody = || AccountChoice::Found(AccountFilter::default());
        let choice = ids.map_or_else(everybody, AccountChoice::Ids);
        let started = self.jobs.start(&admin, assets::kind(work), choice).await?;
        Ok(!matches!(started, JobStart::Busy(_)))
    }

    async fn stop_assets(&self, _admin: AdminProof) -> Result<(), UiError> {
        let run = self
            .work
            .last_of(&assets::KINDS)
            .await
            .map_err(unavailable)?;
        if let Some(run) = run.filter(|run| !run.state.is_over()) {
            // One that has just ended is stopped as well.
            let _ = self.work.cancel(&run.id).await;
        }
        Ok(())
    }
}

fn to_total(total: &store::MediaTotal) -> MediaTotal {
    MediaTotal {
        kind: to_page_kind(total.kind),
        count: total.rows,
        bytes: total.bytes,
    }
}

/// Who an owner is to the operator, who need not know one browser from the other.
fn to_caller(owner: OwnerFilter) -> MediaCaller {
    match owner {
        OwnerFilter::Visitors => MediaCaller::Visitors,
        OwnerFilter::Is(owner) => match owner.strip_prefix("key:") {
            Some(label) => MediaCaller::Key(label.to_owned()),
            None if owner == "open" => MediaCaller::Open,
            None => MediaCaller::Unknown,
        },
    }
}

fn from_caller(caller: MediaCaller) -> OwnerFilter {
    match caller {
        MediaCaller::Key(label) => OwnerFilter::Is(format!("key:{label}")),
        MediaCaller::Open => OwnerFilter::Is("open".to_owned()),
        MediaCaller::Visitors => OwnerFilter::Visitors,
        MediaCaller::Unknown => OwnerFilter::Is(String::new()),
    }
}

fn uncounted(error: anyhow::Error) -> UiError {
    tracing::warn!("generated media cannot be counted: {error:#}");
    UiError::Unavailable
}

fn from_filter(filter: MediaFilter, until_ms: Option<i64>) -> store::MediaFilter {
    store::MediaFilter {
        kind: filter.kind.map(from_page_kind),
        owner: filter.caller.map(from_caller),
        account: filter.account,
        text: filter.text.trim().chars().take(MAX_TEXT_CHARS).collect(),
        until_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_caller_is_found_by_what_the_list_calls_it() {
        for owner in ["key:shop", "key:", "open", "visitor:1f", ""] {
            let owner = OwnerFilter::of(owner);
            assert_eq!(from_caller(to_caller(owner.clone())), owner);
        }
        let visitor = to_caller(OwnerFilter::of("visitor:1f"));
        assert_eq!(visitor, MediaCaller::Visitors);
    }
}
