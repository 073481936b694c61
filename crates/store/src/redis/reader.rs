//! Reading.

use async_trait::async_trait;
use redis::cmd;

use super::{
    accounts,
    error::unreadable,
    keys::{key, place, time_of},
    link::Link,
    media, media_search,
    news::News,
    page::{Walk, read_page, row_of},
    requests,
    tables::RedisTables,
};
use crate::{
    Changes, Cursor, Document, DocumentKind, DocumentQuery, DocumentSize, MediaFile, MediaFilter,
    MediaKind, MediaOwner, MediaQuery, MediaRow, MediaTotal, Page, RequestPosition, RequestQuery,
    RequestRow, StoreError, SumQuery, SumRow, Unreadable, VideoJobQuery, VideoJobRow, VideoStatus,
    account::AccountRow, reader::Reader, request_store::TableSize, session::StoredSession,
    tables::TableReader,
};

pub(crate) struct RedisReader {
    link: Link,
    /// Absent beside the process that keeps the store.
    news: Option<News>,
}

impl RedisReader {
    pub(super) fn new(link: Link, news: Option<News>) -> Self {
        Self { link, news }
    }

    async fn field(&self, hash: &str, name: &str) -> Result<Option<String>, StoreError> {
        let mut get = cmd("HGET");
        get.arg(key(hash)).arg(name);
        self.link.ask(get).await
    }

    async fn jobs_with(&self, status: VideoStatus) -> Result<Vec<VideoJobRow>, StoreError> {
        let list = format!("video_jobs:status:{}", status.as_str());
        let mut walk = Walk::of(&list, false);
        let mut jobs = Vec::new();
        loop {
            let (rows, may_follow) = walk.next_rows(&self.link, 100).await?;
            // It may have become another one between the list and the row.
            jobs.extend(
                rows.into_iter()
                    .filter(|job: &VideoJobRow| job.status == status),
            );
            if !may_follow {
                return Ok(jobs);
            }
        }
    }
}

#[async_trait]
impl Reader for RedisReader {
    async fn accounts(&self) -> Result<Vec<Result<AccountRow, Unreadable>>, StoreError> {
        accounts::load(&self.link).await
    }

    async fn accounts_of(
        &self,
        ids: &[String],
    ) -> Result<Vec<Result<AccountRow, Unreadable>>, StoreError> {
        accounts::some(&self.link, ids).await
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.field("settings", name).await
    }

    async fn session(
        &self,
        id_hash: &str,
        now_ms: i64,
    ) -> Result<Option<StoredSession>, StoreError> {
        let Some(text) = self.field("sessions", id_hash).await? else {
            return Ok(None);
        };
        let broken = || unreadable("sessions", "?");
        let (time, data) = text.split_at_checked(16).ok_or_else(broken)?;
        let expires_at_ms = time_of(time).ok_or_else(broken)?;
        Ok((expires_at_ms > now_ms).then(|| StoredSession {
            id_hash: id_hash.to_owned(),
            data: data.to_owned(),
            expires_at_ms,
        }))
    }

    async fn request(&self, id: &str) -> Result<Option<RequestRow>, StoreError> {
        row_of(&self.link, id.to_owned()).await
    }

    async fn requests(&self, query: &RequestQuery) -> Result<Vec<RequestRow>, StoreError> {
        requests::list(&self.link, query).await
    }

    async fn sums(&self, query: &SumQuery) -> Result<Vec<SumRow>, StoreError> {
        requests::sums(&self.link, query).await
    }

    async fn requests_size(&self) -> Result<TableSize, StoreError> {
        requests::size(&self.link).await
    }

    async fn nth_oldest_request(&self, offset: u64) -> Result<Option<RequestPosition>, StoreError> {
        requests::nth_oldest(&self.link, offset).await
    }

    async fn media_of(&self, id: &str) -> Result<Option<MediaRow>, StoreError> {
        row_of(&self.link, id.to_owned()).await
    }

    async fn many_media(&self, ids: &[String]) -> Result<Vec<MediaRow>, StoreError> {
        media::many(&self.link, ids).await
    }

    async fn media(&self, query: &MediaQuery) -> Result<Page<MediaRow>, StoreError> {
        media_search::list(&self.link, query).await
    }

    async fn oldest_media(
        &self,
        after: Option<(i64, String)>,
        limit: u32,
    ) -> Result<Vec<MediaRow>, StoreError> {
        media::oldest(&self.link, after, limit).await
    }

    async fn media_files(&self) -> Result<Vec<MediaFile>, StoreError> {
        media::files(&self.link).await
    }

    async fn media_bytes(&self) -> Result<u64, StoreError> {
        media::bytes(&self.link).await
    }

    async fn is_media_file_used(&self, kind: MediaKind, file: &str) -> Result<bool, StoreError> {
        media::is_used(&self.link, kind, file).await
    }

    async fn found_media(
        &self,
        filter: &MediaFilter,
        before: Option<(i64, String)>,
        limit: u32,
    ) -> Result<Page<MediaRow>, StoreError> {
        media_search::find(&self.link, filter, before, limit).await
    }

    async fn media_sums(&self, filter: &MediaFilter) -> Result<Vec<MediaTotal>, StoreError> {
        media_search::sum(&self.link, filter).await
    }

    async fn media_owners(&self) -> Result<Vec<MediaOwner>, StoreError> {
        media_search::owners(&self.link).await
    }

    async fn media_accounts(&self) -> Result<Vec<String>, StoreError> {
        media_search::accounts(&self.link).await
    }

    async fn video_job(&self, id: &str) -> Result<Option<VideoJobRow>, StoreError> {
        row_of(&self.link, id.to_owned()).await
    }

    async fn video_jobs(&self, query: &VideoJobQuery) -> Result<Page<VideoJobRow>, StoreError> {
        let after = query.after.as_ref().map(|(ms, id)| place(*ms, id));
        let list = format!("video_jobs:owner:{}", query.owner);
        let walk = Walk::of(&list, !query.is_oldest_first).behind(after.as_deref());
        read_page(&self.link, walk, query.limit, |_| true).await
    }

    async fn open_video_jobs(&self) -> Result<Vec<VideoJobRow>, StoreError> {
        let mut jobs = self.jobs_with(VideoStatus::Queued).await?;
        // Later, so that one that begins meanwhile is not missed, but may be read twice.
        jobs.extend(self.jobs_with(VideoStatus::InProgress).await?);
        jobs.sort_by(|one, other| (one.created_ms, &one.id).cmp(&(other.created_ms, &other.id)));
        jobs.dedup_by(|later, job| later.id == job.id);
        Ok(jobs)
    }

    async fn document(&self, kind: DocumentKind, id: &str) -> Result<Option<Document>, StoreError> {
        row_of(&self.link, format!("{}/{id}", kind.as_str())).await
    }

    async fn documents(&self, query: &DocumentQuery) -> Result<Page<Document>, StoreError> {
        let after = query.after.as_ref().map(|(ms, id)| place(*ms, id));
        let kind = query.kind.as_str();
        let walk = Walk::of(&documents_of(query.kind, &query.group), false)
            .named(format!("{kind}/"))
            .behind(after.as_deref());
        read_page(&self.link, walk, query.limit, |_| true).await
    }

    async fn oldest_documents(
        &self,
        kind: DocumentKind,
        group: &str,
        limit: u32,
    ) -> Result<Vec<DocumentSize>, StoreError> {
        let oldest = DocumentQuery {
            kind,
            group: group.to_owned(),
            after: None,
            limit,
        };
        let oldest = self.documents(&oldest).await?.into_iter();
        let sizes = oldest.map(|document| DocumentSize {
            bytes: document.data.len() as u64,
            at_ms: document.at_ms,
            id: document.id,
        });
        Ok(sizes.collect())
    }

    async fn count_documents(&self, kind: DocumentKind, group: &str) -> Result<u64, StoreError> {
        let mut count = cmd("ZCARD");
        count.arg(key(&documents_of(kind, group)));
        self.link.ask(count).await
    }

    async fn changes_since(&self, cursor: Option<Cursor>) -> Result<Option<Changes>, StoreError> {
        Ok(self.news.as_ref().map(|news| news.since(cursor)))
    }

    async fn tables(&self) -> Result<Box<dyn TableReader>, StoreError> {
        Ok(Box::new(RedisTables::new(self.link.another())))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.link.ask(cmd("PING")).await
    }

    async fn close(&self) {
        self.link.close();
        if let Some(news) = &self.news {
            news.close().await;
        }
    }
}

/// The places of the documents of a group.
fn documents_of(kind: DocumentKind, group: &str) -> String {
    format!("documents:group:{}/{group}", kind.as_str())
}
