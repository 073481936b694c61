//! The picture operation: from a prompt to pictures under way.

mod answer;
mod attempt;
mod inputs;
mod row;

use std::{sync::Arc, time::Duration};

use ::chat::Estimator;
use pool::Lease;
use serde_json::json;
use settings::ModelKind;
use tokio::time::Instant;

pub use self::answer::{Finished, Picture, Pictures};
use self::attempt::Attempt;
pub(super) use self::{
    answer::PICTURE_TOKENS,
    inputs::check_images,
    row::{Origin, row_of},
};
use super::{
    Caller, Gateway,
    accounts::Operation,
    attachments::{Input, ReadyFile},
    breakers::Pass,
    deadlines::Deadlines,
    error::GatewayError,
    failure::Failure,
    media_model::media_model,
    uploads::Purpose,
};
use crate::snapshot::{Settings, models::Model};

/// Bytes of all images of one edit together.
const MAX_INPUT_BYTES: usize = 256 * 1024 * 1024;

/// What a caller wants.
#[derive(Clone, Debug)]
pub struct PictureRequest {
    /// `None`: the first image model of the catalogue.
    pub model: Option<String>,
    pub prompt: String,
    /// At least 1.
    pub count: u32,
    /// Such as `2:3`; `None`: `1:1`; of an edit the upstream decides.
    pub aspect_ratio: Option<&'static str>,
    pub is_high_quality: bool,
    /// `None`: `image.nsfw`.
    pub is_nsfw_allowed: Option<bool>,
    /// The caller sees pictures while they come: one upstream call, and no other account once
    /// something has been shown.
    pub is_stream: bool,
    /// The caller gets the address of a file, so it must be kept; otherwise it is kept if it can be.
    pub needs_file: bool,
    /// Images to be edited; empty for new pictures.
    pub inputs: Vec<Input>,
}

/// What every attempt at one request shares.
struct PictureContext {
    model: Arc<Model>,
    caller: Caller,
    request: PictureRequest,
    /// The inputs, when they are there.
    files: Vec<ReadyFile>,
    deadlines: Deadlines,
}

/// One request over as many accounts as it may take.
struct Drawing<'a> {
    gateway: &'a Gateway,
    context: &'a PictureContext,
}

impl Gateway {
    /// Asks for pictures; resolves when the first is to be seen, or without `is_stream` when all are
    /// there.
    ///
    /// # Errors
    /// Any [`GatewayError`]; the caller has seen nothing yet.
    ///
    /// # Cancellation
    /// Dropping the future ends the upstream call and returns the account unharmed.
    pub async fn pictures(
        self: &Arc<Self>,
        caller: Caller,
        mut request: PictureRequest,
    ) -> Result<Pictures, GatewayError> {
        let settings = caller.snapshot.settings.clone();
        let kind = match request.inputs.is_empty() {
            true => ModelKind::Image,
            false => ModelKind::ImageEdit,
        };
        let model = media_model(&settings.models, kind, request.model.as_deref())?;
        let asked = request.model.as_deref().unwrap_or(&model.id);
        caller.record.asks(asked, request.is_stream);
        caller.record.serves(&model.id);
        self.admit(&caller.record)?;
        if request.needs_file && self.media_files.is_full().await {
            return Err(GatewayError::disk_full());
        }
        let limits = &settings.config.image;
        let deadlines = Deadlines {
            section: "image",
            first: limits.stream_first_timeout.as_duration(),
            idle: limits.stream_timeout.as_duration(),
            total: limits.stream_total_timeout.as_duration(),
            started: Instant::from_std(caller.record.started()),
        };
        // Before the slot: a slow file server must not keep others from drawing.
        let inputs = std::mem::take(&mut request.inputs);
        let mut files = self.load(&caller, inputs, MAX_INPUT_BYTES).await?;
        check_images(&mut files)?;
        let context = PictureContext {
            model,
            caller,
            request,
            files,
            deadlines,
        };
        let wait = deadlines.first.unwrap_or(Duration::MAX);
        let slot = self
            .picture_slots
            .acquire(wait.max(Duration::from_secs(1)))
            .await?;
        let drawing = Drawing {
            gateway: self,
            context: &context,
        };
        let (snapshot, record) = (&context.caller.snapshot, &context.caller.record);
        let (lease, attempt) = self.with_account(snapshot, record, &drawing).await?;
        Ok(Pictures::new(
            Arc::clone(self),
            context,
            (lease, attempt),
            slot,
        ))
    }
}

impl Operation for Drawing<'_> {
    type Output = Attempt;

    fn model(&self) -> &Model {
        &self.context.model
    }

    fn ends_at(&self) -> Option<Instant> {
        self.context.deadlines.ends_at()
    }

    async fn attempt(&self, lease: &Lease, _pass: &Pass<'_>) -> Result<Attempt, Failure> {
        let (gateway, context) = (self.gateway, self.context);
        let files: Vec<_> = context.files.iter().collect();
        let files = (files.as_slice(), Purpose::Imagine);
        let open = |uploaded| Attempt::open(lease, context, uploaded);
        gateway
            .with_uploads(lease, context.settings(), files, open)
            .await
    }
}

impl PictureContext {
    fn settings(&self) -> &Settings {
        &self.caller.snapshot.settings
    }

    /// `chat.max_answer_mb`: how much of an answer is kept in memory.
    fn max_answer_bytes(&self) -> usize {
        let mib = self.settings().config.chat.max_answer_mb;
        usize::try_from(mib.saturating_mul(1024 * 1024)).unwrap_or(usize::MAX)
    }

    fn prompt_tokens(&self) -> u64 {
        Estimator::count(&self.request.prompt).max(1)
    }

    /// What else was asked for, as the row of a picture keeps it.
    fn params(&self) -> String {
        json!({
            "inputs": self.files.len(),
            "n": self.request.count,
            "aspect_ratio": self.request.aspect_ratio,
            "quality": if self.request.is_high_quality { "high" } else { "auto" },
        })
        .to_string()
    }
}
