//! `/v1/conversations`: what responses that name one add to, and go on from.

use std::{collections::BTreeMap, sync::Arc};

use axum::{extract::State, response::Response};
use openai::responses::{
    self as format, ItemQuery, input_items_page, joined_items, one_item, parse_conversation,
    stored_turns, without_item,
};
use serde::{Deserialize, Serialize};
use store::{DocumentKind, LargeDocument};

use super::{
    json,
    kept_store::{
        KeptStore, Said, TOO_MANY_CHANGES, check_room, end_ms, head_json, own, owner_of, short,
        unavailable,
    },
    responses::Kept,
};
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
            common::{Deleted, ItemPage, Named, NamedItem},
            conversations::{
                Conversation, ConversationItems, ConversationRequest, ConversationUpdate,
            },
            errors::{Missing, OfBody, Refused},
            responses::{ItemList, KeptItem},
        },
    },
    ids,
    limits::Share,
};

/// Tries to change a conversation that other instances change as well.
const TRIES: usize = 16;
/// Items of a conversation, in bytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What a caller can do where there is no room for one.
const NOTHING_ELSE: &str = "Send the items with each request instead.";

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
    let (asked, memory) = body.parse(parse_conversation).await?;
    let id = ids::ordered("conv_");
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
        head: head_json(&head),
        content: joined("[]", &asked.items(&id), b"{}")?,
        id,
    };
    let room = (document.content.len(), NOTHING_ELSE);
    let room = check_room(&state, room).await?;
    let adding = state
        .kept
        .add(document.clone(), config.max_per_key, (memory, room));
    adding.await?;
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
    let document = find_head(&state.kept, &owner_of(&caller), &id).await?;
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
    let (owner, store) = (owner_of(&caller), &state.kept);
    let _turn = store.turn(&id).await?;
    for _ in 0..TRIES {
        let document = find_head(store, &owner, &id).await?;
        let head = Head {
            metadata: asked.metadata.clone(),
            ..head_of(&document)
        };
        let name = (DocumentKind::ApiConversation, id.as_str());
        let (revision, new) = (document.revision, head_json(&head));
        let replaced = LargeDocument::replace_head(store.plain(), name, revision, new).await;
        if replaced.map_err(|error| unavailable(&error))? {
            return Ok(shown(&document, &head));
        }
    }
    Err(TOO_MANY_CHANGES)
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
    let owner = owner_of(&caller);
    find_head(&state.kept, &owner, &id).await?;
    let group = (DocumentKind::ApiConversation, owner.as_str());
    state.kept.delete(group, &id).await?;
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
    let (document, _memory) = find(&state.kept, &owner_of(&caller), &id).await?;
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
    let place = (owner.as_str(), id.as_str());
    let added = change(&state, place, keep_days, true, |document| {
        document.content = joined(&document.content, &items, b"{}")?;
        Ok(())
    });
    added.await?;
    let all = [("order", "asc"), ("limit", "100")];
    Ok(json(input_items_page(&items, &ItemQuery::read(all)?)?))
}

#[utoipa::path(
    get,
    path = "/conversations/{id}/items/{item_id}",
    tag = "Conversations",
    summary = "Get an item of a conversation",
    params(NamedItem),
    responses((status = 200, description = "The item.", body = KeptItem), Refused, Missing)
)]
pub(super) async fn get_item(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path((id, item_id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let (document, _memory) = find(&state.kept, &owner_of(&caller), &id).await?;
    let item = one_item(document.content.as_bytes(), &item_id);
    Ok(json(item.ok_or_else(|| missing_item(&item_id))?))
}

/// Takes an item out; the conversation, as it is then.
#[utoipa::path(
    delete,
    path = "/conversations/{id}/items/{item_id}",
    tag = "Conversations",
    summary = "Delete an item of a conversation",
    params(NamedItem),
    responses((status = 200, description = "The conversation.", body = Conversation), OfBody, Missing)
)]
pub(super) async fn delete_item(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path((id, item_id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let keep_days = caller.snapshot.settings.config.responses.keep_days;
    let owner = owner_of(&caller);
    let place = (owner.as_str(), id.as_str());
    // What makes less of it may always be done.
    let changed = change(&state, place, keep_days, false, |document| {
        let left = without_item(document.content.as_bytes(), &item_id);
        document.content = text(left.ok_or_else(|| missing_item(&item_id))?);
        Ok(())
    });
    let document = changed.await?;
    Ok(shown(&document, &head_of(&document)))
}

fn missing_item(id: &str) -> ApiError {
    let id = short(id);
    ApiError::NotFound(format!("This conversation has no item `{id}`."))
}

/// What was said in a conversation of this caller.
///
/// # Errors
/// There is none; the store does not answer.
pub(super) async fn said(store: &KeptStore, caller: &Caller, id: &str) -> Result<Said, ApiError> {
    let (document, memory) = find(store, &owner_of(caller), id).await?;
    let turns = stored_turns("conversation", document.content.as_bytes(), b"{}")?;
    Ok(Said {
        turns,
        memory: vec![memory],
    })
}

/// Adds a complete response to its conversation.
///
/// # Errors
/// The conversation is gone or full, or the disk is; the store does not answer.
pub(super) async fn add(
    state: &AppState,
    (owner, id): (&str, &str),
    response: &Kept,
    keep_days: u32,
) -> Result<(), ApiError> {
    let added = change(state, (owner, id), keep_days, true, |document| {
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

/// Changes a conversation, again if another instance has changed it meanwhile. One that `grows` only where the
/// disk has room for it.
async fn change(
    state: &AppState,
    (owner, id): (&str, &str),
    keep_days: u32,
    grows: bool,
    apply: impl Fn(&mut LargeDocument) -> Result<(), ApiError>,
) -> Result<LargeDocument, ApiError> {
    let store = &state.kept;
    // Nobody waits for what is not his.
    find_head(store, owner, id).await?;
    let turn = Arc::new(store.turn(id).await?);
    for _ in 0..TRIES {
        let (mut document, memory) = find(store, owner, id).await?;
        let mut head = head_of(&document);
        if head.created_ms.is_none() {
            head.created_ms = Some(document.at_ms);
            document.head = head_json(&head);
        }
        apply(&mut document)?;
        // What is used is not the oldest.
        document.at_ms = now_ms();
        document.expires_ms = end_ms(keep_days);
        let room = match grows {
            true => Some(check_room(state, (document.content.len(), NOTHING_ELSE)).await?),
            false => None,
        };
        let held = (Arc::clone(&turn), memory, room);
        if store.replace(document.clone(), held).await? {
            return Ok(document);
        }
    }
    Err(TOO_MANY_CHANGES)
}

/// With its part of the memory.
async fn find(
    store: &KeptStore,
    owner: &str,
    id: &str,
) -> Result<(LargeDocument, Arc<Share>), ApiError> {
    check(id)?;
    let read = store.get(DocumentKind::ApiConversation, id).await?;
    let (document, memory) = read.ok_or_else(|| missing(id))?;
    let document = own(Some(document), owner).ok_or_else(|| missing(id))?;
    Ok((document, memory))
}

/// As [`find`], without its items.
async fn find_head(store: &KeptStore, owner: &str, id: &str) -> Result<LargeDocument, ApiError> {
    check(id)?;
    let read = LargeDocument::get_head(store.plain(), DocumentKind::ApiConversation, id).await;
    let document = read.map_err(|error| unavailable(&error))?;
    own(document, owner).ok_or_else(|| missing(id))
}

fn check(id: &str) -> Result<(), ApiError> {
    format::check_id(id, "conversation").map_err(|_| missing(id))
}

fn missing(id: &str) -> ApiError {
    let id = short(id);
    ApiError::NotFound(format!("There is no conversation `{id}` of this key."))
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

fn text(json: Vec<u8>) -> String {
    String::from_utf8(json).unwrap_or_default()
}
