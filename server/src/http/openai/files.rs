//! `/v1/files`: what callers upload, to name it in chats by its id.

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::{
    HeaderValue,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE},
};
use openai::{
    Invalid,
    files::{self as format, File, FileQuery, Purpose},
    page::Order,
};

use super::json;
use crate::{
    gateway::{
        Caller, GatewayError,
        files::{About, FileFilter, FileRow, NotReceived, Upload},
    },
    http::{
        AppState,
        address::{Path, Query},
        body::check_key_again,
        caller::ApiCaller,
        error::ApiError,
        files,
        form::Form,
        form_stream::{FormStream, Part},
        middleware::body::BodyMemory,
        openapi::{
            common::{Deleted, Named},
            errors::{Conflicting, Limited, Missing, OfBody, OfFile, Refused},
            files::{File as ApiFile, FileList, FilePage, FileUpload},
        },
    },
};

/// The field of the form that has the file, and the part of a path that names one.
const FILE: &str = "file";
const ID: &str = "id";
/// Of a file that has none.
const UNNAMED: &str = "file";
/// Longest name of a file, as file systems have it.
const MAX_NAME_BYTES: usize = 255;
/// A browser saves it, and guesses nothing from it.
const DOWNLOAD: HeaderValue = HeaderValue::from_static("attachment");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// What a form says, beside the content of its file.
#[derive(Default)]
struct Said {
    purpose: Option<String>,
    anchor: Option<String>,
    seconds: Option<String>,
    name: Option<String>,
    mime: Option<String>,
}

/// Takes a file, in a form as the official clients send it. It goes to the disk as it comes.
#[utoipa::path(
    post,
    path = "/files",
    tag = "Files",
    summary = "Upload a file",
    description = "Takes a file that chats can name by its id. It is the caller's alone.",
    request_body(content = FileUpload, content_type = "multipart/form-data", example = json!({"file": "Some text.", "purpose": "user_data"})),
    responses(
        (status = 200, description = "The file.", body = ApiFile, links(
            ("get" = (operation_id = "get_file", parameters(("id" = "$response.body#/id")))),
            ("content" = (operation_id = "read_file_content", parameters(("id" = "$response.body#/id")))),
            ("delete" = (operation_id = "delete_file", parameters(("id" = "$response.body#/id")))),
        )),
        OfBody,
        Conflicting,
        Limited,
    )
)]
pub(super) async fn upload_file(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    request: Request,
) -> Result<Response, ApiError> {
    let boundary = Form::boundary(request.headers()).ok_or(ApiError::UnsupportedMediaType(
        "Send the header `Content-Type: multipart/form-data`, with the file in the field `file`.",
    ))?;
    // Before anything of it has come.
    let mut upload = state.gateway.begin_upload(&caller).await?;
    let (mut parts, body) = request.into_parts();
    let memory = parts.extensions.remove::<BodyMemory>();
    let mut form = FormStream::new(body, boundary, memory);
    let said = read(&mut form, &mut upload).await?;
    check_key_again(&parts.extensions, &state)?;
    let row = keep(&state, &caller, (upload, said)).await?;
    Ok(json(to_api(&row).to_json()))
}

/// Reads a form to its end.
async fn read(form: &mut FormStream, upload: &mut Upload) -> Result<Said, ApiError> {
    let mut said = Said::default();
    while let Some(part) = form.next().await? {
        if part.name() == FILE && said.mime.is_some() {
            return Err(Invalid::new("invalid_form", FILE, "Send one file at a time.").into());
        }
        if part.name() == FILE {
            said.name = Some(name_of(&part)?);
            said.mime = Some(part.mime().unwrap_or_default());
            let received = upload.receive(part.into_content()).await;
            received.map_err(|error| not_received(form, error))?;
            continue;
        }
        let place = match part.name() {
            "purpose" => Some(&mut said.purpose),
            "expires_after[anchor]" => Some(&mut said.anchor),
            "expires_after[seconds]" => Some(&mut said.seconds),
            _ => None,
        };
        let text = form.text(part).await?;
        if let Some(place) = place {
            *place = Some(text);
        }
    }
    Ok(said)
}

fn name_of(part: &Part) -> Result<String, ApiError> {
    let name = part.file_name().map(str::trim).unwrap_or_default();
    if name.len() > MAX_NAME_BYTES {
        let message = format!("The name of a file may have at most {MAX_NAME_BYTES} bytes.");
        return Err(Invalid::new("invalid_form", FILE, message).into());
    }
    // Whoever shows it must not be made to obey it.
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    Ok(match name.is_empty() {
        true => UNNAMED.to_owned(),
        false => name,
    })
}

fn not_received(form: &FormStream, error: NotReceived) -> ApiError {
    match error {
        NotReceived::Refused(error) => error.into(),
        NotReceived::Source(error) => match error.downcast_ref() {
            Some(error) => form.explain(error),
            None => anyhow::anyhow!("{error}").into(),
        },
    }
}

async fn keep(
    state: &AppState,
    caller: &Caller,
    (upload, said): (Upload, Said),
) -> Result<FileRow, ApiError> {
    let purpose = Purpose::read(said.purpose.as_deref())?;
    let wished_secs = format::expires_after(said.anchor.as_deref(), said.seconds.as_deref())?;
    let about = About {
        name: said.name.unwrap_or_default(),
        mime: said.mime.unwrap_or_default(),
        purpose: purpose.as_str().to_owned(),
    };
    let kept = state
        .gateway
        .finish_upload(caller, upload, about, wished_secs);
    Ok(kept.await?)
}

#[utoipa::path(
    get,
    path = "/files",
    tag = "Files",
    summary = "List files",
    params(FilePage),
    responses((status = 200, description = "Files of this key.", body = FileList), Refused)
)]
pub(super) async fn list_files(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let query = FileQuery::read(query)?;
    let filter = FileFilter {
        after: query.page.after,
        purpose: query.purpose.map(|purpose| purpose.as_str().to_owned()),
        is_oldest_first: query.page.order == Order::Ascending,
        limit: query.page.limit,
    };
    let page = state.gateway.list_files(&caller, &filter).await?;
    let files = page.rows.iter().map(to_api);
    Ok(json(format::list_json(files, page.has_more)))
}

#[utoipa::path(
    get,
    path = "/files/{id}",
    tag = "Files",
    summary = "Get a file",
    params(Named),
    responses((status = 200, description = "The file.", body = ApiFile), Refused, Missing)
)]
pub(super) async fn get_file(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let row = find(&state, &caller, &id).await?;
    Ok(json(to_api(&row).to_json()))
}

#[utoipa::path(
    delete,
    path = "/files/{id}",
    tag = "Files",
    summary = "Delete a file",
    params(Named),
    responses((status = 200, description = "It is gone.", body = Deleted), Refused, Missing)
)]
pub(super) async fn delete_file(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    match state.gateway.delete_file(&caller, &id).await? {
        true => Ok(json(openai::Deleted::File.to_json(&id))),
        false => Err(GatewayError::file_not_found(ID).into()),
    }
}

/// The content, or the part of it that `Range` asks for. Always as bytes to be saved: it is a stranger's
/// file at this server's address.
#[utoipa::path(
    get,
    path = "/files/{id}/content",
    tag = "Files",
    operation_id = "read_file_content",
    summary = "Read the content of a file",
    description = "The content, or the part of it that `Range` asks for, as bytes to be saved.",
    params(Named),
    responses(
        (status = 200, description = "The content.", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, description = "A part of it.", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 304, description = "It is the one that `If-None-Match` names."),
        OfFile,
        Conflicting,
    )
)]
pub(super) async fn read_content(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let row = find(&state, &caller, &id).await?;
    let sent = match row.content() {
        Some(name) => files::send_uploaded(&state, &name, request).await?,
        None => None,
    };
    let mut response = sent.ok_or_else(|| GatewayError::file_elsewhere(ID))?;
    let headers = response.headers_mut();
    if headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, BYTES);
    }
    headers.insert(CONTENT_DISPOSITION, DOWNLOAD);
    Ok(response)
}

async fn find(state: &AppState, caller: &Caller, id: &str) -> Result<FileRow, ApiError> {
    let row = state.gateway.file(caller, id).await?;
    Ok(row.ok_or_else(|| GatewayError::file_not_found(ID))?)
}

fn to_api(row: &FileRow) -> File<'_> {
    File {
        id: &row.id,
        size_bytes: row.bytes,
        created: row.created_ms / 1000,
        expires: i64::try_from(row.ends_secs).ok(),
        name: &row.about.name,
        purpose: Purpose::read(Some(&row.about.purpose)).unwrap_or(Purpose::UserData),
    }
}
