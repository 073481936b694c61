//! What the fields of an account are called, here and in other products.

use pool::Tier;

/// What a field tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Token,
    Tier,
    Tags,
    /// Name or address, which becomes a part of the note.
    Name,
    Note,
    /// Whether it is switched off.
    Status,
    /// Unix milliseconds.
    Created,
    /// How often it was used.
    Uses,
}

impl Field {
    /// By its name, whatever its case and with or without `_`, `-` and blanks.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        const LONGEST: usize = 32;
        if name.len() > LONGEST {
            return None;
        }
        let is_kept = |c: &char| !matches!(c, '_' | '-' | ' ' | '"' | '\'');
        let name: String = name.chars().filter(is_kept).collect();
        match name.to_ascii_lowercase().as_str() {
            "token" | "sso" | "ssotoken" | "ssocookie" | "cookie" | "cookies" | "credential"
            | "accesstoken" => Some(Self::Token),
            "tier" | "pool" | "plan" | "type" => Some(Self::Tier),
            "tags" | "tag" | "labels" => Some(Self::Tags),
            "name" | "email" | "mail" | "user" | "username" | "account" => Some(Self::Name),
            "note" | "notes" | "remark" | "comment" => Some(Self::Note),
            "status" | "state" => Some(Self::Status),
            "createdat" => Some(Self::Created),
            "usecount" => Some(Self::Uses),
            _ => None,
        }
    }
}

/// Whether a status of that name means that the operator has switched an account off.
pub(super) fn is_disabled(status: &str) -> bool {
    status.trim().eq_ignore_ascii_case("disabled")
}

/// The tier of that name in any of the products; `None` for one that means nothing here.
pub(super) fn tier(name: &str) -> Option<Tier> {
    const LONGEST: usize = 32;
    if name.len() > LONGEST {
        return None;
    }
    let is_kept = |c: &char| !matches!(c, '_' | '-' | ' ');
    let name: String = name.chars().filter(is_kept).collect();
    match name.to_ascii_lowercase().as_str() {
        "basic" | "free" | "ssobasic" | "ssonormal" => Some(Tier::Basic),
        "super" | "supergrok" | "ssosuper" => Some(Tier::Super),
        "heavy" | "supergrokheavy" | "ssoheavy" => Some(Tier::Heavy),
        _ => None,
    }
}
