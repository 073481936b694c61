//! Which rows are ticked.

use std::collections::BTreeSet;

/// Ticked account ids, over all pages of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::pages) struct Selection {
    ids: BTreeSet<String>,
    /// The row that was last ticked or unticked alone: where a shift-click range starts.
    anchor: Option<String>,
}

impl Selection {
    pub(in crate::pages) fn of(ids: Vec<String>) -> Self {
        Self {
            ids: ids.into_iter().collect(),
            anchor: None,
        }
    }

    pub(in crate::pages) fn contains(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    pub(in crate::pages) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(in crate::pages) fn ids(&self) -> Vec<String> {
        self.ids.iter().cloned().collect()
    }

    pub(in crate::pages) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Unticks all but these.
    pub(in crate::pages) fn keep(&mut self, ids: &[String]) {
        self.ids.retain(|id| ids.contains(id));
    }

    /// Flips one row. With `extend`, all rows from the anchor to this one take its new state;
    /// `order` are the ids as shown.
    pub(in crate::pages) fn toggle(&mut self, id: &str, extend: bool, order: &[String]) {
        let ticked = !self.contains(id);
        let position = |wanted: &str| order.iter().position(|id| id == wanted);
        let anchor = self.anchor.as_deref().filter(|_| extend).and_then(position);
        match (anchor, position(id)) {
            (Some(from), Some(to)) => {
                let range = from.min(to)..=from.max(to);
                for id in order.get(range).unwrap_or_default() {
                    self.set(id, ticked);
                }
            }
            _ => self.set(id, ticked),
        }
        self.anchor = Some(id.to_owned());
    }

    /// Ticks all of `order`; unticks them when all are ticked already.
    pub(in crate::pages) fn toggle_all(&mut self, order: &[String]) {
        let ticked = !self.has_all(order);
        for id in order {
            self.set(id, ticked);
        }
        self.anchor = None;
    }

    pub(in crate::pages) fn has_all(&self, order: &[String]) -> bool {
        !order.is_empty() && order.iter().all(|id| self.contains(id))
    }

    pub(in crate::pages) fn has_some(&self, order: &[String]) -> bool {
        order.iter().any(|id| self.contains(id))
    }

    fn set(&mut self, id: &str, ticked: bool) {
        if ticked {
            self.ids.insert(id.to_owned());
        } else {
            self.ids.remove(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Vec<String> {
        ["a", "b", "c", "d"].map(str::to_owned).to_vec()
    }

    #[test]
    fn shift_click_ticks_the_range_in_either_direction() {
        let mut selection = Selection::default();
        selection.toggle("c", false, &order());
        selection.toggle("a", true, &order());
        assert_eq!(selection.ids(), ["a", "b", "c"]);
    }

    #[test]
    fn shift_click_on_a_ticked_row_unticks_the_range() {
        let mut selection = Selection::default();
        selection.toggle_all(&order());
        selection.toggle("b", false, &order());
        selection.toggle("d", true, &order());
        assert_eq!(selection.ids(), ["a"]);
    }

    #[test]
    fn shift_click_without_an_anchor_on_this_page_ticks_one_row() {
        let mut selection = Selection::default();
        selection.toggle("elsewhere", false, &order());
        selection.toggle("b", true, &order());
        assert_eq!(selection.ids(), ["b", "elsewhere"]);
    }

    #[test]
    fn select_all_of_an_empty_page_is_not_all() {
        let mut selection = Selection::default();
        assert!(!selection.has_all(&[]));
        selection.toggle_all(&order());
        assert!(selection.has_all(&order()));
        selection.toggle_all(&order());
        assert_eq!(selection.len(), 0);
    }
}
