//! Asking the server as a client does: the models, then one short question.

use crate::browser::{
    answer::open_client_answer,
    client::count_models,
    completion::{Failure, Frame},
    page::monotonic_ms,
    pause::pause,
};
use futures::future::{AbortHandle, Aborted, Either, abortable, select};
use leptos::{prelude::*, task::spawn_local};
use serde_json::json;
use std::{pin::pin, time::Duration};

/// For both steps together.
pub(super) const LIMIT: Duration = Duration::from_secs(30);
/// Of the answer that is shown.
const MAX_SHOWN_CHARS: usize = 120;
/// Ends an answer that does not end by itself.
const MAX_TOKENS: u32 = 64;
const QUESTION: &str = "Answer with one word: ready";

/// How a step is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Step<T> {
    #[default]
    Ahead,
    Running,
    Fine(T),
    Failed(Trouble),
}

/// Why a step did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Failure(Failure),
    /// [`LIMIT`] has passed.
    TooLong,
    /// By the person.
    Stopped,
}

/// The list of models came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) models: usize,
    pub(super) took_ms: u32,
}

/// An answer came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answered {
    /// To the first character of reasoning or answer.
    pub(super) first_ms: u32,
    pub(super) whole_ms: u32,
    /// Its beginning.
    pub(super) text: String,
}

/// The check of this page.
#[derive(Clone, Copy)]
pub(super) struct Check {
    pub(super) listed: RwSignal<Step<Listed>>,
    pub(super) answered: RwSignal<Step<Answered>>,
    /// The model of the check that is shown; `None` before the first one.
    pub(super) asked: RwSignal<Option<String>>,
    pub(super) is_running: RwSignal<bool>,
    running: StoredValue<Option<AbortHandle>>,
}

impl Check {
    /// A check that has not begun. It ends with the page.
    pub(super) fn new() -> Self {
        let check = Self {
            listed: RwSignal::new(Step::Ahead),
            answered: RwSignal::new(Step::Ahead),
            asked: RwSignal::new(None),
            is_running: RwSignal::new(false),
            running: StoredValue::new(None),
        };
        on_cleanup(move || check.stop());
        check
    }

    /// Begins anew, unless a check is under way. `key` may be empty.
    pub(super) fn start(self, key: String, model: String) {
        if self.is_running.get_untracked() {
            return;
        }
        self.asked.set(Some(model.clone()));
        let (work, handle) = abortable(self.ask(key, model));
        self.running.set_value(Some(handle));
        self.is_running.set(true);
        self.listed.set(Step::Running);
        self.answered.set(Step::Ahead);
        spawn_local(async move {
            // What is not over ends with its future, and so does its request.
            let trouble = match select(pin!(work), pin!(pause(LIMIT))).await {
                Either::Left((Ok(ended), _)) => ended.err().map(Trouble::Failure),
                Either::Left((Err(Aborted), _)) => Some(Trouble::Stopped),
                Either::Right(_) => Some(Trouble::TooLong),
            };
            if let Some(trouble) = trouble {
                self.fail(trouble);
            }
            let _ = self.is_running.try_set(false);
        });
    }

    /// What was found holds no more, unless a check is under way.
    pub(super) fn forget(self) {
        if !self.is_running.get_untracked() {
            self.listed.set(Step::Ahead);
            self.answered.set(Step::Ahead);
        }
    }

    /// Ends what is under way.
    pub(super) fn stop(self) {
        if let Some(Some(running)) = self.running.try_get_value() {
            running.abort();
        }
    }

    async fn ask(self, key: String, model: String) -> Result<(), Failure> {
        let began = monotonic_ms();
        let models = count_models(&key).await?;
        let took_ms = since(began);
        let _ = self.listed.try_set(Step::Fine(Listed { models, took_ms }));
        let _ = self.answered.try_set(Step::Running);
        let answered = ask_model(&key, &model).await?;
        let _ = self.answered.try_set(Step::Fine(answered));
        Ok(())
    }

    /// The step under way has failed. The page may be gone.
    fn fail(self, trouble: Trouble) {
        let is_listing = self
            .listed
            .try_with_untracked(|step| *step == Step::Running);
        match is_listing {
            Some(true) => _ = self.listed.try_set(Step::Failed(trouble)),
            Some(false) => _ = self.answered.try_set(Step::Failed(trouble)),
            None => {}
        }
    }
}

async fn ask_model(key: &str, model: &str) -> Result<Answered, Failure> {
    let body = json!({
        "model": model,
        "messages": [{ "role": "user", "content": QUESTION }],
        "max_tokens": MAX_TOKENS,
        "stream": true,
    });
    let began = monotonic_ms();
    let mut answer = open_client_answer(body.to_string(), key).await?;
    let (mut first_ms, mut text) = (None, String::new());
    while let Some(frame) = answer.next().await? {
        let Frame::Delta { content, reasoning } = frame else {
            continue;
        };
        if first_ms.is_none() && !(content.is_empty() && reasoning.is_empty()) {
            first_ms = Some(since(began));
        }
        let room = MAX_SHOWN_CHARS.saturating_sub(text.chars().count());
        text.extend(content.chars().take(room));
    }
    let whole_ms = since(began);
    Ok(Answered {
        first_ms: first_ms.unwrap_or(whole_ms),
        whole_ms,
        text: text.trim().to_owned(),
    })
}

fn since(began_ms: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole milliseconds of at most half a minute"
    )]
    let passed = (monotonic_ms() - began_ms).max(0.0) as u32;
    passed
}
