//! Accounts in whatever form people have them: pasted, or in a file of another product.
//!
//! - `lines`: a token a line, cookie headers, rows of the developer tools, one JSON object a line
//! - `json`: `token.json`, lists of texts or objects, `{"provider": …, "accounts": […]}`
//! - `csv`: a table with a header
//! - `command`: a request that a browser has copied as a cURL command
//! - `fields`: what the fields of an account are called
//!
//! What else a `token.json` knows of an account, such as its quota and its cooldown, Grok is asked
//! again; `legacy` keeps it.
//!
//! Reading never stops at what is no account: it is reported by line, never with its content, because
//! that may be a secret. Time and memory are linear in the length of the text.
//!
//! Source: `docs/upstream-protocol.md` 4.5 and 8.6.

mod command;
mod csv;
mod fields;
mod json;
mod lines;
#[cfg(test)]
mod tests;

use std::{collections::HashSet, fmt, sync::Arc};

use pool::{Credential, CredentialError, Tier};

use crate::labels::cut_note;

/// Refused lines that are told one by one.
const MAX_REFUSED: usize = 10_000;
/// No cookie has one of them, and most of what is pasted by mistake does.
const NEVER_IN_A_COOKIE: &[char] = &[
    '<', '>', '{', '}', '[', ']', '(', ')', '"', '\'', '`', ',', ';', '\\', '|',
];

/// What a text holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccountList {
    /// In the order of the text, each credential once.
    pub accounts: Vec<ListedAccount>,
    /// The first 10,000 places that hold no account.
    pub refused: Vec<Refused>,
    /// How many there are in all.
    pub refused_count: usize,
    /// How often a credential comes again.
    pub duplicates: usize,
}

/// One account of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedAccount {
    /// Where it begins, from 1.
    pub line: usize,
    pub entry: Option<Entry>,
    pub credential: Credential,
    /// `None`: the text does not say.
    pub tier: Option<Tier>,
    pub tags: Vec<String>,
    /// Name, e-mail address and note, whichever are told.
    pub note: String,
    /// The operator has switched it off.
    pub is_disabled: bool,
    /// Unix milliseconds, if they are told.
    pub created_at_ms: Option<i64>,
    pub use_count: u64,
}

/// A place in a list of a JSON document, which may be a single line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Empty: the document is the list.
    pub list: Arc<str>,
    /// From 0.
    pub index: usize,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.list, self.index)
    }
}

impl ListedAccount {
    /// Whether it is most likely something else that was copied by mistake.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        !self.credential.looks_like_a_token()
    }
}

/// A place that holds no account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// From 1.
    pub line: usize,
    pub entry: Option<Entry>,
    pub reason: RefusedReason,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry {
            Some(entry) => write!(f, "{entry}: {}", self.reason),
            None => write!(f, "line {}: {}", self.line, self.reason),
        }
    }
}

/// Why something is no account. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusedReason {
    #[error("{0}")]
    Credential(#[from] CredentialError),
    #[error("it is markup or code, not a cookie")]
    Code,
    #[error("it is a piece of JSON, which only makes sense as a whole")]
    Fragment,
    #[error("the JSON is not valid from column {column} on")]
    Json { column: usize },
    #[error("there is nothing in it")]
    Nothing,
    #[error("it is neither a text nor an object")]
    Shape,
    #[error("there is no field with a token")]
    NoToken,
    #[error("there is no list of accounts in the object")]
    NoAccounts,
    #[error("there is no `sso` cookie among the cookies")]
    NoSsoCookie,
    #[error("the row has no value in the column of tokens")]
    ShortRow,
}

/// Reads a text of any of these forms. Bytes that are not UTF-8 count as characters that no cookie
/// has.
#[must_use]
pub fn read_account_list(bytes: &[u8]) -> AccountList {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    let mut list = Collector::default();
    if !json::read(text, &mut list) && !csv::read(text, &mut list) {
        lines::read(text, &mut list);
    }
    if list.list.accounts.is_empty() && list.list.refused_count == 0 {
        list.refuse(1, RefusedReason::Nothing);
    }
    list.list
}

/// A list while it is read.
#[derive(Default)]
struct Collector {
    list: AccountList,
    seen: HashSet<Credential>,
}

/// What is told of an account beside its credential.
#[derive(Debug, Default)]
struct Told {
    tier: Option<Tier>,
    tags: Vec<String>,
    notes: Vec<String>,
    is_disabled: bool,
    created_at_ms: Option<i64>,
    use_count: u64,
}

/// Where something is in the text.
struct At {
    line: usize,
    entry: Option<Entry>,
}

impl From<usize> for At {
    fn from(line: usize) -> Self {
        Self { line, entry: None }
    }
}

impl Collector {
    fn add(&mut self, at: At, credential: Credential, told: Told) {
        if !self.seen.insert(credential.clone()) {
            self.list.duplicates += 1;
            return;
        }
        self.list.accounts.push(ListedAccount {
            line: at.line,
            entry: at.entry,
            credential,
            tier: told.tier,
            tags: told.tags,
            note: joined(told.notes),
            is_disabled: told.is_disabled,
            created_at_ms: told.created_at_ms,
            use_count: told.use_count,
        });
    }

    fn refuse(&mut self, at: impl Into<At>, reason: RefusedReason) {
        let At { line, entry } = at.into();
        self.list.refused_count += 1;
        if self.list.refused.len() < MAX_REFUSED {
            self.list.refused.push(Refused {
                line,
                entry,
                reason,
            });
        }
    }

    /// Adds what one place holds, or says why it holds nothing.
    fn take(&mut self, at: impl Into<At>, read: Result<(Credential, Told), RefusedReason>) {
        match read {
            Ok((credential, told)) => self.add(at.into(), credential, told),
            Err(reason) => self.refuse(at, reason),
        }
    }
}

/// Parts that say something new, as one note.
fn joined(parts: Vec<String>) -> String {
    let mut note = String::new();
    for part in parts {
        let part = part.trim();
        if part.is_empty() || note.contains(part) {
            continue;
        }
        if !note.is_empty() {
            note.push_str(" · ");
        }
        note.push_str(part);
    }
    cut_note(&note)
}

/// The credential in a value that should be one: bare, or among other cookies.
fn credential(text: &str) -> Result<Credential, RefusedReason> {
    let text = text.trim().trim_end_matches([',', ';']).trim();
    let is_quoted = text.starts_with(['"', '\'']);
    let bare = text.trim_matches(['"', '\'']);
    if bare.contains(['<', '>']) {
        return Err(RefusedReason::Code);
    }
    if bare.contains(['{', '}', '[', ']']) || (is_quoted && bare.contains("\":")) {
        return Err(RefusedReason::Fragment);
    }
    if names_other_cookies(bare) {
        return Err(RefusedReason::NoSsoCookie);
    }
    let credential = Credential::try_new(bare)?;
    match credential.expose().contains(NEVER_IN_A_COOKIE) {
        true => Err(RefusedReason::Code),
        false => Ok(credential),
    }
}

/// Whether these are cookies with names, none of which is the account's.
fn names_other_cookies(text: &str) -> bool {
    let pairs = match text.split_once(':') {
        Some((name, pairs)) if name.to_ascii_lowercase().ends_with("cookie") => pairs,
        _ => text,
    };
    let mut has_names = false;
    for pair in pairs.split(';') {
        // What ends with the mark is a value whose length was filled up.
        let Some((name, value)) = pair.split_once('=') else {
            continue;
        };
        if name.trim() == "sso" {
            return false;
        }
        has_names |= !value.trim_matches('=').trim().is_empty();
    }
    has_names
}
