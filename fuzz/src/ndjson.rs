//! The upstream's stream. Byte 0 is the seed of the cuts; the rest is the body.

use bytes::Bytes;
use grok::{FrameReader, markup::Filter};

/// The elements that the gateway takes out by default.
const TAGS: [&str; 2] = ["xai:tool_usage_card", "grok:render"];
/// No element is shorter; each may become what its card says.
const ELEMENT_BYTES: usize = "<grok:render".len();

/// Checks one input: no panic, nothing made up, and the same whatever the cuts.
pub(crate) fn check(data: &[u8]) {
    let [seed, body @ ..] = data else {
        return;
    };
    let whole = read(body, body.len(), 0);
    for (size, seed) in [(1, 0), (5, *seed), (64, seed.wrapping_add(1))] {
        let cut = read(body, size, seed);
        assert_eq!(cut, whole, "{size} {seed}");
    }
    let said = filtered(&whole, usize::MAX);
    assert_eq!(filtered(&whole, 1), said);
    assert!(
        whole.tokens.len() <= 3 * body.len(),
        "a broken byte becomes three"
    );
    let cards: usize = whole.cards.iter().map(String::len).sum();
    let elements = whole.tokens.len() / ELEMENT_BYTES + 1;
    let most = whole.tokens.len() + elements * (cards + 64);
    assert!(said.len() <= most, "{} of {most}", said.len());
}

/// What came of a body.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    /// As `Debug` writes them.
    frames: Vec<String>,
    cards: Vec<String>,
    tokens: String,
    error: Option<String>,
    end: String,
}

/// Chunks of `size` bytes; with a seed, of random sizes up to it.
fn read(body: &[u8], size: usize, seed: u8) -> Outcome {
    let mut outcome = Outcome::default();
    let mut reader = FrameReader::new("secret");
    let mut state = u32::from(seed);
    let mut rest = body;
    while !rest.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let wanted = match seed {
            0 => size,
            _ => 1 + (state >> 16) as usize % size,
        };
        let (chunk, later) = rest.split_at(wanted.clamp(1, rest.len()));
        rest = later;
        reader.push(Bytes::copy_from_slice(chunk));
        loop {
            match reader.advance() {
                Ok(false) => break,
                Ok(true) => take(&mut reader, &mut outcome),
                Err(error) => {
                    outcome.error = Some(format!("{error:?}"));
                    return outcome;
                }
            }
        }
    }
    outcome.end = format!("{:?}", reader.finish(None));
    outcome
}

fn take(reader: &mut FrameReader, outcome: &mut Outcome) {
    let frame = reader.frame();
    outcome.frames.push(format!("{frame:?}"));
    outcome.tokens.push_str(frame.token.unwrap_or_default());
    outcome
        .cards
        .extend(frame.card_attachment.map(str::to_owned));
}

/// The text without the upstream's elements, given in pieces of up to `size` bytes.
fn filtered(outcome: &Outcome, size: usize) -> String {
    let mut filter = Filter::new(&TAGS.map(str::to_owned));
    for card in &outcome.cards {
        filter.register_card(card);
    }
    let mut out = String::new();
    let mut rest = outcome.tokens.as_str();
    while let Some(first) = rest.chars().next() {
        let end = rest.floor_char_boundary(size.min(rest.len()));
        let (piece, later) = rest.split_at(end.max(first.len_utf8()));
        filter.push(piece, &mut out);
        rest = later;
    }
    filter.finish(&mut out);
    out
}
