//! The Responses API (`crates/openai/src/responses`).

mod answer;
mod request;

pub(super) use self::request::InputItem;
pub(in crate::http) use self::{
    answer::{ItemList, ResponseEvent, ResponseObject},
    request::{ResponseQuery, ResponseRequest},
};
