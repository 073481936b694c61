//! Lists of items, of a response (`GET …/input_items`) and of a conversation.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    Invalid,
    page::{Order, PageQuery, no_such_entry},
    wire::to_json,
};

/// Items of one page, unless the query says how many, and at most: OpenAI's numbers.
const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

/// The query of `GET …/input_items` and of `GET /v1/conversations/{id}/items`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemQuery(PageQuery);

impl ItemQuery {
    /// Reads the pairs of a query; pairs that are not known are passed over.
    ///
    /// # Errors
    /// `invalid_value`, of `limit`, `after` or `order`.
    pub fn read<K: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, Invalid> {
        let mut query = PageQuery::new(DEFAULT_LIMIT);
        for (name, value) in pairs {
            query.take(name.as_ref(), value.as_ref(), MAX_LIMIT)?;
        }
        Ok(Self(query))
    }
}

#[derive(Serialize)]
struct Page<'a> {
    object: &'static str,
    data: &'a [&'a RawValue],
    first_id: Option<String>,
    last_id: Option<String>,
    has_more: bool,
}

/// The page of `items`, a JSON array as [`super::ResponsesRequest::input_items`] and [`joined_items`]
/// write it.
///
/// # Errors
/// `invalid_value`: `after` names none of the items.
pub fn input_items_page(items: &[u8], query: &ItemQuery) -> Result<Vec<u8>, Invalid> {
    let ItemQuery(query) = query;
    let mut items: Vec<&RawValue> = serde_json::from_slice(items).unwrap_or_default();
    if query.order == Order::Descending {
        items.reverse();
    }
    let rest = match &query.after {
        None => items.as_slice(),
        Some(after) => {
            let at = items
                .iter()
                .position(|item| id(item).as_ref() == Some(after));
            let at = at.ok_or_else(no_such_entry)?;
            items.get(at + 1..).unwrap_or_default()
        }
    };
    let data = rest.get(..query.limit).unwrap_or(rest);
    Ok(to_json(&Page {
        object: "list",
        data,
        first_id: data.first().and_then(|item| id(item)),
        last_id: data.last().and_then(|item| id(item)),
        has_more: rest.len() > data.len(),
    }))
}

/// All items that a conversation has after one more response: `stored` (a JSON array of items), then
/// the input items of the response, then its output.
///
/// As turns: [`super::stored_turns`] of the result and an empty object.
#[must_use]
pub fn joined_items(stored: &[u8], input_items: &[u8], response: &[u8]) -> Vec<u8> {
    #[derive(Default, Deserialize)]
    struct Answered<'a> {
        #[serde(borrow, default)]
        output: Vec<&'a RawValue>,
    }
    let list = |items| serde_json::from_slice::<Vec<&RawValue>>(items).unwrap_or_default();
    let answered: Answered<'_> = serde_json::from_slice(response).unwrap_or_default();
    let all = [list(stored), list(input_items), answered.output];
    to_json(&all.concat())
}

/// The item of that id, of a JSON array of items.
#[must_use]
pub fn one_item(items: &[u8], wanted: &str) -> Option<Vec<u8>> {
    let items: Vec<&RawValue> = serde_json::from_slice(items).ok()?;
    let found = items
        .into_iter()
        .find(|item| id(item).as_deref() == Some(wanted));
    found.map(|item| item.get().into())
}

/// A JSON array of items without the one of that id; `None`: it has none.
#[must_use]
pub fn without_item(items: &[u8], unwanted: &str) -> Option<Vec<u8>> {
    let mut items: Vec<&RawValue> = serde_json::from_slice(items).ok()?;
    let before = items.len();
    items.retain(|item| id(item).as_deref() != Some(unwanted));
    (items.len() < before).then(|| to_json(&items))
}

fn id(item: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        id: Cow<'a, str>,
    }
    let named = serde_json::from_str::<Named<'_>>(item.get()).ok()?;
    Some(named.id.into_owned())
}
