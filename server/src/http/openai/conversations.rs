//! `/v1/conversations`: what responses that name one add to, and go on from.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use chat::Turn;
use openai::responses::{
    self as format, ItemQuery, input_items_page, joined_items, parse_conversation, stored_turns,
};
use serde::{Deserialize, Serialize};
use store::{DocumentKind, LargeDocument, Store, StoreError, bounded};

use super::responses::{Kept, check_room, json, make_room, owner_of, short, unavailable};
use crate::{
    clock::now_ms,
    gateway::{Caller, GatewayError},
    http::{
        AppState,
        address::{Path, Query},
        body::WholeBody,
        caller::ApiCaller,
        error::ApiError,
        openapi::{
            common::{Deleted, ItemPage, Named},
            conversations::{
                Conversation, ConversationItems, ConversationRequest, ConversationUpdate,
            },
            errors::{Missing, OfBody, Refused},
            responses::ItemList,
        },
    },
    ids,
};

/// Tries to add to a conversation that others add to as well.
const TRIES: usize = 16;
/// Items of a conversation, in bytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;
const DAY_MS: i64 = 86_400_000;

/// What is known of a conversation without its items. The names are stored.
#[derive(Default, Serialize, Deserialize)]
struct Head {
    metadata: BTreeMap<String, String>,
    /// Unix milliseconds; `at_ms` of the document is its last change. Absent from older ones.
    #[serde(default)]
    created_ms: Option<i64>,
}

/// A new conversation.
#[utoipa::path(
    post,
    path = "/conversations",
    tag = "Conversations",
    summary = "Create a conversation",
    request_body(
        content = Option<ConversationRequest>,
        example = json!({"items": [{"type": "message", "role": "user", "content": "Hello."}], "metadata": {"topic": "demo"}})
    ),
    responses(
        (status = 200, description = "The conversation.", body = Conversation, links(
            ("get" = (operation_id = "get_conversation", parameters(("id" = "$response.body#/id")))),
            ("items" = (operation_id = "list_items", parameters(("id" = "$response.body#/id")))),
            ("add" = (operation_id = "add_items", parameters(("id" = "$response.body#/id")))),
            ("update" = (operation_id = "update_conversation", parameters(("id" = "$response.body#/id")))),
            ("delete" = (operation_id = "delete_conversation", parameters(("id" = "$response.body#/id")))),
        )),
        OfBody,
    )
)]
pub(super) async fn create_conversation(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    body: WholeBody,
) -> Result<Response, ApiError> {
    let (asked, _memory) = body.parse(parse_conversation).await?;
    check_room(&state).await?;
    let id = ids::random("conv_");
    let at_ms = now_ms();
    let head = Head {
        metadata: asked.metadata.clone(),
        created_ms: Some(at_ms),
    };
    let config = &caller.snapshot.settings.config.responses;
    let document = LargeDocument {
        kind: DocumentKind::ApiConversation,
        group: owner_of(&caller),
        at_ms,
        expires_ms: end_ms(config.keep_days),
        revision: 0,
        head: serde_json::to_string(&head).unwrap_or_default(),
        content: joined("[]", &asked.items(&id), b"{}")?,
        id,
    };
    let add = document.clone().add(state.store.as_ref());
    bounded(add).await.map_err(|error| unavailable(&error))?;
    let place = (DocumentKind::ApiConversation, document.group.as_str());
    make_room(state.store.as_ref(), place, config.max_per_key).await;
    Ok(shown(&document, &head))
}

#[utoipa::path(
    get,
    path = "/conversations/{id}",
    tag = "Conversations",
    summary = "Get a conversation",
    params(Named),
    responses((status = 200, description = "The conversation.", body = Conversation), Refused, Missing)
)]
pub(super) async fn get_conversation(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let document = find_head(state.store.as_ref(), &owner_of(&caller), &id).await?;
    Ok(shown(&document, &head_of(&document)))
}

/// Replaces the metadata.
#[utoipa::path(
    post,
    path = "/conversations/{id}",
    tag = "Conversations",
    summary = "Replace the metadata of a conversation",
    params(Named),
    request_body(content = Option<ConversationUpdate>, example = json!({"metadata": {"topic": "demo"}})),
    responses((status = 200, description = "The conversation.", body = Conversation), OfBody, Missing)
)]
pub(super) async fn update_conversation(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
    body: WholeBody,
) -> Result<Response, ApiError> {
    let (asked, _memory) = body.parse(parse_conversation).await?;
    if asked.has_items() {
        let message = "Items are added at `POST /v1/conversations/{id}/items`.";
        return Err(GatewayError::invalid("invalid_value", "items", message).into());
    }
    let keep_days = caller.snapshot.settings.config.responses.keep_days;
    let owner = owner_of(&caller);
    let changed = change(state.store.as_ref(), (&owner, &id), keep_days, |document| {
        let head = Head {
            metadata: asked.metadata.clone(),
            ..head_of(document)
        };
        document.head = serde_json::to_string(&head).unwrap_or_default();
        Ok(())
    });
    let document = changed.await?;
    Ok(shown(&document, &head_of(&document)))
}

#[utoipa::path(
    delete,
    path = "/conversations/{id}",
    tag = "Conversations",
    summary = "Delete a conversation",
    params(Named),
    responses((status = 200, description = "It is gone.", body = Deleted), Refused, Missing)
)]
pub(super) async fn delete_conversation(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let store = state.store.as_ref();
    find_head(store, &owner_of(&caller), &id).await?;
    let delete = LargeDocument::delete(store, DocumentKind::ApiConversation, &id);
    bounded(delete).await.map_err(|error| unavailable(&error))?;
    Ok(json(openai::Deleted::Conversation.to_json(&id)))
}

#[utoipa::path(
    get,
    path = "/conversations/{id}/items",
    tag = "Conversations",
    summary = "List the items of a conversation",
    params(Named, ItemPage),
    responses((status = 200, description = "Items.", body = ItemList), Refused, Missing)
)]
pub(super) async fn list_items(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let query = ItemQuery::read(query)?;
    let document = find(state.store.as_ref(), &owner_of(&caller), &id).await?;
    Ok(json(input_items_page(document.content.as_bytes(), &query)?))
}

/// Adds what was said elsewhere; as a page of the items that are new.
#[utoipa::path(
    post,
    path = "/conversations/{id}/items",
    tag = "Conversations",
    summary = "Add items to a conversation",
    description = "Adds what was said elsewhere; the answer has the items that are new.",
    params(Named),
    request_body(
        content = ConversationItems,
        example = json!({"items": [{"type": "message", "role": "user", "content": "Hello again."}]})
    ),
    responses((status = 200, description = "The new items.", body = ItemList), OfBody, Missing)
)]
pub(super) async fn add_items(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
    body: WholeBody,
) -> Result<Response, ApiError> {
    let (asked, _memory) = body.parse(parse_conversation).await?;
    if !asked.has_items() {
        let message = "`items` must hold at least one item.";
        return Err(GatewayError::invalid("invalid_value", "items", message).into());
    }
    let items = asked.items(&ids::random("item_"));
    let keep_days = caller.snapshot.settings.config.responses.keep_days;
    let owner = owner_of(&caller);
    let added = change(state.store.as_ref(), (&owner, &id), keep_days, |document| {
        document.content = joined(&document.content, &items, b"{}")?;
        Ok(())
    });
    added.await?;
    let all = [("order", "asc"), ("limit", "100")];
    Ok(json(input_items_page(&items, &ItemQuery::read(all)?)?))
}

/// What was said in a conversation of this caller.
///
/// # Errors
/// There is none; the store does not answer.
pub(super) async fn turns(
    store: &dyn Store,
    caller: &Caller,
    id: &str,
) -> Result<Vec<Turn>, ApiError> {
    let document = find(store, &owner_of(caller), id).await?;
    Ok(stored_turns(
        "conversation",
        document.content.as_bytes(),
        b"{}",
    )?)
}

/// Adds a complete response to its conversation.
///
/// # Errors
/// The conversation is gone or full; the store does not answer.
pub(super) async fn add(
    store: &dyn Store,
    (owner, id): (&str, &str),
    response: &Kept,
    keep_days: u32,
) -> Result<(), ApiError> {
    let added = change(store, (owner, id), keep_days, |document| {
        document.content = joined(&document.content, &response.input, &response.response)?;
        Ok(())
    });
    added.await.map(|_| ())
}

/// The items of a conversation with those of one more response.
fn joined(items: &str, input: &[u8], response: &[u8]) -> Result<String, ApiError> {
    let items = joined_items(items.as_bytes(), input, response);
    if items.len() > MAX_BYTES {
        let message = "The conversation has become too large. Begin a new one.";
        return Err(GatewayError::invalid("conversation_too_long", "conversation", message).into());
    }
    Ok(text(items))
}

/// Changes a conversation, again if somebody else has changed it meanwhile.
async fn change(
    store: &dyn Store,
    (owner, id): (&str, &str),
    keep_days: u32,
    apply: impl Fn(&mut LargeDocument) -> Result<(), ApiError>,
) -> Result<LargeDocument, ApiError> {
    for _ in 0..TRIES {
        let mut document = find(store, owner, id).await?;
        let mut head = head_of(&document);
        if head.created_ms.is_none() {
            head.created_ms = Some(document.at_ms);
            document.head = serde_json::to_string(&head).unwrap_or_default();
        }
        apply(&mut document)?;
        // What is used is not the oldest.
        document.at_ms = now_ms();
        document.expires_ms = end_ms(keep_days);
        let replace = document.clone().replace(store);
        if bounded(replace)
            .await
            .map_err(|error| unavailable(&error))?
        {
            return Ok(document);
        }
    }
    Err(ApiError::Busy(
        "Too many responses are added to this conversation at once.",
    ))
}

async fn find(store: &dyn Store, owner: &str, id: &str) -> Result<LargeDocument, ApiError> {
    let get = LargeDocument::get(store, DocumentKind::ApiConversation, id);
    own(get, owner, id).await
}

/// As [`find`], without its items.
async fn find_head(store: &dyn Store, owner: &str, id: &str) -> Result<LargeDocument, ApiError> {
    let get = LargeDocument::get_head(store, DocumentKind::ApiConversation, id);
    own(get, owner, id).await
}

async fn own(
    get: impl Future<Output = Result<Option<LargeDocument>, StoreError>>,
    owner: &str,
    id: &str,
) -> Result<LargeDocument, ApiError> {
    let missing = || {
        ApiError::NotFound(format!(
            "There is no conversation `{}` of this key.",
            short(id)
        ))
    };
    openai::responses::check_id(id, "conversation").map_err(|_| missing())?;
    let document = bounded(get).await.map_err(|error| unavailable(&error))?;
    let is_own =
        |document: &LargeDocument| document.group == owner && document.expires_ms > now_ms();
    document.filter(is_own).ok_or_else(missing)
}

fn head_of(document: &LargeDocument) -> Head {
    serde_json::from_str(&document.head).unwrap_or_default()
}

fn shown(document: &LargeDocument, head: &Head) -> Response {
    let conversation = format::Conversation {
        id: &document.id,
        created: head.created_ms.unwrap_or(document.at_ms) / 1000,
        metadata: &head.metadata,
    };
    json(conversation.to_json())
}

fn end_ms(keep_days: u32) -> i64 {
    now_ms().saturating_add(i64::from(keep_days) * DAY_MS)
}

fn text(json: Vec<u8>) -> String {
    String::from_utf8(json).unwrap_or_default()
}
