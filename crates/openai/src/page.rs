//! The query of a list that is read page by page.

use crate::Invalid;

/// The order of a list, by the time of its entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    Ascending,
    #[default]
    Descending,
}

/// Which page of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageQuery {
    pub limit: usize,
    /// The id of the last entry of the page before.
    pub after: Option<String>,
    pub order: Order,
}

/// Longest id, in bytes.
const MAX_ID_BYTES: usize = 128;

/// Whether this may be the id of something: 1 to 128 of `A-Z a-z 0-9 _ -`.
pub(crate) fn is_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=MAX_ID_BYTES).contains(&text.len()) && text.bytes().all(is_plain)
}

impl PageQuery {
    /// A query that asks for nothing.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            after: None,
            order: Order::default(),
        }
    }

    /// Takes one pair of the query, unless it is none of these.
    ///
    /// # Errors
    /// `invalid_value`
    pub(crate) fn take(&mut self, name: &str, value: &str, max: usize) -> Result<(), Invalid> {
        match name {
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=max).contains(limit));
                self.limit = limit.ok_or_else(|| {
                    let message = format!("`limit` must be a whole number from 1 to {max}.");
                    Invalid::value("limit", message)
                })?;
            }
            "after" => {
                if !is_id(value) {
                    let message = "`after` must be the id of an entry: the `last_id` of the page \
                                   before.";
                    return Err(Invalid::value("after", message));
                }
                self.after = Some(value.to_owned());
            }
            "order" => {
                self.order = match value {
                    "asc" => Order::Ascending,
                    "desc" => Order::Descending,
                    _ => {
                        let message = "`order` must be `asc` or `desc`.";
                        return Err(Invalid::value("order", message));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// `after` names an entry that the list does not have.
pub(crate) fn no_such_entry() -> Invalid {
    Invalid::value("after", "`after` names no entry of this list.")
}
