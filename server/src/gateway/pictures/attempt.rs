//! One account's try at pictures.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use futures::future::try_join_all;
use grok::{
    EditCall, EditEvent, EditStream, MAX_PICTURES, PictureCall, PictureEvent, PictureStream, Stage,
    Thresholds, Uploaded,
};
use pool::Lease;

use super::PictureContext;
use crate::{
    gateway::{error::Deadline, failure::Failure},
    media::image_type,
};

/// What becomes visible of a try.
#[derive(Clone, Debug)]
pub(in crate::gateway) enum Seen {
    Picture(SeenPicture),
    /// A picture is so far, in percent.
    Progress {
        index: u32,
        percent: f64,
    },
}

/// A picture at some stage, of a kind that browsers show.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct SeenPicture {
    pub(super) id: String,
    pub(super) index: u32,
    pub(super) stage: Stage,
    pub(super) file: Bytes,
    pub(super) mime: &'static str,
}

/// Pictures under way on a leased account. Dropping it ends the call.
pub(in crate::gateway) struct Attempt {
    /// The images that are edited, as the account has them.
    inputs: Vec<Uploaded>,
    /// What has come and was not taken.
    seen: VecDeque<Seen>,
    /// `None` when all has come.
    stream: Option<Stream>,
    /// Pictures that were finished by earlier calls, and by this one.
    before: u32,
    finished: u32,
    /// Upstream calls that were made.
    pub(super) calls: u32,
}

/// One upstream call under way.
enum Stream {
    Pictures(Box<PictureStream>),
    Edit(Box<EditStream>),
}

impl Attempt {
    /// Calls the upstream and waits until something is to be seen; without `is_stream` calls it as
    /// often as it takes and waits for all pictures. Some that are usable are enough.
    pub(super) async fn open(
        lease: &Lease,
        context: &PictureContext,
        inputs: Vec<Uploaded>,
    ) -> Result<Self, Failure> {
        let mut attempt = Self {
            inputs,
            seen: VecDeque::new(),
            stream: None,
            before: 0,
            finished: 0,
            calls: 1,
        };
        let is_edit = !attempt.inputs.is_empty();
        match (context.request.is_stream, is_edit) {
            (true, _) => {
                attempt.stream = Some(match is_edit {
                    true => edit(lease, context, &attempt.inputs).await?,
                    false => draw(lease, context, context.request.count).await?,
                });
                let first = attempt.receive(context, Deadline::FirstByte).await?;
                attempt.seen.push_back(first.ok_or(Failure::Empty)?);
            }
            (false, true) => attempt.gather_edits(lease, context).await?,
            (false, false) => attempt.gather_pictures(lease, context).await?,
        }
        Ok(attempt)
    }

    /// What comes next; `None` when that was all.
    pub(super) async fn next(
        &mut self,
        lease: &Lease,
        context: &PictureContext,
    ) -> Result<Option<Seen>, Failure> {
        loop {
            if let Some(seen) = self.seen.pop_front() {
                return Ok(Some(seen));
            }
            if self.stream.is_none() {
                return Ok(None);
            }
            if let Some(seen) = self.receive(context, Deadline::Idle).await? {
                return Ok(Some(seen));
            }
            self.stream = None;
            // One call makes one picture of an edit or two, whatever is wanted.
            let is_short = self.finished < context.request.count && self.finished > self.before;
            if !self.inputs.is_empty() && is_short {
                self.before = self.finished;
                self.stream = Some(edit(lease, context, &self.inputs).await?);
                self.calls += 1;
            }
        }
    }

    async fn receive(
        &mut self,
        context: &PictureContext,
        deadline: Deadline,
    ) -> Result<Option<Seen>, Failure> {
        let Some(stream) = &mut self.stream else {
            return Ok(None);
        };
        loop {
            let seen = context.deadlines.wait(deadline, stream.next()).await??;
            let Some(seen) = seen else {
                return Ok(None);
            };
            let seen = seen.after(self.before);
            if let Seen::Picture(picture) = &seen
                && picture.stage == Stage::Final
            {
                if picture.index >= context.request.count {
                    continue;
                }
                self.finished += 1;
            }
            return Ok(Some(seen));
        }
    }

    async fn gather_pictures(
        &mut self,
        lease: &Lease,
        context: &PictureContext,
    ) -> Result<(), Failure> {
        let count = context.request.count.max(1);
        self.calls = count.div_ceil(MAX_PICTURES);
        let held = AtomicUsize::new(0);
        let held = &held;
        let one = |n: u32| async move {
            let first = n * MAX_PICTURES;
            let count = (count - first).min(MAX_PICTURES);
            let stream = draw(lease, context, count).await?;
            gather(context, stream, first, held).await
        };
        let gathered = try_join_all((0..self.calls).map(one)).await?;
        self.seen = gathered.into_iter().flatten().collect();
        Ok(())
    }

    /// The first call says how many pictures one call makes; the others follow together.
    async fn gather_edits(
        &mut self,
        lease: &Lease,
        context: &PictureContext,
    ) -> Result<(), Failure> {
        let count = context.request.count.max(1);
        let held = AtomicUsize::new(0);
        let (inputs, held) = (&self.inputs, &held);
        let one = |first: u32| async move {
            let stream = edit(lease, context, inputs).await?;
            gather(context, stream, first, held).await
        };
        let mut seen = one(0).await?;
        let each = u32::try_from(seen.len()).unwrap_or(1).max(1);
        let starts: Vec<u32> = (each..count).step_by(each as usize).collect();
        self.calls += u32::try_from(starts.len()).unwrap_or(0);
        let others = try_join_all(starts.into_iter().map(one)).await?;
        seen.extend(others.into_iter().flatten());
        seen.truncate(count as usize);
        self.seen = seen.into();
        Ok(())
    }
}

impl Stream {
    async fn next(&mut self) -> Result<Option<Seen>, Failure> {
        let event = match self {
            Self::Pictures(stream) => stream.next().await?.map(seen).transpose()?,
            Self::Edit(stream) => match stream.next().await? {
                Some(EditEvent::Picture(picture)) => Some(seen(picture)?),
                Some(EditEvent::Progress { index, percent }) => {
                    Some(Seen::Progress { index, percent })
                }
                None => None,
            },
        };
        Ok(event)
    }
}

impl Seen {
    /// As one of a later call.
    fn after(mut self, before: u32) -> Self {
        match &mut self {
            Self::Picture(SeenPicture { index, .. }) | Self::Progress { index, .. } => {
                *index += before;
            }
        }
        self
    }
}

/// The finished pictures of one call; `held` counts the bytes of all calls.
async fn gather(
    context: &PictureContext,
    mut stream: Stream,
    first: u32,
    held: &AtomicUsize,
) -> Result<Vec<Seen>, Failure> {
    let mut finished = Vec::new();
    let mut deadline = Deadline::FirstByte;
    while let Some(seen) = context.deadlines.wait(deadline, stream.next()).await?? {
        deadline = Deadline::Idle;
        let Seen::Picture(picture) = &seen else {
            continue;
        };
        if picture.stage == Stage::Final {
            let before = held.fetch_add(picture.file.len(), Ordering::Relaxed);
            if before + picture.file.len() > context.max_answer_bytes() {
                return Err(Failure::TooLarge {
                    limit_mb: context.settings().config.chat.max_answer_mb,
                });
            }
            finished.push(seen.after(first));
        }
    }
    Ok(finished)
}

/// Asks for so many new pictures.
async fn draw(lease: &Lease, context: &PictureContext, count: u32) -> Result<Stream, Failure> {
    let call = picture_call(context, count);
    let upstream = context.settings().upstream_for(lease);
    let asking = upstream.pictures(lease.credential().expose(), &call);
    let stream = context
        .deadlines
        .wait(Deadline::FirstByte, asking)
        .await??;
    Ok(Stream::Pictures(Box::new(stream)))
}

/// Asks for an edit; how many pictures that makes is the upstream's to say.
async fn edit(
    lease: &Lease,
    context: &PictureContext,
    inputs: &[Uploaded],
) -> Result<Stream, Failure> {
    let call = EditCall {
        prompt: context.request.prompt.clone(),
        inputs: inputs.to_vec(),
        aspect_ratio: context.request.aspect_ratio.map(str::to_owned),
        timeout: context.settings().config.asset.upload_timeout,
    };
    let upstream = context.settings().upstream_for(lease);
    // Boxed: large, and most requests are no edits.
    let asking = Box::pin(upstream.edit(lease.credential().expose(), &call));
    let stream = context
        .deadlines
        .wait(Deadline::FirstByte, asking)
        .await??;
    Ok(Stream::Edit(Box::new(stream)))
}

fn picture_call(context: &PictureContext, count: u32) -> PictureCall {
    let limits = &context.settings().config.image;
    let length = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let request = &context.request;
    PictureCall {
        prompt: request.prompt.clone(),
        aspect_ratio: request.aspect_ratio.unwrap_or("1:1").to_owned(),
        count,
        is_nsfw_allowed: request.is_nsfw_allowed.unwrap_or(limits.nsfw),
        is_pro: request.is_high_quality,
        thresholds: Thresholds {
            medium_bytes: length(limits.medium_min_bytes),
            final_bytes: length(limits.final_min_bytes),
            final_timeout: limits.final_timeout,
            blocked_grace: limits.blocked_grace_seconds,
        },
    }
}

fn seen(event: PictureEvent) -> Result<Seen, Failure> {
    let mime = image_type(&event.file).ok_or(Failure::NotAPicture)?;
    Ok(Seen::Picture(SeenPicture {
        id: event.id,
        index: event.index,
        stage: event.stage,
        file: event.file,
        mime,
    }))
}
