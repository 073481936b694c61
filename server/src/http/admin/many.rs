//! Many accounts at once: by ids, or all that a filter finds.

use std::convert::Infallible;

use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use grok2api_app::dto::{AccountChoice, AccountSwitch, ExportFormat, JobKind};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use openai::Invalid;
use serde_json::{Value, json, value::RawValue};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    batch::{self, started},
    input::{Chosen, NewTokens, read},
    refusal,
};
use crate::http::{
    AppState,
    error::ApiError,
    middleware::admin::Admin,
    openapi::{
        admin::{
            accounts::{
                ChangedAccounts, ChosenAccounts, DeletedAccounts, DoneAccounts, ImportedAccounts,
            },
            jobs::StartedJob,
        },
        common::AnyObject,
        errors::{Conflicting, OfBody},
    },
};

/// Accounts that one call does while its caller waits; a job takes more.
const MAX_WAITED_FOR: usize = 100;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(enable))
        .routes(routes!(disable))
        .routes(routes!(reset))
        .routes(routes!(delete))
        .routes(routes!(export))
        .routes(routes!(import))
        .routes(routes!(refresh_now))
        .routes(routes!(check_now))
        .routes(routes!(settings_now))
        .routes(routes!(refresh))
        .routes(routes!(check))
        .routes(routes!(settings))
        .routes(routes!(count_assets))
        .routes(routes!(clear_assets))
}

/// Handlers that differ in what they do with the accounts that a body names.
macro_rules! handlers {
    ($($name:ident = $does:ident($what:expr), $path:literal, $id:literal, $summary:literal,
        $example:tt -> $answer:ty;)+) => {$(
        #[utoipa::path(
            post,
            path = $path,
            tag = "Many accounts",
            operation_id = $id,
            summary = $summary,
            request_body(content = ChosenAccounts, example = json!($example)),
            responses((status = 200, description = "What was done.", body = $answer), OfBody, Conflicting)
        )]
        async fn $name(
            state: State<AppState>,
            admin: Admin,
            request: Request,
        ) -> Result<Json<Value>, ApiError> {
            $does($what, state, admin, request).await
        }
    )+};
}

handlers! {
    enable = switch_all(AccountSwitch::Enable), "/tokens/enable", "enable_accounts",
        "Switch accounts on", {"filter": {"text": "nobody has this"}} -> ChangedAccounts;
    disable = switch_all(AccountSwitch::Disable), "/tokens/disable", "disable_accounts",
        "Switch accounts off", {"filter": {"text": "nobody has this"}} -> ChangedAccounts;
    reset = switch_all(AccountSwitch::Reset), "/tokens/reset", "reset_accounts",
        "Forget failures and cooldowns", {"filter": {"text": "nobody has this"}} -> ChangedAccounts;
    refresh_now = do_now(JobKind::RefreshAccounts), "/tokens/refresh", "refresh_accounts_now",
        "Ask Grok about at most 100 accounts", {"ids": ["none"]} -> DoneAccounts;
    check_now = do_now(JobKind::RefreshAccounts), "/tokens/check", "check_accounts_now",
        "Ask Grok about at most 100 accounts (the same)", {"ids": ["none"]} -> DoneAccounts;
    settings_now = do_now(JobKind::AccountSettings), "/tokens/nsfw/enable", "set_accounts_up_now",
        "Make the settings of at most 100 accounts at Grok", {"ids": ["none"]} -> DoneAccounts;
    refresh = start(JobKind::RefreshAccounts), "/tokens/refresh/async", "refresh_accounts",
        "Ask Grok about accounts, as a job", {"filter": {"tier": "basic"}} -> StartedJob;
    check = start(JobKind::RefreshAccounts), "/tokens/check/async", "check_accounts",
        "Ask Grok about accounts, as a job (the same)", {"filter": {"tier": "basic"}} -> StartedJob;
    settings = start(JobKind::AccountSettings), "/tokens/nsfw/enable/async", "set_accounts_up",
        "Make the settings of accounts at Grok, as a job", {"filter": {"text": "nobody has this"}} -> StartedJob;
    count_assets = start(JobKind::CountAssets), "/cache/online/load/async", "count_assets",
        "Count the files that accounts keep at Grok, as a job", {"filter": {"tier": "basic"}} -> StartedJob;
    clear_assets = start(JobKind::ClearAssets), "/cache/online/clear/async", "clear_assets",
        "Delete the files that accounts keep at Grok, as a job", {"filter": {"text": "nobody has this"}} -> StartedJob;
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

#[utoipa::path(
    post,
    path = "/tokens/delete",
    tag = "Many accounts",
    operation_id = "delete_accounts",
    summary = "Delete accounts",
    description = "They can be brought back for five minutes.",
    request_body(content = ChosenAccounts, example = json!({"filter": {"text": "nobody has this"}})),
    responses((status = 200, description = "What was deleted.", body = DeletedAccounts), OfBody)
)]
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
#[utoipa::path(
    post,
    path = "/tokens/export",
    tag = "Many accounts",
    operation_id = "export_accounts",
    summary = "Export accounts with their cookies",
    description = "The one answer that has cookies in it: one on each line, or the predecessor's `token.json`.",
    request_body(content = ChosenAccounts, example = json!({"filter": {}, "format": "text"})),
    responses(
        (status = 200, description = "The accounts.", content((String = "text/plain"), (AnyObject = "application/json"))),
        OfBody,
    )
)]
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

#[utoipa::path(
    post,
    path = "/tokens/import/async",
    tag = "Many accounts",
    operation_id = "import_accounts",
    summary = "Add many accounts, as a job",
    request_body(content = ImportedAccounts, example = json!({"text": "sso-cookie-of-an-imported-account", "tier": "basic"})),
    responses(
        (status = 200, description = "The job.", body = StartedJob, links(
            ("get" = (operation_id = "get_job", parameters(("id" = "$response.body#/task_id")))),
            ("items" = (operation_id = "list_job_items", parameters(("id" = "$response.body#/task_id")))),
            ("watch" = (operation_id = "watch_job", parameters(("id" = "$response.body#/task_id")))),
        )),
        OfBody,
        Conflicting,
    )
)]
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
