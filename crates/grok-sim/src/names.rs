//! Accounts whose name says how they behave, so that a person or a client in another language needs
//! no script.
//!
//! A credential is split at its dashes; the first word found in this table decides. `spare-429-1` is
//! rate limited, `spare-430-1` is an ordinary account. A scripted reply goes first.
//!
//! | word | calls | behaviour |
//! | --- | --- | --- |
//! | `401` | all | 401 |
//! | `403` | all | 403 with a browser challenge page |
//! | `blocked` | all | 403 JSON, blocked user |
//! | `notoken` | voice | an answer without a token |
//! | `nojoin` | voice | the room refuses everybody |
//! | `dropping` | voice | the room is gone after two seconds |
//! | `policy` | chat, pictures, voice | 403 JSON, other decision |
//! | `429` | chat, pictures, voice | 429, quota left |
//! | `retry` | chat, pictures, voice | 429 with `Retry-After: 7` |
//! | `empty` | chat, pictures, voice | 429, no quota left: `rate-limits` says 0 |
//! | `408` `500` `502` `503` `504` | all | that status |
//! | `hang` | chat, pictures, voice | no answer |
//! | `reset` | chat, pictures, voice | TCP reset before an answer |
//! | `stall` | chat, pictures | stops after two tokens, stays open |
//! | `cut` | chat, pictures | TCP reset in the middle |
//! | `half` | chat | half a line, then a clean end |
//! | `silent` | chat | clean end without an answer |
//! | `unknown` | chat | unknown fields and events |
//! | `utf8` | chat | writes that split characters |
//! | `huge` | chat | a line of 17 MiB |
//! | `joined` | chat | objects without newlines |
//! | `sse` | chat | `data:` prefixes and blank lines |
//! | `code7` `code8` | chat | in-band errors |
//! | `streamerrors` | chat | `modelResponse.streamErrors` |
//! | `moderated` | chat | HTTP 400, content moderated |
//! | `moderated` | pictures | every picture is moderated after its preview |
//! | `moderating` | chat | moderated in the stream |
//! | `toolcard` `render` `search` | chat | elements to filter, cards, sources |
//!
//! Pictures are edits of them and videos, too.
//!
//! An account with `super` anywhere in its name has the quota of the paid pool, one with `heavy` that of
//! the largest plan.

use crate::{reply::Reply, scripts::Operation};

/// What an account of this name does with this call, if its name says anything about it.
pub(crate) fn reply_for(account: &str, operation: Operation) -> Option<Reply> {
    account.split('-').find_map(|word| {
        let always = everywhere(word).filter(|_| operation != Operation::Room);
        always.or_else(|| match operation {
            Operation::Chat => in_chat(word),
            Operation::Imagine | Operation::Edit | Operation::Video => in_pictures(word),
            Operation::Voice => in_voice(word),
            Operation::Room => in_room(word),
            Operation::RateLimits
            | Operation::ImagineQuota
            | Operation::Upload
            | Operation::Download
            | Operation::Post
            | Operation::Upscale
            | Operation::Assets
            | Operation::AccountTerms
            | Operation::ProductTerms
            | Operation::BirthDate
            | Operation::FeatureControls
            | Operation::Socket => None,
        })
    })
}

/// Whether the account starts with no quota at all.
pub(crate) fn starts_empty(account: &str) -> bool {
    account.split('-').any(|word| word == "empty")
}

/// Whether the account has the quota of the largest plan.
pub(crate) fn is_heavy(account: &str) -> bool {
    account.contains("heavy")
}

/// Whether the account has the quota of the paid pool.
pub(crate) fn is_super(account: &str) -> bool {
    account.contains("super")
}

fn everywhere(word: &str) -> Option<Reply> {
    Some(match word {
        "401" => Reply::Unauthorized,
        "403" => Reply::Challenge,
        "blocked" => Reply::BlockedUser,
        "408" => Reply::server_error(408),
        "500" => Reply::server_error(500),
        "502" => Reply::server_error(502),
        "503" => Reply::server_error(503),
        "504" => Reply::server_error(504),
        _ => return None,
    })
}

fn in_pictures(word: &str) -> Option<Reply> {
    Some(match word {
        "moderated" => Reply::moderated_picture(),
        "policy" | "429" | "retry" | "empty" | "hang" | "reset" | "stall" | "cut" => {
            return in_chat(word);
        }
        _ => return None,
    })
}

fn in_voice(word: &str) -> Option<Reply> {
    Some(match word {
        "notoken" => Reply::http(200, "{}"),
        "policy" | "429" | "retry" | "empty" | "hang" | "reset" => return in_chat(word),
        _ => return None,
    })
}

fn in_room(word: &str) -> Option<Reply> {
    Some(match word {
        "nojoin" => Reply::Unauthorized,
        "dropping" => Reply::dropped_room(),
        _ => return None,
    })
}

fn in_chat(word: &str) -> Option<Reply> {
    Some(match word {
        "policy" => Reply::Policy,
        "429" => Reply::rate_limited(),
        "retry" => Reply::retry_after(7),
        "empty" => Reply::QuotaEmpty,
        "hang" => Reply::Hang,
        "reset" => Reply::Reset,
        "stall" => Reply::stall(),
        "cut" => Reply::cut(),
        "half" => Reply::half_line(),
        "silent" => Reply::NoAnswer,
        "unknown" => Reply::UnknownShapes,
        "utf8" => Reply::SplitUtf8,
        "huge" => Reply::huge_line(),
        "joined" => Reply::Concatenated,
        "sse" => Reply::EventStream,
        "code7" => Reply::anti_bot(),
        "code8" => Reply::usage_limit(),
        "streamerrors" => Reply::stream_errors(),
        "moderated" => Reply::moderated(),
        "moderating" => Reply::moderated_in_stream(),
        "toolcard" => Reply::ToolCard,
        "render" => Reply::Render,
        "search" => Reply::WebSearch,
        _ => return None,
    })
}

/// An account for a first look at the product without an account of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoAccount {
    /// Plain words, not a secret.
    pub credential: String,
    pub tier: DemoTier,
}

/// What a [`DemoAccount`] is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoTier {
    Free,
    Paid,
}

/// Accounts that simply work: four of the free pool, two of the paid one.
#[must_use]
pub fn demo_accounts() -> Vec<DemoAccount> {
    let free = (1..=4).map(|n| (format!("demo-basic-{n}"), DemoTier::Free));
    let paid = (1..=2).map(|n| (format!("demo-super-{n}"), DemoTier::Paid));
    free.chain(paid)
        .map(|(credential, tier)| DemoAccount { credential, tier })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_decide_and_not_parts_of_words() {
        assert_eq!(
            reply_for("a-429-b", Operation::Chat),
            Some(Reply::rate_limited())
        );
        assert_eq!(reply_for("a-4290-b", Operation::Chat), None);
        assert_eq!(
            reply_for("a-429-b", Operation::RateLimits),
            None,
            "quota can still be asked"
        );
        assert_eq!(
            reply_for("a-401-b", Operation::RateLimits),
            Some(Reply::Unauthorized)
        );
    }

    #[test]
    fn demo_accounts_behave() {
        for account in demo_accounts() {
            assert_eq!(reply_for(&account.credential, Operation::Chat), None);
            let is_paid = account.tier == DemoTier::Paid;
            assert_eq!(is_super(&account.credential), is_paid);
            assert!(
                account.credential.len() >= 8,
                "shorter ones are no credential"
            );
        }
    }
}
