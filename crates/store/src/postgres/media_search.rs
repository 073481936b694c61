//! Looking for media.

use sqlx::{Postgres, QueryBuilder, Row, postgres::PgRow, query};

use crate::{MediaFilter, MediaOwner, MediaRow, MediaTotal, OwnerFilter, Page, StoreError};

use super::{
    connection::Readers,
    page::{Place, push_page, read_page},
    rows::{read_all, read_media_kind, text, to_u64},
};

/// Before each character that would stand for others in a pattern.
const ESCAPE: char = '!';

pub(super) async fn find(
    readers: &Readers,
    filter: &MediaFilter,
    before: Option<Place>,
    limit: u32,
) -> Result<Page<MediaRow>, StoreError> {
    read_page(readers, (before, limit), |before, limit| {
        let mut select = QueryBuilder::new("SELECT * FROM media");
        push_where(&mut select, filter);
        push_page(&mut select, before, limit);
        select
    })
    .await
}

pub(super) async fn sum(
    readers: &Readers,
    filter: &MediaFilter,
) -> Result<Vec<MediaTotal>, StoreError> {
    let mut select = QueryBuilder::new(
        "SELECT kind, SUM(count)::bigint AS count, SUM(bytes)::bigint AS bytes FROM \
         (SELECT kind, COUNT(*) AS count, MAX(bytes) AS bytes FROM media",
    );
    push_where(&mut select, filter);
    select.push(" GROUP BY kind, file) AS files GROUP BY kind ORDER BY kind");
    let read = |row: &PgRow| {
        Ok(MediaTotal {
            kind: read_media_kind(row.try_get("kind")?)?,
            rows: to_u64(row.try_get("count")?),
            bytes: to_u64(row.try_get("bytes")?),
        })
    };
    read_all(&readers.rows(select.build()).await?, read)
}

pub(super) async fn owners(readers: &Readers) -> Result<Vec<MediaOwner>, StoreError> {
    let select = query(
        "SELECT whose, COUNT(*) AS count FROM \
         (SELECT CASE WHEN owner LIKE 'visitor:%' THEN 'visitor:' ELSE owner END AS whose \
         FROM media) AS rows GROUP BY whose \
         ORDER BY (whose = 'visitor:') DESC, COUNT(*) DESC, whose LIMIT 200",
    );
    let read = |row: &PgRow| {
        Ok(MediaOwner {
            owner: OwnerFilter::of(row.try_get("whose")?),
            rows: to_u64(row.try_get("count")?),
        })
    };
    read_all(&readers.rows(select).await?, read)
}

pub(super) async fn accounts(readers: &Readers) -> Result<Vec<String>, StoreError> {
    let select = query("SELECT DISTINCT account FROM media ORDER BY account LIMIT 1000");
    read_all(&readers.rows(select).await?, |row| row.try_get(0))
}

fn push_where(select: &mut QueryBuilder<Postgres>, filter: &MediaFilter) {
    select.push(" WHERE TRUE");
    if let Some(kind) = filter.kind {
        select.push(" AND kind = ").push_bind(kind.as_str());
    }
    match &filter.owner {
        Some(OwnerFilter::Is(owner)) => {
            select
                .push(" AND owner = ")
                .push_bind(text(owner).into_owned());
        }
        Some(OwnerFilter::Visitors) => {
            // As a range, which the index of owners serves: `;` follows `:`.
            select.push(" AND owner >= 'visitor:' AND owner < 'visitor;'");
        }
        None => {}
    }
    if let Some(account) = &filter.account {
        select
            .push(" AND account = ")
            .push_bind(text(account).into_owned());
    }
    if !filter.text.is_empty() {
        // The column's collation makes no difference of case for ASCII alone.
        select.push(" AND prompt ILIKE ");
        select.push_bind(containing(&text(&filter.text)));
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
