//! Looking for media: the shortest list that holds all of what is wanted, and what of it is.

use std::collections::BTreeMap;

use redis::{cmd, pipe};

use super::{
    keys::{key, place, time_of, until},
    link::Link,
    page::{Listed, Walk, read_page},
};
use crate::{
    MediaFilter, MediaKind, MediaOwner, MediaQuery, MediaRow, MediaTotal, OwnerFilter, Page,
    StoreError,
};

/// The owner under which all browsers are listed.
const VISITORS: &str = "visitor:";
/// Most owners and accounts that are told.
const OWNERS: usize = 200;
const ACCOUNTS: usize = 1000;

/// Rows of an owner or a kind.
pub(super) async fn list(link: &Link, query: &MediaQuery) -> Result<Page<MediaRow>, StoreError> {
    let filter = MediaFilter {
        kind: query.kind,
        owner: query.owner.clone().map(OwnerFilter::Is),
        ..MediaFilter::default()
    };
    find(link, &filter, query.before.clone(), query.limit).await
}

pub(super) async fn find(
    link: &Link,
    filter: &MediaFilter,
    before: Option<(i64, String)>,
    limit: u32,
) -> Result<Page<MediaRow>, StoreError> {
    let before = before.map(|(at_ms, id)| place(at_ms, &id));
    let walk = walk(link, filter).await?.behind(before.as_deref());
    read_page(link, walk, limit, wanted(filter)).await
}

pub(super) async fn sum(link: &Link, filter: &MediaFilter) -> Result<Vec<MediaTotal>, StoreError> {
    match is_of_kind_alone(link, filter).await? {
        true => sum_kinds(link, filter.kind).await,
        false => sum_rows(link, filter).await,
    }
}

/// Whether nothing but the kind decides what is found.
async fn is_of_kind_alone(link: &Link, filter: &MediaFilter) -> Result<bool, StoreError> {
    if filter.owner.is_some() || filter.account.is_some() || !filter.text.is_empty() {
        return Ok(false);
    }
    let Some(until_ms) = filter.until_ms else {
        return Ok(true);
    };
    let newest = Walk::of("media:time", true).next(link, 1).await?;
    let newest = newest.first().and_then(|place| time_of(place));
    Ok(newest.is_none_or(|at_ms| at_ms <= until_ms))
}

/// From what is kept of all files of a kind.
async fn sum_kinds(link: &Link, only: Option<MediaKind>) -> Result<Vec<MediaTotal>, StoreError> {
    let mut totals = Vec::new();
    for kind in MediaKind::ALL {
        if only.is_some_and(|only| only != kind) {
            continue;
        }
        let mut both = pipe();
        let list = key(&format!("media:kind:{}", kind.as_str()));
        both.cmd("ZCARD").arg(list);
        both.cmd("HGET").arg(key("media:bytes")).arg(kind.as_str());
        let (rows, bytes): (u64, Option<u64>) = link.ask_all(&both).await?;
        if rows > 0 {
            totals.push(MediaTotal {
                kind,
                rows,
                bytes: bytes.unwrap_or_default(),
            });
        }
    }
    Ok(totals)
}

/// Row by row.
async fn sum_rows(link: &Link, filter: &MediaFilter) -> Result<Vec<MediaTotal>, StoreError> {
    let mut walk = walk(link, filter).await?;
    let is_wanted = wanted(filter);
    let mut rows_of = BTreeMap::<&str, u64>::new();
    let mut sizes = BTreeMap::<(&str, String), u64>::new();
    loop {
        let (rows, may_follow) = walk.next_rows::<MediaRow>(link, MediaRow::CHUNK).await?;
        for row in rows.into_iter().filter(&is_wanted) {
            let kind = row.kind.as_str();
            *rows_of.entry(kind).or_default() += 1;
            let size = sizes.entry((kind, row.file)).or_default();
            *size = row.bytes.max(*size);
        }
        if !may_follow {
            break;
        }
    }
    let total = |kind: MediaKind| {
        let of_kind = sizes.iter().filter(|((name, _), _)| *name == kind.as_str());
        Some(MediaTotal {
            kind,
            rows: *rows_of.get(kind.as_str())?,
            bytes: of_kind.fold(0, |sum: u64, (_, bytes)| sum.saturating_add(*bytes)),
        })
    };
    Ok(MediaKind::ALL.into_iter().filter_map(total).collect())
}

/// All browsers first, then those with the most rows.
pub(super) async fn owners(link: &Link) -> Result<Vec<MediaOwner>, StoreError> {
    let mut owners = counts(link, "media:owners").await?;
    owners.sort_by(|(one, rows), (other, others)| {
        let is_last = |owner: &str| owner != VISITORS;
        (is_last(one), others, one).cmp(&(is_last(other), rows, other))
    });
    owners.truncate(OWNERS);
    let read = |(owner, rows): (String, u64)| MediaOwner {
        owner: OwnerFilter::of(&owner),
        rows,
    };
    Ok(owners.into_iter().map(read).collect())
}

pub(super) async fn accounts(link: &Link) -> Result<Vec<String>, StoreError> {
    let accounts = counts(link, "media:accounts").await?;
    let mut accounts: Vec<_> = accounts.into_iter().map(|(account, _)| account).collect();
    accounts.sort_unstable();
    accounts.truncate(ACCOUNTS);
    Ok(accounts)
}

async fn counts(link: &Link, hash: &str) -> Result<Vec<(String, u64)>, StoreError> {
    let mut get = cmd("HGETALL");
    get.arg(key(hash));
    link.ask(get).await
}

/// The shortest of the lists that hold all that is wanted.
async fn walk(link: &Link, filter: &MediaFilter) -> Result<Walk, StoreError> {
    let mut lists = vec!["media:time".to_owned()];
    lists.extend(
        filter
            .kind
            .map(|kind| format!("media:kind:{}", kind.as_str())),
    );
    lists.extend(filter.owner.as_ref().map(|owner| match owner {
        OwnerFilter::Is(owner) => format!("media:owner:{owner}"),
        OwnerFilter::Visitors => format!("media:owner:{VISITORS}"),
    }));
    lists.extend(
        filter
            .account
            .as_ref()
            .map(|account| format!("media:account:{account}")),
    );
    let mut shortest = lists.pop().unwrap_or_default();
    if !lists.is_empty() {
        lists.push(shortest);
        let mut lengths = pipe();
        for list in &lists {
            lengths.add_command(cmd("ZCARD").arg(key(list)).clone());
        }
        let lengths: Vec<u64> = link.ask_all(&lengths).await?;
        let by_length = lengths.into_iter().zip(lists);
        shortest = by_length.min().unwrap_or_default().1;
    }
    Ok(Walk::of(&shortest, true).below(filter.until_ms.map(until)))
}

fn wanted(filter: &MediaFilter) -> impl Fn(&MediaRow) -> bool {
    let text = filter.text.to_ascii_lowercase();
    move |row| {
        let is_of_owner = filter.owner.as_ref().is_none_or(|owner| match owner {
            OwnerFilter::Is(owner) => row.owner == *owner,
            OwnerFilter::Visitors => row.owner.starts_with(VISITORS),
        });
        is_of_owner
            && filter.kind.is_none_or(|kind| row.kind == kind)
            && filter
                .account
                .as_ref()
                .is_none_or(|account| row.account == *account)
            && (text.is_empty() || row.prompt.to_ascii_lowercase().contains(&text))
    }
}
