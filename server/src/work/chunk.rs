//! A job's targets and what became of them, some in each document.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures::{Stream, StreamExt, TryStreamExt, stream::FuturesUnordered};
use grok2api_app::dto::{JobFailure, JobItem, JobKind, JobNote, JobOutcome, JobTrouble};
use serde::{Deserialize, Serialize};
use store::{Document, DocumentKind, DocumentQuery, Page, Store, StoreError, bounded};

use super::{
    MAX_TARGETS, Targets, WorkError,
    row::{Counts, MAX_FAILURES},
};
use crate::clock::now_ms;

/// Targets of a document at most, whatever the settings say.
const MAX_LENGTH: usize = 500;
/// Bytes of their texts: lines of an import may be long, and results come to them.
const MAX_BYTES: usize = 96 * 1024;
/// Documents that are written at once.
const WRITES: usize = 32;
/// Documents that are read at once.
const READS: u32 = 16;
/// How long they are kept: longer than their job, whose end removes them.
const KEEP: Duration = Duration::from_secs(8 * 24 * 3600);
/// Lines of an import may be cookies.
const KEEP_LINES: Duration = Duration::from_secs(24 * 3600);

/// Chunks, each with the number of its first target.
pub(super) type ChunkStream = Pin<Box<dyn Stream<Item = Result<(u64, Chunk), StoreError>> + Send>>;

/// What a document of targets says. The names are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chunk {
    targets: Vec<Target>,
    /// Whether the targets are lines and no ids.
    has_lines: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Target {
    #[serde(rename = "t")]
    text: String,
    #[serde(rename = "r", default, skip_serializing_if = "Outcome::is_waiting")]
    result: Outcome,
}

/// What became of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    #[default]
    Waiting,
    Ok,
    Noted(JobNote),
    /// With the masked credential.
    Failed(JobTrouble, String),
}

impl Outcome {
    fn is_waiting(&self) -> bool {
        *self == Self::Waiting
    }
}

impl Chunk {
    /// The targets that are not done, with their places.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (usize, &str)> {
        let all = self.targets.iter().enumerate();
        let waiting = all.filter(|(_, target)| target.result.is_waiting());
        waiting.map(|(at, target)| (at, target.text.as_str()))
    }

    /// A target is done; `id` takes its place.
    pub(super) fn done(&mut self, at: usize, id: Option<String>, note: Option<JobNote>) {
        let has_id = id.is_some() || !self.has_lines;
        if let Some(target) = self.targets.get_mut(at) {
            target.result = note.map_or(Outcome::Ok, Outcome::Noted);
            if let Some(id) = id {
                target.text = id;
            } else if !has_id {
                // A line that is done is of no use any more.
                target.text.clear();
            }
        }
    }

    /// A target has failed; what it is in the list of failures, by its number from 1.
    pub(super) fn failed(
        &mut self,
        at: usize,
        number: u64,
        (trouble, masked): (JobTrouble, String),
    ) -> Option<JobFailure> {
        let has_lines = self.has_lines;
        let target = self.targets.get_mut(at)?;
        target.result = Outcome::Failed(trouble, masked.clone());
        Some(JobFailure {
            number,
            id: match has_lines {
                true => String::new(),
                false => target.text.clone(),
            },
            masked,
            trouble,
        })
    }

    /// The targets that failed.
    pub(super) fn into_failed(self) -> impl Iterator<Item = String> {
        let all = self.targets.into_iter();
        let failed = all.filter(|target| matches!(target.result, Outcome::Failed(..)));
        failed.map(|target| target.text)
    }

    /// How the targets stand; the first has this number.
    pub(super) fn items(&self, first: u64) -> impl Iterator<Item = JobItem> {
        (first..).zip(&self.targets).map(|(number, target)| {
            let (outcome, masked) = match &target.result {
                Outcome::Waiting => (JobOutcome::Waiting, ""),
                Outcome::Ok => (JobOutcome::Ok, ""),
                Outcome::Noted(note) => (JobOutcome::Noted(*note), ""),
                Outcome::Failed(trouble, masked) => (JobOutcome::Failed(*trouble), masked.as_str()),
            };
            let is_done = matches!(outcome, JobOutcome::Ok | JobOutcome::Noted(_));
            let is_line = self.has_lines && !is_done;
            JobItem {
                number,
                id: match is_line {
                    true => String::new(),
                    false => target.text.clone(),
                },
                masked: masked.to_owned(),
                outcome,
            }
        })
    }

    pub(super) fn document(&self, job: &str, first: u64) -> Document {
        let keep = match self.has_lines {
            true => KEEP_LINES,
            false => KEEP,
        };
        Document {
            kind: DocumentKind::JobItem,
            id: name(job, first),
            group: job.to_owned(),
            at_ms: i64::try_from(first).unwrap_or(i64::MAX),
            expires_ms: now_ms().saturating_add(keep.as_millis() as i64),
            revision: 1,
            data: serde_json::to_string(self).unwrap_or_default(),
        }
    }
}

pub(super) fn is_failed(item: &JobItem) -> bool {
    matches!(item.outcome, JobOutcome::Failed(_))
}

/// A chunk is named after the number of its first target.
fn name(job: &str, first: u64) -> String {
    format!("{job}-{first:07}")
}

/// The chunks of a job that have targets behind the `after` first ones, each with the number of its
/// first target.
pub(super) fn read(
    store: Arc<dyn Store>,
    job: String,
    after: u64,
) -> impl Stream<Item = Result<(u64, Chunk), StoreError>> {
    // The chunk with the target behind `after` begins before it, by the length of a chunk at most.
    let from = after.saturating_sub(MAX_LENGTH as u64);
    let place = Some((i64::try_from(from).unwrap_or(i64::MAX), String::new()));
    let pages = futures::stream::try_unfold(Some(place), move |place| {
        let (store, job) = (store.clone(), job.clone());
        async move {
            let Some(after) = place else { return Ok(None) };
            let query = DocumentQuery {
                kind: DocumentKind::JobItem,
                group: job,
                after,
                limit: READS,
            };
            let Page { rows, has_more } = bounded(store.list_documents(&query)).await?;
            let last = rows.last().map(|last| (last.at_ms, last.id.clone()));
            let next = last.filter(|_| has_more).map(Some);
            Ok::<_, StoreError>(Some((rows, next)))
        }
    });
    let documents = pages.map_ok(|rows| futures::stream::iter(rows.into_iter().map(Ok)));
    documents.try_flatten().try_filter_map(|document| {
        let first = u64::try_from(document.at_ms).unwrap_or_default();
        let chunk = serde_json::from_str(&document.data).ok();
        std::future::ready(Ok(chunk.map(|chunk| (first, chunk))))
    })
}

/// The chunks of one job.
pub(super) struct Chunks<'a> {
    store: &'a Arc<dyn Store>,
    job: &'a str,
    has_lines: bool,
}

impl<'a> Chunks<'a> {
    pub(super) fn new(store: &'a Arc<dyn Store>, job: &'a str, kind: JobKind) -> Self {
        Self {
            store,
            job,
            has_lines: kind == JobKind::ImportAccounts,
        }
    }

    /// Stores targets as they come; how many.
    pub(super) async fn write(
        &self,
        mut targets: Targets,
        batch_size: usize,
    ) -> Result<u64, WorkError> {
        let length = batch_size.clamp(1, MAX_LENGTH);
        let (mut writes, mut total) = (FuturesUnordered::new(), 0);
        loop {
            let (mut chunk, mut bytes) = (self.empty(), 0);
            while chunk.targets.len() < length && bytes < MAX_BYTES {
                let Some(text) = targets.try_next().await? else {
                    break;
                };
                bytes += text.len();
                chunk.targets.push(Target {
                    text,
                    result: Outcome::Waiting,
                });
            }
            if chunk.targets.is_empty() {
                break;
            }
            let document = chunk.document(self.job, total + 1);
            total += chunk.targets.len() as u64;
            if total > MAX_TARGETS as u64 {
                return Err(WorkError::TooMany);
            }
            writes.push(self.store.put_document(document));
            if writes.len() >= WRITES {
                writes.try_next().await?;
            }
        }
        while writes.try_next().await?.is_some() {}
        Ok(total)
    }

    /// What is through.
    pub(super) async fn count(&self) -> Result<Counts, StoreError> {
        let mut counts = Counts::default();
        let chunks = read(self.store.clone(), self.job.to_owned(), 0);
        let mut chunks = std::pin::pin!(chunks);
        while let Some(found) = chunks.next().await {
            let (first, chunk) = found?;
            for item in chunk.items(first) {
                counts.done += u64::from(item.outcome != JobOutcome::Waiting);
                let JobOutcome::Failed(trouble) = item.outcome else {
                    continue;
                };
                counts.failed += 1;
                if counts.failures.len() < MAX_FAILURES {
                    counts.failures.push(JobFailure {
                        number: item.number,
                        id: item.id,
                        masked: item.masked,
                        trouble,
                    });
                }
            }
        }
        Ok(counts)
    }

    fn empty(&self) -> Chunk {
        Chunk {
            targets: Vec::new(),
            has_lines: self.has_lines,
        }
    }
}
