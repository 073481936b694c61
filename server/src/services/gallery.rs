//! The visitors' gallery: rows of their own, and the files behind them.

mod names;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use grok2api_app::{
    dto::{self, MediaItem, MediaPage},
    error::{Field, Rule, UiError},
    limits::{MAX_CHOSEN_MEDIA, MAX_MEDIA_PAGE},
    service::Visitor,
};
use serde::Deserialize;
use store::{MediaKind, MediaQuery, MediaRow, Store, StoreError};
use tokio::time::{Duration, Instant, sleep};

use self::names::Names;
use crate::{
    clock::now_secs,
    media::{
        archive::{Contents, Packed},
        files::MediaFiles,
        links::LinkKey,
    },
    snapshot::Current,
};

/// A store to which room was given takes writes again after one of its own tries, or not at all.
const STORE_WAIT: Duration = Duration::from_secs(3);

/// Lists and deletes media of one owner. Cheap to clone.
#[derive(Clone)]
pub struct Gallery {
    store: Arc<dyn Store>,
    files: MediaFiles,
    current: Current,
    link_key: LinkKey,
}

impl Gallery {
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        files: MediaFiles,
        current: Current,
        link_key: LinkKey,
    ) -> Self {
        Self {
            store,
            files,
            current,
            link_key,
        }
    }

    /// A page of an owner's media, newest first.
    ///
    /// # Errors
    /// [`UiError::NotFound`] for a cursor that is none of ours; [`UiError::Unavailable`].
    pub async fn list(
        &self,
        visitor: &Visitor,
        kind: Option<dto::MediaKind>,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<MediaPage, UiError> {
        let before = cursor.as_deref().map(read_cursor).transpose()?;
        let limit = limit.clamp(1, MAX_MEDIA_PAGE);
        let query = MediaQuery {
            owner: Some(visitor.owner().to_owned()),
            kind: kind.map(from_page_kind),
            before,
            limit,
        };
        let page = self.store.list_media(&query).await.map_err(unavailable)?;
        let last = page.last().filter(|_| page.has_more);
        Ok(MediaPage {
            next: last.map(cursor_after),
            items: page.into_iter().map(|row| self.show(row)).collect(),
        })
    }

    /// What of these an owner has, each once and in their order, with names for an archive.
    ///
    /// # Errors
    /// As [`Self::delete`].
    pub async fn choose(&self, owner: &str, ids: &[String]) -> Result<Contents, UiError> {
        check_count(ids)?;
        let rows = self.store.get_many_media(ids).await.map_err(unavailable)?;
        let own = rows.into_iter().filter(|row| row.owner == owner);
        let mut rows: HashMap<_, _> = own.map(|row| (row.id.clone(), row)).collect();
        let (mut names, mut seen) = (Names::default(), HashSet::new());
        let mut contents = Contents::default();
        for id in ids.iter().filter(|id| seen.insert(id.as_str())) {
            let Some(row) = rows.remove(id) else {
                contents.missing.push(shown(id));
                continue;
            };
            contents.files.push(Packed {
                name: names.give(row.at_ms, &row.prompt, &row.file),
                kind: row.kind,
                file: row.file,
                at_ms: row.at_ms,
            });
        }
        Ok(contents)
    }

    /// A row as pages see it.
    pub(super) fn show(&self, row: MediaRow) -> MediaItem {
        let params: Params = serde_json::from_str(&row.params).unwrap_or_default();
        let picture = match row.kind {
            MediaKind::Image => Some(row.file.as_str()),
            MediaKind::Video => row.poster.as_ref().map(|poster| poster.file.as_str()),
        };
        let thumbnail = picture.map(|name| self.address("thumbnail", (MediaKind::Image, name)));
        MediaItem {
            url: self.address(row.kind.as_str(), (row.kind, &row.file)),
            thumbnail: thumbnail.unwrap_or_default(),
            id: row.id,
            at_ms: row.at_ms,
            kind: to_page_kind(row.kind),
            mime: row.mime,
            bytes: row.bytes,
            width: row.width,
            height: row.height,
            prompt: row.prompt,
            model: row.model,
            aspect_ratio: params.aspect_ratio,
            parent: row.parent,
        }
    }

    /// The path of a file, signed anew for each list where addresses are.
    fn address(&self, folder: &str, file: (MediaKind, &str)) -> String {
        let media = &self.current.load().settings.config.media;
        let paths = self.link_key.paths(media);
        paths.of(folder, file, now_secs())
    }

    /// Deletes an owner's rows, and the files that no row has any more. With a video go its first
    /// picture and what the videos' list knows of it.
    ///
    /// # Errors
    /// [`UiError::Invalid`] for too many; [`UiError::Unavailable`].
    pub async fn delete(&self, visitor: &Visitor, ids: &[String]) -> Result<u32, UiError> {
        check_count(ids)?;
        self.delete_of(Some(visitor.owner()), ids).await
    }

    /// Deletes rows of this owner, or of whoever has them, and the files that no row has any more. While
    /// the database takes no writes the files go first: the room that they leave may be what it needs.
    ///
    /// # Errors
    /// [`UiError::Unavailable`].
    pub(super) async fn delete_of(
        &self,
        owner: Option<&str>,
        ids: &[String],
    ) -> Result<u32, UiError> {
        let deleted = match self.store.delete_media(owner, ids).await {
            Ok(deleted) => deleted,
            Err(error) => {
                tracing::warn!(%error, "media cannot be deleted, so their files go first: {error}");
                let files = self.files_only_of(owner, ids).await.map_err(unavailable)?;
                self.files.remove_before_rows(files).await;
                if !self.takes_writes_soon().await {
                    return Err(unavailable(error));
                }
                let deleting = self.store.delete_media(owner, ids);
                deleting.await.map_err(unavailable)?
            }
        };
        // The rows are gone, so this is done. A file that stays behind is told by `media verify`.
        if let Err(error) = self.files.remove(deleted.unused_files).await {
            tracing::warn!(%error, "files of deleted media are left: {error}");
        }
        Ok(u32::try_from(deleted.rows).unwrap_or(u32::MAX))
    }
}

impl Gallery {
    /// Files that nothing but these rows has.
    async fn files_only_of(
        &self,
        owner: Option<&str>,
        ids: &[String],
    ) -> Result<Vec<(MediaKind, String)>, StoreError> {
        let mut used: HashMap<_, u64> = HashMap::new();
        for file in self.store.media_files().await? {
            *used.entry((file.kind, file.file)).or_default() += file.rows;
        }
        let rows = self.store.get_many_media(ids).await?;
        let mut files = HashSet::new();
        for row in rows {
            if owner.is_some_and(|owner| owner != row.owner) {
                continue;
            }
            let poster = row.poster.map(|poster| (MediaKind::Image, poster.file));
            for file in [Some((row.kind, row.file)), poster].into_iter().flatten() {
                let others = used.entry(file.clone()).or_default();
                *others = others.saturating_sub(1);
                if *others == 0 {
                    files.insert(file);
                }
            }
        }
        Ok(files.into_iter().collect())
    }

    /// Whether the store takes writes again within a moment.
    async fn takes_writes_soon(&self) -> bool {
        let deadline = Instant::now() + STORE_WAIT;
        while self.store.check().is_err() {
            if Instant::now() > deadline {
                return false;
            }
            sleep(STORE_WAIT / 30).await;
        }
        true
    }
}

/// What a page shows of the parameters.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Params {
    aspect_ratio: String,
}

pub(super) fn check_count(ids: &[String]) -> Result<(), UiError> {
    if ids.len() <= MAX_CHOSEN_MEDIA {
        return Ok(());
    }
    Err(UiError::Invalid {
        field: Field::Media,
        rule: Rule::TooLong,
    })
}

/// The id of a row, as text of somebody else: bounded, and without lines of its own.
fn shown(id: &str) -> String {
    id.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// What continues a list after this row.
pub(super) fn cursor_after(row: &MediaRow) -> String {
    format!("{}.{}", row.at_ms, row.id)
}

/// Time and id of the last row of a page.
pub(super) fn read_cursor(cursor: &str) -> Result<(i64, String), UiError> {
    let read = cursor
        .split_once('.')
        .and_then(|(at_ms, id)| Some((at_ms.parse().ok()?, id.to_owned())));
    read.ok_or(UiError::NotFound)
}

pub(super) fn to_page_kind(kind: MediaKind) -> dto::MediaKind {
    match kind {
        MediaKind::Image => dto::MediaKind::Image,
        MediaKind::Video => dto::MediaKind::Video,
    }
}

pub(super) fn from_page_kind(kind: dto::MediaKind) -> MediaKind {
    match kind {
        dto::MediaKind::Image => MediaKind::Image,
        dto::MediaKind::Video => MediaKind::Video,
    }
}

pub(super) fn unavailable(error: StoreError) -> UiError {
    tracing::warn!(%error, "the gallery is not available: {error}");
    UiError::Unavailable
}
