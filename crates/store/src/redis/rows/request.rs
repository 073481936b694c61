//! Rows of requests. There are many: names are short, and what is nothing is left out.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    RequestRow,
    request::{StoredRequest, read_attempts, read_outcome},
};

use super::to_json;

#[derive(Serialize, Deserialize)]
struct RequestText<'a> {
    at: i64,
    endpoint: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_default")]
    stream: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    key: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_default")]
    client: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_default")]
    model: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_default")]
    served: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_default")]
    account_id: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_default")]
    account: Option<Cow<'a, str>>,
    #[serde(borrow)]
    attempts: &'a RawValue,
    status: u16,
    outcome: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_default")]
    error: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_default")]
    first_byte: Option<u64>,
    #[serde(default, skip_serializing_if = "is_default")]
    duration: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    bytes: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    prompt: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    completion: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    reasoning: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    estimated: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    cost: u32,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn maybe(text: &Option<String>) -> Option<Cow<'_, str>> {
    text.as_deref().map(Cow::Borrowed)
}

pub(in super::super) fn request_text(request: &StoredRequest) -> String {
    let StoredRequest { row, attempts } = request;
    to_json(&RequestText {
        at: row.at_ms,
        endpoint: row.endpoint.as_str().into(),
        stream: row.stream,
        key: maybe(&row.key),
        client: maybe(&row.client),
        model: maybe(&row.model),
        served: maybe(&row.served_model),
        account_id: maybe(&row.account_id),
        account: maybe(&row.account),
        attempts: serde_json::from_str(attempts).unwrap_or(RawValue::NULL),
        status: row.status,
        outcome: row.outcome.as_str().into(),
        error: maybe(&row.error_code),
        first_byte: row.first_byte_ms,
        duration: row.duration_ms,
        bytes: row.bytes,
        prompt: row.prompt_tokens,
        completion: row.completion_tokens,
        reasoning: row.reasoning_tokens,
        estimated: row.estimated,
        cost: row.cost,
    })
}

pub(in super::super) fn read_request(id: &str, text: &str) -> Option<RequestRow> {
    let row: RequestText<'_> = serde_json::from_str(text).ok()?;
    let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
    Some(RequestRow {
        id: id.to_owned(),
        at_ms: row.at,
        endpoint: row.endpoint.into_owned(),
        stream: row.stream,
        key: owned(row.key),
        client: owned(row.client),
        model: owned(row.model),
        served_model: owned(row.served),
        account_id: owned(row.account_id),
        account: owned(row.account),
        attempts: read_attempts(id, row.attempts.get()),
        status: row.status,
        outcome: read_outcome(&row.outcome),
        error_code: owned(row.error),
        first_byte_ms: row.first_byte,
        duration_ms: row.duration,
        bytes: row.bytes,
        prompt_tokens: row.prompt,
        completion_tokens: row.completion,
        reasoning_tokens: row.reasoning,
        estimated: row.estimated,
        cost: row.cost,
    })
}
