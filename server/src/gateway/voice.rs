//! The voice operation: a token that opens a room. The account is given back as soon as the token is
//! there; what is said in the room goes from the browser to LiveKit's server.

use std::{sync::Arc, time::Duration};

use ::chat::Usage;
use grok::VoiceCall;
use pool::{Lease, Outcome, Tier};
use settings::ModelKind;
use url::Url;

use super::{
    Caller, Gateway,
    accounts::Operation,
    breakers::Pass,
    error::{ErrorKind, GatewayError},
    failure::Failure,
    slots::Slot,
};
use crate::{
    clock::now_ms,
    record::RequestRecord,
    snapshot::{Settings, models::Model},
};

/// What records call it; no model of the catalogue.
const ID: &str = "voice";

/// What a caller wants.
#[derive(Clone, Debug)]
pub struct VoiceRequest {
    pub voice: String,
    pub personality: String,
    pub speed: f64,
}

/// A token that an account has given. Nobody may see it before [`VoiceToken::commit`].
pub struct VoiceToken {
    pub token: String,
    /// Where it opens a room.
    pub url: Url,
    lease: Lease,
    cost: u32,
    record: RequestRecord,
    _slot: Slot,
}

impl VoiceToken {
    /// Charges the account and makes the record durable. `last_bytes` is the length of the answer.
    ///
    /// # Errors
    /// [`ErrorKind::StoreUnavailable`]; the account has been charged in memory.
    pub async fn commit(self, last_bytes: usize) -> Result<(), GatewayError> {
        let outcome = Outcome::Success { cost: self.cost };
        let changes = self.lease.finish(outcome, now_ms());
        let usage = Usage::default();
        let committed = self.record.commit(changes, usage, self.cost, last_bytes);
        committed
            .await
            .map_err(|_| GatewayError::store_unavailable())
    }
}

/// One request over as many accounts as it may take.
struct Opening<'a> {
    caller: &'a Caller,
    model: Model,
    call: VoiceCall,
}

impl Gateway {
    /// Asks for a token that opens a voice room.
    ///
    /// # Errors
    /// Any [`GatewayError`]; [`ErrorKind::NoVoiceToken`] when no account could be asked.
    ///
    /// # Cancellation
    /// Dropping the future ends the upstream call and returns the account unharmed.
    pub async fn voice_token(
        self: &Arc<Self>,
        caller: Caller,
        request: VoiceRequest,
    ) -> Result<VoiceToken, GatewayError> {
        let settings = caller.snapshot.settings.clone();
        let record = caller.record.clone();
        record.asks(ID, false);
        record.serves(ID);
        self.admit(&record)?;
        let wait = settings.config.voice.timeout.max(Duration::from_secs(1));
        let slot = self.voice_slots.acquire(wait).await?;
        let opening = Opening {
            caller: &caller,
            model: model(&settings),
            call: VoiceCall {
                voice: request.voice,
                personality: request.personality,
                speed: request.speed,
                livekit_url: settings.config.upstream.livekit_url.clone(),
            },
        };
        let opened = self
            .with_account(&caller.snapshot, &record, &opening)
            .await
            .map_err(without_account)?;
        record.first_byte(record.started().elapsed());
        Ok(VoiceToken {
            token: opened.1,
            url: opening.call.livekit_url,
            lease: opened.0,
            cost: opening.model.cost,
            record,
            _slot: slot,
        })
    }
}

impl Operation for Opening<'_> {
    type Output = String;

    fn model(&self) -> &Model {
        &self.model
    }

    async fn attempt(&self, lease: &Lease, _pass: &Pass<'_>) -> Result<String, Failure> {
        let settings = &self.caller.snapshot.settings;
        let credential = lease.credential().expose();
        let timeout = settings.config.voice.timeout;
        Ok(settings
            .upstream_for(lease)
            .voice_token(credential, &self.call, timeout)
            .await?)
    }
}

/// Any account may open a room, for one unit. After a 429 the quota of the first chat model is asked
/// for, since the upstream counts none of its own for voice.
fn model(settings: &Settings) -> Model {
    let mut chats = settings.models.of_kind(ModelKind::Chat);
    let counted = chats.next().map(|model| model.upstream_name.clone());
    Model {
        id: ID.to_owned(),
        aliases: Vec::new(),
        upstream_name: counted.unwrap_or_else(|| ID.to_owned()),
        mode: None,
        tier: Tier::Basic,
        cost: 1,
        kind: ModelKind::Chat,
    }
}

/// One code for every way of having no account, as callers of this operation know it.
fn without_account(error: GatewayError) -> GatewayError {
    match error.kind {
        ErrorKind::NoAccounts | ErrorKind::NoUsableAccount | ErrorKind::AccountsBusy => {
            GatewayError {
                kind: ErrorKind::NoVoiceToken,
                ..error
            }
        }
        _ => error,
    }
}
