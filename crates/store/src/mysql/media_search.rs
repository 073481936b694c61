//! Looking for media.

use sqlx::{Error, MySql, QueryBuilder, Row, mysql::MySqlRow, query};

use crate::{MediaFilter, MediaOwner, MediaRow, MediaTotal, OwnerFilter, Page, StoreError};

use super::{
    connection::Pool,
    multi_row::push_beyond,
    page::{Place, read_page},
    rows::{read_media_kind, to_u64},
};

/// Before each character that would stand for others in a pattern.
const ESCAPE: char = '!';

pub(super) async fn find(
    pool: &Pool,
    filter: &MediaFilter,
    before: Option<Place>,
    limit: u32,
) -> Result<Page<MediaRow>, StoreError> {
    read_page(pool, (before, limit), |before, limit| {
        let mut select = QueryBuilder::new("SELECT * FROM media");
        push_where(&mut select, filter);
        push_page(&mut select, before, limit);
        select
    })
    .await
}

pub(super) async fn sum(pool: &Pool, filter: &MediaFilter) -> Result<Vec<MediaTotal>, StoreError> {
    let mut select = QueryBuilder::new(
        "SELECT kind, CAST(SUM(total) AS SIGNED), CAST(SUM(bytes) AS SIGNED) FROM \
         (SELECT kind, COUNT(*) AS total, MAX(bytes) AS bytes FROM media",
    );
    push_where(&mut select, filter);
    select.push(" GROUP BY kind, file) AS files GROUP BY kind ORDER BY kind");
    let read = |row: &MySqlRow| {
        Ok::<_, Error>(MediaTotal {
            kind: read_media_kind(row.try_get(0)?)?,
            rows: to_u64(row.try_get(1)?),
            bytes: to_u64(row.try_get(2)?),
        })
    };
    pool.all(select.build(), read).await
}

pub(super) async fn owners(pool: &Pool) -> Result<Vec<MediaOwner>, StoreError> {
    let select = query(
        "SELECT whose, COUNT(*) AS total FROM \
         (SELECT CASE WHEN owner LIKE 'visitor:%' THEN 'visitor:' ELSE owner END AS whose \
         FROM media) AS owners GROUP BY whose \
         ORDER BY CASE WHEN whose = 'visitor:' THEN 0 ELSE 1 END, total DESC, whose LIMIT 200",
    );
    let read = |row: &MySqlRow| {
        Ok::<_, Error>(MediaOwner {
            owner: OwnerFilter::of(row.try_get(0)?),
            rows: to_u64(row.try_get(1)?),
        })
    };
    pool.all(select, read).await
}

pub(super) async fn accounts(pool: &Pool) -> Result<Vec<String>, StoreError> {
    let select = query("SELECT DISTINCT account FROM media ORDER BY account LIMIT 1000");
    pool.all(select, |row| row.try_get(0)).await
}

/// As [`push_where`] begins it, so many rows before a place.
pub(super) fn push_page(select: &mut QueryBuilder<MySql>, before: Option<&Place>, limit: u32) {
    if let Some(place) = before {
        push_beyond(select, ("at_ms", "id"), true, place);
    }
    select.push(" ORDER BY at_ms DESC, id DESC LIMIT ");
    select.push_bind(limit);
}

fn push_where(select: &mut QueryBuilder<MySql>, filter: &MediaFilter) {
    select.push(" WHERE 1 = 1");
    if let Some(kind) = filter.kind {
        select.push(" AND kind = ").push_bind(kind.as_str());
    }
    match &filter.owner {
        Some(OwnerFilter::Is(owner)) => {
            select.push(" AND owner = ").push_bind(owner.clone());
        }
        Some(OwnerFilter::Visitors) => {
            // As a range, which the index of owners serves: `;` follows `:`.
            select.push(" AND owner >= 'visitor:' AND owner < 'visitor;'");
        }
        None => {}
    }
    if let Some(account) = &filter.account {
        select.push(" AND account = ").push_bind(account.clone());
    }
    if !filter.text.is_empty() {
        select.push(" AND LOWER(prompt) LIKE LOWER(");
        select.push_bind(containing(&filter.text));
        select.push(") ESCAPE '!'");
    }
    if let Some(until_ms) = filter.until_ms {
        select.push(" AND at_ms <= ").push_bind(until_ms);
    }
}

/// The pattern of texts that contain this one.
fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
