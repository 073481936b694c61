//! Everything that the handlers share.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use uuid::Uuid;

use crate::{
    hash,
    memory::Memory,
    names,
    options::Options,
    quota::Ledger,
    record::Recorder,
    reply::Reply,
    scripts::{Operation, Scripts},
    stream::{Gates, Ids, Template},
};

/// `llmInfo.modelHash` of every answer; says plainly that no model was asked.
pub(crate) const MODEL_HASH: &str = "simulator/1=";

/// State of one simulator.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) scripts: Scripts,
    pub(crate) ledger: Ledger,
    pub(crate) memory: Memory,
    pub(crate) gates: Gates,
    pub(crate) template: Option<Template>,
    ids: IdSource,
    token_key: [u8; 16],
}

impl Shared {
    pub(crate) fn new(options: Options) -> Arc<Self> {
        Arc::new(Self {
            recorder: Recorder::new(options.keep_requests),
            scripts: Scripts::default(),
            ledger: Ledger::new(options.quota),
            memory: Memory::default(),
            gates: Gates::default(),
            template: options
                .events
                .map(|events| Template::new(events, MODEL_HASH)),
            ids: IdSource::new(),
            token_key: Uuid::new_v4().into_bytes(),
            options,
        })
    }

    /// The behaviour for this call: scripted, else by the account's name, else ordinary.
    pub(crate) fn next_reply(&self, account: &str, operation: Operation) -> Reply {
        self.scripts
            .next(account, operation)
            .or_else(|| names::reply_for(account, operation))
            .unwrap_or(Reply::Answer)
    }

    /// A new id in the form of a UUID, unique across restarts.
    pub(crate) fn new_id(&self) -> String {
        self.ids.next()
    }

    /// Signs the tokens of voice rooms.
    pub(crate) fn token_key(&self) -> &[u8] {
        &self.token_key
    }

    /// Ids for an answer in a new conversation.
    pub(crate) fn new_ids(&self) -> Ids {
        Ids {
            conversation: self.new_id(),
            user_response: self.new_id(),
            response: self.new_id(),
        }
    }

    /// The upstream's name for the owner of this account; the same for the same account.
    pub(crate) fn user_of(account: &str) -> String {
        format!("u{:016x}", hash::of(account))
    }

    /// Forgets everything but the running streams.
    pub(crate) fn reset(&self) {
        self.scripts.clear();
        self.recorder.clear();
        self.ledger.clear();
        self.memory.clear();
        self.gates.clear();
    }
}

/// Ids without a system call each: a random start, then a mixed counter.
#[derive(Debug)]
struct IdSource {
    seed: u64,
    count: AtomicU64,
}

impl IdSource {
    fn new() -> Self {
        let (seed, _) = Uuid::new_v4().as_u64_pair();
        Self {
            seed,
            count: AtomicU64::new(0),
        }
    }

    fn next(&self) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let (high, low) = (hash::mix(self.seed, count), hash::mix(!self.seed, count));
        let bytes = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
        uuid::Builder::from_random_bytes(bytes)
            .into_uuid()
            .to_string()
    }
}
