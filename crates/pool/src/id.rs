//! The name of an account, safe to log and to show.

use std::fmt;
use std::sync::Arc;

/// Identifies one account for its whole life; unrelated to its secret. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(Arc<str>);

impl AccountId {
    /// Wraps an id made by the caller (a UUID in practice; any text works).
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The id as stored and logged.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountId({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_shown_as_it_is_stored() {
        let id = AccountId::new("account-1");
        assert_eq!(id.as_str(), "account-1");
        assert_eq!(id.to_string(), "account-1");
        assert_eq!(format!("{id:?}"), "AccountId(account-1)");
    }
}
