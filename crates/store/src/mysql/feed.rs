//! What other instances changed, read from the rows of their transactions.
//!
//! Each writer numbers its transactions, and they become visible in that order. So it is enough to
//! know of each writer how far it was read: nothing is told twice, and nothing is missed because
//! transactions end in another order than they began.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use sqlx::{mysql::MySqlRow, query};
use tokio::{sync::Mutex, time::Instant};
use uuid::Uuid;

use super::{
    batches::{KEPT, News},
    connection::Pool,
    statements::{LAST_BATCHES, NEWS},
};
use crate::{
    Changes, Cursor, StoreError,
    ring::Ring,
    sql::{Columns, read_all},
};

/// Transactions of one writer that are read at once; of more than these, everything is read again.
const READ_AT_ONCE: i64 = 1_000;

pub(super) struct Feed {
    /// Who writes here, once it has written.
    own: Arc<OnceLock<Uuid>>,
    /// Held while the server is asked, so that each change gets one place.
    place: Mutex<Place>,
    ring: Ring,
}

/// How far the news were read.
#[derive(Default)]
struct Place {
    /// When the server was asked last; never = what is there is not news.
    asked: Option<Instant>,
    /// How far each other writer was read.
    known: HashMap<String, i64>,
}

impl Feed {
    pub(super) fn new(own: Arc<OnceLock<Uuid>>) -> Self {
        Self {
            own,
            place: Mutex::default(),
            ring: Ring::default(),
        }
    }

    pub(super) async fn changes_since(
        &self,
        pool: &Pool,
        cursor: Option<Cursor>,
    ) -> Result<Changes, StoreError> {
        let mut place = self.place.lock().await;
        self.read(pool, &mut place).await?;
        Ok(self.ring.since(cursor))
    }

    /// Reads what is new of every other writer.
    async fn read(&self, pool: &Pool, place: &mut Place) -> Result<(), StoreError> {
        let asked = Instant::now();
        let writers = pool.rows(query(LAST_BATCHES)).await?;
        let read = |row: &MySqlRow| Ok((row.text("writer")?, row.int("newest")?));
        let mut writers: Vec<(String, i64)> = read_all(&writers, read)?;
        let own = self.own.get().map(Uuid::to_string);
        writers.retain(|(writer, _)| Some(writer) != own.as_ref());
        if let Some(before) = place.asked {
            // What was removed meanwhile was not read.
            if asked - before > KEPT / 2 {
                self.ring.lose();
            }
            for (writer, newest) in &writers {
                let known = place.known.get(writer).copied().unwrap_or_default();
                if *newest - known > READ_AT_ONCE {
                    self.ring.lose();
                    continue;
                }
                if *newest <= known {
                    continue;
                }
                let news = query(NEWS).bind(writer).bind(known).bind(newest);
                let news = pool.rows(news).await?;
                let news = read_all(&news, |row| row.text("news"))?;
                place.known.insert(writer.clone(), *newest);
                news.iter().for_each(|news| self.tell(News::read(news)));
            }
        }
        place.known = writers.into_iter().collect();
        place.asked = Some(asked);
        Ok(())
    }

    fn tell(&self, news: News) {
        match news.changed() {
            Some(accounts) => accounts.for_each(|account| self.ring.push(account)),
            None => self.ring.lose(),
        }
    }
}
