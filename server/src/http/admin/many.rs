//! Many accounts at once: by ids, or all that a filter finds.

use std::convert::Infallible;

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::post,
};
use futures::StreamExt;
use grok2api_app::dto::{AccountChoice, AccountSwitch, ExportFormat, JobKind};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use openai::Invalid;
use serde_json::{Value, json, value::RawValue};

use super::{
    batch::{self, started},
    input::{Chosen, NewTokens, read},
    refusal,
};
use crate::http::{AppState, error::ApiError, middleware::admin::Admin};

/// Accounts that one call does while its caller waits; a job takes more.
const MAX_WAITED_FOR: usize = 100;

pub(super) fn routes() -> Router<AppState> {
    let switch =
        |switch| post(move |state, admin, request| switch_all(switch, state, admin, request));
    let job = |kind| post(move |state, admin, request| start(kind, state, admin, request));
    let few = |kind| post(move |state, admin, request| do_now(kind, state, admin, request));
    Router::new()
        .route("/tokens/enable", switch(AccountSwitch::Enable))
        .route("/tokens/disable", switch(AccountSwitch::Disable))
        .route("/tokens/reset", switch(AccountSwitch::Reset))
        .route("/tokens/delete", post(delete))
        .route("/tokens/export", post(export))
        .route("/tokens/import/async", post(import))
        .route("/tokens/refresh", few(JobKind::RefreshAccounts))
        .route("/tokens/check", few(JobKind::RefreshAccounts))
        .route("/tokens/nsfw/enable", few(JobKind::AccountSettings))
        .route("/tokens/refresh/async", job(JobKind::RefreshAccounts))
        .route("/tokens/check/async", job(JobKind::RefreshAccounts))
        .route("/tokens/nsfw/enable/async", job(JobKind::AccountSettings))
        .route("/cache/online/load/async", job(JobKind::CountAssets))
        .route("/cache/online/clear/async", job(JobKind::ClearAssets))
}

async fn chosen(
    state: &AppState,
    Admin(admin): &Admin,
    request: Request,
) -> Result<(AccountChoice, ExportFormat), ApiError> {
    let chosen: Chosen = read(state, request).await?;
    let format = chosen.format;
    Ok((chosen.choice(state, admin)?, format))
}

async fn switch_all(
    switch: AccountSwitch,
    State(state): State<AppState>,
    admin: Admin,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let (choice, _) = chosen(&state, &admin, request).await?;
    let changed = state.admin.switch_accounts(admin.0, choice, switch).await;
    let changed = changed.map_err(refusal)?;
    Ok(Json(json!({"status": "success", "changed": changed})))
}

async fn delete(
    State(state): State<AppState>,
    admin: Admin,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let (choice, _) = chosen(&state, &admin, request).await?;
    let deleted = state.admin.delete_chosen_accounts(admin.0, choice).await;
    let deleted = deleted.map_err(refusal)?;
    Ok(Json(json!({
        "status": match deleted.stopped_by {
            None => "success",
            Some(_) => "partial",
        },
        "deleted": deleted.count,
        "undo_id": deleted.undo_id,
        "error": deleted.stopped_by.map(|error| error.to_string()),
    })))
}

/// The accounts with their cookies: the one answer that has them.
async fn export(
    State(state): State<AppState>,
    admin: Admin,
    request: Request,
) -> Result<Response, ApiError> {
    let (choice, format) = chosen(&state, &admin, request).await?;
    let kind = match format {
        ExportFormat::Text => "text/plain; charset=utf-8",
        ExportFormat::Json => "application/json",
    };
    let pieces = state.accounts.export(&admin.0, choice, format);
    let body = Body::from_stream(pieces.map(Ok::<_, Infallible>));
    Ok(([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store")], body).into_response())
}

/// Does few accounts while the caller waits.
async fn do_now(
    kind: JobKind,
    State(state): State<AppState>,
    admin: Admin,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let (choice, _) = chosen(&state, &admin, request).await?;
    let ids = match choice {
        AccountChoice::Ids(ids) if ids.len() <= MAX_WAITED_FOR => ids,
        _ => {
            let message = format!(
                "At most {MAX_WAITED_FOR} `ids` while you wait; \
                 the same address with `/async` takes more, and filters."
            );
            return Err(Invalid::new("too_many_accounts", "ids", message).into());
        }
    };
    let asked = state.account_jobs.do_now(&admin.0, kind, ids).await;
    let ok = asked.iter().filter(|(_, done)| done.is_ok()).count();
    let results: Vec<_> = asked
        .iter()
        .map(|(id, done)| {
            let (note, trouble) = (done.ok().flatten(), done.err());
            json!({
                "id": id,
                "masked": state.account_jobs.masked(id),
                "ok": done.is_ok(),
                "note": note,
                "code": trouble,
                "error": trouble.map(|trouble| trouble.to_string()),
            })
        })
        .collect();
    Ok(Json(json!({
        "status": "success",
        "summary": {"total": asked.len(), "ok": ok, "fail": asked.len() - ok},
        "results": results,
    })))
}

async fn start(
    kind: JobKind,
    State(state): State<AppState>,
    admin: Admin,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let (choice, _) = chosen(&state, &admin, request).await?;
    let start = state
        .job_service
        .start_job(admin.0.clone(), kind, choice)
        .await;
    started(&state, admin, start, "ids").await
}

async fn import(
    State(state): State<AppState>,
    admin: Admin,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let new: NewTokens<Box<RawValue>> = read(&state, request).await?;
    new.check()?;
    let (field, text) = match (new.text, new.tokens) {
        (Some(text), None) => ("text", text),
        (None, Some(tokens)) => ("tokens", tokens.get().to_owned()),
        _ => {
            let message = "Say in one way which accounts to add: `tokens`, or `text` with accounts \
                           in any form.";
            return Err(Invalid::new("no_accounts_chosen", "tokens", message).into());
        }
    };
    let jobs = &state.job_service;
    let start = jobs.start_import(admin.0.clone(), text, new.tier).await;
    batch::started(&state, admin, start, field).await
}
