//! `/v1/responses`.

mod background;
pub(super) mod create;
mod kept;

use axum::{extract::State, response::Response};
use openai::responses::{self as format, ItemQuery, Status, input_items_page, input_tokens_json};

pub use self::background::Background;
pub(super) use self::kept::Kept;
use super::json;
use crate::{
    gateway::GatewayError,
    http::{
        AppState,
        address::{Path, Query},
        body::WholeBody,
        caller::ApiCaller,
        error::ApiError,
        openapi::{
            common::{Deleted, ItemPage, Named},
            errors::{Missing, OfBody, Refused},
            responses::{
                InputTokenCount, ItemList, ResponseObject, ResponseQuery, ResponseRequest,
            },
        },
    },
};

/// One response, as it is now.
#[utoipa::path(
    get,
    path = "/responses/{id}",
    tag = "Responses",
    summary = "Get a response",
    params(Named, ResponseQuery),
    responses((status = 200, description = "The response.", body = ResponseObject), Refused, Missing)
)]
pub(super) async fn get_response(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    if query
        .iter()
        .any(|(name, value)| name == "stream" && value == "true")
    {
        let message = "The events of a response are sent to whoever creates it and not again. Ask \
                       without `stream`, once more while the status is `queued` or `in_progress`.";
        return Err(GatewayError::invalid("unsupported_parameter", "stream", message).into());
    }
    let kept = Kept::find(&state.kept, &caller, &id).await?;
    let kept = background::settled(&state, &caller, kept).await?;
    Ok(json(kept.response))
}

#[utoipa::path(
    delete,
    path = "/responses/{id}",
    tag = "Responses",
    summary = "Delete a response",
    description = "Deletes a response and stops it if it is being made.",
    params(Named),
    responses((status = 200, description = "It is gone.", body = Deleted), Refused, Missing)
)]
pub(super) async fn delete_response(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let kept = Kept::find_head(&state.kept, &caller, &id).await?;
    kept.delete(&state.kept).await?;
    state.background.stop(&id);
    Ok(json(openai::Deleted::Response.to_json(&id)))
}

/// Ends a response in the background; one that has ended stays as it is.
#[utoipa::path(
    post,
    path = "/responses/{id}/cancel",
    tag = "Responses",
    summary = "Cancel a response",
    params(Named),
    responses((status = 200, description = "The response.", body = ResponseObject), OfBody, Missing)
)]
pub(super) async fn cancel_response(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let store = &state.kept;
    loop {
        let mut kept = Kept::find(store, &caller, &id).await?;
        if !kept.head.is_background {
            let message = "Only responses in the background (`background: true`) can be cancelled; \
                           close the connection of any other.";
            return Err(GatewayError::invalid("not_in_background", "response_id", message).into());
        }
        if !kept.is_under_way() {
            return Ok(json(kept.response));
        }
        kept.end(Status::Cancelled, None);
        // Its task writes once in seconds, so this ends soon.
        let keep_days = caller.snapshot.settings.config.responses.keep_days;
        if kept.replace(store, keep_days).await? {
            state.background.stop(&id);
            return Ok(json(kept.response));
        }
    }
}

#[utoipa::path(
    get,
    path = "/responses/{id}/input_items",
    tag = "Responses",
    summary = "List the input of a response",
    params(Named, ItemPage),
    responses((status = 200, description = "Items.", body = ItemList), Refused, Missing)
)]
pub(super) async fn list_input_items(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let query = ItemQuery::read(query)?;
    let kept = Kept::find(&state.kept, &caller, &id).await?;
    Ok(json(input_items_page(&kept.input, &query)?))
}

/// How many tokens the input of a response would have.
#[utoipa::path(
    post,
    path = "/responses/input_tokens",
    tag = "Responses",
    summary = "Count the tokens of a response",
    description = "The estimate that the usage of the response would show, with all that it goes on from.",
    request_body(
        content = ResponseRequest,
        example = json!({"model": "grok-4", "input": "Say hello."})
    ),
    responses((status = 200, description = "The estimate.", body = InputTokenCount), OfBody, Missing)
)]
pub(super) async fn count_input_tokens(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    body: WholeBody,
) -> Result<Response, ApiError> {
    let (asked, _memory) = body.parse(format::parse).await?;
    let (_, said) = create::earlier(&state.kept, &caller, &asked).await?;
    let (request, _) = asked.into_request(said.turns);
    Ok(json(input_tokens_json(caller.count_tokens(&request)?)))
}
