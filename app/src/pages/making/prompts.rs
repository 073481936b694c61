//! The prompts of before, latest first.

use crate::browser::page::{self, Kept};
use leptos::prelude::*;

const MAX_PROMPTS: usize = 50;

/// What was asked for in this browser.
#[derive(Clone, Copy)]
pub(in crate::pages) struct Prompts {
    /// Where the browser keeps them.
    key: &'static str,
    list: RwSignal<Vec<String>>,
    /// Which of them the arrow keys have put into the field.
    shown: StoredValue<Option<usize>>,
}

impl Prompts {
    /// Server-side rendering: none.
    pub(in crate::pages) fn load(key: &'static str) -> Self {
        let list = RwSignal::new(Vec::new());
        Effect::new(move || {
            let kept = page::recall(Kept::Always, key);
            if let Some(kept) = kept.and_then(|text| serde_json::from_str(&text).ok()) {
                list.set(kept);
            }
        });
        Self {
            key,
            list,
            shown: StoredValue::new(None),
        }
    }

    pub(super) fn list(self) -> Vec<String> {
        self.list.get()
    }

    pub(super) fn is_empty(self) -> bool {
        self.list.with(Vec::is_empty)
    }

    pub(in crate::pages) fn add(self, prompt: &str) {
        self.change(|list| put_first(list, prompt));
    }

    pub(super) fn forget(self, prompt: &str) {
        self.change(|list| list.retain(|one| one != prompt));
    }

    pub(super) fn forget_all(self) {
        self.change(Vec::clear);
    }

    /// The prompt before or after the one that the keys have put into the field. `text` is what is
    /// there; words of the person's own are not replaced.
    pub(in crate::pages) fn step(self, text: &str, is_older: bool) -> Option<String> {
        let shown = self.list.with_untracked(|list| {
            let at = self.shown.get_value();
            let at = at.filter(|&at| list.get(at).is_some_and(|one| one == text));
            step(list, at, text, is_older)
        })?;
        self.shown.set_value(shown);
        let text = self
            .list
            .with_untracked(|list| shown.and_then(|at| list.get(at).cloned()));
        Some(text.unwrap_or_default())
    }

    fn change(self, change: impl FnOnce(&mut Vec<String>)) {
        self.shown.set_value(None);
        self.list.update(change);
        if let Ok(text) = self.list.with_untracked(serde_json::to_string) {
            page::keep(Kept::Always, self.key, &text);
        }
    }
}

fn put_first(list: &mut Vec<String>, prompt: &str) {
    list.retain(|one| one != prompt);
    list.insert(0, prompt.to_owned());
    list.truncate(MAX_PROMPTS);
}

/// Where the keys lead from `at`: `Some(None)` is the empty field, `None` nowhere.
fn step(list: &[String], at: Option<usize>, text: &str, is_older: bool) -> Option<Option<usize>> {
    match (at, is_older) {
        (None, true) if text.is_empty() && !list.is_empty() => Some(Some(0)),
        (Some(at), true) if at + 1 < list.len() => Some(Some(at + 1)),
        (Some(0), false) => Some(None),
        (Some(at), false) => Some(Some(at - 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn the_latest_prompt_is_first_and_stands_once() {
        let mut list = texts(&["b", "a"]);
        put_first(&mut list, "a");
        assert_eq!(list, texts(&["a", "b"]));
        for at in 0..60 {
            put_first(&mut list, &at.to_string());
        }
        assert_eq!((list.len(), &*list[0]), (MAX_PROMPTS, "59"));
    }

    #[test]
    fn arrows_walk_through_the_prompts_and_keep_own_words() {
        let list = texts(&["new", "old"]);
        assert_eq!(step(&list, None, "", true), Some(Some(0)));
        assert_eq!(step(&list, Some(0), "new", true), Some(Some(1)));
        assert_eq!(step(&list, Some(1), "old", true), None, "the oldest");
        assert_eq!(step(&list, Some(1), "old", false), Some(Some(0)));
        assert_eq!(step(&list, Some(0), "new", false), Some(None));
        assert_eq!(step(&list, None, "my own", true), None);
        assert_eq!(step(&[], None, "", true), None);
    }
}
