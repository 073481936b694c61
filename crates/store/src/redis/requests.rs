//! Request records and their sums.

use redis::{cmd, pipe};

use super::{
    error::unreadable,
    keys::{before, from, id_of, key, place, time_of},
    link::Link,
    page::{Listed, Walk, read_page},
    rows::read_sum,
};
use crate::{
    Outcome, RequestPosition, RequestQuery, RequestRow, StoreError, SumQuery, SumRow,
    request_store::TableSize,
};

/// Rows whose sizes stand for all.
const SAMPLE: usize = 1000;
/// What a row takes beside its text and three times its id, in bytes: entries of the hash, of the
/// list and of the index of the list. Within a fifth of `MEMORY USAGE` for bare refusals and for
/// usual rows.
const ROW_BYTES: usize = 220;
/// Sums that are read at once.
const SUMS: usize = 500;

pub(super) async fn list(link: &Link, query: &RequestQuery) -> Result<Vec<RequestRow>, StoreError> {
    let list = match query.only_failed {
        true => "requests:failed",
        false => "requests:time",
    };
    let last = query.before.as_ref();
    let walk = Walk::of(list, true)
        .above(query.since_ms.map(from))
        .below(query.until_ms.map(before))
        .behind(last.map(|last| place(last.at_ms, &last.id)).as_deref());
    let page = read_page(link, walk, query.limit, |row| is_wanted(query, row));
    Ok(page.await?.rows)
}

fn is_wanted(query: &RequestQuery, row: &RequestRow) -> bool {
    let is = |wanted: &Option<String>, value: &Option<String>| wanted.is_none() || wanted == value;
    (!query.only_failed || row.outcome != Outcome::Served)
        && is(&query.key, &row.key)
        && (is(&query.model, &row.model) || is(&query.model, &row.served_model))
        && query
            .endpoint
            .as_ref()
            .is_none_or(|endpoint| row.endpoint == *endpoint)
}

pub(super) async fn sums(link: &Link, query: &SumQuery) -> Result<Vec<SumRow>, StoreError> {
    let hash = format!("sums:{}", query.span.as_str());
    let mut walk = Walk::of(&format!("{hash}:places"), false)
        .above(Some(from(query.since_ms)))
        .below(Some(before(query.until_ms)));
    let mut sums = Vec::new();
    loop {
        let places = walk.next(link, SUMS).await?;
        if places.is_empty() {
            return Ok(sums);
        }
        let mut get = cmd("HMGET");
        get.arg(key(&hash)).arg(&places);
        let texts: Vec<Option<String>> = link.ask(get).await?;
        for (place, text) in places.iter().zip(texts) {
            // Or removed meanwhile.
            if let Some(text) = text {
                let sum = read_sum(query.span, place, &text);
                sums.push(sum.ok_or_else(|| unreadable("sums", place))?);
            }
        }
    }
}

pub(super) async fn size(link: &Link) -> Result<TableSize, StoreError> {
    let mut count = cmd("ZCARD");
    count.arg(key("requests:time"));
    let rows: u64 = link.ask(count).await?;
    let places = Walk::of("requests:time", true).next(link, SAMPLE).await?;
    let Some(sampled) = u64::try_from(places.len()).ok().filter(|rows| *rows > 0) else {
        return Ok(TableSize::default());
    };
    let ids: Vec<_> = places.iter().map(|place| id_of(place)).collect();
    let mut lengths = pipe();
    for id in &ids {
        lengths.add_command(cmd("HSTRLEN").arg(key(RequestRow::HASH)).arg(id).clone());
    }
    let lengths: Vec<usize> = link.ask_all(&lengths).await?;
    let names = ids.iter().map(|id| ROW_BYTES + 3 * id.len());
    let bytes: usize = lengths
        .into_iter()
        .zip(names)
        .map(|(text, name)| text + name)
        .sum();
    let row_bytes = u64::try_from(bytes).unwrap_or(u64::MAX).div_ceil(sampled);
    Ok(TableSize {
        rows,
        bytes: rows.saturating_mul(row_bytes),
    })
}

pub(super) async fn nth_oldest(
    link: &Link,
    offset: u64,
) -> Result<Option<RequestPosition>, StoreError> {
    let mut range = cmd("ZRANGE");
    range.arg(key("requests:time")).arg(offset).arg(offset);
    let places: Vec<String> = link.ask(range).await?;
    let Some(place) = places.first() else {
        return Ok(None);
    };
    let at_ms = time_of(place).ok_or_else(|| unreadable("requests:time", place))?;
    Ok(Some(RequestPosition {
        at_ms,
        id: id_of(place).to_owned(),
    }))
}
