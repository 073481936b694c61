//! Where the tiles of the gallery stand. Pure.
//!
//! Rows as wide as the gallery, every tile in its own shape. Rows are filled from an anchor, the tile
//! that was the newest when the page was opened: upwards with what is drawn since, downwards with what
//! was there. So a new tile moves nothing but those of the topmost row.

use std::ops::Range;

/// Between tiles, in pixels.
const GAP: f64 = 8.0;
/// The share of the width that a row is high, and the limits of it in pixels.
const ROW_SHARE: f64 = 0.2;
const MIN_ROW: f64 = 168.0;
const MAX_ROW: f64 = 300.0;

/// A tile's place, in pixels from the corner of the gallery.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in super::super) struct Place {
    pub(in super::super) left: f64,
    pub(in super::super) top: f64,
    pub(in super::super) width: f64,
    pub(in super::super) height: f64,
}

impl Place {
    /// The corner, as `transform` takes it.
    pub(super) fn transform(self) -> String {
        format!("translate({}px,{}px)", pixels(self.left), pixels(self.top))
    }

    pub(super) fn css_width(self) -> String {
        format!("{}px", pixels(self.left + self.width) - pixels(self.left))
    }

    pub(super) fn css_height(self) -> String {
        format!("{}px", pixels(self.top + self.height) - pixels(self.top))
    }
}

/// Whole pixels: edges stay sharp, and fractions would cost every visitor the code that writes them.
pub(super) fn pixels(length: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "pixels")]
    let whole = length.round() as i32;
    whole
}

/// The places of all tiles, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct Layout {
    places: Vec<Place>,
    /// The tiles of each row, from the top.
    rows: Vec<Range<usize>>,
    height: f64,
}

/// A row that is not placed yet: its tiles and its height.
struct Row {
    tiles: Range<usize>,
    height: f64,
}

impl Layout {
    /// `ratios` are those of all tiles, newest first; the first `newer` of them stand above the
    /// anchor.
    pub(super) fn new(ratios: &[f64], newer: usize, width: f64) -> Self {
        if width <= 0.0 {
            return Self::default();
        }
        let target = (width * ROW_SHARE).clamp(MIN_ROW, MAX_ROW);
        let mut rows = upwards(ratios, newer.min(ratios.len()), width, target);
        downwards(ratios, newer.min(ratios.len()), width, target, &mut rows);
        let mut layout = Self::default();
        layout.places.reserve(ratios.len());
        for row in rows {
            let mut left = 0.0;
            for ratio in ratios.get(row.tiles.clone()).unwrap_or_default() {
                let width = ratio * row.height;
                layout.places.push(Place {
                    left,
                    top: layout.height,
                    width,
                    height: row.height,
                });
                left += width + GAP;
            }
            layout.height += row.height + GAP;
            layout.rows.push(row.tiles);
        }
        layout
    }

    pub(super) fn height(&self) -> f64 {
        self.height
    }

    pub(super) fn place(&self, at: usize) -> Option<Place> {
        self.places.get(at).copied()
    }

    /// The tiles of the rows that are between these two heights.
    pub(super) fn between(&self, top: f64, bottom: f64) -> Range<usize> {
        let edge = |row: &Range<usize>| self.places.get(row.start).copied().unwrap_or_default();
        let first = self.rows.partition_point(|row| {
            let place = edge(row);
            place.top + place.height < top
        });
        let after = self.rows.partition_point(|row| edge(row).top <= bottom);
        match self.rows.get(first..after) {
            Some([one]) => one.clone(),
            Some([from, .., to]) => from.start..to.end,
            _ => 0..0,
        }
    }

    /// The tile one row above or below `at` that is nearest to it.
    pub(super) fn beside(&self, at: usize, is_below: bool) -> Option<usize> {
        let row = self.rows.iter().position(|row| row.contains(&at))?;
        let row = if is_below {
            row.checked_add(1)?
        } else {
            row.checked_sub(1)?
        };
        let middle = |at: usize| {
            self.place(at)
                .map_or(0.0, |place| place.left + place.width / 2.0)
        };
        let distance = |other: &usize| (middle(*other) - middle(at)).abs();
        self.rows
            .get(row)?
            .clone()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
    }
}

/// The height at which tiles of these widths, for a height of one, fill a row.
fn filling(ratios: f64, tiles: usize, width: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few tiles")]
    let gaps = GAP * tiles.saturating_sub(1) as f64;
    (width - gaps).max(1.0) / ratios
}

/// Rows of the tiles after `from`, appended to `rows`.
fn downwards(ratios: &[f64], from: usize, width: f64, target: f64, rows: &mut Vec<Row>) {
    let (mut start, mut sum) = (from, 0.0);
    for (at, ratio) in ratios.iter().enumerate().skip(from) {
        sum += ratio;
        let height = filling(sum, at + 1 - start, width);
        if height <= target {
            let tiles = start..at + 1;
            rows.push(Row { tiles, height });
            (start, sum) = (at + 1, 0.0);
        }
    }
    if start < ratios.len() {
        let tiles = start..ratios.len();
        let height = target.min(filling(sum, tiles.len(), width));
        rows.push(Row { tiles, height });
    }
}

/// Rows of the tiles before `to`, filled from the oldest on; from the top.
fn upwards(ratios: &[f64], to: usize, width: f64, target: f64) -> Vec<Row> {
    let (mut rows, mut end, mut sum) = (Vec::new(), to, 0.0);
    for at in (0..to).rev() {
        sum += ratios.get(at).copied().unwrap_or(1.0);
        let height = filling(sum, end - at, width);
        if height <= target {
            let tiles = at..end;
            rows.push(Row { tiles, height });
            (end, sum) = (at, 0.0);
        }
    }
    if end > 0 {
        let height = target.min(filling(sum, end, width));
        let tiles = 0..end;
        rows.push(Row { tiles, height });
    }
    rows.reverse();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: [f64; 5] = [0.667, 1.0, 1.5, 1.778, 0.5625];

    fn ratios(count: usize) -> Vec<f64> {
        MIXED.into_iter().cycle().take(count).collect()
    }

    #[test]
    fn full_rows_are_as_wide_as_the_gallery_and_no_higher_than_wanted() {
        for width in [360.0, 1024.0, 1440.0] {
            let ratios = ratios(101);
            let layout = Layout::new(&ratios, 0, width);
            let (last, full) = layout.rows.split_last().unwrap();
            for row in full {
                let end = layout.place(row.end - 1).unwrap();
                assert!(
                    (end.left + end.width - width).abs() < 0.01,
                    "{width}: {end:?}"
                );
                assert!(end.height <= MAX_ROW, "{width}: {end:?}");
            }
            assert_eq!(last.end, 101);
            let end = layout.place(100).unwrap();
            assert!(end.left + end.width <= width + 0.01);
        }
    }

    #[test]
    fn a_new_tile_moves_only_those_of_the_topmost_row() {
        let old = ratios(40);
        for newer in 1..30 {
            let before = Layout::new(&[ratios(newer), old.clone()].concat(), newer, 1200.0);
            let more = [vec![1.0], ratios(newer), old.clone()].concat();
            let after = Layout::new(&more, newer + 1, 1200.0);
            let topmost = before.rows[0].end;
            let from_the_end = |layout: &Layout, at: usize| {
                let place = layout.place(at).unwrap();
                (place.left, (layout.height() - place.top).round())
            };
            for at in topmost..newer + 40 {
                let (was, is) = (from_the_end(&before, at), from_the_end(&after, at + 1));
                assert_eq!(was, is, "{newer} {at}");
            }
        }
    }

    #[test]
    fn what_can_be_seen_is_a_small_part() {
        let layout = Layout::new(&ratios(5_000), 3, 1200.0);
        assert_eq!(layout.between(0.0, 800.0).start, 0);
        let middle = layout.height() / 2.0;
        let seen = layout.between(middle, middle + 800.0);
        assert!(seen.len() > 4 && seen.len() < 60, "{seen:?}");
        let first = layout.place(seen.start).unwrap();
        assert!(first.top + first.height >= middle && first.top < middle + 300.0);
        assert_eq!(layout.between(1e9, 2e9), 0..0);
        assert_eq!(Layout::new(&[], 0, 1200.0).between(0.0, 800.0), 0..0);
    }

    #[test]
    fn tiles_are_whole_pixels_and_never_touch() {
        let layout = Layout::new(&ratios(60), 0, 1111.0);
        for row in &layout.rows {
            let mut free = 0;
            for at in row.clone() {
                let place = layout.place(at).unwrap();
                let left = pixels(place.left);
                let width: i32 = place.css_width().trim_end_matches("px").parse().unwrap();
                assert!(left >= free && left + width <= 1111, "{place:?}");
                free = left + width + 7;
            }
        }
    }

    #[test]
    fn arrows_find_the_nearest_of_the_next_row() {
        let layout = Layout::new(&ratios(50), 0, 1200.0);
        let below = layout.beside(0, true).unwrap();
        assert_eq!(below, layout.rows[1].start);
        assert_eq!(layout.beside(below, false), Some(0));
        assert_eq!(layout.beside(0, false), None);
        assert_eq!(layout.beside(49, true), None);
    }
}
