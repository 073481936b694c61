//! Pasted text: which accounts are in it, and what would become of each.

use grok2api_app::dto::{ImportPreview, LineFault, LineStatus, PreviewLine};
use pool::{Account, Pool, Status, Tier};
use store::account_list::{
    AccountList, Entry, ListedAccount, Refused, RefusedReason, read_account_list,
};

use super::{new_account_id, rows::to_u32};
use crate::clock::now_ms;

/// Places of a preview that are shown one by one.
const MAX_PREVIEW_LINES: usize = 200;

/// Text that was read.
pub(super) struct Pasted {
    pub(super) preview: ImportPreview,
    pub(super) new: Vec<ListedAccount>,
}

impl Pasted {
    pub(super) fn read(pool: &Pool, text: &str) -> Self {
        let list = read_account_list(text.as_bytes());
        let mut preview = ImportPreview {
            repeated: to_u32(list.duplicates),
            bad: to_u32(list.refused_count),
            ..ImportPreview::default()
        };
        let AccountList {
            accounts, refused, ..
        } = list;
        let mut lines: Vec<_> = refused.iter().map(refused_line).collect();
        let mut new = Vec::with_capacity(accounts.len());
        for account in accounts {
            let status = match (
                pool.contains_credential(&account.credential),
                account.is_doubtful(),
            ) {
                (true, _) => LineStatus::Duplicate,
                (false, true) => LineStatus::Doubtful,
                (false, false) => LineStatus::New,
            };
            lines.push(PreviewLine {
                number: to_u32(account.line),
                column: None,
                entry: named(account.entry.as_ref()),
                masked: account.credential.masked(),
                status,
                fault: None,
            });
            match status {
                LineStatus::Duplicate => preview.duplicate += 1,
                LineStatus::Doubtful => preview.doubtful += 1,
                LineStatus::New | LineStatus::Bad => {}
            }
            if status != LineStatus::Duplicate {
                preview.new += 1;
                new.push(account);
            }
        }
        // Those that somebody should look at are shown, however many others there are.
        lines.sort_by_key(|line| match line.status {
            LineStatus::Bad => 0,
            LineStatus::Doubtful => 1,
            LineStatus::Duplicate => 2,
            LineStatus::New => 3,
        });
        lines.truncate(MAX_PREVIEW_LINES);
        preview.lines = lines;
        Self { preview, new }
    }
}

/// An account as it was listed; of this tier, where the list does not say.
pub(in crate::services) fn account_of(listed: ListedAccount, tier: Tier) -> Account {
    let (tier, now) = (listed.tier.unwrap_or(tier), now_ms());
    let created_at_ms = listed.created_at_ms.filter(|at| (1..=now).contains(at));
    let new = Account::new(
        new_account_id(),
        listed.credential,
        tier,
        created_at_ms.unwrap_or(now),
    );
    Account {
        tags: listed.tags,
        note: listed.note,
        use_count: listed.use_count,
        status: match listed.is_disabled {
            true => Status::Disabled,
            false => new.status,
        },
        ..new
    }
}

fn named(entry: Option<&Entry>) -> String {
    entry.map_or_else(String::new, Entry::to_string)
}

fn refused_line(refused: &Refused) -> PreviewLine {
    PreviewLine {
        number: to_u32(refused.line),
        column: match refused.reason {
            RefusedReason::Json { column } => Some(to_u32(column)),
            _ => None,
        },
        entry: named(refused.entry.as_ref()),
        masked: String::new(),
        status: LineStatus::Bad,
        fault: Some(match refused.reason {
            RefusedReason::Credential(_) => LineFault::NoCookie,
            RefusedReason::Code => LineFault::Code,
            RefusedReason::Fragment => LineFault::Fragment,
            RefusedReason::Json { .. } => LineFault::Json,
            RefusedReason::Nothing => LineFault::Nothing,
            RefusedReason::Shape => LineFault::Shape,
            RefusedReason::NoToken | RefusedReason::ShortRow => LineFault::NoToken,
            RefusedReason::NoAccounts => LineFault::NoAccounts,
            RefusedReason::NoSsoCookie => LineFault::NoSsoCookie,
        }),
    }
}

#[cfg(test)]
mod tests {
    use pool::Policy;

    use super::*;

    #[test]
    fn what_somebody_should_look_at_is_shown_however_much_else_there_is() {
        let pool = Pool::new(Policy::default(), 1);
        let mut text: String = (0..1_000).map(|n| format!("eyJgood-{n:04}\n")).collect();
        text.push_str("eyJgood-0000\n<script>\nsk-doubtful-1\n");
        let Pasted { preview, new } = Pasted::read(&pool, &text);
        assert_eq!((preview.new, preview.doubtful), (1_001, 1));
        assert_eq!((preview.duplicate, preview.repeated), (0, 1));
        assert_eq!((preview.bad, new.len()), (1, 1_001));
        assert_eq!(preview.lines.len(), MAX_PREVIEW_LINES);
        let first = &preview.lines[..2];
        let shown: Vec<_> = first
            .iter()
            .map(|line| (line.number, line.status))
            .collect();
        assert_eq!(
            shown,
            [(1_002, LineStatus::Bad), (1_003, LineStatus::Doubtful)]
        );
        assert_eq!(first[0].fault, Some(LineFault::Code));
    }

    #[test]
    fn an_account_that_was_switched_off_is_not_switched_on_by_its_list() {
        let pool = Pool::new(Policy::default(), 1);
        let text = r#"{"ssoBasic": [{"token": "eyJlisted-0001", "status": "disabled",
            "created_at": 7, "use_count": 9}, {"token": "eyJlisted-0002", "created_at": -1}]}"#;
        let new = Pasted::read(&pool, text).new;
        let accounts: Vec<_> = new
            .into_iter()
            .map(|listed| account_of(listed, Tier::Basic))
            .collect();
        let kept = &accounts[0];
        assert_eq!(kept.status, Status::Disabled);
        assert_eq!((kept.created_at_ms, kept.use_count), (7, 9));
        assert_eq!(accounts[1].status, Status::Active);
        assert!(accounts[1].created_at_ms > 7);
    }

    #[test]
    fn a_list_may_say_tier_tags_and_note() {
        let pool = Pool::new(Policy::default(), 1);
        let text = r#"{"ssoSuper": [{"token": "eyJlisted-0001", "tags": ["eu"], "note": "hers"}]}"#;
        let mut new = Pasted::read(&pool, text).new;
        let account = account_of(new.remove(0), Tier::Basic);
        assert_eq!(
            (account.tier, account.tags),
            (Tier::Super, vec!["eu".to_owned()])
        );
        assert_eq!(account.note, "hers");
    }
}
