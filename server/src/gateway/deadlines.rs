//! How long an attempt may keep its caller waiting.

use std::{
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

use super::{error::Deadline, failure::Failure};
use crate::timer::LazyTimer;

/// The three deadlines of an answer. `None` switches one off.
#[derive(Clone, Copy, Debug)]
pub(in crate::gateway) struct Deadlines {
    /// Section of the configuration that sets them, for messages.
    pub(in crate::gateway) section: &'static str,
    pub(in crate::gateway) first: Option<Duration>,
    pub(in crate::gateway) idle: Option<Duration>,
    pub(in crate::gateway) total: Option<Duration>,
    /// When the request came in.
    pub(in crate::gateway) started: Instant,
}

/// When a wait ends, as which of the deadlines, and how long that one is.
#[derive(Clone, Copy, Debug)]
struct End {
    at: Instant,
    deadline: Deadline,
    limit: Duration,
    section: &'static str,
}

impl End {
    fn failure(self) -> Failure {
        Failure::Deadline {
            section: self.section,
            deadline: self.deadline,
            after_secs: self.limit.as_secs(),
        }
    }
}

impl Deadlines {
    /// Waits for something that must come before `deadline`.
    ///
    /// # Errors
    /// It did not come in time.
    pub(super) async fn wait<T>(
        &self,
        deadline: Deadline,
        future: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let Some(end) = self.end(deadline) else {
            return Ok(future.await);
        };
        timeout_at(end.at, future).await.map_err(|_| end.failure())
    }

    /// When the total time is over.
    pub(super) fn ends_at(&self) -> Option<Instant> {
        self.total.map(|total| self.started + total)
    }

    /// The earlier of `deadline` from now and the end of the total time.
    fn end(&self, deadline: Deadline) -> Option<End> {
        let limit = match deadline {
            Deadline::FirstByte => self.first,
            Deadline::Idle => self.idle,
            Deadline::Total => None,
        };
        let soon = limit.map(|limit| End {
            at: Instant::now() + limit,
            deadline,
            limit,
            section: self.section,
        });
        let total = self.total.map(|limit| End {
            at: self.started + limit,
            deadline: Deadline::Total,
            limit,
            section: self.section,
        });
        match (soon, total) {
            (Some(soon), Some(total)) if soon.at < total.at => Some(soon),
            (soon, total) => total.or(soon),
        }
    }
}

/// The waits for an answer's frames, one after the other. One timer serves all of them.
pub(super) struct FrameWait {
    deadlines: Deadlines,
    next: Deadline,
    /// Set while a wait is under way: its end, if it has one.
    end: Option<Option<End>>,
    timer: LazyTimer,
}

impl FrameWait {
    pub(super) fn new(deadlines: Deadlines) -> Self {
        Self {
            deadlines,
            next: Deadline::FirstByte,
            end: None,
            timer: LazyTimer::default(),
        }
    }

    /// A frame has come.
    pub(super) fn frame(&mut self) {
        self.next = Deadline::Idle;
        self.end = None;
    }

    /// Begins to wait, or goes on; ready when the frame is too late.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Failure> {
        let (deadlines, next) = (&self.deadlines, self.next);
        let Some(end) = *self.end.get_or_insert_with(|| deadlines.end(next)) else {
            return Poll::Pending;
        };
        ready!(self.timer.poll_until(end.at, context));
        Poll::Ready(end.failure())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    fn wait(first: u64, idle: u64, total: Option<u64>) -> FrameWait {
        FrameWait::new(Deadlines {
            section: "chat",
            first: Some(Duration::from_secs(first)),
            idle: Some(Duration::from_secs(idle)),
            total: total.map(Duration::from_secs),
            started: Instant::now(),
        })
    }

    /// Waits until the deadline: seconds since `started`, and which deadline it was.
    async fn end(wait: &mut FrameWait) -> (u64, Deadline, u64) {
        let failure = poll_fn(|context| wait.poll(context)).await;
        let Failure::Deadline {
            deadline,
            after_secs,
            ..
        } = failure
        else {
            panic!("{failure:?}");
        };
        let elapsed = wait.deadlines.started.elapsed();
        (elapsed.as_secs(), deadline, after_secs)
    }

    /// Waits for a frame that comes after `secs`.
    async fn frame_after(wait: &mut FrameWait, secs: u64) {
        let waiting = poll_fn(|context| wait.poll(context));
        let early = tokio::time::timeout(Duration::from_secs(secs), waiting).await;
        assert!(early.is_err(), "too late for a frame: {early:?}");
        wait.frame();
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_frame_and_the_next_ones_have_their_own_deadlines() {
        assert_eq!(
            end(&mut wait(10, 3, None)).await,
            (10, Deadline::FirstByte, 10)
        );
        let mut waiting = wait(10, 3, None);
        frame_after(&mut waiting, 9).await;
        assert_eq!(end(&mut waiting).await, (12, Deadline::Idle, 3));
        // The other way round the timer must go back.
        let mut waiting = wait(3, 10, None);
        frame_after(&mut waiting, 1).await;
        assert_eq!(end(&mut waiting).await, (11, Deadline::Idle, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn each_frame_gives_the_next_one_the_whole_time() {
        let mut waiting = wait(10, 3, Some(100));
        for _ in 0..30 {
            frame_after(&mut waiting, 2).await;
        }
        assert_eq!(end(&mut waiting).await, (63, Deadline::Idle, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn frames_that_keep_coming_do_not_move_the_end_of_the_total_time() {
        let mut waiting = wait(10, 3, Some(7));
        for _ in 0..3 {
            frame_after(&mut waiting, 2).await;
        }
        assert_eq!(end(&mut waiting).await, (7, Deadline::Total, 7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_without_a_deadline_has_no_timer() {
        let mut waiting = FrameWait::new(Deadlines {
            section: "chat",
            first: None,
            idle: None,
            total: None,
            started: Instant::now(),
        });
        frame_after(&mut waiting, 1_000_000).await;
        assert!(!waiting.timer.is_set());
    }
}
