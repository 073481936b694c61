//! Queries about requests.

use super::select::{PlaceColumns, Select};
use crate::{RequestPosition, RequestQuery};

/// One upper bound, the lower of the two: with both, SQLite would walk from the higher one.
pub(super) fn select_requests<S: Select>(query: &RequestQuery) -> S {
    let mut select = S::new("SELECT * FROM requests WHERE TRUE");
    if let Some(since_ms) = query.since_ms {
        select.add(" AND at_ms >= ").int(since_ms);
    }
    let until_ms = query.until_ms.unwrap_or(i64::MAX);
    match &query.before {
        Some(RequestPosition { at_ms, id }) if *at_ms < until_ms => {
            select.beyond(("at_ms", "id"), true, (*at_ms, id));
        }
        _ => {
            select.add(" AND at_ms < ").int(until_ms);
        }
    }
    if query.only_failed {
        // As in the index of these rows, which is used for nothing else.
        select.add(" AND outcome <> 'served'");
    }
    finish(&mut select, ("at_ms", "id"), query);
    select
}

/// The conditions that are the same whatever the index, order and limit.
pub(crate) fn finish(select: &mut impl Select, place: PlaceColumns, query: &RequestQuery) {
    if let Some(key) = &query.key {
        select.add(" AND client_key = ").text(key);
    }
    if let Some(model) = &query.model {
        select.add(" AND (model = ").text(model);
        select.add(" OR served_model = ").text(model).add(")");
    }
    if let Some(endpoint) = &query.endpoint {
        select.add(" AND endpoint = ").text(endpoint);
    }
    select.page(place, true, None, query.limit);
}
