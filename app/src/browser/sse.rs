//! Server-sent events from bytes, incrementally.
//!
//! Pure: bytes in as the network cuts them, whole events out. Lines end in LF, CRLF or CR; a
//! character or a line end may be split between two chunks. Memory is bounded by
//! [`MAX_EVENT_BYTES`].

/// Longest event that is kept. A chat frame is a few hundred bytes; an inlined image can be megabytes.
pub const MAX_EVENT_BYTES: usize = 32 * 1024 * 1024;

/// One dispatched event. `data` joins all `data:` lines with `\n`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// The `event:` field, empty when absent.
    pub name: String,
    pub data: String,
}

/// The stream is not usable any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is longer than {MAX_EVENT_BYTES} bytes")]
pub struct EventTooLong;

/// Incremental parser; feed it with [`push`](Self::push) and end it with [`finish`](Self::finish).
#[derive(Debug, Default)]
pub struct SseParser {
    line: Vec<u8>,
    event: SseEvent,
    has_data: bool,
    /// The last byte was CR: a following LF belongs to the same line end.
    after_cr: bool,
    has_started: bool,
}

impl SseParser {
    /// Takes the next bytes and appends every event that they complete to `out`.
    ///
    /// # Errors
    /// [`EventTooLong`] when one event outgrows [`MAX_EVENT_BYTES`].
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<SseEvent>) -> Result<(), EventTooLong> {
        let mut rest = bytes;
        while let Some((&first, tail)) = rest.split_first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                rest = tail;
                continue;
            }
            let end = rest.iter().position(|b| matches!(b, b'\n' | b'\r'));
            let (text, after) = rest.split_at(end.unwrap_or(rest.len()));
            self.line.extend_from_slice(text);
            if self.line.len() + self.event.data.len() > MAX_EVENT_BYTES {
                return Err(EventTooLong);
            }
            rest = after;
            if let Some((&ending, tail)) = after.split_first() {
                self.after_cr = ending == b'\r';
                rest = tail;
                self.end_line(out);
            }
        }
        Ok(())
    }

    /// Ends the stream. An event whose blank line never came is still returned: some servers
    /// forget it, and half an answer is better than none.
    pub fn finish(mut self, out: &mut Vec<SseEvent>) {
        if !self.line.is_empty() {
            self.end_line(out);
        }
        self.dispatch(out);
    }

    fn end_line(&mut self, out: &mut Vec<SseEvent>) {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let line = if self.has_started {
            &*text
        } else {
            text.trim_start_matches('\u{feff}')
        };
        self.has_started = true;
        if line.is_empty() {
            self.dispatch(out);
        } else if !line.starts_with(':') {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            self.field(field, value.strip_prefix(' ').unwrap_or(value));
        }
    }

    fn field(&mut self, field: &str, value: &str) {
        match field {
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            "event" => value.clone_into(&mut self.event.name),
            _ => {}
        }
    }

    fn dispatch(&mut self, out: &mut Vec<SseEvent>) {
        let event = std::mem::take(&mut self.event);
        if std::mem::take(&mut self.has_data) {
            out.push(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(chunks: &[&[u8]]) -> Vec<SseEvent> {
        let mut parser = SseParser::default();
        let mut out = Vec::new();
        for chunk in chunks {
            parser.push(chunk, &mut out).unwrap();
        }
        parser.finish(&mut out);
        out
    }

    fn data(events: &[SseEvent]) -> Vec<&str> {
        events.iter().map(|event| event.data.as_str()).collect()
    }

    const SAMPLE: &str = "\u{feff}: hello\r\ndata: {\"a\":\"héllo 你好 🦀\"}\r\n\r\nevent: note\ndata:one\ndata: two\nid: 7\n\ndata: x\r\rdata: [DONE]\n\n";

    #[test]
    fn events_are_read_whole() {
        let events = parse(&[SAMPLE.as_bytes()]);
        assert_eq!(
            data(&events),
            ["{\"a\":\"héllo 你好 🦀\"}", "one\ntwo", "x", "[DONE]"],
            "comments, ids and the byte order mark are no data"
        );
        assert_eq!(events[1].name, "note");
    }

    #[test]
    fn every_cut_gives_the_same_events() {
        let whole = parse(&[SAMPLE.as_bytes()]);
        let bytes = SAMPLE.as_bytes();
        for cut in 0..=bytes.len() {
            assert_eq!(
                parse(&[&bytes[..cut], &bytes[cut..]]),
                whole,
                "cut at byte {cut}"
            );
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(parse(&single), whole, "one byte at a time");
    }

    #[test]
    fn an_unfinished_last_event_is_kept() {
        assert_eq!(data(&parse(&[b"data: a\n\ndata: b"])), ["a", "b"]);
    }

    #[test]
    fn events_without_data_are_dropped() {
        assert_eq!(parse(&[b"event: ping\n\n: keep-alive\n\n\n\n"]), []);
    }

    #[test]
    fn empty_data_is_an_event() {
        assert_eq!(data(&parse(&[b"data\n\ndata:\ndata:\n\n"])), ["", "\n"]);
    }

    #[test]
    fn broken_utf8_is_replaced_and_parsing_goes_on() {
        assert_eq!(
            data(&parse(&[b"data: a\xffb\n\ndata: c\n\n"])),
            ["a\u{fffd}b", "c"]
        );
    }

    #[test]
    fn an_endless_line_is_an_error() {
        let mut parser = SseParser::default();
        let mut out = Vec::new();
        let block = vec![b'x'; 8 * 1024 * 1024];
        let results: Vec<_> = (0..5).map(|_| parser.push(&block, &mut out)).collect();
        assert_eq!(results.last(), Some(&Err(EventTooLong)));
    }
}
