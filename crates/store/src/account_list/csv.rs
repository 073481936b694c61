//! Tables whose first line names their columns.

use super::{
    Collector, RefusedReason, Told, credential,
    fields::{self, Field},
};
use crate::labels::cut_tags;

/// Reads the text if its first line is a header with a column of tokens; `false` if not.
pub(super) fn read(text: &str, list: &mut Collector) -> bool {
    let mut rows = None;
    for separator in [',', ';', '\t'] {
        let mut candidate = Rows::new(text, separator);
        let Some((_, header)) = candidate.next() else {
            return false;
        };
        let columns: Vec<_> = header
            .iter()
            .map(|name| Field::from_name(name.trim()))
            .collect();
        // A header of one column has no separator: any reads it.
        if columns.contains(&Some(Field::Token)) {
            rows = Some((candidate, columns));
            break;
        }
    }
    let Some((rows, columns)) = rows else {
        return false;
    };
    for (line, cells) in rows {
        list.take(line, read_row(&columns, &cells));
    }
    true
}

fn read_row(
    columns: &[Option<Field>],
    cells: &[String],
) -> Result<(pool::Credential, Told), RefusedReason> {
    let mut told = Told::default();
    let mut token = None;
    for (column, cell) in columns.iter().zip(cells) {
        match column {
            Some(Field::Token) if !cell.trim().is_empty() => token = token.or(Some(cell)),
            Some(Field::Tier) => told.tier = fields::tier(cell),
            Some(Field::Tags) => told.tags = cut_tags(cell.split([',', ';', '|'])),
            Some(Field::Name) => told.notes.insert(0, cell.clone()),
            Some(Field::Note) => told.notes.push(cell.clone()),
            Some(Field::Status) => told.is_disabled = fields::is_disabled(cell),
            Some(Field::Created) => told.created_at_ms = cell.trim().parse().ok(),
            Some(Field::Uses) => told.use_count = cell.trim().parse().unwrap_or(0),
            Some(Field::Token) | None => {}
        }
    }
    Ok((credential(token.ok_or(RefusedReason::ShortRow)?)?, told))
}

/// Rows with the line on which each begins; blank lines are left out.
struct Rows<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    separator: char,
    line: usize,
}

impl<'a> Rows<'a> {
    fn new(text: &'a str, separator: char) -> Self {
        Self {
            rest: text.chars().peekable(),
            separator,
            line: 1,
        }
    }

    /// One row; `None` at the end of the text.
    fn row(&mut self) -> Option<Vec<String>> {
        self.rest.peek()?;
        let (mut cells, mut cell) = (Vec::new(), String::new());
        let mut is_quoted = false;
        while let Some(c) = self.rest.next() {
            match c {
                '"' if is_quoted && self.rest.peek() == Some(&'"') => {
                    self.rest.next();
                    cell.push('"');
                }
                '"' if is_quoted || cell.is_empty() => is_quoted = !is_quoted,
                '\n' => {
                    self.line += 1;
                    if !is_quoted {
                        break;
                    }
                    cell.push(' ');
                }
                '\r' => {}
                c if c == self.separator && !is_quoted => cells.push(std::mem::take(&mut cell)),
                c => cell.push(c),
            }
        }
        cells.push(cell);
        Some(cells)
    }
}

impl Iterator for Rows<'_> {
    type Item = (usize, Vec<String>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.line;
            let cells = self.row()?;
            if cells.iter().any(|cell| !cell.trim().is_empty()) {
                return Some((line, cells));
            }
        }
    }
}
