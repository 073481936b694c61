//! Generated media, and the videos that are being made.

use async_trait::async_trait;

use super::Backend;
use crate::{
    DeletedMedia, MediaFile, MediaFilter, MediaKind, MediaOwner, MediaQuery, MediaRow, MediaSearch,
    MediaStore, MediaTotal, Page, StoreError, VideoJobQuery, VideoJobRow, VideoJobStore,
    reader::Reader,
    writer::{Done, Op},
};

impl From<Done> for DeletedMedia {
    fn from(done: Done) -> Self {
        Self {
            rows: done.rows,
            unused_files: done.unused_files,
        }
    }
}

#[async_trait]
impl<R: Reader> MediaStore for Backend<R> {
    async fn insert_media(&self, mut rows: Vec<MediaRow>) -> Result<(), StoreError> {
        rows.iter_mut().for_each(MediaRow::cut);
        self.write(Op::InsertMedia(rows)).await.map(drop)
    }

    async fn get_media(&self, id: &str) -> Result<Option<MediaRow>, StoreError> {
        self.reader.media_of(id).await
    }

    async fn get_many_media(&self, ids: &[String]) -> Result<Vec<MediaRow>, StoreError> {
        self.reader.many_media(ids).await
    }

    async fn list_media(&self, query: &MediaQuery) -> Result<Page<MediaRow>, StoreError> {
        self.reader.media(query).await
    }

    async fn oldest_media(
        &self,
        after: Option<(i64, String)>,
        limit: u32,
    ) -> Result<Vec<MediaRow>, StoreError> {
        self.reader.oldest_media(after, limit).await
    }

    async fn media_files(&self) -> Result<Vec<MediaFile>, StoreError> {
        self.reader.media_files().await
    }

    async fn media_bytes(&self) -> Result<u64, StoreError> {
        self.reader.media_bytes().await
    }

    async fn is_media_file_used(&self, kind: MediaKind, file: &str) -> Result<bool, StoreError> {
        self.reader.is_media_file_used(kind, file).await
    }

    async fn delete_media(
        &self,
        owner: Option<&str>,
        ids: &[String],
    ) -> Result<DeletedMedia, StoreError> {
        let op = Op::DeleteMedia {
            owner: owner.map(str::to_owned),
            ids: ids.to_vec(),
        };
        Ok(self.write_op(op).await?.into())
    }

    async fn delete_media_of(&self, files: &[String]) -> Result<DeletedMedia, StoreError> {
        let op = Op::DeleteMediaOf(files.to_vec());
        Ok(self.write_op(op).await?.into())
    }
}

#[async_trait]
impl<R: Reader> MediaSearch for Backend<R> {
    async fn find_media(
        &self,
        filter: &MediaFilter,
        before: Option<(i64, String)>,
        limit: u32,
    ) -> Result<Page<MediaRow>, StoreError> {
        self.reader.found_media(filter, before, limit).await
    }

    async fn sum_media(&self, filter: &MediaFilter) -> Result<Vec<MediaTotal>, StoreError> {
        self.reader.media_sums(filter).await
    }

    async fn media_owners(&self) -> Result<Vec<MediaOwner>, StoreError> {
        self.reader.media_owners().await
    }

    async fn media_accounts(&self) -> Result<Vec<String>, StoreError> {
        self.reader.media_accounts().await
    }
}

#[async_trait]
impl<R: Reader> VideoJobStore for Backend<R> {
    async fn insert_video_job(&self, mut job: VideoJobRow) -> Result<(), StoreError> {
        job.cut();
        let op = Op::InsertVideoJob(Box::new(job));
        self.write(op).await.map(drop)
    }

    async fn update_video_job(&self, mut job: VideoJobRow) -> Result<bool, StoreError> {
        job.cut();
        Ok(self.write(Op::UpdateVideoJob(Box::new(job))).await? > 0)
    }

    async fn delete_video_job(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        Ok(self.write(Op::DeleteVideoJob { id }).await? > 0)
    }

    async fn sweep_video_jobs(&self, now_ms: i64) -> Result<u64, StoreError> {
        self.write(Op::SweepVideoJobs { now_ms }).await
    }

    async fn get_video_job(&self, id: &str) -> Result<Option<VideoJobRow>, StoreError> {
        self.reader.video_job(id).await
    }

    async fn list_video_jobs(
        &self,
        query: &VideoJobQuery,
    ) -> Result<Page<VideoJobRow>, StoreError> {
        self.reader.video_jobs(query).await
    }

    async fn open_video_jobs(&self) -> Result<Vec<VideoJobRow>, StoreError> {
        self.reader.open_video_jobs().await
    }
}
