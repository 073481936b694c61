//! What other instances changed, read from the rows of their transactions.
//!
//! Each writer numbers its transactions, and they become visible in that order. So it is enough to
//! know of each writer how far it was read: nothing is told twice, and nothing is missed because
//! transactions end in another order than they began.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, OnceLock},
};

use sqlx::{Error, Row, query};
use tokio::{sync::Mutex, time::Instant};
use uuid::Uuid;

use super::{
    batches::{KEPT, News},
    connection::Pool,
    statements::{LAST_BATCHES, NEWS},
};
use crate::{Changed, Changes, Cursor, StoreError};

/// Changes that are remembered for who asks late.
const REMEMBERED: usize = 16_384;
/// Transactions of one writer that are read at once; of more than these, everything is read again.
const READ_AT_ONCE: i64 = 1_000;

pub(super) struct Feed {
    /// Who writes here, once it has written.
    own: Arc<OnceLock<Uuid>>,
    /// Held while the server is asked, so that each change gets one place.
    ring: Mutex<Ring>,
}

impl Feed {
    pub(super) fn new(own: Arc<OnceLock<Uuid>>) -> Self {
        Self {
            own,
            ring: Mutex::default(),
        }
    }

    pub(super) async fn changes_since(
        &self,
        pool: &Pool,
        cursor: Option<Cursor>,
    ) -> Result<Changes, StoreError> {
        let mut ring = self.ring.lock().await;
        self.read(pool, &mut ring).await?;
        Ok(ring.since(cursor))
    }

    /// Reads what is new of every other writer.
    async fn read(&self, pool: &Pool, ring: &mut Ring) -> Result<(), StoreError> {
        let asked = Instant::now();
        let read = |row: &sqlx::mysql::MySqlRow| {
            Ok::<(String, i64), Error>((row.try_get(0)?, row.try_get(1)?))
        };
        let mut writers = pool.all(query(LAST_BATCHES), read).await?;
        let own = self.own.get().map(Uuid::to_string);
        writers.retain(|(writer, _)| Some(writer) != own.as_ref());
        if let Some(before) = ring.asked {
            // What was removed meanwhile was not read.
            if asked - before > KEPT / 2 {
                ring.forget();
            }
            for (writer, newest) in &writers {
                let known = ring.known.get(writer).copied().unwrap_or_default();
                if *newest - known > READ_AT_ONCE {
                    ring.forget();
                    continue;
                }
                if *newest <= known {
                    continue;
                }
                let news = query(NEWS).bind(writer).bind(known).bind(newest);
                let news = pool.all(news, |row| row.try_get::<String, _>(0)).await?;
                ring.known.insert(writer.clone(), *newest);
                news.iter().for_each(|news| ring.push(News::read(news)));
            }
        }
        ring.known = writers.into_iter().collect();
        ring.asked = Some(asked);
        Ok(())
    }
}

/// The last changes of others.
#[derive(Default)]
struct Ring {
    /// When the server was asked last; never = what is there is not news.
    asked: Option<Instant>,
    /// How far each other writer was read.
    known: HashMap<String, i64>,
    changes: VecDeque<Changed>,
    /// Place of the first of them.
    start: u64,
}

impl Ring {
    fn push(&mut self, news: News) {
        let Some(changes) = news.changed() else {
            return self.forget();
        };
        self.changes.extend(changes);
        let excess = self.changes.len().saturating_sub(REMEMBERED);
        self.changes.drain(..excess);
        self.start += excess as u64;
    }

    fn end(&self) -> u64 {
        self.start + self.changes.len() as u64
    }

    /// Whoever asks from an earlier place misses something.
    fn forget(&mut self) {
        self.start = self.end() + 1;
        self.changes.clear();
    }

    fn since(&self, cursor: Option<Cursor>) -> Changes {
        let Cursor(from) = cursor.unwrap_or(Cursor(self.end()));
        let known = usize::try_from(from.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let mut told = HashSet::new();
        let news = self.changes.iter().skip(known);
        Changes {
            cursor: Cursor(self.end()),
            is_incomplete: from < self.start,
            changed: news
                .filter(|change| told.insert(*change))
                .cloned()
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(name: &str) -> Changed {
        Changed::Setting(name.to_owned())
    }

    fn news(name: &str) -> News {
        News::read(&format!(r#"{{"settings":["{name}"]}}"#))
    }

    #[test]
    fn each_change_is_told_once_from_where_one_was() {
        let mut ring = Ring::default();
        let start = ring.since(None).cursor;
        for name in ["a", "b", "a"] {
            ring.push(news(name));
        }
        let first = ring.since(Some(start));
        assert_eq!(first.changed, [setting("a"), setting("b")]);
        assert!(!first.is_incomplete);
        ring.push(news("c"));
        assert_eq!(ring.since(Some(first.cursor)).changed, [setting("c")]);
        assert_eq!(ring.since(None).changed, []);
    }

    #[test]
    fn who_asks_too_late_or_cannot_be_told_everything_reads_again() {
        let mut ring = Ring::default();
        let start = ring.since(None).cursor;
        ring.push(News::read(r#"{"everything":true}"#));
        ring.push(news("a"));
        let changes = ring.since(Some(start));
        assert!(changes.is_incomplete);
        assert_eq!(changes.changed, [setting("a")]);
        for n in 0..=REMEMBERED {
            ring.push(news(&n.to_string()));
        }
        assert_eq!(ring.changes.len(), REMEMBERED);
        assert!(ring.since(Some(changes.cursor)).is_incomplete);
        let end = ring.since(None).cursor;
        assert!(!ring.since(Some(end)).is_incomplete);
    }
}
