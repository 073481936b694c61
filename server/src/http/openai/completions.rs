//! `POST /v1/completions`: the older form of a chat with one turn.

use axum::{extract::State, response::Response};
use chat::{Delta, Finish, Usage};
use openai::{
    completions::{self as format, CompletionAnswer, CompletionWriter},
    stream::Head,
};

use super::{chat::head, error};
use crate::{
    gateway::chat::Delivery,
    http::{
        AppState,
        body::WholeBody,
        caller::ApiCaller,
        error::ApiError,
        several::{self, ChoiceWriter, EndWriter},
    },
};

/// One completion or several, as JSON or as a stream of `text_completion` events.
///
/// # Errors
/// Every error of the gateway, as long as no byte has been sent.
pub(super) async fn create_completion(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    body: WholeBody,
) -> Result<Response, ApiError> {
    let (asked, memory) = body.parse(format::parse).await?;
    let is_stream = asked
        .stream
        .unwrap_or(caller.snapshot.settings.config.app.stream);
    let delivery = match is_stream {
        true => Delivery::Stream,
        false => Delivery::Whole,
    };
    let asking = several::ask(&state, &caller, &asked.request, (asked.choices, delivery));
    let answers = Box::pin(asking).await?;
    drop(memory);
    let Some(first) = answers.first() else {
        return Err(anyhow::anyhow!("no answer was asked for").into());
    };
    let request_id = caller.record.id().to_string();
    let head = Head {
        id: format!("cmpl-{request_id}"),
        conversation_id: None,
        ..head(first.head(), &request_id)
    };
    if delivery == Delivery::Whole {
        let collector = CompletionAnswer::new(asked.prefix());
        let render = move |answers: &[_]| CompletionAnswer::to_json(&head, answers);
        let push = CompletionAnswer::push;
        return Box::pin(several::whole(answers, collector, push, render)).await;
    }
    let prefix = asked.prefix();
    let writer = |index| {
        CompletionWriter::of_choice(head.clone(), index, prefix.clone(), asked.include_usage)
    };
    let end = End {
        writer: writer(0),
        request_id,
    };
    let answers = answers.into_iter().zip(0..);
    let answers = answers.map(|(answer, index)| (answer, Choice(writer(index))));
    Ok(several::stream(
        answers.collect(),
        end,
        (caller.record, &state),
    ))
}

struct Choice(CompletionWriter);

impl ChoiceWriter for Choice {
    fn start(&mut self, out: &mut Vec<u8>) {
        self.0.start(out);
    }

    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        self.0.delta(delta, out);
    }

    fn finish(&mut self, finish: &Finish, out: &mut Vec<u8>) {
        self.0.finish_choice(finish, out);
    }
}

struct End {
    writer: CompletionWriter,
    request_id: String,
}

impl EndWriter for End {
    fn end(&self, usage: Usage, out: &mut Vec<u8>) {
        self.writer.end(usage, out);
    }

    fn error(&self, error: &ApiError, out: &mut Vec<u8>) {
        self.writer
            .error(&error::body(error, &self.request_id), out);
    }
}
