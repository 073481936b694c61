//! What is new in an answer, piece by piece.

/// One piece of an answer. Text is borrowed: it is by far the most frequent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delta<'a> {
    /// Of the answer itself.
    Text(&'a str),
    Reasoning(&'a str),
    Event(&'a Event),
}

/// Everything that is not running text.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The caller's program is asked to run a tool; `arguments` is complete.
    ToolCall(crate::ToolCall),
    /// The text before it cites a source.
    Citation(Citation),
    /// The model looked something up.
    Search(SearchActivity),
    /// A page or post that a look-up found.
    Found(Found),
    /// A picture is ready.
    Image { url: String, alt: String },
    /// How far a picture or video is, 0 to 100.
    Progress { percent: u8 },
}

/// A source that the text cites as `[[number]](url)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Citation {
    /// From 1, by first appearance of the URL in the answer.
    pub number: usize,
    /// Absolute http or https URL.
    pub url: String,
    /// Empty when the upstream named none.
    pub title: String,
}

/// A page or post that a look-up found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Absolute http or https URL.
    pub url: String,
    /// Empty when the upstream named none.
    pub title: String,
}

/// One look-up of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchActivity {
    pub kind: SearchKind,
    pub query: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchKind {
    Web,
    Images,
    /// Posts on X.
    X,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Reasoning,
    Event,
}

/// What is new since the last read, in order of arrival. One buffer, reused from read to read, so
/// that a token costs no allocation.
#[derive(Clone, Debug, Default)]
pub struct Deltas {
    text: String,
    /// Kind and end of each piece: its end offset in `text`, or its end index in `events`.
    pieces: Vec<(Kind, usize)>,
    events: Vec<Event>,
}

impl Deltas {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Bytes of text in it.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.text.len()
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.pieces.clear();
        self.events.clear();
    }

    /// Lets `write` append answer text and returns what it added.
    pub fn append_text(&mut self, write: impl FnOnce(&mut String)) -> &str {
        self.append(Kind::Text, write)
    }

    /// Lets `write` append reasoning and returns what it added.
    pub fn append_reasoning(&mut self, write: impl FnOnce(&mut String)) -> &str {
        self.append(Kind::Reasoning, write)
    }

    pub fn push(&mut self, event: Event) {
        self.events.push(event);
        self.pieces.push((Kind::Event, self.events.len()));
    }

    pub fn iter(&self) -> impl Iterator<Item = Delta<'_>> {
        let mut start = 0;
        self.pieces.iter().filter_map(move |&(kind, end)| {
            if kind == Kind::Event {
                return self.events.get(end.checked_sub(1)?).map(Delta::Event);
            }
            let text = self.text.get(start..end)?;
            start = end;
            Some(match kind {
                Kind::Reasoning => Delta::Reasoning(text),
                _ => Delta::Text(text),
            })
        })
    }

    fn append(&mut self, kind: Kind, write: impl FnOnce(&mut String)) -> &str {
        let start = self.text.len();
        write(&mut self.text);
        let end = self.text.len();
        if end > start {
            self.pieces.push((kind, end));
        }
        self.text.get(start..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_out_in_order_of_arrival() {
        let mut deltas = Deltas::default();
        assert!(deltas.is_empty());
        let event = Event::Progress { percent: 50 };
        deltas.append_reasoning(|out| out.push_str("hm"));
        deltas.push(event.clone());
        assert_eq!(deltas.append_text(|out| out.push_str("Hel")), "Hel");
        assert_eq!(deltas.append_text(|out| out.push_str("lo")), "lo");
        deltas.append_text(|_| {});
        let all: Vec<_> = deltas.iter().collect();
        assert_eq!(
            all,
            [
                Delta::Reasoning("hm"),
                Delta::Event(&event),
                Delta::Text("Hel"),
                Delta::Text("lo")
            ]
        );
        assert_eq!(deltas.len_bytes(), 7);
        deltas.clear();
        assert!(deltas.is_empty());
        assert_eq!((deltas.iter().count(), deltas.len_bytes()), (0, 0));
    }
}
