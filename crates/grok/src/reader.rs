//! From bytes to frames, without I/O.

use bytes::Bytes;

use crate::classify;
use crate::decode::RawFrame;
use crate::error::UpstreamError;
use crate::frame::Frame;
use crate::ndjson::{MAX_OBJECT_BYTES, Splitter};

/// Decodes the frames of one answer: [`FrameReader::push`] a chunk, then [`FrameReader::advance`] and
/// [`FrameReader::frame`] until more bytes are needed.
pub struct FrameReader {
    splitter: Splitter,
    scratch: String,
    raw: RawFrame,
    /// An end mark has come.
    is_complete: bool,
    has_words: bool,
    /// Never to be repeated in a message.
    secret: Box<str>,
}

impl FrameReader {
    /// `secret` (the credential) is kept out of every message.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self {
            splitter: Splitter::new(MAX_OBJECT_BYTES),
            scratch: String::new(),
            raw: RawFrame::default(),
            is_complete: false,
            has_words: false,
            secret: secret.into(),
        }
    }

    /// Gives the next chunk of the body, when [`FrameReader::advance`] has said false.
    pub fn push(&mut self, chunk: Bytes) {
        self.splitter.push(chunk);
    }

    /// Moves to the next frame; false = more bytes are needed.
    ///
    /// # Errors
    /// An in-band error, or an event over 16 MiB.
    pub fn advance(&mut self) -> Result<bool, UpstreamError> {
        let scratch = &mut self.scratch;
        let mut accept = |line: &str| RawFrame::read(line, scratch);
        loop {
            let found = self
                .splitter
                .next(&mut accept)
                .map_err(|_| UpstreamError::TooLarge {
                    limit_bytes: MAX_OBJECT_BYTES,
                })?;
            let Some(raw) = found else {
                return Ok(false);
            };
            if let Some(error) = raw.error {
                return Err(classify::in_band(&error, &[&self.secret]));
            }
            self.is_complete |= raw.is_end_mark;
            self.has_words |= raw.has_words();
            if !raw.is_empty() {
                self.raw = raw;
                return Ok(true);
            }
        }
    }

    /// The frame that [`FrameReader::advance`] moved to. The second call gives an empty one.
    pub fn frame(&mut self) -> Frame<'_> {
        std::mem::take(&mut self.raw).frame(self.splitter.current(), &self.scratch)
    }

    /// Judges the end of the body; `broken` says that it was not a clean one. A complete answer
    /// forgives whatever follows. An answer with words and without an end mark (`isSoftStop`,
    /// `finalMetadata` or `modelResponse`) was cut, however clean the end. One without a word is
    /// simply over: the caller sees that there is nothing.
    ///
    /// # Errors
    /// The answer was cut.
    pub fn finish(&self, broken: Option<UpstreamError>) -> Result<(), UpstreamError> {
        match broken {
            _ if self.is_complete => Ok(()),
            Some(error) => Err(error),
            None if self.splitter.is_inside_object() => Err(UpstreamError::Cut {
                reason: "it ended in the middle of an event".to_owned(),
            }),
            None if self.has_words => Err(UpstreamError::Cut {
                reason: "it ended without an end mark".to_owned(),
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Class;

    const ANSWER: &str = concat!(
        "{\"result\":{\"conversation\":{\"conversationId\":\"0b6e\"}}}\n",
        "{\"result\":{\"title\":{\"newTitle\":\"T\"}}}\n",
        "data: {\"result\":{\"response\":{\"token\":\"é\\n🦀\",\"isThinking\":true}}}\n\n",
        "{\"result\":{\"response\":{\"token\":\"}{\\\"\"}}}{\"result\":{\"token\":\"x\"}}\n",
        "event: done\n{oops}\n[DONE]\n",
        "{\"result\":{\"response\":{\"finalMetadata\":{},\"isSoftStop\":true}}}",
    );

    fn frames(chunks: &[&[u8]]) -> Vec<String> {
        let mut reader = FrameReader::new("secret");
        let mut all = Vec::new();
        for chunk in chunks {
            reader.push(Bytes::copy_from_slice(chunk));
            while reader.advance().unwrap() {
                all.push(format!("{:?}", reader.frame()));
            }
        }
        reader.finish(None).unwrap();
        all
    }

    #[test]
    fn an_answer_gives_its_frames_and_nothing_for_the_rest() {
        let mut reader = FrameReader::new("secret");
        reader.push(Bytes::from_static(ANSWER.as_bytes()));
        let mut said = Vec::new();
        while reader.advance().unwrap() {
            let frame = reader.frame();
            let id = frame.conversation_id.map(str::to_owned);
            said.push((id, frame.token.map(str::to_owned)));
        }
        let token = |text: &str| (None, Some(text.to_owned()));
        let first = (Some("0b6e".to_owned()), None);
        assert_eq!(said, [first, token("é\n🦀"), token("}{\""), token("x")]);
        assert_eq!(frames(&[ANSWER.as_bytes()]).len(), said.len());
    }

    fn read(text: &str) -> (FrameReader, Result<(), UpstreamError>) {
        let mut reader = FrameReader::new("topsecret");
        reader.push(Bytes::copy_from_slice(text.as_bytes()));
        let mut outcome = Ok(true);
        while let Ok(true) = outcome {
            outcome = reader.advance();
        }
        (reader, outcome.map(|_| ()))
    }

    fn cut() -> UpstreamError {
        UpstreamError::Cut {
            reason: "connection reset".to_owned(),
        }
    }

    #[test]
    fn an_in_band_error_ends_the_answer_with_its_class() {
        let error = read(r#"{"error":{"code":8,"message":"limit for topsecret"}}"#)
            .1
            .unwrap_err();
        assert_eq!(error.class(), Class::RateLimited);
        assert_eq!(
            error.message(),
            "the upstream reported an error: limit for …"
        );
    }

    #[test]
    fn half_an_event_at_the_end_is_a_cut() {
        let inside = Err(UpstreamError::Cut {
            reason: "it ended in the middle of an event".to_owned(),
        });
        let token = "{\"result\":{\"response\":{\"token\":\"x\"}}}\n";
        for before in ["", token] {
            let (reader, _) = read(&format!("{before}{{\"result\":{{\"resp"));
            assert_eq!(reader.finish(None), inside, "{before}");
        }
    }

    #[test]
    fn a_broken_connection_matters_only_before_the_end_mark() {
        let token = "{\"result\":{\"response\":{\"token\":\"x\"}}}\n";
        let (reader, _) = read(token);
        assert_eq!(reader.finish(Some(cut())), Err(cut()));
        let end = "{\"result\":{\"response\":{\"isSoftStop\":true}}}\n{\"half";
        let (reader, _) = read(&format!("{token}{end}"));
        assert_eq!(reader.finish(Some(cut())), Ok(()));
    }

    #[test]
    fn a_clean_end_is_a_cut_if_words_came_and_no_end_mark() {
        let payload = |payload: &str| format!("{{\"result\":{{\"response\":{payload}}}}}\n");
        let said = payload(r#"{"token":"x"}"#);
        let without_a_mark = Err(UpstreamError::Cut {
            reason: "it ended without an end mark".to_owned(),
        });
        for (rest, outcome) in [
            ("", without_a_mark.clone()),
            (r#"{"isSoftStop":false}"#, without_a_mark.clone()),
            (r#"{"finalMetadata":null}"#, without_a_mark.clone()),
            (r#"{"modelResponse":"x"}"#, without_a_mark),
            (r#"{"isSoftStop":true}"#, Ok(())),
            (r#"{"finalMetadata":{}}"#, Ok(())),
            (r#"{"modelResponse":{"message":"x"}}"#, Ok(())),
        ] {
            let (reader, _) = read(&(said.clone() + &payload(rest)));
            assert_eq!(reader.finish(None), outcome, "{rest}");
        }
        for silent in ["", r#"{"responseId":"r-1"}"#, r#"{"token":""}"#] {
            let (reader, _) = read(&payload(silent));
            assert_eq!(reader.finish(None), Ok(()), "{silent}");
        }
    }

    #[test]
    fn an_event_over_16_mib_is_an_error() {
        let mut reader = FrameReader::new("");
        reader.push(Bytes::from_static(b"{\"result\":{\"token\":\""));
        assert_eq!(reader.advance(), Ok(false));
        let piece = Bytes::from(vec![b'x'; 1024 * 1024]);
        let mut outcome = Ok(false);
        for _ in 0..17 {
            reader.push(piece.clone());
            outcome = reader.advance();
            if outcome.is_err() {
                break;
            }
        }
        assert_eq!(outcome.unwrap_err().class(), Class::Fatal);
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_frames(
            points in prop::collection::vec(0..=ANSWER.len(), 0..20),
        ) {
            let mut at = points;
            at.extend([0, ANSWER.len()]);
            at.sort_unstable();
            let chunks: Vec<&[u8]> =
                at.windows(2).map(|pair| &ANSWER.as_bytes()[pair[0]..pair[1]]).collect();
            prop_assert_eq!(frames(&chunks), frames(&[ANSWER.as_bytes()]));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut reader = FrameReader::new("");
            reader.push(Bytes::from(bytes));
            while let Ok(true) = reader.advance() {
                let _ = reader.frame();
            }
        }
    }
}
