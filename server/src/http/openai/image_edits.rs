//! `POST /v1/images/edits`: by form, as the official clients send it, or by JSON.

use axum::{
    extract::{FromRequest, Request, State},
    response::Response,
};
use openai::{
    Invalid,
    images::{self as format, EditRequest, Making},
};

use super::images;
use crate::{
    gateway::{
        Caller,
        attachments::{Input, InputSource},
    },
    http::{
        AppState,
        body::WholeBody,
        caller::ApiCaller,
        error::ApiError,
        form::Form,
        links::Links,
        openapi::{
            common::PIXEL,
            errors::{OfBody, OfUpstream},
            images as shapes,
        },
    },
};

/// Names under which clients send the images.
const IMAGE_FIELDS: [&str; 2] = ["image", "image[]"];

#[utoipa::path(
    post,
    path = "/images/edits",
    tag = "Images",
    operation_id = "create_image_edit",
    summary = "Edit pictures",
    description = "Pictures made of others and a text. The images come as files of a form, or by their addresses in JSON.",
    request_body(content(
        (shapes::ImageEditRequest = "application/json", example = json!({"prompt": "Make it blue.", "image": PIXEL, "response_format": "b64_json"})),
        (shapes::ImageEditForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The pictures, or their events.", content(
            (shapes::ImageAnswer = "application/json"),
            (shapes::ImageEvent = "text/event-stream"),
        )),
        OfBody,
        OfUpstream,
    )
)]
pub(super) async fn create_edit(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    links: Links,
    request: Request,
) -> Result<Response, ApiError> {
    let boundary = Form::boundary(request.headers());
    let body = WholeBody::from_request(request, &state).await?;
    edit(&state, caller, links, (boundary, body)).await
}

/// Edits, as one document or as events while they come. With a boundary the body is a form.
///
/// # Errors
/// Every error of the gateway, as long as no byte has been sent.
pub(in crate::http) async fn edit(
    state: &AppState,
    caller: Caller,
    links: Links,
    (boundary, body): (Option<String>, WholeBody),
) -> Result<Response, ApiError> {
    let (asked, inputs, memory) = match boundary {
        None => {
            let (asked, memory) = body.parse(format::parse_edit).await?;
            (asked.image, attached(asked.inputs), memory)
        }
        Some(boundary) => {
            let (form, memory) = Form::read(body, boundary).await?;
            let (asked, inputs) = of_form(form)?;
            (asked.image, inputs, memory)
        }
    };
    images::make(state, caller, links, asked, (Making::Edits, inputs), memory).await
}

fn attached(inputs: Vec<(String, chat::Source)>) -> Vec<Input> {
    let input = |(param, source)| Input {
        param,
        name: None,
        source: InputSource::Attached(source),
    };
    inputs.into_iter().map(input).collect()
}

/// The images are files of the form, or texts that say where they are.
fn of_form(form: Form) -> Result<(EditRequest, Vec<Input>), Invalid> {
    let (addresses, texts): (Vec<_>, Vec<_>) = form
        .texts
        .into_iter()
        .partition(|(name, _)| IMAGE_FIELDS.contains(&name.as_str()));
    if form.files.iter().any(|file| file.field == "mask") {
        // The one message about it.
        format::parse_edit_form(&[("mask".to_owned(), String::new())])?;
    }
    let asked = format::parse_edit_form(&texts)?;
    let files = form.files.into_iter();
    let files = files.filter(|file| IMAGE_FIELDS.contains(&file.field.as_str()));
    let files: Vec<_> = files.collect();
    let is_one = files.len() + addresses.len() == 1;
    let param = |place: usize| match is_one {
        true => "image".to_owned(),
        false => format!("image.{place}"),
    };
    let mut inputs = Vec::new();
    for file in files {
        let param = param(inputs.len());
        check_size(&param, file.content.len())?;
        inputs.push(Input {
            param,
            name: file.name,
            source: InputSource::Bytes {
                mime: file.mime,
                content: file.content,
            },
        });
    }
    for (_, address) in addresses {
        let param = param(inputs.len());
        let source = chat::Source::from_uri(&address);
        let source = source
            .map_err(|error| Invalid::new("invalid_media", param.as_str(), error.to_string()))?;
        inputs.extend(attached(vec![(param, source)]));
    }
    format::check_count(inputs.len())?;
    Ok((asked, inputs))
}

fn check_size(param: &str, bytes: usize) -> Result<(), Invalid> {
    if bytes == 0 {
        let message = format!("`{param}` is an empty file.");
        return Err(Invalid::new("empty_file", param, message));
    }
    if bytes > format::MAX_INPUT_BYTES {
        let mib = format::MAX_INPUT_BYTES / 1024 / 1024;
        let message = format!("`{param}` is larger than {mib} MiB.");
        return Err(Invalid::new("file_too_large", param, message));
    }
    Ok(())
}
