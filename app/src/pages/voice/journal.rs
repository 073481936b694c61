//! What was said and what happened, line by line.

use super::livekit::Segment;
use crate::{
    components::{Button, CopyButton, IconName},
    i18n::{Language, Text, t, text::voice as text, use_language},
    words::clock,
};
use leptos::prelude::*;

/// As many lines as are kept; the oldest go first.
const MOST: usize = 500;

/// Whose line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Guest,
    Voice,
}

#[derive(Clone)]
enum Content {
    Event(Text),
    Words { who: Who, words: Segment },
}

/// One line. Its key stays when words are added to it.
#[derive(Clone)]
pub(super) struct Line {
    key: u64,
    /// Seconds since the talk began.
    at_secs: u64,
    content: Content,
}

#[derive(Clone, Copy)]
pub(super) struct Journal {
    lines: RwSignal<Vec<Line>>,
    next: StoredValue<u64>,
}

impl Journal {
    pub(super) fn new() -> Self {
        Self {
            lines: RwSignal::new(Vec::new()),
            next: StoredValue::new(0),
        }
    }

    /// Notes that something has happened.
    pub(super) fn note(self, event: Text, at_secs: u64) {
        self.push(Content::Event(event), at_secs);
    }

    /// Notes words. The same id again is the same words as they are now.
    pub(super) fn words(self, words: Segment, who: Who, at_secs: u64) {
        let is_known = self.lines.try_update(|lines| {
            let mut lines = lines.iter_mut().rev();
            let known = lines.find_map(|line| match &mut line.content {
                Content::Words { words: known, .. } if known.id == words.id => Some(known),
                _ => None,
            });
            match known {
                Some(known) => {
                    words.clone_into(known);
                    true
                }
                None => false,
            }
        });
        if is_known == Some(false) {
            self.push(Content::Words { who, words }, at_secs);
        }
    }

    /// Whether a line is being written: its words may change. Reactive.
    fn is_growing(self, key: u64) -> bool {
        self.lines.with(|lines| {
            lines.last().is_some_and(|last| {
                let is_open =
                    matches!(&last.content, Content::Words { words, .. } if !words.is_final);
                last.key == key && is_open
            })
        })
    }

    fn push(self, content: Content, at_secs: u64) {
        let Some(key) = self.next.try_get_value() else {
            return;
        };
        self.next.set_value(key + 1);
        self.lines.update(|lines| {
            if lines.len() >= MOST {
                lines.remove(0);
            }
            lines.push(Line {
                key,
                at_secs,
                content,
            });
        });
    }

    fn text(self, language: Language) -> String {
        let line = |line: &Line| format!("{} {}\n", clock(line.at_secs), in_words(line, language));
        self.lines.with(|lines| lines.iter().map(line).collect())
    }
}

fn in_words(line: &Line, language: Language) -> String {
    match &line.content {
        Content::Event(event) => event.get(language).to_owned(),
        Content::Words { who, words } => {
            let who = match who {
                Who::Guest => text::YOU,
                Who::Voice => text::GROK,
            };
            format!("{}: {}", who.get(language), words.text)
        }
    }
}

/// The lines, newest last.
#[component]
pub(super) fn JournalView(journal: Journal) -> impl IntoView {
    let language = use_language();
    let is_empty = move || journal.lines.with(Vec::is_empty);
    let line = move |line: Line| {
        let (key, at_secs) = (line.key, line.at_secs);
        let is_event = matches!(line.content, Content::Event(_));
        let is_growing = move || journal.is_growing(key).then_some("true");
        let words = move || {
            let found = |lines: &Vec<Line>| lines.iter().find(|line| line.key == key).cloned();
            let line = journal.lines.with(found).unwrap_or_else(|| line.clone());
            in_words(&line, language.get())
        };
        view! {
            // Told by screen readers once it is whole.
            <li class="journal__line" class:is-event=is_event aria-busy=is_growing>
                <span class="journal__time">{clock(at_secs)}</span>
                <span>{words}</span>
            </li>
        }
    };
    view! {
        <section class="card journal" aria-labelledby="voice-log">
            <div class="journal__head">
                <h2 class="journal__title" id="voice-log">
                    {t(text::LOG)}
                </h2>
                <CopyButton text=move || journal.text(language.get()) />
                <Button
                    icon=IconName::Trash2
                    disabled=Signal::derive(is_empty)
                    on:click=move |_| journal.lines.set(Vec::new())
                >
                    {t(text::CLEAR)}
                </Button>
            </div>
            <p class="journal__empty" hidden=move || !is_empty()>
                {t(text::LOG_EMPTY)}
            </p>
            <div
                class="journal__lines"
                role="log"
                aria-labelledby="voice-log"
                tabindex="0"
                hidden=is_empty
            >
                <ol>
                    <For each=move || journal.lines.get() key=|line| line.key children=line />
                </ol>
            </div>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_grow_stay_one_line() {
        let owner = Owner::new();
        owner.with(|| {
            let journal = Journal::new();
            journal.note(text::CONNECTED, 0);
            let words = |id: &str, text: &str, is_final| Segment {
                id: id.to_owned(),
                text: text.to_owned(),
                is_final,
            };
            journal.words(words("a", "Hel", false), Who::Voice, 1);
            assert!(journal.is_growing(1));
            journal.words(words("a", "Hello", true), Who::Voice, 2);
            assert!(!journal.is_growing(1));
            journal.words(words("b", "Hi", true), Who::Guest, 61);
            let expected = "0:00 Connected.\n0:01 Grok: Hello\n1:01 You: Hi\n";
            assert_eq!(journal.text(Language::English), expected);
        });
    }
}
