//! Reading lists page by page, no further than a page goes.

use sqlx::{Error, Postgres, QueryBuilder, postgres::PgRow};

use super::{connection::Readers, error::failed, rows::read_media, video_job::read_video_job};
use crate::{
    MediaRow, Page, StoreError, VideoJobRow,
    page::{PAGE_BYTES, json_bytes},
};

/// Rows that are read at once: of the largest ones as many as a page has.
const CHUNK: u32 = 32;

/// Time and id of a row: its place in a list.
pub(super) type Place = (i64, String);

/// A row of a list.
pub(super) trait Listed: Sized {
    fn read(row: &PgRow) -> Result<Self, Error>;

    fn place(&self) -> Place;

    /// Of its long texts.
    fn bytes(&self) -> usize;
}

impl Listed for VideoJobRow {
    fn read(row: &PgRow) -> Result<Self, Error> {
        read_video_job(row)
    }

    fn place(&self) -> Place {
        (self.created_ms, self.id.clone())
    }

    fn bytes(&self) -> usize {
        json_bytes(&self.prompt)
    }
}

impl Listed for MediaRow {
    fn read(row: &PgRow) -> Result<Self, Error> {
        read_media(row)
    }

    fn place(&self) -> Place {
        (self.at_ms, self.id.clone())
    }

    fn bytes(&self) -> usize {
        json_bytes(&self.prompt)
    }
}

/// At most `limit` rows behind a place, if one is given; `select` makes the query for as many.
pub(super) async fn read_page<T: Listed>(
    readers: &Readers,
    (mut place, limit): (Option<Place>, u32),
    select: impl Fn(Option<&Place>, u32) -> QueryBuilder<Postgres>,
) -> Result<Page<T>, StoreError> {
    let (mut rows, mut bytes, mut left) = (Vec::new(), 0, limit);
    loop {
        // One more than the page may have tells whether another one follows.
        let chunk = left.saturating_add(1).min(CHUNK);
        let mut query = select(place.as_ref(), chunk);
        let found = readers.rows(query.build()).await?;
        for row in &found {
            if left == 0 || bytes >= PAGE_BYTES {
                return Ok(Page {
                    rows,
                    has_more: true,
                });
            }
            let row = T::read(row).map_err(failed)?;
            bytes += row.bytes();
            left -= 1;
            rows.push(row);
        }
        if found.len() < chunk as usize {
            return Ok(Page {
                rows,
                has_more: false,
            });
        }
        place = rows.last().map(T::place);
    }
}

/// Behind ` WHERE …`: so many rows, newest first, before a place.
pub(super) fn push_page(select: &mut QueryBuilder<Postgres>, before: Option<&Place>, limit: u32) {
    if let Some((at_ms, id)) = before {
        select.push(" AND (at_ms, id) < (").push_bind(*at_ms);
        select.push(", ").push_bind(id.clone()).push(")");
    }
    select.push(" ORDER BY at_ms DESC, id DESC LIMIT ");
    select.push_bind(i64::from(limit));
}
