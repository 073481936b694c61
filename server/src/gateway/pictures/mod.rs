//! The picture operation: from a prompt to pictures under way.

mod answer;
mod attempt;

use std::{sync::Arc, time::Duration};

use ::chat::Estimator;
use pool::Lease;
use serde_json::json;
use settings::ModelKind;
use tokio::time::Instant;

pub use self::answer::{Finished, Picture, Pictures};
use self::attempt::Attempt;
use super::{
    Caller, Gateway, accounts::Operation, deadlines::Deadlines, error::GatewayError,
    failure::Failure,
};
use crate::snapshot::{
    Settings,
    models::{Model, Models},
};

/// What a caller wants.
#[derive(Clone, Debug)]
pub struct PictureRequest {
    /// `None`: the first image model of the catalogue.
    pub model: Option<String>,
    pub prompt: String,
    /// At least 1.
    pub count: u32,
    /// Such as `2:3`.
    pub aspect_ratio: &'static str,
    pub is_high_quality: bool,
    /// `None`: `image.nsfw`.
    pub is_nsfw_allowed: Option<bool>,
    /// The caller sees pictures while they come: one upstream call, and no other account once
    /// something has been shown.
    pub is_stream: bool,
    /// The caller gets the address of a file, so it must be kept; otherwise it is kept if it can be.
    pub needs_file: bool,
}

/// What every attempt at one request shares.
struct PictureContext {
    model: Arc<Model>,
    caller: Caller,
    request: PictureRequest,
    deadlines: Deadlines,
}

/// One request over as many accounts as it may take.
struct Drawing<'a>(&'a PictureContext);

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
        request: PictureRequest,
    ) -> Result<Pictures, GatewayError> {
        let settings = caller.snapshot.settings.clone();
        let model = image_model(&settings.models, request.model.as_deref())?;
        let asked = request.model.as_deref().unwrap_or(&model.id);
        caller.record.asks(asked, request.is_stream);
        caller.record.serves(&model.id);
        self.admit(&caller.record)?;
        let limits = &settings.config.image;
        let deadlines = Deadlines {
            section: "image",
            first: limits.stream_first_timeout.as_duration(),
            idle: limits.stream_timeout.as_duration(),
            total: limits.stream_total_timeout.as_duration(),
            started: Instant::from_std(caller.record.started()),
        };
        let context = PictureContext {
            model,
            caller,
            request,
            deadlines,
        };
        let wait = deadlines.first.unwrap_or(Duration::MAX);
        let slot = self
            .picture_slots
            .acquire(wait.max(Duration::from_secs(1)))
            .await?;
        let (snapshot, record) = (&context.caller.snapshot, &context.caller.record);
        let (lease, attempt) = self
            .with_account(snapshot, record, &Drawing(&context))
            .await?;
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
        &self.0.model
    }

    async fn attempt(&self, lease: &Lease) -> Result<Attempt, Failure> {
        match self.0.request.is_stream {
            true => Attempt::open(lease, self.0).await,
            false => Attempt::whole(lease, self.0).await,
        }
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
            "n": self.request.count,
            "aspect_ratio": self.request.aspect_ratio,
            "quality": if self.request.is_high_quality { "high" } else { "auto" },
        })
        .to_string()
    }
}

fn image_model(models: &Models, id: Option<&str>) -> Result<Arc<Model>, GatewayError> {
    let Some(id) = id else {
        let first = models.of_kind(ModelKind::Image).next();
        return first.cloned().ok_or_else(|| {
            let message =
                "No image model is configured. Add one with `kind = \"image\"` under [[models]].";
            GatewayError::invalid("model_not_supported", "model", message)
        });
    };
    let model = models
        .get(id)
        .ok_or_else(|| GatewayError::model_not_found(id))?;
    if model.kind != ModelKind::Image {
        let known: Vec<_> = models
            .of_kind(ModelKind::Image)
            .map(|model| model.id.as_str())
            .collect();
        let message = format!(
            "`{id}` does not make pictures. Use one of: {}.",
            known.join(", ")
        );
        return Err(GatewayError::invalid(
            "model_not_supported",
            "model",
            message,
        ));
    }
    Ok(Arc::clone(model))
}
