//! Reading lists page by page, no further than a page goes.

use sqlx::{Error, MySql, QueryBuilder, mysql::MySqlRow};

use super::{connection::Pool, rows::read_media, video_job::read_video_job};
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
    fn read(row: &MySqlRow) -> Result<Self, Error>;

    fn place(&self) -> Place;

    /// Of its long texts.
    fn bytes(&self) -> usize;
}

impl Listed for VideoJobRow {
    fn read(row: &MySqlRow) -> Result<Self, Error> {
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
    fn read(row: &MySqlRow) -> Result<Self, Error> {
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
    pool: &Pool,
    (mut place, limit): (Option<Place>, u32),
    select: impl Fn(Option<&Place>, u32) -> QueryBuilder<MySql>,
) -> Result<Page<T>, StoreError> {
    let (mut rows, mut bytes, mut left) = (Vec::new(), 0, limit);
    loop {
        // One more than the page may have tells whether another one follows.
        let chunk = left.saturating_add(1).min(CHUNK);
        let mut query = select(place.as_ref(), chunk);
        let found = pool.all(query.build(), T::read).await?;
        let is_last = found.len() < chunk as usize;
        for row in found {
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
        if is_last {
            return Ok(Page {
                rows,
                has_more: false,
            });
        }
        place = rows.last().map(T::place);
    }
}
