//! `token.json`: `{"ssoBasic": [entry…], "ssoSuper": [entry…]}`, where an entry is an object or a bare
//! string.
//!
//! Source: `docs/upstream-protocol.md` 4.5.

use std::{collections::HashSet, iter};

use pool::{Account, AccountId, Cooldown, CooldownReason, Credential, Status, Tier};
use serde_json::{Map, Value, json};
use uuid::{ContextV7, Timestamp, Uuid};

use crate::labels::{MAX_TAG_CHARS, MAX_TAGS, cut_note, cut_tags};

use super::{BadEntry, Fields, LegacyError, parse, pretty};

/// Characters of an unknown pool's name that are reported; the file may be anything.
const SHOWN_NAME: usize = 24;

/// What a `token.json` holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LegacyAccounts {
    /// The readable accounts with new ids, in file order, Basic first.
    pub accounts: Vec<Account>,
    /// Entries that were left out.
    pub bad: Vec<BadEntry>,
    /// Entries left out because an earlier one has the same credential.
    pub duplicates: usize,
    /// Accounts with a note or tags that are longer than what is kept, and were cut.
    pub cut: usize,
    /// Pools that this program does not know; their entries were left out.
    pub unknown_pools: Vec<UnknownPool>,
}

/// A pool name that means nothing here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPool {
    /// Its name, cut to 24 characters.
    pub name: String,
    /// Entries in it, 0 if it is not a list.
    pub entries: usize,
}

/// Reads the text of a `token.json`; missing fields get the predecessor's defaults at `now_ms`.
///
/// # Errors
/// Only when nothing can be read; bad entries are in the answer.
pub fn read_token_json(text: &str, now_ms: i64) -> Result<LegacyAccounts, LegacyError> {
    let Value::Object(pools) = parse(text)? else {
        return Err(LegacyError::Shape(
            "an object of pools such as {\"ssoBasic\": [], \"ssoSuper\": []}",
        ));
    };
    let mut read = LegacyAccounts::default();
    let mut seen = HashSet::new();
    let context = ContextV7::new();
    for (pool, kind) in names() {
        let entries: Vec<(Option<&str>, &Value)> = match pools.get(pool) {
            None | Some(Value::Null) => continue,
            Some(Value::Array(entries)) => iter::repeat(None).zip(entries).collect(),
            Some(Value::Object(map)) => map
                .iter()
                .map(|(token, entry)| (Some(token.as_str()), entry))
                .collect(),
            Some(_) => return Err(LegacyError::NotAList { list: pool }),
        };
        for (index, (token, entry)) in entries.into_iter().enumerate() {
            match read_entry(kind, (token, entry), (now_ms, &context)) {
                Ok((account, is_cut)) if seen.insert(account.credential.clone()) => {
                    read.cut += usize::from(is_cut);
                    read.accounts.push(account);
                }
                Ok(_) => read.duplicates += 1,
                Err(reason) => read.bad.push(BadEntry {
                    list: pool,
                    index,
                    reason,
                }),
            }
        }
    }
    let unknown = pools
        .iter()
        .filter(|(name, _)| names().all(|(known, _)| known != name.as_str()));
    read.unknown_pools = unknown
        .map(|(name, entries)| unknown_pool(name, entries))
        .collect();
    Ok(read)
}

/// What pools are called, and the tier that each is of. The first product of its kind named one
/// otherwise, and wrote maps of cookies instead of lists.
fn names() -> impl Iterator<Item = (&'static str, Tier)> {
    let now = Tier::ALL.into_iter().map(|tier| (tier.as_str(), tier));
    now.chain([("ssoNormal", Tier::Basic)])
}

/// The text of a `token.json` with these accounts. Heavy ones are in a pool that the predecessor does
/// not use.
#[must_use]
pub fn write_token_json(accounts: &[Account]) -> String {
    let mut pools = Map::new();
    for tier in Tier::ALL {
        let of_tier = accounts.iter().filter(|account| account.tier == tier);
        let entries: Vec<_> = of_tier.map(write_entry).collect();
        if tier != Tier::Heavy || !entries.is_empty() {
            pools.insert(tier.as_str().to_owned(), entries.into());
        }
    }
    pretty(&Value::Object(pools))
}

/// An account as the predecessor keeps it (`docs/upstream-protocol.md` 4.5).
#[must_use]
pub fn write_entry(account: &Account) -> Value {
    json!({
        "token": account.credential.expose(),
        "status": account.status.as_str(),
        "quota": account.quota,
        "created_at": account.created_at_ms,
        "last_used_at": account.last_used_at_ms,
        "use_count": account.use_count,
        "fail_count": account.fail_count,
        "last_fail_at": account.last_fail_at_ms,
        "last_fail_reason": account.last_fail_reason,
        "last_sync_at": account.last_sync_at_ms,
        "tags": account.tags,
        "note": account.note,
        "last_asset_clear_at": account.last_asset_clear_at_ms,
        "cooldown_until": account.cooldown.map(|cooldown| cooldown.until_ms),
        "cooldown_reason": account.cooldown.map(|cooldown| cooldown.reason.as_str()),
    })
}

fn unknown_pool(name: &str, entries: &Value) -> UnknownPool {
    UnknownPool {
        name: name.chars().take(SHOWN_NAME).collect(),
        entries: entries.as_array().map_or(0, Vec::len),
    }
}

/// The account, and whether its note or tags were cut.
fn read_entry(
    pool: Tier,
    (name, entry): (Option<&str>, &Value),
    (now_ms, context): (i64, &ContextV7),
) -> Result<(Account, bool), String> {
    let empty = Map::new();
    let (token, fields) = match entry {
        Value::Object(object) if name.is_some() => (name, Fields(object)),
        _ if name.is_some() => (name, Fields(&empty)),
        Value::String(token) => (Some(token.as_str()), Fields(&empty)),
        Value::Object(object) => (Fields(object).text("token")?, Fields(object)),
        _ => return Err("it is neither a string nor an object".to_owned()),
    };
    let token = token.ok_or("`token` is missing")?;
    let credential = Credential::try_new(token).map_err(|error| error.to_string())?;
    let created_at_ms = fields.integer("created_at")?.unwrap_or(now_ms);
    let mut account = Account::new(new_id(now_ms, context), credential, pool, created_at_ms);
    if let Some(quota) = fields.integer("quota")? {
        account.quota = to_u32(quota);
    }
    account.last_used_at_ms = fields.integer("last_used_at")?;
    account.use_count = u64::try_from(fields.integer("use_count")?.unwrap_or(0)).unwrap_or(0);
    account.fail_count = to_u32(fields.integer("fail_count")?.unwrap_or(0));
    account.last_fail_at_ms = fields.integer("last_fail_at")?;
    account.last_fail_reason = fields.text("last_fail_reason")?.map(cut_note);
    account.last_sync_at_ms = fields.integer("last_sync_at")?;
    account.last_asset_clear_at_ms = fields.integer("last_asset_clear_at")?;
    let tags = fields.texts("tags")?;
    let note = fields.text("note")?.unwrap_or_default().trim();
    account.tags = cut_tags(tags.iter().map(String::as_str));
    account.note = cut_note(note);
    set_status(&mut account, fields, now_ms)?;
    let is_cut = account.note.len() < note.len()
        || tags.len() > MAX_TAGS
        || tags
            .iter()
            .any(|tag| tag.trim().chars().count() > MAX_TAG_CHARS);
    Ok((account, is_cut))
}

/// Sets status and cooldown. An active account without quota rests, as the predecessor has it; a
/// cooling one that does not say until when is left to the pool's rule.
fn set_status(account: &mut Account, fields: Fields<'_>, now_ms: i64) -> Result<(), String> {
    let status = match fields.text("status")? {
        None => Status::Active,
        Some(name) => Status::from_name(&name.trim().to_ascii_lowercase())
            .ok_or("`status` is none of active, cooling, expired, disabled")?,
    };
    let cooldown = match fields.integer("cooldown_until")? {
        Some(until_ms) if until_ms > 0 => {
            let reason = cooldown_reason(fields.text("cooldown_reason")?, account.quota);
            Some(Cooldown { until_ms, reason })
        }
        _ => None,
    };
    let lasting = cooldown.filter(|cooldown| cooldown.until_ms > now_ms);
    (account.status, account.cooldown) = match status {
        Status::Active if lasting.is_some() => (Status::Cooling, lasting),
        Status::Active if account.quota == 0 => (Status::Cooling, None),
        Status::Active => (Status::Active, None),
        Status::Cooling => (Status::Cooling, cooldown),
        Status::Expired => (Status::Expired, None),
        Status::Disabled => (Status::Disabled, lasting),
    };
    Ok(())
}

/// The predecessor writes free text here.
fn cooldown_reason(text: Option<&str>, quota: u32) -> CooldownReason {
    let text = text.unwrap_or_default().to_ascii_lowercase();
    if let Some(reason) = CooldownReason::from_name(&text) {
        reason
    } else if quota == 0 {
        CooldownReason::QuotaEmpty
    } else if text.contains("error") {
        CooldownReason::UpstreamErrors
    } else {
        CooldownReason::RateLimited
    }
}

/// Ids of one context ascend, so accounts of one file keep their order.
fn new_id(now_ms: i64, context: &ContextV7) -> AccountId {
    let ms = u64::try_from(now_ms).unwrap_or(0);
    let nanos = u32::try_from(ms % 1000 * 1_000_000).unwrap_or(0);
    AccountId::new(Uuid::new_v7(Timestamp::from_unix(context, ms / 1000, nanos)).to_string())
}

fn to_u32(value: i64) -> u32 {
    u32::try_from(value.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_772_700_000_000;

    fn read(text: &str) -> LegacyAccounts {
        read_token_json(text, NOW_MS).unwrap()
    }

    fn only(fields: &str) -> Account {
        let read = read(&format!(
            r#"{{"ssoBasic": [{{"token": "cookie-0001", {fields}}}]}}"#
        ));
        assert_eq!(read.bad, []);
        read.accounts.into_iter().next().unwrap()
    }

    #[test]
    fn reads_every_documented_field() {
        let account = only(
            r#""status": "active", "quota": 73, "created_at": 1770000000000,
            "last_used_at": 1772700012345, "use_count": 7, "fail_count": 2,
            "last_fail_at": 1772600000000, "last_fail_reason": "app_chat_auth_failed",
            "last_sync_at": 1772690000000, "tags": ["nsfw"], "note": "team A",
            "last_asset_clear_at": 5, "cooldown_until_seq": 9, "something_new": {"a": 1}"#,
        );
        let credential = Credential::try_new("cookie-0001").unwrap();
        let mut expected = Account::new(
            account.id.clone(),
            credential,
            Tier::Basic,
            1_770_000_000_000,
        );
        expected.quota = 73;
        expected.last_used_at_ms = Some(1_772_700_012_345);
        expected.use_count = 7;
        expected.fail_count = 2;
        expected.last_fail_at_ms = Some(1_772_600_000_000);
        expected.last_fail_reason = Some("app_chat_auth_failed".to_owned());
        expected.last_sync_at_ms = Some(1_772_690_000_000);
        expected.tags = vec!["nsfw".to_owned()];
        expected.note = "team A".to_owned();
        expected.last_asset_clear_at_ms = Some(5);
        assert_eq!(account, expected);
    }

    #[test]
    fn strings_and_prefixes_are_legal_and_missing_fields_get_defaults() {
        let read = read(r#"{"ssoSuper": ["sso=cookie-0002; Path=/"], "ssoBasic": null}"#);
        let account = &read.accounts[0];
        assert_eq!(account.credential.expose(), "cookie-0002");
        let expected = Account::new(
            account.id.clone(),
            account.credential.clone(),
            Tier::Super,
            NOW_MS,
        );
        assert_eq!(*account, expected);
    }

    #[test]
    fn maps_of_cookies_are_pools_as_well() {
        let read = read(
            r#"{"ssoNormal": {"sso=cookie-0001": {"status": "disabled", "use_count": 3}},
                "ssoSuper": {"cookie-0002": null, "a b": {}}}"#,
        );
        let found = |account: &Account| (account.tier, account.status, account.use_count);
        let found: Vec<_> = read.accounts.iter().map(found).collect();
        let off = (Tier::Basic, Status::Disabled, 3);
        assert_eq!(
            found,
            [(Tier::Super, Status::Active, 0), off],
            "known pools first"
        );
        assert_eq!((read.bad[0].list, read.bad[0].index), ("ssoSuper", 0));
        assert_eq!(read.unknown_pools, []);
    }

    #[test]
    fn duplicates_are_counted_and_the_first_one_stays() {
        let read = read(r#"{"ssoBasic": ["sso=cookie-1", "cookie-1"], "ssoSuper": ["cookie-1"]}"#);
        assert_eq!((read.accounts.len(), read.duplicates), (1, 2));
        assert_eq!(read.accounts[0].tier, Tier::Basic);
    }

    #[test]
    fn bad_entries_are_named_without_their_content() {
        let read = read(
            r#"{"ssoBasic": [5, {"status": "active"}, {"token": "se cret-cookie"},
                {"token": "cookie-0001", "status": "secret-cookie"},
                {"token": "cookie-0002", "quota": "secret-cookie"}, "cookie-0003"],
                "other": ["secret-cookie"]}"#,
        );
        assert_eq!(read.accounts.len(), 1, "the good one is read");
        let bad: Vec<_> = read.bad.iter().map(|bad| (bad.list, bad.index)).collect();
        assert_eq!(
            bad,
            (0..5).map(|index| ("ssoBasic", index)).collect::<Vec<_>>()
        );
        assert_eq!(
            read.bad[4].to_string(),
            "ssoBasic[4]: `quota` is not a number"
        );
        assert!(!format!("{:?}", read.bad).contains("cret-cookie"));
        assert_eq!(
            read.unknown_pools,
            [UnknownPool {
                name: "other".to_owned(),
                entries: 1
            }]
        );
    }

    #[test]
    fn cooldowns_are_taken_over() {
        let until_ms = NOW_MS + 1;
        let resting = only(&format!(
            r#""status": "cooling", "cooldown_until": {until_ms}, "cooldown_reason": "429""#
        ));
        let reason = CooldownReason::RateLimited;
        assert_eq!(resting.cooldown, Some(Cooldown { until_ms, reason }));
        let forgotten = only(&format!(
            r#""status": "active", "cooldown_until": {until_ms}"#
        ));
        assert_eq!(forgotten.status, Status::Cooling);
        let over = only(r#""status": "active", "cooldown_until": 5"#);
        assert_eq!((over.status, over.cooldown), (Status::Active, None));
        let empty = only(r#""status": "active", "quota": 0"#);
        assert_eq!((empty.status, empty.cooldown), (Status::Cooling, None));
    }

    #[test]
    fn notes_and_tags_are_cut_to_what_is_kept() {
        let (note, tag) = ("n".repeat(9_000), "t".repeat(41));
        let list = format!(
            r#"{{"ssoBasic": [{{"token": "cookie-0001", "note": "{note}"}},
                {{"token": "cookie-0002", "tags": ["{tag}"]}}, {{"token": "cookie-0003"}}]}}"#
        );
        let read = read(&list);
        assert_eq!((read.cut, read.bad.len()), (2, 0));
        assert_eq!(read.accounts[0].note.len(), 500);
        assert_eq!(read.accounts[1].tags[0].len(), 40);
    }

    #[test]
    fn other_files_are_refused_with_a_reason() {
        let error = |text| read_token_json(text, NOW_MS).unwrap_err().to_string();
        assert_eq!(
            error("{\n  oops"),
            "it is not valid JSON (line 2, column 3)"
        );
        assert!(error("[]").starts_with("it is not an object of pools"));
        assert_eq!(error(r#"{"ssoBasic": 5}"#), "`ssoBasic` is not a list");
    }
}
