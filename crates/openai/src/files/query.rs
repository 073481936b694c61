//! What is said of a file when it is uploaded, and which files a list asks for.

use crate::{Invalid, page::PageQuery};

/// Files of one page, unless the query says how many, and at most.
const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 10_000;
/// How long a file may be kept on request, in seconds: OpenAI's limits, an hour to 30 days.
const EXPIRY_SECS: std::ops::RangeInclusive<u64> = 3600..=2_592_000;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A file of any kind for a chat.
    UserData,
    /// A picture.
    Vision,
}

impl Purpose {
    /// The word of the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserData => "user_data",
            Self::Vision => "vision",
        }
    }

    /// Reads the field `purpose` of an upload or a query. Older clients say `assistants` for files
    /// of any kind.
    ///
    /// # Errors
    /// `invalid_purpose`
    pub fn read(word: Option<&str>) -> Result<Self, Invalid> {
        let message = match word.map(str::trim) {
            Some("user_data" | "assistants") => return Ok(Self::UserData),
            Some("vision") => return Ok(Self::Vision),
            Some("batch" | "fine-tune" | "evals") => {
                "There are no batches, trainings or evaluations here: `purpose` must be `user_data` or \
                 `vision`."
            }
            Some(_) => "`purpose` must be `user_data` or `vision`.",
            None => "`purpose` is required: `user_data` or `vision`.",
        };
        Err(Invalid::new("invalid_purpose", "purpose", message))
    }
}

/// Reads `expires_after[anchor]` and `expires_after[seconds]` of an upload: after how many seconds
/// the file is to be deleted.
///
/// # Errors
/// `invalid_value`
pub fn expires_after(anchor: Option<&str>, seconds: Option<&str>) -> Result<Option<u64>, Invalid> {
    let (anchor, seconds) = match (anchor, seconds) {
        (None, None) => return Ok(None),
        (anchor, seconds) => (anchor.unwrap_or_default(), seconds.unwrap_or_default()),
    };
    if anchor.trim() != "created_at" {
        let message = "The `anchor` of `expires_after` must be `created_at`.";
        return Err(Invalid::value("expires_after.anchor", message));
    }
    let seconds = seconds.trim().parse().ok();
    let seconds = seconds.filter(|seconds| EXPIRY_SECS.contains(seconds));
    seconds.map(Some).ok_or_else(|| {
        let (least, most) = (EXPIRY_SECS.start(), EXPIRY_SECS.end());
        let message = format!(
            "The `seconds` of `expires_after` must be a whole number from {least} to {most}."
        );
        Invalid::value("expires_after.seconds", message)
    })
}

/// The query of `GET /v1/files`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileQuery {
    pub page: PageQuery,
    /// `None`: of any.
    pub purpose: Option<Purpose>,
}

impl FileQuery {
    /// Reads the pairs of a query; pairs that are not known are passed over.
    ///
    /// # Errors
    /// `invalid_value`, of `limit`, `after` or `order`; `invalid_purpose`.
    pub fn read<K: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, Invalid> {
        let mut query = Self {
            page: PageQuery::new(DEFAULT_LIMIT),
            purpose: None,
        };
        for (name, value) in pairs {
            match name.as_ref() {
                "purpose" => query.purpose = Some(Purpose::read(Some(value.as_ref()))?),
                name => query.page.take(name, value.as_ref(), MAX_LIMIT)?,
            }
        }
        Ok(query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Order;

    #[test]
    fn purposes_are_read_with_their_older_name() {
        for (word, purpose) in [
            ("user_data", Purpose::UserData),
            (" assistants", Purpose::UserData),
            ("vision", Purpose::Vision),
        ] {
            assert_eq!(Purpose::read(Some(word)), Ok(purpose));
        }
        for word in [None, Some(""), Some("batch"), Some("fine-tune"), Some("x")] {
            let invalid = Purpose::read(word).unwrap_err();
            let found = (invalid.code, invalid.param.as_deref());
            assert_eq!(found, ("invalid_purpose", Some("purpose")));
            assert!(invalid.message.contains("user_data"), "{}", invalid.message);
        }
    }

    #[test]
    fn a_file_may_expire_between_an_hour_and_thirty_days() {
        let read = |seconds| expires_after(Some("created_at"), Some(seconds));
        assert_eq!(expires_after(None, None), Ok(None));
        assert_eq!(read("3600"), Ok(Some(3600)));
        assert_eq!(read("2592000"), Ok(Some(2_592_000)));
        for seconds in ["3599", "2592001", "-1", "x", ""] {
            let param = read(seconds).unwrap_err().param;
            assert_eq!(param.as_deref(), Some("expires_after.seconds"), "{seconds}");
        }
        for anchor in [None, Some("now")] {
            let param = expires_after(anchor, Some("3600")).unwrap_err().param;
            assert_eq!(param.as_deref(), Some("expires_after.anchor"));
        }
    }

    #[test]
    fn a_query_is_read_with_errors_that_name_the_field() {
        let query = FileQuery::read([
            ("limit", "5"),
            ("after", "file-1"),
            ("order", "asc"),
            ("purpose", "vision"),
            ("x", "y"),
        ]);
        let page = PageQuery {
            limit: 5,
            after: Some("file-1".to_owned()),
            order: Order::Ascending,
        };
        let purpose = Some(Purpose::Vision);
        assert_eq!(query, Ok(FileQuery { page, purpose }));
        let empty = FileQuery::read([("", ""); 0]).unwrap();
        assert_eq!(
            (empty.page.limit, empty.page.order),
            (100, Order::Descending)
        );
        for (name, value, code) in [
            ("limit", "0", "invalid_value"),
            ("limit", "10001", "invalid_value"),
            ("limit", "1.5", "invalid_value"),
            ("after", "../x", "invalid_value"),
            ("after", "", "invalid_value"),
            ("order", "ASC", "invalid_value"),
            ("purpose", "batch", "invalid_purpose"),
        ] {
            let invalid = FileQuery::read([(name, value)]).unwrap_err();
            assert_eq!((invalid.code, invalid.param.as_deref()), (code, Some(name)));
        }
    }
}
