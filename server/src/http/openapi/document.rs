//! What the document says of itself, and what all operations have in common.

use std::collections::BTreeMap;

use utoipa::{
    OpenApi as _, ToSchema,
    openapi::{
        Content, OpenApi, Ref, RefOr, Server, Tag,
        header::Header,
        path::{Operation, PathItem},
        response::Response,
        schema::{Object, Type},
    },
};

use super::{
    access,
    errors::{AnthropicError, Error},
};
use crate::http::protocol::Protocol;

/// What stands before everything else.
const ABOUT: &str = "A gateway that turns a pool of Grok accounts into an API that the clients of OpenAI and \
Anthropic speak. Fields that are not listed here are ignored, but for those of the operator's bodies, which are refused. Errors have a message for people, a `code` for \
programs and the place in the request; every answer has a request id in `x-request-id`.\n\n\
Answers of the type `text/event-stream` are server-sent events: each event is one `data:` line with JSON, and \
its shape is the one that is listed. An error that happens after the first event is an event as well.\n\n\
The server of the Model Context Protocol (`mcp.mount_path`, `/mcp` unless configured otherwise) is JSON-RPC over \
one address, which this format cannot describe; its tools describe themselves to the clients that connect.";

/// Groups of operations in their order, each with a sentence.
const TAGS: [(&str, &str); 17] = [
    ("Chat", "Chat completions in OpenAI's form."),
    ("Responses", "OpenAI's Responses API."),
    (
        "Conversations",
        "What responses that name a conversation add to and go on from.",
    ),
    ("Messages", "Anthropic's Messages API."),
    ("Completions", "The older form of a chat with one turn."),
    ("Models", "What can be asked for."),
    ("Images", "Pictures, new ones and edits."),
    (
        "Videos",
        "Videos, which are asked for in one request and fetched in others.",
    ),
    (
        "Files",
        "Files that callers upload and name by their ids in a chat.",
    ),
    (
        "Media",
        "Generated files at the addresses that answers give out.",
    ),
    (
        "Public pages",
        "What the pages for visitors call with their session.",
    ),
    ("Accounts", "The operator's accounts."),
    ("Many accounts", "The same for many accounts at once."),
    ("Jobs", "Long work, which goes on while nobody waits."),
    (
        "Conversations of accounts",
        "What accounts keep at Grok and callers can go on with.",
    ),
    ("Operation", "Whether the server is alive and well."),
    ("Document", "This document."),
];

#[derive(utoipa::OpenApi)]
#[openapi(info(title = "grok2api", license(name = "MIT", identifier = "MIT")))]
struct Api;

/// The document with nothing in it yet.
pub(in crate::http) fn empty() -> OpenApi {
    let mut document = Api::openapi();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document.info.description = Some(ABOUT.to_owned());
    document.servers = Some(vec![Server::new("/")]);
    document
}

/// Adds to the document of all routers what every operation has, and what nobody has to repeat.
#[must_use]
pub(in crate::http) fn finished(mut document: OpenApi) -> OpenApi {
    let paths = std::mem::take(&mut document.paths.paths);
    for (path, mut item) in paths {
        let protocol = Protocol::of(&path);
        for operation in access::operations(&mut item) {
            complete(operation, protocol);
        }
        // A parameter that takes the rest of a path has another form in axum than here.
        document.paths.paths.insert(path.replace("{*", "{"), item);
    }
    let used: Vec<String> = document
        .paths
        .paths
        .values_mut()
        .flat_map(tags_of)
        .collect();
    let tags = TAGS
        .iter()
        .filter(|(name, _)| used.iter().any(|tag| tag == name));
    document.tags = Some(tags.map(|(name, text)| tag(name, text)).collect());
    let components = document.components.get_or_insert_default();
    add_schema::<Error>(&mut components.schemas);
    add_schema::<AnthropicError>(&mut components.schemas);
    access::describe(components);
    document
}

fn tags_of(item: &mut PathItem) -> Vec<String> {
    let operations = access::operations(item);
    operations
        .flat_map(|operation| operation.tags.clone().unwrap_or_default())
        .collect()
}

fn tag(name: &str, text: &str) -> Tag {
    let mut tag = Tag::new(name);
    tag.description = Some(text.to_owned());
    tag
}

fn add_schema<T: ToSchema>(schemas: &mut BTreeMap<String, RefOr<utoipa::openapi::Schema>>) {
    let mut nested = Vec::new();
    T::schemas(&mut nested);
    schemas.extend(nested);
    schemas.insert(T::name().into_owned(), T::schema());
}

/// The rest of an operation: what may happen to any request, the envelope of errors, and headers.
fn complete(operation: &mut Operation, protocol: Protocol) {
    // Sections of a doc comment that are for readers of the code.
    if let Some(text) = &mut operation.description {
        let end = text.find("\n# ").unwrap_or(text.len());
        text.truncate(if text.starts_with("# ") { 0 } else { end });
        *text = text.trim().to_owned();
    }
    operation.description.take_if(|text| text.is_empty());
    access::add(operation, "500");
    access::add(operation, "503");
    let responses = &mut operation.responses.responses;
    if protocol == Protocol::Anthropic
        && let Some(busy) = responses.remove("503")
    {
        responses.insert("529".to_owned(), busy);
    }
    for (status, response) in responses.iter_mut() {
        let RefOr::T(response) = response else {
            continue;
        };
        add_headers(status, response);
        let is_error = status.starts_with(['4', '5']);
        if is_error && response.content.is_empty() && !is_bare(status) {
            let name = match protocol {
                Protocol::Anthropic => AnthropicError::name(),
                Protocol::OpenAi | Protocol::Mcp => Error::name(),
            };
            let content = Content::new(Some(RefOr::Ref(Ref::from_schema_name(name))));
            response
                .content
                .insert("application/json".to_owned(), content.into());
        }
    }
}

/// Answers about a file that have no body.
fn is_bare(status: &str) -> bool {
    matches!(status, "412" | "416")
}

fn add_headers(status: &str, response: &mut Response) {
    let text = |text: &str| {
        let mut header = Header::default();
        header.description = Some(text.to_owned());
        header
    };
    let id = text("The request in the server's log.");
    response
        .headers
        .insert("x-request-id".to_owned(), id.into());
    if matches!(status, "429" | "503" | "529") {
        let mut wait = Header::new(Object::with_type(Type::Integer));
        wait.description = Some("Whole seconds until it is worth trying again.".to_owned());
        response
            .headers
            .insert("retry-after".to_owned(), wait.into());
    }
}
