//! What has become of the pictures of one request, frame by frame. Pure: time is passed in.

use std::iter;
use std::time::Duration;

use tokio::time::Instant;

use super::frame::{Frame, PictureFrame};
use super::{Stage, Thresholds};
use crate::error::{Class, UpstreamError};

/// With at least one picture finished, this much silence ends a request whose upstream does not say
/// that it is done.
const QUIET_AFTER_FINAL: Duration = Duration::from_secs(10);

/// What a frame brought.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// A stage that was not shown yet.
    Show {
        index: u32,
        stage: Stage,
    },
    /// A picture is finished; the last frame of it holds the file.
    Finished {
        index: u32,
    },
    Nothing,
}

/// How a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Going,
    /// Nothing more is needed or will come.
    Over,
    /// Pictures were begun, and withheld without a word.
    Withheld,
}

#[derive(Debug)]
struct Picture {
    id: String,
    shown: Option<Stage>,
    has_final: bool,
    /// `Some(true)` when it was moderated or has failed.
    settled: Option<bool>,
    /// Where it is among the finished ones.
    place: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Progress {
    wanted: u32,
    thresholds: Thresholds,
    pictures: Vec<Picture>,
    /// The upstream says how far pictures are and when they are settled.
    is_explicit: bool,
    first_medium: Option<Instant>,
    last_frame: Instant,
}

impl Progress {
    pub(super) fn new(wanted: u32, thresholds: Thresholds, now: Instant) -> Self {
        Self {
            wanted,
            thresholds,
            pictures: Vec::new(),
            is_explicit: false,
            first_medium: None,
            last_frame: now,
        }
    }

    /// Takes in a frame; the second value is the id of its picture.
    ///
    /// # Errors
    /// The upstream said that the request has failed.
    pub(super) fn take(
        &mut self,
        frame: &Frame<'_>,
        now: Instant,
    ) -> Result<(Step, String), UpstreamError> {
        self.last_frame = now;
        match frame {
            Frame::Picture(frame) => Ok(self.picture(frame, now)),
            Frame::Settled { id, is_moderated } => {
                self.is_explicit = true;
                let at = self.find(Some(id));
                if let Some(picture) = self.pictures.get_mut(at) {
                    picture.settled = Some(*is_moderated);
                }
                Ok((self.finish(at), id.clone()))
            }
            Frame::Failed(error) => Err(error.clone()),
        }
    }

    fn picture(&mut self, frame: &PictureFrame<'_>, now: Instant) -> (Step, String) {
        self.is_explicit |= frame.percentage.is_some();
        let stage = self.thresholds.stage(frame);
        if stage == Stage::Medium {
            self.first_medium.get_or_insert(now);
        }
        let is_explicit = self.is_explicit;
        let at = self.find(frame.id.as_deref());
        let Some(picture) = self.pictures.get_mut(at) else {
            return (Step::Nothing, String::new());
        };
        let id = picture.id.clone();
        let index = u32::try_from(at).unwrap_or(u32::MAX);
        if stage == Stage::Final {
            picture.has_final = true;
            if !is_explicit {
                picture.settled = Some(false);
            }
            return (self.finish(at), id);
        }
        // An upstream that was not told how many makes more than are wanted.
        let is_new = picture.shown.is_none_or(|shown| shown < stage)
            && picture.settled.is_none()
            && index < self.wanted;
        if !is_new {
            return (Step::Nothing, id);
        }
        picture.shown = Some(stage);
        (Step::Show { index, stage }, id)
    }

    /// Tells of a picture once its file is there and it may be used. One beyond the wanted number
    /// takes the first place that is free.
    fn finish(&mut self, at: usize) -> Step {
        let Some(picture) = self.pictures.get(at) else {
            return Step::Nothing;
        };
        if picture.place.is_some() || !picture.has_final || picture.settled != Some(false) {
            return Step::Nothing;
        }
        let wanted = self.wanted as usize;
        let is_free = |place: &usize| self.pictures.iter().all(|one| one.place != Some(*place));
        let Some(place) = iter::once(at)
            .chain(0..wanted)
            .filter(|at| *at < wanted)
            .find(is_free)
        else {
            return Step::Nothing;
        };
        if let Some(picture) = self.pictures.get_mut(at) {
            picture.place = Some(place);
        }
        Step::Finished {
            index: u32::try_from(place).unwrap_or(u32::MAX),
        }
    }

    /// The place of a picture, added if it is new. A frame without an id is the next one.
    fn find(&mut self, id: Option<&str>) -> usize {
        let known = id.and_then(|id| self.pictures.iter().position(|one| one.id == id));
        if let Some(known) = known {
            return known;
        }
        let id = id.map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
        self.pictures.push(Picture {
            id,
            shown: None,
            has_final: false,
            settled: None,
            place: None,
        });
        self.pictures.len() - 1
    }

    /// How it stands at this moment.
    pub(super) fn standing(&self, now: Instant) -> Standing {
        let wanted = self.wanted as usize;
        let count =
            |holds: fn(&Picture) -> bool| self.pictures.iter().filter(|one| holds(one)).count();
        let finished = count(|one| one.place.is_some());
        let settled = count(|one| match one.settled {
            Some(is_moderated) => is_moderated || one.has_final,
            None => false,
        });
        if finished >= wanted || self.is_explicit && settled >= wanted {
            return Standing::Over;
        }
        let quiet = now.saturating_duration_since(self.last_frame);
        if finished > 0 && quiet >= QUIET_AFTER_FINAL {
            return Standing::Over;
        }
        let withheld = self.first_medium.is_some_and(|medium| {
            finished == 0
                && (quiet >= self.thresholds.grace()
                    || now.saturating_duration_since(medium) >= self.thresholds.final_timeout)
        });
        if withheld && !self.is_explicit {
            return Standing::Withheld;
        }
        Standing::Going
    }

    /// When [`Progress::standing`] may change without a frame.
    pub(super) fn next_look(&self, now: Instant) -> Instant {
        let finished = self.pictures.iter().any(|one| one.place.is_some());
        let waits = [
            finished.then(|| self.last_frame + QUIET_AFTER_FINAL),
            self.first_medium
                .map(|_| self.last_frame + self.thresholds.grace()),
            self.first_medium
                .map(|at| at + self.thresholds.final_timeout),
        ];
        let soonest = waits.into_iter().flatten().filter(|at| *at > now).min();
        soonest.unwrap_or(now + QUIET_AFTER_FINAL)
    }

    pub(super) fn is_final(&self, frame: &PictureFrame<'_>) -> bool {
        self.thresholds.stage(frame) == Stage::Final
    }

    pub(super) fn is_moderated(&self) -> bool {
        self.pictures.iter().any(|one| one.settled == Some(true))
    }
}

/// The error when a request is over and nothing of it can be used.
pub(crate) fn nothing_usable(is_moderated: bool) -> UpstreamError {
    if is_moderated {
        return UpstreamError::InBand {
            class: Class::Moderated,
            code: None,
            message: "the pictures were moderated".to_owned(),
        };
    }
    UpstreamError::Cut {
        reason: "it ended before a picture was finished".to_owned(),
    }
}
