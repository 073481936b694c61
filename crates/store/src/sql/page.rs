//! Reading lists page by page, no further than a page goes.

use sqlx::Error;

use super::{
    columns::Columns, connections::Connections, document::read_document, error::failed,
    rows::read_media, select::Place, video_job::read_video_job,
};
use crate::{
    Document, MediaRow, Page, StoreError, VideoJobRow,
    page::{PAGE_BYTES, json_bytes},
};

/// Rows that are read at once: of the largest ones as many as a page has.
const CHUNK: u32 = 32;

/// A row of a list.
pub(crate) trait Listed: Sized + Send {
    fn read(row: &impl Columns) -> Result<Self, Error>;

    fn place(&self) -> Place;

    /// Of its long texts.
    fn bytes(&self) -> usize;
}

impl Listed for VideoJobRow {
    fn read(row: &impl Columns) -> Result<Self, Error> {
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
    fn read(row: &impl Columns) -> Result<Self, Error> {
        read_media(row)
    }

    fn place(&self) -> Place {
        (self.at_ms, self.id.clone())
    }

    fn bytes(&self) -> usize {
        json_bytes(&self.prompt)
    }
}

impl Listed for Document {
    fn read(row: &impl Columns) -> Result<Self, Error> {
        read_document(row)
    }

    fn place(&self) -> Place {
        (self.at_ms, self.id.clone())
    }

    fn bytes(&self) -> usize {
        json_bytes(&self.data)
    }
}

/// At most `limit` rows behind a place, if one is given; `select` makes the query for as many.
pub(crate) async fn read_page<T: Listed, C: Connections>(
    connections: &C,
    (mut place, limit): (Option<Place>, u32),
    select: impl Fn(Option<&Place>, u32) -> C::Select,
) -> Result<Page<T>, StoreError> {
    let (mut rows, mut bytes, mut left) = (Vec::new(), 0, limit);
    loop {
        // One more than the page may have tells whether another one follows.
        let chunk = left.saturating_add(1).min(CHUNK);
        let found = connections.rows(select(place.as_ref(), chunk)).await?;
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
