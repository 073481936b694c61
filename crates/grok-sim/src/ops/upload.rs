//! `POST /rest/app-chat/upload-file` (protocol 2.3), and the form that came after it (8.3).

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Call, text};
use crate::{
    check, memory::Upload, options::Generation, refusal::Refusal, scripts::Operation, state::Shared,
};

pub(super) async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    match respond(&shared, request).await {
        Ok(response) | Err(response) => response,
    }
}

/// `POST /http/upload-file-v2/direct`, which only today's upstream has.
pub(super) async fn answer_form(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    match respond_form(&shared, request).await {
        Ok(response) | Err(response) => response,
    }
}

async fn respond(shared: &Shared, request: Request) -> Result<Response, Response> {
    let call = Call::receive_json(shared, Operation::Upload, request).await?;
    let (call, upload) = take(shared, call).await?;
    let body = json!({"fileMetadataId": upload.id, "fileUri": uri(&upload)});
    shared.memory.store(upload);
    Ok(call.finish(Json(body).into_response()))
}

async fn respond_form(shared: &Shared, request: Request) -> Result<Response, Response> {
    let call = Call::receive(shared, Operation::Upload, request, check::form_headers).await?;
    if shared.options.generation == Generation::February {
        return Err(call.refuse(Refusal::not_found("no such operation")));
    }
    let (call, upload) = take(shared, call).await?;
    let body = json!({
        "uploadId": shared.new_id(),
        "terminalError": "",
        "fileMetadata": {"fileMetadataId": upload.id, "fileUri": uri(&upload)},
    });
    shared.memory.store(upload);
    Ok(call.finish(Json(body).into_response()))
}

fn uri(upload: &Upload) -> String {
    let user = Shared::user_of(&upload.account);
    format!("users/{user}/{}/content", upload.id)
}

/// Checks the file and takes the reply that is due.
async fn take(shared: &Shared, call: Call) -> Result<(Call, Upload), Response> {
    let id = shared.new_id();
    let upload = match read(&call.json, &id, &call.account) {
        Ok(upload) => upload,
        Err(refusal) => return Err(call.refuse(refusal)),
    };
    let reply = shared.next_reply(&call.account, Operation::Upload);
    let call = call.common(shared, &reply).await?;
    Ok((call, upload))
}

fn read(json: &Value, id: &str, account: &str) -> Result<Upload, Refusal> {
    let name = text(json, "fileName")?.to_owned();
    let mime = text(json, "fileMimeType")?;
    if !mime.contains('/') || mime.contains(';') {
        return Err(Refusal::bad_request(
            "field fileMimeType must be a bare MIME type",
        ));
    }
    let content = STANDARD.decode(text(json, "content")?).map_err(|_| {
        Refusal::bad_request("field content must be base64 without prefix or line breaks")
    })?;
    Ok(Upload {
        id: id.to_owned(),
        account: account.to_owned(),
        name,
        mime: mime.to_owned(),
        content: content.into(),
    })
}
