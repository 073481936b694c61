//! The Responses API (`crates/openai/src/responses`).

#![expect(
    dead_code,
    reason = "shapes are read by the derive and never constructed"
)]

mod answer;
mod request;

pub(super) use self::request::InputItem;
pub(in crate::http) use self::{
    answer::{InputTokenCount, ItemList, KeptItem, ResponseEvent, ResponseObject},
    request::{ResponseQuery, ResponseRequest},
};
