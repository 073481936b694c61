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
    /// Deleted and still to be undone; removed for good later.
    #[serde(default)]
    pub(crate) is_deleted: bool,
}

impl From<&Conversation> for Summary {
    fn from(chat: &Conversation) -> Self {
        Self {
            id: chat.id.clone(),
            title: chat.title.clone(),
            updated_at_ms: chat.updated_at_ms,
            is_pinned: chat.is_pinned,
            is_deleted: false,
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
}
