//! One account, and lists of them.

use axum::{
    Json,
    extract::{Request, State},
};
use grok2api_app::dto::{
    AccountChoice, AccountDetail, AccountEdit, AccountFilter, AccountSort, Condition, LineStatus,
    Tier,
};
use openai::Invalid;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    input::{NewTokens, Patch, new_account, read},
    refusal,
};
use crate::{
    http::{
        AppState,
        address::{Path, Query},
        error::ApiError,
        middleware::admin::Admin,
        openapi::{
            admin::accounts as shapes,
            common::Named,
            errors::{Missing, OfBody, Refused},
        },
    },
    services::accounts::Created,
};

/// Accounts of a page, if nothing is said.
const PAGE: u32 = 100;
/// Accounts that are added by one call; a job takes more.
const MAX_NEW: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(restore))
        .routes(routes!(one, edit, delete))
}

#[derive(Deserialize)]
struct Asked {
    status: Option<Condition>,
    tier: Option<Tier>,
    tag: Option<String>,
    #[serde(default)]
    text: String,
    #[serde(default)]
    sort: AccountSort,
    #[serde(default)]
    order: Order,
    limit: Option<u32>,
    after: Option<String>,
}

#[derive(Default, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Order {
    #[default]
    Desc,
    Asc,
}

#[utoipa::path(
    get,
    path = "/tokens",
    tag = "Accounts",
    operation_id = "list_accounts",
    summary = "List accounts",
    params(shapes::AccountQuery),
    responses((status = 200, description = "A page of accounts.", body = shapes::AccountList), Refused)
)]
async fn list(
    State(state): State<AppState>,
    Admin(admin): Admin,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, ApiError> {
    let filter = AccountFilter {
        status: asked.status,
        tier: asked.tier,
        tag: asked.tag,
        text: asked.text,
    };
    let order = (asked.sort, asked.order == Order::Desc);
    let page = (asked.after.as_deref(), asked.limit.unwrap_or(PAGE));
    let found = state.accounts.find(&admin, filter, order, page);
    let Some(found) = found else {
        let message = "`after` is no cursor of this list: take the `next` of the page before.";
        return Err(Invalid::new("invalid_cursor", "after", message).into());
    };
    Ok(Json(json!({
        "object": "list",
        "data": found.rows,
        "has_more": found.next.is_some(),
        "next": found.next,
        "total": found.matched,
        "counts": found.counts,
    })))
}

#[utoipa::path(
    get,
    path = "/tokens/{id}",
    tag = "Accounts",
    operation_id = "get_account",
    summary = "Get an account",
    params(Named),
    responses((status = 200, description = "Everything that is known of it.", body = shapes::AccountDetail), Missing)
)]
async fn one(
    State(state): State<AppState>,
    Admin(admin): Admin,
    Path(id): Path<String>,
) -> Result<Json<AccountDetail>, ApiError> {
    let account = state.admin.get_account(admin, id).await;
    account.map(Json).map_err(refusal)
}

#[utoipa::path(
    post,
    path = "/tokens",
    tag = "Accounts",
    operation_id = "add_accounts",
    summary = "Add accounts",
    description = "Adds up to 1,000; each has a result of its own. The predecessor's map of all accounts is refused. The first one ends a demo: Grok itself is asked from then on.",
    request_body(content = shapes::NewAccounts, example = json!({"tokens": ["sso-cookie-of-an-account"], "tier": "basic"})),
    responses(
        (status = 200, description = "What became of each.", body = shapes::AddedAccounts, links(
            ("get" = (operation_id = "get_account", parameters(("id" = "$response.body#/results/0/id")))),
            ("edit" = (operation_id = "edit_account", parameters(("id" = "$response.body#/results/0/id")))),
            ("delete" = (operation_id = "delete_account", parameters(("id" = "$response.body#/results/0/id")))),
        )),
        (status = 409, description = "It is the map of all accounts."),
        OfBody,
    )
)]
async fn create(
    State(state): State<AppState>,
    Admin(admin): Admin,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let new: NewTokens<Vec<Value>> = read(&state, request).await?;
    new.check()?;
    let tokens = new.tokens.unwrap_or_default();
    if tokens.is_empty() || tokens.len() > MAX_NEW {
        let message = format!(
            "`tokens` lists 1 to {MAX_NEW} cookies; `POST /v1/admin/tokens/import/async` takes more."
        );
        return Err(Invalid::new("invalid_value", "tokens", message).into());
    }
    let accounts = tokens.into_iter().map(|token| new_account(token, new.tier));
    let created = state.accounts.create(&admin, accounts.collect()).await;
    let created = created.map_err(refusal)?;
    let added = created.iter().filter(|one| one.id.is_some()).count();
    let results: Vec<_> = (1..).zip(&created).map(to_result).collect();
    Ok(Json(json!({
        "status": "success",
        "summary": {"total": created.len(), "ok": added, "fail": created.len() - added},
        "results": results,
    })))
}

fn to_result((number, created): (usize, &Created)) -> Value {
    let status = match created.status {
        LineStatus::New => "new",
        LineStatus::Doubtful => "doubtful",
        LineStatus::Duplicate => "duplicate",
        LineStatus::Bad => "bad",
    };
    json!({
        "number": number,
        "status": status,
        "id": created.id,
        "masked": created.masked,
        "error": created.fault,
    })
}

/// Changes what the body names and nothing else, so that two operators do not undo each other.
#[utoipa::path(
    patch,
    path = "/tokens/{id}",
    tag = "Accounts",
    operation_id = "edit_account",
    summary = "Change an account",
    description = "Changes what the body names and nothing else, so that two operators do not undo each other.",
    params(Named),
    request_body(content = shapes::AccountPatch, example = json!({"note": "Mine."})),
    responses((status = 200, description = "The account.", body = shapes::AccountDetail), OfBody, Missing)
)]
async fn edit(
    State(state): State<AppState>,
    Admin(admin): Admin,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<AccountDetail>, ApiError> {
    let patch: Patch = read(&state, request).await?;
    let edit = AccountEdit {
        tier: patch.tier,
        tags: patch.tags,
        note: patch.note,
        is_enabled: patch.enabled,
        proxy: patch.proxy,
    };
    // All of it or nothing.
    state.accounts.check(&admin, &edit).map_err(refusal)?;
    if let Some(cookie) = patch.token {
        let replaced = state
            .admin
            .replace_cookie(admin.clone(), id.clone(), cookie);
        replaced.await.map_err(refusal)?;
    }
    let edited = state.admin.edit_account(admin, id, edit).await;
    edited.map(Json).map_err(refusal)
}

#[utoipa::path(
    delete,
    path = "/tokens/{id}",
    tag = "Accounts",
    operation_id = "delete_account",
    summary = "Delete an account",
    params(Named),
    responses((status = 200, description = "It is gone, and can be brought back for five minutes.", body = shapes::DeletedAccount), Missing)
)]
async fn delete(
    State(state): State<AppState>,
    Admin(admin): Admin,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let choice = AccountChoice::Ids(vec![id]);
    let deleted = state.admin.delete_chosen_accounts(admin, choice).await;
    let deleted = deleted.map_err(refusal)?;
    match deleted.count {
        0 => Err(refusal(grok2api_app::error::UiError::NotFound)),
        _ => Ok(Json(
            json!({"status": "success", "undo_id": deleted.undo_id}),
        )),
    }
}

#[derive(Deserialize)]
struct Undo {
    undo_id: String,
}

#[utoipa::path(
    post,
    path = "/tokens/restore",
    tag = "Accounts",
    operation_id = "restore_accounts",
    summary = "Bring deleted accounts back",
    description = "Within five minutes of their deletion, at any instance.",
    request_body(content = shapes::Undo, example = json!({"undo_id": "none"})),
    responses((status = 200, description = "How many came back.", body = shapes::RestoredAccounts), OfBody, Missing)
)]
async fn restore(
    State(state): State<AppState>,
    Admin(admin): Admin,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let Undo { undo_id } = read(&state, request).await?;
    let restored = state.admin.restore_accounts(admin, undo_id).await;
    let restored = restored.map_err(refusal)?;
    Ok(Json(json!({"status": "success", "restored": restored})))
}
