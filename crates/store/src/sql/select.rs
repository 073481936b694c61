//! Writing a query piece by piece, each value where it belongs.

use std::borrow::Cow;

use sqlx::{Encode, QueryBuilder, Type};

use super::dialect::Dialect;

/// Time and id of a row: its place in a list.
pub(crate) type Place = (i64, String);

/// Columns of a place.
pub(crate) type PlaceColumns = (&'static str, &'static str);

/// A query of any database that is being written.
pub(crate) trait Select: Sized + Send {
    /// As in [`Dialect`].
    const INTEGER: &'static str;
    const COMPARES_ROWS: bool;
    const SUMS: [&'static str; 2];

    fn new(text: &str) -> Self;

    fn add(&mut self, text: &str) -> &mut Self;

    fn text(&mut self, value: &str) -> &mut Self;

    fn int(&mut self, value: i64) -> &mut Self;

    /// Adds `… LIKE …` of prompts that contain a text.
    fn prompt_contains(&mut self, text: &str) -> &mut Self;

    /// Adds ` AND (time, id) > …`: behind a place, or before it where the newest come first.
    fn beyond(
        &mut self,
        (time, id): PlaceColumns,
        is_newest_first: bool,
        (at_ms, row_id): (i64, &str),
    ) -> &mut Self {
        let sign = if is_newest_first { "<" } else { ">" };
        if Self::COMPARES_ROWS {
            self.add(&format!(" AND ({time}, {id}) {sign} ("));
            self.int(at_ms).add(", ").text(row_id).add(")")
        } else {
            self.add(&format!(" AND {time} {sign}= ")).int(at_ms);
            self.add(&format!(" AND ({time} {sign} ")).int(at_ms);
            self.add(&format!(" OR {id} {sign} "));
            self.text(row_id).add(")")
        }
    }

    /// The end of the query of a page: its place, if it has one, its order and how many rows it has.
    fn page(
        &mut self,
        (time, id): PlaceColumns,
        is_newest_first: bool,
        place: Option<&Place>,
        limit: u32,
    ) -> &mut Self {
        if let Some((at_ms, row_id)) = place {
            self.beyond((time, id), is_newest_first, (*at_ms, row_id));
        }
        let order = if is_newest_first { " DESC" } else { "" };
        self.add(&format!(" ORDER BY {time}{order}, {id}{order} LIMIT "));
        self.int(limit.into())
    }
}

impl<DB> Select for QueryBuilder<DB>
where
    DB: Dialect,
    for<'t> Cow<'t, str>: Encode<'t, DB> + Type<DB>,
    for<'t> i64: Encode<'t, DB> + Type<DB>,
{
    const INTEGER: &'static str = DB::INTEGER;
    const COMPARES_ROWS: bool = DB::COMPARES_ROWS;
    const SUMS: [&'static str; 2] = DB::SUMS;

    fn new(text: &str) -> Self {
        Self::new(text)
    }

    fn add(&mut self, text: &str) -> &mut Self {
        self.push(text)
    }

    fn text(&mut self, value: &str) -> &mut Self {
        self.push_bind(DB::stored(value))
    }

    fn int(&mut self, value: i64) -> &mut Self {
        self.push_bind(value)
    }

    fn prompt_contains(&mut self, text: &str) -> &mut Self {
        let [before, behind] = DB::PROMPT_LIKE;
        self.push(before).push_bind(DB::stored(&containing(text)));
        self.push(behind).push(format_args!(" ESCAPE '{ESCAPE}'"))
    }
}

/// Before each character that would stand for others in a pattern.
const ESCAPE: char = '!';

/// The pattern of texts that contain this one.
fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
