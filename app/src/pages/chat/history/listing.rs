//! The list of conversations, grouped by day.

use super::Conversation;
use serde::{Deserialize, Serialize};

/// What the list knows of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) updated_at_ms: i64,
    #[serde(default)]
    pub(crate) is_pinned: bool,
    /// Deleted and still to be undone; removed for good later. Only deleting and its undo change it:
    /// a tab that still has the conversation does not bring it back.
    #[serde(default)]
    pub(crate) is_deleted: bool,
    #[serde(default)]
    pub(crate) deleted_at_ms: i64,
    /// Removed for good. Kept as a mark, so that nobody writes the conversation again.
    #[serde(default)]
    pub(crate) is_purged: bool,
}

/// How long a deletion can be undone, at least: longer than the offer is on the page.
const UNDO_MS: i64 = 3_600_000;
/// How long a removed conversation is remembered.
const MARK_MS: i64 = 30 * DAY_MS;

impl Summary {
    /// As the conversation says, deleted as before.
    pub(crate) fn update(&mut self, chat: &Conversation) {
        *self = Self {
            is_deleted: self.is_deleted,
            deleted_at_ms: self.deleted_at_ms,
            is_purged: self.is_purged,
            ..Self::from(chat)
        };
    }

    /// Later than before, also when the clock was set back. Does nothing once it is removed for good.
    pub(crate) fn set_deleted(&mut self, is_deleted: bool, now_ms: i64) {
        if !self.is_purged {
            self.is_deleted = is_deleted;
            self.deleted_at_ms = now_ms.max(self.deleted_at_ms + 1);
        }
    }

    /// Takes over whether another copy is deleted, if that was decided later.
    pub(crate) fn merge_deletion(&mut self, other: &Self) {
        if other.deleted_at_ms > self.deleted_at_ms && !self.is_purged {
            (self.is_deleted, self.deleted_at_ms) = (other.is_deleted, other.deleted_at_ms);
        }
    }

    /// Whether the conversation is to be removed for good.
    pub(crate) fn is_due(&self, now_ms: i64) -> bool {
        self.is_deleted && !self.is_purged && now_ms - self.deleted_at_ms >= UNDO_MS
    }

    /// Whether the mark of a removed conversation is to go as well.
    pub(crate) fn is_forgotten(&self, now_ms: i64) -> bool {
        self.is_purged && now_ms - self.deleted_at_ms >= MARK_MS
    }

    /// What stays of it when it is removed for good: nothing that was written.
    pub(crate) fn purged(self) -> Self {
        Self {
            title: String::new(),
            is_purged: true,
            ..self
        }
    }
}

impl From<&Conversation> for Summary {
    fn from(chat: &Conversation) -> Self {
        Self {
            id: chat.id.clone(),
            title: chat.title.clone(),
            updated_at_ms: chat.updated_at_ms,
            is_pinned: chat.is_pinned,
            is_deleted: false,
            deleted_at_ms: 0,
            is_purged: false,
        }
    }
}

/// How long ago, in calendar days of the person's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Period {
    Pinned,
    Today,
    Yesterday,
    Week,
    Month,
    Older,
}

const DAY_MS: i64 = 86_400_000;

/// Groups in the order in which they are shown, newest first in each; empty ones are left out.
///
/// `zone_minutes` is local time minus UTC.
pub(crate) fn grouped(
    summaries: &[Summary],
    now_ms: i64,
    zone_minutes: i64,
) -> Vec<(Period, Vec<Summary>)> {
    let mut shown: Vec<&Summary> = summaries
        .iter()
        .filter(|summary| !summary.is_deleted)
        .collect();
    shown.sort_by(|a, b| {
        b.updated_at_ms
            .cmp(&a.updated_at_ms)
            .then_with(|| a.id.cmp(&b.id))
    });
    let mut groups: Vec<(Period, Vec<Summary>)> = Vec::new();
    for summary in shown {
        let period = period(summary, now_ms, zone_minutes);
        match groups.iter_mut().find(|(known, _)| *known == period) {
            Some((_, members)) => members.push(summary.clone()),
            None => groups.push((period, vec![summary.clone()])),
        }
    }
    groups.sort_by_key(|(period, _)| *period);
    groups
}

fn period(summary: &Summary, now_ms: i64, zone_minutes: i64) -> Period {
    if summary.is_pinned {
        return Period::Pinned;
    }
    let day = |at_ms: i64| (at_ms + zone_minutes * 60_000).div_euclid(DAY_MS);
    match day(now_ms) - day(summary.updated_at_ms) {
        ..=0 => Period::Today,
        1 => Period::Yesterday,
        2..=7 => Period::Week,
        8..=30 => Period::Month,
        _ => Period::Older,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 20_000 * DAY_MS + DAY_MS / 2;

    fn summary(id: &str, updated_at_ms: i64) -> Summary {
        let title = id.to_uppercase();
        Summary {
            id: id.into(),
            title,
            updated_at_ms,
            is_pinned: false,
            is_deleted: false,
            deleted_at_ms: 0,
            is_purged: false,
        }
    }

    fn shape(groups: &[(Period, Vec<Summary>)]) -> Vec<(Period, Vec<&str>)> {
        let ids = |members: &'_ [Summary]| -> Vec<usize> { (0..members.len()).collect() };
        groups
            .iter()
            .map(|(period, members)| {
                (
                    *period,
                    ids(members)
                        .into_iter()
                        .map(|i| members[i].id.as_str())
                        .collect(),
                )
            })
            .collect()
    }

    #[test]
    fn conversations_are_grouped_by_calendar_day_newest_first() {
        let list = [
            summary("old", NOON - 90 * DAY_MS),
            summary("month", NOON - 20 * DAY_MS),
            summary("morning", NOON - 3_600_000),
            summary("week", NOON - 3 * DAY_MS),
            summary("now", NOON),
            summary("late", NOON - DAY_MS / 2 - 1),
            Summary {
                is_pinned: true,
                ..summary("pin", NOON - 90 * DAY_MS)
            },
            Summary {
                is_deleted: true,
                ..summary("gone", NOON)
            },
        ];
        assert_eq!(
            shape(&grouped(&list, NOON, 0)),
            [
                (Period::Pinned, vec!["pin"]),
                (Period::Today, vec!["now", "morning"]),
                (Period::Yesterday, vec!["late"]),
                (Period::Week, vec!["week"]),
                (Period::Month, vec!["month"]),
                (Period::Older, vec!["old"]),
            ]
        );
    }

    #[test]
    fn the_day_turns_at_local_midnight() {
        let evening = [summary("a", NOON - DAY_MS / 2 - 1)];
        assert_eq!(grouped(&evening, NOON, 0)[0].0, Period::Yesterday);
        assert_eq!(
            grouped(&evening, NOON, 60)[0].0,
            Period::Today,
            "one hour east of UTC"
        );
    }

    #[test]
    fn a_clock_set_back_shows_today() {
        assert_eq!(
            grouped(&[summary("a", NOON + 5 * DAY_MS)], NOON, 0)[0].0,
            Period::Today
        );
    }

    #[test]
    fn a_deletion_can_be_undone_for_an_hour_and_leaves_a_mark_for_a_month() {
        let mut entry = summary("a", NOON);
        entry.set_deleted(true, NOON);
        assert!(!entry.is_due(NOON + UNDO_MS - 1));
        assert!(entry.is_due(NOON + UNDO_MS));
        entry.update(&Conversation::new("a".into(), NOON + 1));
        assert!(entry.is_deleted, "writing does not bring it back");
        let mut mark = entry.purged();
        assert!(mark.title.is_empty() && !mark.is_due(NOON + UNDO_MS));
        mark.set_deleted(false, NOON);
        assert!(mark.is_deleted, "it is too late to undo");
        assert!(!mark.is_forgotten(NOON + MARK_MS - 1));
        assert!(mark.is_forgotten(NOON + MARK_MS));
    }

    #[test]
    fn of_deleting_and_undoing_the_later_counts_in_whatever_order_copies_come() {
        let before = summary("a", NOON);
        let mut deleted = before.clone();
        deleted.set_deleted(true, NOON);
        let mut back = deleted.clone();
        back.set_deleted(false, NOON - 1);
        let copies = [&before, &deleted, &back];
        for (mine, one) in copies.iter().enumerate() {
            for (theirs, other) in copies.iter().enumerate() {
                let mut both = (*one).clone();
                both.merge_deletion(other);
                let later = copies[mine.max(theirs)];
                assert_eq!(both.is_deleted, later.is_deleted, "{mine} and {theirs}");
            }
        }
        let mut removed = deleted.purged();
        removed.merge_deletion(&back);
        assert!(removed.is_deleted, "it is too late to undo");
    }
}
