//! One account's try at a video: its parts, one after the other.

use grok::{Extended, Uploaded, VideoCall, VideoEvent, VideoSource};
use pool::{AccountId, Lease, Tier};
use store::VideoStatus;

use super::{job::Job, plan::Reached};
use crate::{
    gateway::{
        Gateway, accounts::Operation, breakers::Pass, deadlines::Deadlines, error::Deadline,
        failure::Failure, uploads::Purpose,
    },
    snapshot::{Settings, models::Model},
};

/// Longer videos are made by better accounts first.
const SHORT_SECONDS: u32 = 6;

/// One video over as many accounts as it may take.
pub(super) struct Filming<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) job: &'a Job,
    pub(super) deadlines: Deadlines,
    /// The account that has begun it, if any.
    pub(super) begun_by: Option<AccountId>,
}

impl Operation for Filming<'_> {
    type Output = Reached;

    fn model(&self) -> &Model {
        &self.job.model
    }

    fn prefers(&self) -> Option<&AccountId> {
        self.begun_by.as_ref()
    }

    fn better_tier(&self) -> Option<Tier> {
        let wishes = &self.job.wishes;
        let is_demanding = wishes.is_high_resolution || wishes.seconds > SHORT_SECONDS;
        (is_demanding && self.begun_by.is_none()).then_some(Tier::Super)
    }

    fn ends_at(&self) -> Option<tokio::time::Instant> {
        self.deadlines.ends_at()
    }

    async fn attempt(&self, lease: &Lease, pass: &Pass<'_>) -> Result<Reached, Failure> {
        let job = self.job;
        let is_ours = |reached: &Reached| reached.account_id == lease.account_id().as_str();
        let mut reached = job.reached().filter(is_ours);
        if reached.is_none() && job.is_resumed {
            return Err(Failure::Interrupted);
        }
        let account = lease.credential().last_four().to_owned();
        job.change(|row| {
            row.status = VideoStatus::InProgress;
            row.account = Some(account);
            if reached.is_none() {
                row.upstream = None;
                row.progress = 0;
            }
        })
        .await;
        let parts = job.wishes.parts();
        let first = reached.as_ref().map_or(0, |reached| reached.parts);
        for part in first..parts.len() {
            let next = self
                .part((lease, pass), &parts, part, reached.as_ref())
                .await?;
            job.change(|row| row.upstream = Some(next.to_json())).await;
            reached = Some(next);
        }
        let reached = reached.ok_or(Failure::Empty)?;
        Ok(self.enlarged(lease, reached).await)
    }
}

impl Filming<'_> {
    fn settings(&self) -> &Settings {
        &self.job.caller.snapshot.settings
    }

    fn call_timeout(&self) -> std::time::Duration {
        let limit = self.settings().config.video.timeout.as_duration();
        limit.unwrap_or(std::time::Duration::MAX)
    }

    /// Makes one part; the image, if there is one, is uploaded for the first.
    async fn part(
        &self,
        (lease, pass): (&Lease, &Pass<'_>),
        parts: &[u32],
        part: usize,
        before: Option<&Reached>,
    ) -> Result<Reached, Failure> {
        let image = self.job.wishes.image.as_deref();
        let Some(image) = image.filter(|_| before.is_none()) else {
            let source = before.map_or(VideoSource::Text, |before| {
                VideoSource::Video(Extended {
                    post_id: before.post_id.clone(),
                    original_post_id: before.original_post_id.clone(),
                    seconds: parts.iter().take(part).sum(),
                })
            });
            return self
                .film((lease, pass), parts, (part, source), before)
                .await;
        };
        let file = self.image(image).await?;
        let film = |uploaded: Vec<Uploaded>| async move {
            let image = uploaded.into_iter().next().ok_or(Failure::Empty)?;
            let source = VideoSource::Image(image);
            self.film((lease, pass), parts, (part, source), before)
                .await
        };
        let files = (&[&file][..], Purpose::Imagine);
        self.gateway
            .with_uploads(lease, self.settings(), files, film)
            .await
    }

    async fn film(
        &self,
        (lease, pass): (&Lease, &Pass<'_>),
        parts: &[u32],
        (part, source): (usize, VideoSource),
        before: Option<&Reached>,
    ) -> Result<Reached, Failure> {
        let (job, upstream) = (self.job, self.settings().upstream_for(lease));
        let call = VideoCall {
            prompt: job.row().prompt,
            aspect_ratio: job.wishes.aspect_ratio.clone(),
            seconds: parts.get(part).copied().unwrap_or_default(),
            resolution: job.wishes.resolution().to_owned(),
            mood: job.wishes.mood(),
            source,
            timeout: self.call_timeout(),
        };
        // Boxed: it holds the calls of both forms.
        let asking = Box::pin(upstream.video(lease.credential().expose(), &call));
        let mut stream = self.deadlines.wait(Deadline::FirstByte, asking).await??;
        let mut deadline = Deadline::FirstByte;
        loop {
            match self.deadlines.wait(deadline, stream.next()).await?? {
                VideoEvent::Progress(percent) => {
                    // Not only at its end, which may be minutes away.
                    pass.passed();
                    deadline = Deadline::Idle;
                    let whole = part * 100 + percent as usize;
                    let percent = whole / parts.len().max(1);
                    job.progress(u32::try_from(percent).unwrap_or(99).min(99))
                        .await;
                }
                VideoEvent::Made(made) => {
                    return Ok(Reached::with(before, lease.account_id(), made));
                }
            }
        }
    }

    /// Where the larger form lies, if a free account has made the video and can have it enlarged.
    async fn enlarged(&self, lease: &Lease, reached: Reached) -> Reached {
        if !self.job.wishes.is_high_resolution || lease.tier() != Tier::Basic {
            return reached;
        }
        let credential = lease.credential().expose();
        let upstream = self.settings().upstream_for(lease);
        let enlarging = upstream.upscale(credential, &reached.id, self.call_timeout());
        let enlarged = match self.deadlines.wait(Deadline::Idle, enlarging).await {
            Ok(enlarged) => enlarged.map_err(Failure::from),
            Err(failure) => Err(failure),
        };
        match enlarged {
            Ok(url) => Reached { url, ..reached },
            Err(failure) => {
                let (video, reason) = (&self.job.id, failure.label());
                tracing::info!(video, reason, "a video stays as it is: it was not enlarged");
                reached
            }
        }
    }
}
