//! Looking for media.

use sqlx::{Error, QueryBuilder, Sqlite, SqlitePool, query_as, query_scalar};

use crate::{MediaFilter, MediaOwner, MediaRow, MediaTotal, OwnerFilter, Page, StoreError};

use super::{
    error::failed,
    page::{Place, read_page},
    rows::{read_media_kind, to_u64},
};

/// Before each character that would stand for others in a pattern.
const ESCAPE: char = '!';

pub(super) async fn find(
    pool: &SqlitePool,
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

pub(super) async fn sum(
    pool: &SqlitePool,
    filter: &MediaFilter,
) -> Result<Vec<MediaTotal>, StoreError> {
    let mut select = QueryBuilder::new(
        "SELECT kind, SUM(count), SUM(bytes) FROM \
         (SELECT kind, COUNT(*) AS count, MAX(bytes) AS bytes FROM media",
    );
    push_where(&mut select, filter);
    select.push(" GROUP BY kind, file) AS files GROUP BY kind ORDER BY kind");
    let sums: Vec<(String, i64, i64)> = select
        .build_query_as()
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    let read = |(kind, rows, bytes): (String, i64, i64)| {
        Ok::<_, Error>(MediaTotal {
            kind: read_media_kind(&kind)?,
            rows: to_u64(rows),
            bytes: to_u64(bytes),
        })
    };
    let sums: Result<_, _> = sums.into_iter().map(read).collect();
    sums.map_err(failed)
}

pub(super) async fn owners(pool: &SqlitePool) -> Result<Vec<MediaOwner>, StoreError> {
    let owners: Vec<(String, i64)> = query_as(
        "SELECT CASE WHEN owner LIKE 'visitor:%' THEN 'visitor:' ELSE owner END AS whose, \
         COUNT(*) AS count FROM media GROUP BY whose \
         ORDER BY whose = 'visitor:' DESC, count DESC, whose LIMIT 200",
    )
    .fetch_all(pool)
    .await
    .map_err(failed)?;
    let read = |(owner, rows): (String, i64)| MediaOwner {
        owner: OwnerFilter::of(&owner),
        rows: to_u64(rows),
    };
    Ok(owners.into_iter().map(read).collect())
}

pub(super) async fn accounts(pool: &SqlitePool) -> Result<Vec<String>, StoreError> {
    query_scalar("SELECT DISTINCT account FROM media ORDER BY account LIMIT 1000")
        .fetch_all(pool)
        .await
        .map_err(failed)
}

/// As [`push_where`] begins it, so many rows before a place.
pub(super) fn push_page(select: &mut QueryBuilder<Sqlite>, before: Option<&Place>, limit: u32) {
    if let Some((at_ms, id)) = before {
        select.push(" AND (at_ms, id) < (").push_bind(*at_ms);
        select.push(", ").push_bind(id.clone()).push(")");
    }
    select.push(" ORDER BY at_ms DESC, id DESC LIMIT ");
    select.push_bind(limit);
}

fn push_where(select: &mut QueryBuilder<Sqlite>, filter: &MediaFilter) {
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
        select.push(" AND prompt LIKE ");
        select.push_bind(containing(&filter.text));
        select.push(" ESCAPE '!'");
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
