//! Reading lists page by page, no further than a page goes.

use redis::cmd;

use super::{
    error::unreadable,
    keys::{beyond, id_of, key},
    link::Link,
    rows::{read_document, read_job, read_media, read_request},
};
use crate::{
    Document, MediaRow, Page, RequestRow, StoreError, VideoJobRow,
    page::{PAGE_BYTES, json_bytes},
};

/// A row that is in lists.
pub(super) trait Listed: Sized + Send {
    /// The hash that holds the rows.
    const HASH: &'static str;
    /// Rows that are read at once: of the largest ones about as many as a page has.
    const CHUNK: usize;

    /// `name` is its field in the hash.
    fn read(name: &str, text: &str) -> Option<Self>;

    /// Of its long texts.
    fn bytes(&self) -> usize;
}

impl Listed for RequestRow {
    const HASH: &'static str = "requests";
    const CHUNK: usize = 500;

    fn read(name: &str, text: &str) -> Option<Self> {
        read_request(name, text)
    }

    /// Lists of requests end by their number alone.
    fn bytes(&self) -> usize {
        0
    }
}

impl Listed for MediaRow {
    const HASH: &'static str = "media";
    const CHUNK: usize = 100;

    fn read(name: &str, text: &str) -> Option<Self> {
        read_media(name, text)
    }

    fn bytes(&self) -> usize {
        json_bytes(&self.prompt)
    }
}

impl Listed for VideoJobRow {
    const HASH: &'static str = "video_jobs";
    const CHUNK: usize = 32;

    fn read(name: &str, text: &str) -> Option<Self> {
        read_job(name, text)
    }

    fn bytes(&self) -> usize {
        json_bytes(&self.prompt)
    }
}

impl Listed for Document {
    const HASH: &'static str = "documents";
    const CHUNK: usize = 8;

    fn read(name: &str, text: &str) -> Option<Self> {
        read_document(name, text)
    }

    fn bytes(&self) -> usize {
        json_bytes(&self.data)
    }
}

/// A part of a sorted set of places, in an order.
pub(super) struct Walk {
    list: String,
    /// Bounds as `ZRANGE BYLEX` has them.
    low: String,
    high: String,
    is_descending: bool,
    /// What stands before an id in the hash of the rows.
    name_prefix: String,
}

impl Walk {
    /// All of a list, without what its keys begin with.
    pub(super) fn of(list: &str, is_descending: bool) -> Self {
        Self {
            list: key(list),
            low: "-".to_owned(),
            high: "+".to_owned(),
            is_descending,
            name_prefix: String::new(),
        }
    }

    pub(super) fn named(self, name_prefix: String) -> Self {
        Self {
            name_prefix,
            ..self
        }
    }

    /// Only what is above a bound.
    pub(super) fn above(self, low: Option<String>) -> Self {
        Self {
            low: low.unwrap_or(self.low),
            ..self
        }
    }

    /// Only what is below a bound, that of all others included: `(` is before `+`.
    pub(super) fn below(self, high: Option<String>) -> Self {
        Self {
            high: high.map_or(self.high.clone(), |high| high.min(self.high)),
            ..self
        }
    }

    /// Only what is behind a place in the order.
    pub(super) fn behind(self, place: Option<&str>) -> Self {
        let bound = place.map(beyond);
        match self.is_descending {
            true => self.below(bound),
            false => self.above(bound),
        }
    }

    /// The next places, at most `limit`; the walk goes on behind them.
    pub(super) async fn next(
        &mut self,
        link: &Link,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let mut range = cmd("ZRANGE");
        range.arg(&self.list);
        match self.is_descending {
            true => range.arg(&self.high).arg(&self.low).arg("BYLEX").arg("REV"),
            false => range.arg(&self.low).arg(&self.high).arg("BYLEX"),
        };
        range.arg("LIMIT").arg(0).arg(limit);
        let places: Vec<String> = link.ask(range).await?;
        if let Some(last) = places.last() {
            match self.is_descending {
                true => self.high = beyond(last),
                false => self.low = beyond(last),
            }
        }
        Ok(places)
    }

    /// The next rows, and whether others may follow.
    pub(super) async fn next_rows<T: Listed>(
        &mut self,
        link: &Link,
        limit: usize,
    ) -> Result<(Vec<T>, bool), StoreError> {
        let places = self.next(link, limit).await?;
        let names = places
            .iter()
            .map(|place| format!("{}{}", self.name_prefix, id_of(place)));
        let rows = rows_of(link, &names.collect::<Vec<_>>()).await?;
        Ok((rows, places.len() == limit))
    }
}

/// The rows of these names that are there.
pub(super) async fn rows_of<T: Listed>(
    link: &Link,
    names: &[String],
) -> Result<Vec<T>, StoreError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut get = cmd("HMGET");
    get.arg(key(T::HASH)).arg(names);
    let texts: Vec<Option<String>> = link.ask(get).await?;
    let found = names
        .iter()
        .zip(texts)
        .filter_map(|(name, text)| Some((name, text?)));
    found
        .map(|(name, text)| T::read(name, &text).ok_or_else(|| unreadable(T::HASH, name)))
        .collect()
}

/// The row of that name.
pub(super) async fn row_of<T: Listed>(link: &Link, name: String) -> Result<Option<T>, StoreError> {
    Ok(rows_of(link, &[name]).await?.pop())
}

/// At most `limit` rows that are wanted.
pub(super) async fn read_page<T: Listed>(
    link: &Link,
    mut walk: Walk,
    limit: u32,
    is_wanted: impl Fn(&T) -> bool,
) -> Result<Page<T>, StoreError> {
    let (mut rows, mut bytes, mut left) = (Vec::new(), 0, limit as usize);
    // One more than the page may have tells whether another one follows.
    let mut chunk = left.saturating_add(1).min(T::CHUNK);
    loop {
        let (found, may_follow) = walk.next_rows(link, chunk).await?;
        chunk = T::CHUNK;
        for row in found.into_iter().filter(&is_wanted) {
            if left == 0 || bytes >= PAGE_BYTES {
                return Ok(Page {
                    rows,
                    has_more: true,
                });
            }
            bytes += row.bytes();
            left -= 1;
            rows.push(row);
        }
        if !may_follow {
            return Ok(Page {
                rows,
                has_more: false,
            });
        }
    }
}
