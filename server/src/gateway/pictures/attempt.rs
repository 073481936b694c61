//! One account's try at pictures.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use futures::future::try_join_all;
use grok::{MAX_PICTURES, PictureCall, PictureEvent, PictureStream, Stage, Thresholds};
use pool::Lease;

use super::PictureContext;
use crate::{
    gateway::{error::Deadline, failure::Failure},
    media::files::picture_type,
};

/// A picture at some stage, of a kind that browsers show.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Seen {
    pub(super) id: String,
    pub(super) index: u32,
    pub(super) stage: Stage,
    pub(super) file: Bytes,
    pub(super) mime: &'static str,
}

/// Pictures under way on a leased account. Dropping it ends the call.
pub(in crate::gateway) struct Attempt {
    /// What has come and was not taken.
    seen: VecDeque<Seen>,
    /// `None` when all has come.
    stream: Option<PictureStream>,
    /// Upstream calls that were made.
    pub(super) calls: u32,
}

impl Attempt {
    /// Calls the upstream and waits until something is to be seen.
    pub(super) async fn open(lease: &Lease, context: &PictureContext) -> Result<Self, Failure> {
        let mut stream = call(lease, context, context.request.count).await?;
        let deadlines = &context.deadlines;
        let first = deadlines.wait(Deadline::FirstByte, stream.next()).await??;
        let first = first.ok_or(Failure::Empty)?;
        Ok(Self {
            seen: VecDeque::from([seen(first, 0)?]),
            stream: Some(stream),
            calls: 1,
        })
    }

    /// Calls the upstream, as often as it takes for so many pictures, and waits for all of them.
    /// Some that are usable are enough.
    pub(super) async fn whole(lease: &Lease, context: &PictureContext) -> Result<Self, Failure> {
        let count = context.request.count.max(1);
        let calls = count.div_ceil(MAX_PICTURES);
        let held = AtomicUsize::new(0);
        let one = |n: u32| {
            let first = n * MAX_PICTURES;
            let count = (count - first).min(MAX_PICTURES);
            gather(lease, context, (first, count), &held)
        };
        let gathered = try_join_all((0..calls).map(one)).await?;
        Ok(Self {
            seen: gathered.into_iter().flatten().collect(),
            stream: None,
            calls,
        })
    }

    /// What comes next; `None` when that was all.
    pub(super) async fn next(&mut self, context: &PictureContext) -> Result<Option<Seen>, Failure> {
        if let Some(seen) = self.seen.pop_front() {
            return Ok(Some(seen));
        }
        let Some(stream) = &mut self.stream else {
            return Ok(None);
        };
        let event = context
            .deadlines
            .wait(Deadline::Idle, stream.next())
            .await??;
        event.map(|event| seen(event, 0)).transpose()
    }
}

/// The finished pictures of one call; `held` counts the bytes of all calls.
async fn gather(
    lease: &Lease,
    context: &PictureContext,
    (first, count): (u32, u32),
    held: &AtomicUsize,
) -> Result<Vec<Seen>, Failure> {
    let mut stream = call(lease, context, count).await?;
    let mut finished = Vec::new();
    let mut deadline = Deadline::FirstByte;
    while let Some(event) = context.deadlines.wait(deadline, stream.next()).await?? {
        deadline = Deadline::Idle;
        if event.stage == Stage::Final {
            let before = held.fetch_add(event.file.len(), Ordering::Relaxed);
            if before + event.file.len() > context.max_answer_bytes() {
                return Err(Failure::TooLarge {
                    limit_mb: context.settings().config.chat.max_answer_mb,
                });
            }
            finished.push(seen(event, first)?);
        }
    }
    Ok(finished)
}

async fn call(
    lease: &Lease,
    context: &PictureContext,
    count: u32,
) -> Result<PictureStream, Failure> {
    let settings = context.settings();
    let limits = &settings.config.image;
    let length = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let request = &context.request;
    let call = PictureCall {
        prompt: request.prompt.clone(),
        aspect_ratio: request.aspect_ratio.to_owned(),
        count,
        is_nsfw_allowed: request.is_nsfw_allowed.unwrap_or(limits.nsfw),
        is_pro: request.is_high_quality,
        thresholds: Thresholds {
            medium_bytes: length(limits.medium_min_bytes),
            final_bytes: length(limits.final_min_bytes),
            final_timeout: limits.final_timeout,
            blocked_grace: limits.blocked_grace_seconds,
        },
    };
    let asking = settings
        .upstream
        .pictures(lease.credential().expose(), &call);
    Ok(context
        .deadlines
        .wait(Deadline::FirstByte, asking)
        .await??)
}

fn seen(event: PictureEvent, first: u32) -> Result<Seen, Failure> {
    let mime = picture_type(&event.file).ok_or(Failure::NotAPicture)?;
    Ok(Seen {
        id: event.id,
        index: first + event.index,
        stage: event.stage,
        file: event.file,
        mime,
    })
}
