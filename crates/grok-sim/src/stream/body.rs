//! A response body that plays steps and knows whether it was heard to the end.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::Frame;
use tokio::{
    sync::Semaphore,
    time::{Instant, Sleep, sleep_until},
};

use super::{Step, Steps};
use crate::{record::Ticket, wire::Line};

/// The wait for a permit.
type Permit = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Takes a permit for good.
pub(crate) async fn take_permit(gate: Arc<Semaphore>) {
    if let Ok(permit) = gate.acquire().await {
        permit.forget();
    }
}

/// The body. Each write is flushed before the next one, as the real upstream does, unless
/// `per_write` lines may share one.
pub(crate) struct PacedBody {
    steps: Steps,
    held: Option<Step>,
    pause: Option<Pin<Box<Sleep>>>,
    pausing: bool,
    gate: Option<Permit>,
    unflushed: usize,
    per_write: usize,
    ticket: Ticket,
    line: Line,
    staying: bool,
}

impl PacedBody {
    pub(crate) fn new(steps: Steps, per_write: usize, ticket: Ticket, line: Line) -> Self {
        Self {
            steps,
            held: None,
            pause: None,
            pausing: false,
            gate: None,
            unflushed: 0,
            per_write: per_write.max(1),
            ticket,
            line,
            staying: false,
        }
    }

    fn start_pause(&mut self, deadline: Instant) {
        match &mut self.pause {
            Some(sleep) => sleep.as_mut().reset(deadline),
            None => self.pause = Some(Box::pin(sleep_until(deadline))),
        }
        self.pausing = true;
        self.unflushed = 0;
    }

    /// Gives the connection a turn to flush; the task is woken at once.
    fn flush_first(&mut self, step: Step, context: &Context<'_>) {
        self.held = Some(step);
        self.unflushed = 0;
        context.waker().wake_by_ref();
    }
}

impl http_body::Body for PacedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        loop {
            if this.staying {
                return Poll::Pending;
            }
            if this.pausing {
                if let Some(sleep) = &mut this.pause
                    && sleep.as_mut().poll(context).is_pending()
                {
                    return Poll::Pending;
                }
                this.pausing = false;
            }
            if let Some(gate) = &mut this.gate {
                if gate.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                this.gate = None;
            }
            match this.held.take().or_else(|| this.steps.next()) {
                Some(Step::Write(bytes)) => {
                    if this.unflushed >= this.per_write {
                        this.flush_first(Step::Write(bytes), context);
                        return Poll::Pending;
                    }
                    this.unflushed += 1;
                    this.ticket.wrote();
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Step::Pause(time)) => this.start_pause(Instant::now() + time),
                Some(Step::Await(gate)) => {
                    this.unflushed = 0;
                    this.gate = Some(Box::pin(take_permit(gate)));
                }
                Some(Step::Stay) => this.staying = true,
                Some(Step::Reset) if this.unflushed > 0 => {
                    this.flush_first(Step::Reset, context);
                    return Poll::Pending;
                }
                Some(Step::Reset) => {
                    this.line.reset_on_close();
                    this.ticket.finish();
                    return Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())));
                }
                None => {
                    this.ticket.finish();
                    return Poll::Ready(None);
                }
            }
        }
    }
}
