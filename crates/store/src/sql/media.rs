//! Queries about media, and looking for them.

use sqlx::Error;

use super::{
    columns::Columns,
    rows::read_media_kind,
    select::{Place, Select},
};
use crate::{MediaFile, MediaFilter, MediaKind, MediaOwner, MediaQuery, MediaTotal, OwnerFilter};

/// The place of a row in every list of media.
const PLACE: (&str, &str) = ("at_ms", "id");

/// Read from two indexes alone.
const FILES: &str = "SELECT kind, file, MAX(bytes) AS bytes, COUNT(*) AS total, \
     FALSE AS is_poster FROM media GROUP BY file, kind UNION ALL \
     SELECT 'image', poster, MAX(poster_bytes), COUNT(*), TRUE \
     FROM media WHERE poster IS NOT NULL GROUP BY poster";

pub(super) fn select_media<S: Select>(query: &MediaQuery, before: Option<&Place>, limit: u32) -> S {
    let mut select = S::new("SELECT * FROM media WHERE TRUE");
    if let Some(owner) = &query.owner {
        select.add(" AND owner = ").text(owner);
    }
    if let Some(kind) = query.kind {
        select.add(" AND kind = ").text(kind.as_str());
    }
    select.page(PLACE, true, before, limit);
    select
}

/// Of each file its newest row.
pub(super) fn select_oldest<S: Select>(after: Option<&Place>, limit: u32) -> S {
    let is_newer = match S::COMPARES_ROWS {
        true => "(other.at_ms, other.id) > (one.at_ms, one.id)",
        false => "(other.at_ms > one.at_ms OR (other.at_ms = one.at_ms AND other.id > one.id))",
    };
    let mut select = S::new("SELECT * FROM media AS one WHERE NOT EXISTS (SELECT 1 ");
    select.add("FROM media AS other WHERE other.file = one.file AND other.kind = one.kind AND ");
    select
        .add(is_newer)
        .add(")")
        .page(PLACE, false, after, limit);
    select
}

pub(super) fn select_files<S: Select>() -> S {
    S::new(FILES)
}

pub(super) fn read_file(row: &impl Columns) -> Result<MediaFile, Error> {
    Ok(MediaFile {
        kind: read_media_kind(row)?,
        file: row.text("file")?,
        bytes: row.count("bytes")?,
        rows: row.count("total")?,
        is_poster: row.flag("is_poster")?,
    })
}

pub(super) fn select_bytes<S: Select>() -> S {
    let integer = S::INTEGER;
    S::new(&format!(
        "SELECT CAST(COALESCE(SUM(bytes), 0) AS {integer}) AS total FROM ({FILES}) AS files"
    ))
}

/// Whether a row or a job has this file. Names of files end with their type: a first picture is no
/// video.
pub(crate) fn select_is_used<S: Select>(kind: MediaKind, file: &str) -> S {
    let mut select = S::new("SELECT EXISTS (SELECT 1 FROM media WHERE file = ");
    select.text(file).add(" AND kind = ").text(kind.as_str());
    for condition in [
        "media WHERE poster = ",
        "video_jobs WHERE file = ",
        "video_jobs WHERE poster = ",
    ] {
        select
            .add(") OR EXISTS (SELECT 1 FROM ")
            .add(condition)
            .text(file);
    }
    select.add(") AS is_used");
    select
}

pub(super) fn select_found<S: Select>(
    filter: &MediaFilter,
    before: Option<&Place>,
    limit: u32,
) -> S {
    let mut select = S::new("SELECT * FROM media");
    add_where(&mut select, filter);
    select.page(PLACE, true, before, limit);
    select
}

pub(super) fn select_totals<S: Select>(filter: &MediaFilter) -> S {
    let integer = S::INTEGER;
    let mut select = S::new(&format!(
        "SELECT kind, CAST(SUM(total) AS {integer}) AS total, \
         CAST(SUM(bytes) AS {integer}) AS bytes FROM \
         (SELECT kind, COUNT(*) AS total, MAX(bytes) AS bytes FROM media"
    ));
    add_where(&mut select, filter);
    select.add(" GROUP BY kind, file) AS files GROUP BY kind ORDER BY kind");
    select
}

pub(super) fn read_total(row: &impl Columns) -> Result<MediaTotal, Error> {
    Ok(MediaTotal {
        kind: read_media_kind(row)?,
        rows: row.count("total")?,
        bytes: row.count("bytes")?,
    })
}

pub(super) fn select_owners<S: Select>() -> S {
    S::new(
        "SELECT whose, COUNT(*) AS total FROM \
         (SELECT CASE WHEN owner LIKE 'visitor:%' THEN 'visitor:' ELSE owner END AS whose \
         FROM media) AS owners GROUP BY whose \
         ORDER BY CASE WHEN whose = 'visitor:' THEN 0 ELSE 1 END, total DESC, whose LIMIT 200",
    )
}

pub(super) fn read_owner(row: &impl Columns) -> Result<MediaOwner, Error> {
    Ok(MediaOwner {
        owner: OwnerFilter::of(row.name("whose")?),
        rows: row.count("total")?,
    })
}

pub(super) fn select_accounts<S: Select>() -> S {
    S::new("SELECT DISTINCT account FROM media ORDER BY account LIMIT 1000")
}

fn add_where(select: &mut impl Select, filter: &MediaFilter) {
    select.add(" WHERE TRUE");
    if let Some(kind) = filter.kind {
        select.add(" AND kind = ").text(kind.as_str());
    }
    match &filter.owner {
        Some(OwnerFilter::Is(owner)) => {
            select.add(" AND owner = ").text(owner);
        }
        Some(OwnerFilter::Visitors) => {
            // As a range, which the index of owners serves: `;` follows `:`.
            select.add(" AND owner >= 'visitor:' AND owner < 'visitor;'");
        }
        None => {}
    }
    if let Some(account) = &filter.account {
        select.add(" AND account = ").text(account);
    }
    if !filter.text.is_empty() {
        select.add(" AND ").prompt_contains(&filter.text);
    }
    if let Some(until_ms) = filter.until_ms {
        select.add(" AND at_ms <= ").int(until_ms);
    }
}
