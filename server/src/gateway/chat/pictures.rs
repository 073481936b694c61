//! Pictures that the model makes in a chat: fetched with the account that made them while the text
//! goes on, kept like every generated picture, and told as markdown.

use std::{
    collections::{HashSet, VecDeque},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use ::chat::{Role, Turn};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream::FuturesUnordered};
use grok::UpstreamError;
use pool::Lease;
use serde_json::json;
use settings::ImageFormat;
use tokio::time::Instant;

use super::{ChatContext, made_pictures::MadePictures};
use crate::{
    clock::now_secs,
    gateway::{
        Gateway,
        backoff::Backoff,
        deadlines::Deadlines,
        error::Deadline,
        failure::Failure,
        pictures::{Origin, row_of},
    },
    media::{
        files::{MediaError, StoredFile},
        image_type,
    },
};

/// Pictures of one answer that are fetched at once.
const AT_ONCE: usize = 2;
/// How often one is asked for.
const MAX_TRIES: usize = 3;
/// Largest file of a picture.
const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;
/// Bytes of the prompt that a row gets; the store cuts it further.
const MAX_PROMPT_BYTES: usize = 32 * 1024;

/// The pictures of one answer that are on their way or wait to be told. Dropping it ends them.
pub(super) struct Pictures {
    source: Arc<Source>,
    /// Addresses that wait for their turn.
    waiting: VecDeque<String>,
    under_way: FuturesUnordered<Fetching>,
    /// Markdown and sentences that wait to be told.
    ready: VecDeque<String>,
    /// Files that were told: two addresses may lead to one.
    names: HashSet<String>,
    /// Bytes of pictures that are part of the text.
    inlined: usize,
    /// How many pictures have come.
    made: u32,
    /// A reader needs no list of what is missing.
    is_failure_told: bool,
}

type Fetching = Pin<Box<dyn Future<Output = Fetched> + Send>>;

struct Fetched {
    address: String,
    picture: Result<Picture, Missing>,
}

struct Picture {
    markdown: String,
    /// Its file, where it is kept.
    name: Option<String>,
}

/// Why a picture cannot be shown.
#[derive(Debug)]
enum Missing {
    NotFetched(Failure),
    /// Why is in the log already.
    NotKept,
    TooLarge,
}

/// What pictures are fetched and kept with.
struct Source {
    gateway: Arc<Gateway>,
    context: Arc<ChatContext>,
    upstream: grok::Client,
    credential: String,
    /// Last four characters of the credential.
    account: String,
}

impl Pictures {
    pub(super) fn new(gateway: &Arc<Gateway>, context: &Arc<ChatContext>, lease: &Lease) -> Self {
        let credential = lease.credential();
        let source = Source {
            gateway: Arc::clone(gateway),
            context: Arc::clone(context),
            upstream: context.settings().upstream_for(lease),
            credential: credential.expose().to_owned(),
            account: credential.last_four().to_owned(),
        };
        Self {
            source: Arc::new(source),
            waiting: VecDeque::new(),
            under_way: FuturesUnordered::new(),
            ready: VecDeque::new(),
            names: HashSet::new(),
            inlined: 0,
            made: 0,
            is_failure_told: false,
        }
    }

    /// Addresses of pictures that are to be fetched.
    pub(super) fn fetch(&mut self, addresses: Vec<String>) {
        self.waiting.extend(addresses);
    }

    /// How many pictures have come.
    pub(super) fn made(&self) -> u32 {
        self.made
    }

    /// Goes on with what is under way; what has come is [`Pictures::take`]n. Ready when nothing is under
    /// way any more.
    pub(super) fn poll(&mut self, known: &MadePictures, context: &mut Context<'_>) -> Poll<()> {
        loop {
            while self.under_way.len() < AT_ONCE
                && let Some(address) = self.waiting.pop_front()
            {
                let source = Arc::clone(&self.source);
                self.under_way.push(Box::pin(source.fetch(address)));
            }
            match self.under_way.poll_next_unpin(context) {
                Poll::Ready(Some(fetched)) if known.is_withheld(&fetched.address) => {}
                Poll::Ready(Some(fetched)) => self.note(fetched.picture),
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Ends what is under way.
    pub(super) fn give_up(&mut self) {
        self.waiting.clear();
        self.under_way.clear();
        self.ready.clear();
    }

    /// The next one that is ready, as a paragraph.
    pub(super) fn take(&mut self) -> Option<String> {
        self.ready.pop_front()
    }

    fn note(&mut self, picture: Result<Picture, Missing>) {
        let picture = picture.and_then(|picture| self.within_limit(picture));
        let told = match picture {
            Ok(Picture { markdown, name }) => {
                let is_new = name.is_none_or(|name| self.names.insert(name));
                self.made += u32::from(is_new);
                is_new.then_some(markdown)
            }
            Err(missing) => {
                self.source.log(&missing);
                let is_first = !std::mem::replace(&mut self.is_failure_told, true);
                is_first.then(|| missing.sentence().to_owned())
            }
        };
        self.ready.extend(told);
    }

    /// An answer is kept in memory where it is not streamed.
    fn within_limit(&mut self, picture: Picture) -> Result<Picture, Missing> {
        self.inlined += picture.markdown.len();
        match self.inlined > self.source.context.max_answer_bytes() {
            true => Err(Missing::TooLarge),
            false => Ok(picture),
        }
    }
}

impl Missing {
    fn sentence(&self) -> &'static str {
        match self {
            Self::NotFetched(_) => "A picture that Grok made could not be fetched.",
            Self::NotKept => {
                "A picture that Grok made cannot be kept: the disk of this server is full, or its \
                 storage does not answer."
            }
            Self::TooLarge => {
                "A picture that Grok made is left out: it would make this answer too large."
            }
        }
    }

    /// A word for logs.
    fn label(&self) -> &'static str {
        match self {
            Self::NotFetched(failure) => failure.label(),
            Self::NotKept => "not_kept",
            Self::TooLarge => "answer_too_large",
        }
    }
}

impl Source {
    async fn fetch(self: Arc<Self>, address: String) -> Fetched {
        let picture = match self.download(&address).await {
            Ok(file) => self.keep(file).await,
            Err(failure) => Err(Missing::NotFetched(failure)),
        };
        Fetched { address, picture }
    }

    async fn download(&self, address: &str) -> Result<Bytes, Failure> {
        let deadlines = self.deadlines();
        let wait = deadlines.first.unwrap_or(Duration::MAX);
        let slots = &self.gateway.picture_slots;
        let slot = slots.acquire(wait.max(Duration::from_secs(1))).await;
        let _slot = slot.map_err(Failure::Ours)?;
        let retry = &self.context.settings().config.retry;
        let mut backoff = Backoff::new(retry, deadlines.ends_at());
        let mut tries = 1;
        loop {
            match self.receive(address, deadlines).await {
                Err(failure)
                    if failure.is_trouble()
                        && tries < MAX_TRIES
                        && backoff.pause(failure.cause()).await =>
                {
                    tries += 1;
                }
                received => return received,
            }
        }
    }

    /// Those of pictures, within the time of the answer.
    fn deadlines(&self) -> Deadlines {
        let limits = &self.context.settings().config.image;
        let started = Instant::now();
        let answer = self.context.deadlines.ends_at();
        let left = answer.map(|end| end.saturating_duration_since(started));
        let total = [limits.stream_total_timeout.as_duration(), left];
        Deadlines {
            section: "image",
            first: limits.stream_first_timeout.as_duration(),
            idle: limits.stream_timeout.as_duration(),
            total: total.into_iter().flatten().min(),
            started,
        }
    }

    async fn receive(&self, address: &str, deadlines: Deadlines) -> Result<Bytes, Failure> {
        let asking = self.upstream.download(&self.credential, address);
        let mut download = deadlines.wait(Deadline::FirstByte, asking).await??;
        let mut file = BytesMut::new();
        while let Some(chunk) = deadlines.wait(Deadline::Idle, download.chunk()).await?? {
            if file.len() + chunk.len() > MAX_FILE_BYTES {
                let limit_bytes = MAX_FILE_BYTES;
                return Err(UpstreamError::TooLarge { limit_bytes }.into());
            }
            file.extend_from_slice(&chunk);
        }
        Ok(file.freeze())
    }

    /// Keeps it, and makes its markdown: its address, or all of it where the configuration says so.
    async fn keep(&self, file: Bytes) -> Result<Picture, Missing> {
        let not_a_picture = || Missing::NotFetched(Failure::NotAPicture);
        let mime = image_type(&file).ok_or_else(not_a_picture)?;
        let name = match self.gateway.media_files.store_image(file.clone()).await {
            Ok(stored) => self.list(stored).await,
            Err(MediaError::NotAPicture) => return Err(not_a_picture()),
            Err(error) => {
                let request_id = self.context.caller.record.id();
                tracing::error!(%request_id, %error, "a picture cannot be kept: {error}");
                None
            }
        };
        let url = match self.context.settings().config.app.image_format {
            ImageFormat::B64Json | ImageFormat::Base64 => {
                format!("data:{mime};base64,{}", STANDARD.encode(&file))
            }
            ImageFormat::Url => {
                let name = name.as_deref().ok_or(Missing::NotKept)?;
                self.context.caller.file_links.image(name, now_secs())
            }
        };
        Ok(Picture {
            markdown: format!("![image]({url})"),
            name,
        })
    }

    /// Writes the row of a kept picture before its address is told, so that what a caller has seen stays
    /// although it leaves. Name of the file.
    async fn list(&self, stored: StoredFile) -> Option<String> {
        let context = &self.context;
        let origin = Origin {
            prompt: prompt(&context.request.turns),
            model: context.model.id.clone(),
            params: json!({"inputs": 0, "n": 1, "quality": "auto"}).to_string(),
            account: self.account.clone(),
        };
        let row = row_of(&context.caller, origin, &stored);
        stored.claim.hand_over();
        match self.gateway.store.insert_media(vec![row]).await {
            Ok(_) => Some(stored.name),
            Err(error) => {
                let request_id = context.caller.record.id();
                tracing::error!(%request_id, %error, "the row of a picture was not stored");
                None
            }
        }
    }

    fn log(&self, missing: &Missing) {
        let request_id = self.context.caller.record.id();
        let reason = missing.label();
        tracing::warn!(%request_id, reason, "a picture of a chat is missing: {reason}");
    }
}

/// What the user said last.
fn prompt(turns: &[Turn]) -> String {
    let mut turns = turns.iter().rev();
    let last = turns.find(|turn| turn.role == Role::User);
    let mut prompt = String::new();
    for text in last.into_iter().flat_map(Turn::texts) {
        if !prompt.is_empty() {
            prompt.push('\n');
        }
        let left = MAX_PROMPT_BYTES.saturating_sub(prompt.len());
        let end = text.floor_char_boundary(left);
        prompt.push_str(text.get(..end).unwrap_or_default());
    }
    prompt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_listed_with_what_the_user_said_last() {
        let turns = [
            Turn::text(Role::User, "Hi"),
            Turn::text(Role::Assistant, "Hello"),
            Turn::text(Role::User, "Draw a fox."),
            Turn::text(Role::Assistant, "Here"),
        ];
        assert_eq!(prompt(&turns), "Draw a fox.");
        assert_eq!(prompt(&turns[1..2]), "");
    }

    #[test]
    fn a_long_question_is_cut_between_characters() {
        let turns = [Turn::text(Role::User, "é".repeat(MAX_PROMPT_BYTES))];
        let prompt = prompt(&turns);
        assert_eq!(prompt.len(), MAX_PROMPT_BYTES);
        assert!(prompt.chars().all(|c| c == 'é'));
    }
}
