//! Changes of accounts.

use std::collections::BTreeMap;

use pool::{AccountId, CheckResult};
use redis::Cmd;

use crate::{patch::Patch, writer::NewCredential};

use super::put;

/// Fields of the JSON text that change; `None` clears one.
type Fields = BTreeMap<&'static str, Option<String>>;

pub(super) fn pack_patch(call: &mut Cmd, id: &AccountId, patch: &Patch) {
    put(call, "patch_account");
    put_patch(call, id, patch, Fields::new());
}

pub(super) fn pack_credential(call: &mut Cmd, new: &NewCredential) {
    put(call, ("replace_credential", &new.credential_hash));
    let fields = [
        ("credential", Some(new.credential.clone())),
        ("credential_hash", Some(new.credential_hash.clone())),
    ];
    put_patch(call, &new.id, &new.patch, Fields::from(fields));
}

fn put_patch(call: &mut Cmd, id: &AccountId, patch: &Patch, mut fields: Fields) {
    add_fields(patch, &mut fields);
    let (set, cleared): (Fields, Fields) = fields.into_iter().partition(|(_, new)| new.is_some());
    // Texts only: this cannot fail.
    let set = serde_json::to_string(&set).unwrap_or_else(|_| "{}".to_owned());
    let cleared = serde_json::Value::from_iter(cleared.into_keys()).to_string();
    let last_used = maybe(patch.last_used_at_ms);
    put(
        call,
        (
            id.as_str(),
            maybe(patch.quota),
            patch.used,
            patch.uses,
            last_used,
        ),
    );
    match &patch.ended {
        Some(ended) => put(
            call,
            (1, maybe(ended.until_ms), maybe(ended.quota), ended.used),
        ),
        None => put(call, (0, "", "", 0)),
    }
    put(call, (set, cleared));
}

/// Empty for none.
fn maybe(number: Option<impl ToString>) -> String {
    text_of(number).unwrap_or_default()
}

fn add_fields(patch: &Patch, fields: &mut Fields) {
    if let Some((status, cooldown)) = patch.status {
        let until_ms = cooldown.map(|cooldown| cooldown.until_ms);
        let reason = cooldown.map(|cooldown| cooldown.reason.as_str().to_owned());
        fields.insert("status", Some(status.as_str().to_owned()));
        fields.insert("cooldown_until_ms", text_of(until_ms));
        fields.insert("cooldown_reason", reason);
    }
    if let Some(failure) = &patch.failure {
        fields.insert("fail_count", text_of(Some(failure.count)));
        fields.insert("last_fail_at_ms", text_of(failure.at_ms));
        fields.insert("last_fail_reason", failure.reason.clone());
    }
    if let Some(check) = patch.check {
        let result = check.map(|check| check.result);
        let name = result.map(|result| result.as_str().to_owned());
        fields.insert("last_check_at_ms", text_of(check.map(|check| check.at_ms)));
        fields.insert("last_check", name);
        fields.insert(
            "last_check_until_ms",
            text_of(result.and_then(CheckResult::until_ms)),
        );
    }
    let mut set = |name, new: Option<Option<String>>| {
        if let Some(new) = new {
            fields.insert(name, new);
        }
    };
    set(
        "tier",
        patch.tier.map(|tier| Some(tier.as_str().to_owned())),
    );
    set("last_sync_at_ms", patch.last_sync_at_ms.map(text_of));
    set("quota_windows", patch.quota_windows.clone());
    set("tags", patch.tags.clone().map(Some));
    set("note", patch.note.clone().map(Some));
    set("proxy", patch.proxy.clone());
}

fn text_of(number: Option<impl ToString>) -> Option<String> {
    number.map(|number| number.to_string())
}
