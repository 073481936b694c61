//! What the operator looks for among all generated media.

use async_trait::async_trait;

use crate::{MediaKind, MediaRow, Page, StoreError};

/// What the owner of every browser's media begins with.
const VISITOR: &str = "visitor:";

/// Which rows are looked for. The default finds all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaFilter {
    pub kind: Option<MediaKind>,
    pub owner: Option<OwnerFilter>,
    /// Last four characters of the credential of the account that made it.
    pub account: Option<String>,
    /// A part of the prompt, upper and lower case of ASCII being the same; empty = any.
    pub text: String,
    /// Only what was there at this time, in Unix milliseconds.
    pub until_ms: Option<i64>,
}

/// Whose rows are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnerFilter {
    /// As [`MediaRow::owner`].
    Is(String),
    /// Those of every browser.
    Visitors,
}

impl OwnerFilter {
    /// The filter that finds this owner's rows, together with those of other browsers if it is one.
    #[must_use]
    pub fn of(owner: &str) -> Self {
        match owner.starts_with(VISITOR) {
            true => Self::Visitors,
            false => Self::Is(owner.to_owned()),
        }
    }
}

/// How much there is of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaTotal {
    pub kind: MediaKind,
    pub rows: u64,
    /// Of their files, each once.
    pub bytes: u64,
}

/// Who has how many rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaOwner {
    pub owner: OwnerFilter,
    pub rows: u64,
}

/// Looks for media of whoever has them.
#[async_trait]
pub trait MediaSearch: Send + Sync {
    /// Rows, newest first, after the one of this time and id. A page ends by bytes as well
    /// ([`PAGE_BYTES`](crate::PAGE_BYTES)).
    async fn find_media(
        &self,
        filter: &MediaFilter,
        before: Option<(i64, String)>,
        limit: u32,
    ) -> Result<Page<MediaRow>, StoreError>;

    /// How much a filter finds, by kind; kinds of which there is nothing are left out.
    async fn sum_media(&self, filter: &MediaFilter) -> Result<Vec<MediaTotal>, StoreError>;

    /// Who has media: all browsers as one, then each other owner, most rows first; at most 200.
    async fn media_owners(&self) -> Result<Vec<MediaOwner>, StoreError>;

    /// Last four characters of the accounts that have made media; at most 1,000.
    async fn media_accounts(&self) -> Result<Vec<String>, StoreError>;
}
