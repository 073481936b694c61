//! The searches of an answer, as a client sees that asked for the web search tool.

use chat::Found;

/// More searches of one answer are counted, but not shown.
const MAX_SEARCHES: u64 = 128;
/// More pages of one search are left out.
const MAX_PAGES: usize = 100;
/// More citations of one answer are left out.
const MAX_CITATIONS: usize = 1024;

/// Collects what a search found until the answer goes on, since a result is one whole block.
///
/// Thinking does not end a search: the upstream thinks while it looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Searches {
    /// Whether the client asked for them; else nothing is counted or shown.
    is_shown: bool,
    count: u64,
    citations: usize,
    /// Of the newest search.
    result: Option<SearchResult>,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SearchResult {
    /// Of the search, from 1.
    pub(crate) number: u64,
    pub(crate) pages: Vec<Found>,
}

impl Searches {
    /// Searches that are shown if the client asked for them.
    pub(crate) fn new(is_shown: bool) -> Self {
        Self {
            is_shown,
            ..Self::default()
        }
    }

    /// How many there were; none if they are not shown.
    pub(crate) fn count(&self) -> Option<u64> {
        self.is_shown.then_some(self.count)
    }

    /// Begins a search. Returns its number if it is shown. The result of the one before it must
    /// have been taken.
    pub(crate) fn begin(&mut self) -> Option<u64> {
        if !self.is_shown {
            return None;
        }
        debug_assert_eq!(self.result, None, "a result was lost");
        self.count += 1;
        let number = self.count;
        if number > MAX_SEARCHES {
            return None;
        }
        let pages = Vec::new();
        self.result = Some(SearchResult { number, pages });
        Some(number)
    }

    /// Adds a page to the newest search, unless the answer has gone on since.
    pub(crate) fn found(&mut self, page: &Found) {
        if let Some(result) = &mut self.result
            && result.pages.len() < MAX_PAGES
        {
            result.pages.push(page.clone());
        }
    }

    /// What the newest search has found so far.
    pub(crate) fn result(&self) -> Option<&SearchResult> {
        self.result.as_ref()
    }

    /// Ends the newest search: the answer goes on.
    pub(crate) fn take_result(&mut self) -> Option<SearchResult> {
        self.result.take()
    }

    /// Counts a citation. Returns whether it is shown.
    pub(crate) fn cite(&mut self) -> bool {
        let is_shown = self.is_shown && self.citations < MAX_CITATIONS;
        self.citations += usize::from(is_shown);
        is_shown
    }
}

/// The id of a search of the message `message_id`.
pub(crate) fn id(message_id: &str, number: u64) -> String {
    let own = message_id.strip_prefix("msg_").unwrap_or(message_id);
    let own = own.chars().filter(char::is_ascii_alphanumeric);
    format!("srvtoolu_{}_{number}", own.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(url: String) -> Found {
        let title = String::new();
        Found { url, title }
    }

    #[test]
    fn what_is_not_shown_is_neither_counted_nor_kept() {
        let mut searches = Searches::new(false);
        assert_eq!(searches.begin(), None);
        searches.found(&page("https://a.io".to_owned()));
        assert_eq!((searches.count(), searches.take_result()), (None, None));
        assert!(!searches.cite());
    }

    #[test]
    fn pages_searches_and_citations_are_bounded() {
        let mut searches = Searches::new(true);
        for number in 1..=MAX_SEARCHES {
            assert_eq!(searches.begin(), Some(number));
            for page_number in 0..=MAX_PAGES {
                searches.found(&page(format!("https://a.io/{page_number}")));
            }
            let result = searches.take_result().unwrap();
            assert_eq!((result.number, result.pages.len()), (number, MAX_PAGES));
        }
        assert_eq!(searches.begin(), None);
        searches.found(&page("https://a.io".to_owned()));
        assert_eq!(searches.result(), None);
        assert_eq!(searches.count(), Some(MAX_SEARCHES + 1));
        assert!((0..MAX_CITATIONS).all(|_| searches.cite()));
        assert!(!searches.cite());
    }

    #[test]
    fn a_search_has_an_id_of_plain_characters() {
        assert_eq!(id("msg_0a-1b", 2), "srvtoolu_0a1b_2");
    }
}
