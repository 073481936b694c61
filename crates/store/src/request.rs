//! What is kept of each request.

use serde::{Deserialize, Serialize};

/// Longest text kept of a field that a caller chose, in bytes; names of ours are far shorter.
const TEXT_BYTES: usize = 128;
/// Attempts, and kinds of skips in each, that are kept.
const LIST_LENGTH: usize = 64;

/// One request, however it ended. It holds no prompt, no answer and no credential.
///
/// Texts are cut to 128 bytes when stored, lists to 64 entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    /// Unique; made by the caller. Ascending ids (UUID v7) are several times cheaper to store.
    pub id: String,
    /// When the request came in, unix milliseconds.
    pub at_ms: i64,
    /// Protocol endpoint, for example `chat.completions`.
    pub endpoint: String,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// Label (never the secret) of the API key, if the caller used one.
    pub key: Option<String>,
    /// Address of the client.
    pub client: Option<String>,
    /// Model name as in the request.
    pub model: Option<String>,
    /// Id in the catalogue after aliases; `None` when no model of ours was named.
    pub served_model: Option<String>,
    /// The account that answered; the last one tried when none did.
    pub account_id: Option<String>,
    /// Last four characters of its credential.
    pub account: Option<String>,
    /// In the order in which accounts were tried.
    pub attempts: Vec<AttemptRow>,
    /// HTTP status of the answer; 499 when the client went away before one.
    pub status: u16,
    pub outcome: Outcome,
    /// `error.code` of the answer, if it failed.
    pub error_code: Option<String>,
    /// Milliseconds from request to the first byte of the answer's content, if there was one.
    pub first_byte_ms: Option<u64>,
    /// Milliseconds from request to the end of the answer.
    pub duration_ms: u64,
    /// Bytes of the answer's body.
    pub bytes: u64,
    /// Model tokens of the prompt.
    pub prompt_tokens: u64,
    /// Model tokens of the answer, thinking included.
    pub completion_tokens: u64,
    /// Of these, model tokens of thinking.
    pub reasoning_tokens: u64,
    /// Whether the three counts are our estimate.
    pub estimated: bool,
    /// Quota taken from the account.
    pub cost: u32,
}

impl RequestRow {
    /// Where the row stands in the list of all requests.
    #[must_use]
    pub fn position(&self) -> RequestPosition {
        RequestPosition {
            at_ms: self.at_ms,
            id: self.id.clone(),
        }
    }

    /// Bounds what strangers can make us keep.
    pub(crate) fn cut(&mut self) {
        cut(&mut self.endpoint);
        [
            &mut self.key,
            &mut self.client,
            &mut self.model,
            &mut self.served_model,
            &mut self.account_id,
            &mut self.account,
            &mut self.error_code,
        ]
        .into_iter()
        .flatten()
        .for_each(cut);
        self.attempts.truncate(LIST_LENGTH);
        for attempt in &mut self.attempts {
            cut(&mut attempt.account);
            cut(&mut attempt.choice);
            cut(&mut attempt.outcome);
            attempt.skipped.truncate(LIST_LENGTH);
            attempt
                .skipped
                .iter_mut()
                .for_each(|(reason, _)| cut(reason));
        }
    }
}

fn cut(text: &mut String) {
    text.truncate(text.floor_char_boundary(TEXT_BYTES));
}

/// One account that was tried for a request, and why this one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRow {
    /// Last four characters of the account's credential.
    pub account: String,
    /// Why the account was chosen.
    pub choice: String,
    /// `served` or the label of the failure.
    pub outcome: String,
    /// HTTP status of the upstream, if it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Milliseconds that the attempt took.
    #[serde(default)]
    pub duration_ms: u64,
    /// How many accounts were passed over for which reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<(String, u64)>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The whole answer was sent.
    Served,
    /// The request itself is at fault: malformed, not allowed, too many (4xx of ours).
    Refused,
    /// We or the upstream could not: 5xx, no account left, or broken off after its beginning.
    Failed,
    /// The client went away before the end.
    ClientGone,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Served, Self::Refused, Self::Failed, Self::ClientGone];

    /// The name in stored rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::ClientGone => "client_gone",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

/// Place in the list of requests, which is ordered by time and, within a millisecond, by id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestPosition {
    /// Unix milliseconds.
    pub at_ms: i64,
    pub id: String,
}

/// A request on its way into the database.
#[derive(Debug)]
pub(crate) struct StoredRequest {
    pub(crate) row: RequestRow,
    /// [`RequestRow::attempts`] as JSON.
    pub(crate) attempts: String,
}

impl StoredRequest {
    pub(crate) fn new(mut row: RequestRow) -> Self {
        row.cut();
        Self {
            attempts: write_attempts(&row.attempts),
            row,
        }
    }
}

fn write_attempts(attempts: &[AttemptRow]) -> String {
    // Texts and numbers only: this cannot fail.
    serde_json::to_string(attempts).unwrap_or_else(|_| "[]".to_owned())
}

/// The attempts of a stored row. Unreadable ones are left out with a warning: the rest of the row
/// is worth more than an error.
pub(crate) fn read_attempts(id: &str, json: &str) -> Vec<AttemptRow> {
    serde_json::from_str(json).unwrap_or_else(|error| {
        tracing::warn!(id, %error, "the attempts of request {id} are unreadable");
        Vec::new()
    })
}

/// The outcome of a stored row; an unknown name counts as failed, with a warning.
pub(crate) fn read_outcome(name: &str) -> Outcome {
    Outcome::from_name(name).unwrap_or_else(|| {
        tracing::warn!(name, "a stored request has the unknown outcome `{name}`");
        Outcome::Failed
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_strangers_are_cut_at_a_character() {
        let mut text = "é".repeat(100);
        cut(&mut text);
        assert_eq!(text, "é".repeat(64));
        let mut odd = format!("x{}", "é".repeat(100));
        cut(&mut odd);
        assert_eq!(odd, format!("x{}", "é".repeat(63)));
    }

    #[test]
    fn outcome_names_read_back() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_name(outcome.as_str()), Some(outcome));
        }
        assert_eq!(read_outcome("of-tomorrow"), Outcome::Failed);
    }

    #[test]
    fn attempts_read_back_and_nonsense_is_empty() {
        let attempts = vec![
            AttemptRow {
                account: "abcd".to_owned(),
                choice: "most quota".to_owned(),
                outcome: "rate_limited".to_owned(),
                status: Some(429),
                duration_ms: 12,
                skipped: vec![("cooling".to_owned(), 3)],
            },
            AttemptRow::default(),
        ];
        assert_eq!(read_attempts("r", &write_attempts(&attempts)), attempts);
        assert_eq!(read_attempts("r", "{nonsense"), []);
    }
}
