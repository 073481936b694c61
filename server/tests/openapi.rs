//! The document of the API: that it lists what is served and nothing else, that each entry says all that
//! readers and programs need, and that bodies have the fields that the parsers read.
//!
//! What is not proved here: types and limits of single fields, fields of objects that a body nests deeper than
//! `SHAPES` says, and answers. Those are what `end2end/openapi` looks at, over requests made of the document.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use grok_sim::{Options, Simulator};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;
use test_support::{Gateway, Launch};

const KEY: &str = "sk-of-this-test";
const PASSWORD: &str = "the operator's own password";

/// Files that make routes which are no part of the API.
const UNDOCUMENTED: [(&str, &str); 4] = [
    (
        "unknown.rs",
        "paths without `/v1`, whose answer says where the API is",
    ),
    (
        "mcp/mod.rs",
        "JSON-RPC over one address, which the format cannot describe",
    ),
    ("pages.rs", "pages for people"),
    ("openapi/page/mod.rs", "the document for people"),
];

/// A shape, the list of fields that its parser reads, and those of them that are read only to be refused.
struct Shape {
    name: &'static str,
    file: &'static str,
    list: &'static str,
    refused: &'static [&'static str],
}

const fn shape(
    name: &'static str,
    file: &'static str,
    list: &'static str,
    refused: &'static [&'static str],
) -> Shape {
    Shape {
        name,
        file,
        list,
        refused,
    }
}

/// Fields that every filter of a search has, which nobody can hold the upstream to.
const FILTERS: &[&str] = &[
    "filters",
    "allowed_x_handles",
    "excluded_x_handles",
    "from_date",
    "to_date",
];

const SHAPES: [Shape; 14] = [
    shape(
        "ChatCompletionRequest",
        "openai/src/chat/parse.rs",
        "FIELDS",
        &["input", "instructions", "max_output_tokens", "audio"],
    ),
    shape("ChatMessage", "openai/src/chat/messages.rs", "FIELDS", &[]),
    shape("Tool", "openai/src/tools/mod.rs", "TOOL_FIELDS", FILTERS),
    shape(
        "CompletionRequest",
        "openai/src/completions/parse.rs",
        "FIELDS",
        &[],
    ),
    shape(
        "ResponseRequest",
        "openai/src/responses/request.rs",
        "FIELDS",
        &[
            "prompt",
            "messages",
            "response_format",
            "max_tokens",
            "max_completion_tokens",
            "stop",
        ],
    ),
    shape("InputItem", "openai/src/responses/input.rs", "FIELDS", &[]),
    shape(
        "InputBlock",
        "openai/src/responses/blocks.rs",
        "FIELDS",
        &[],
    ),
    shape("ImageRequest", "openai/src/images/parse.rs", "FIELDS", &[]),
    shape(
        "ImageEditRequest",
        "openai/src/images/edit.rs",
        "FIELDS",
        &["mask"],
    ),
    shape("VideoRequest", "openai/src/videos/parse.rs", "FIELDS", &[]),
    shape(
        "VideoStart",
        "openai/src/videos/parse.rs",
        "START_FIELDS",
        &[],
    ),
    shape(
        "MessageRequest",
        "anthropic/src/messages/request.rs",
        "FIELDS",
        &["thread"],
    ),
    shape(
        "ContentBlock",
        "anthropic/src/messages/part.rs",
        "BLOCK_FIELDS",
        &[],
    ),
    shape(
        "SourceObject",
        "anthropic/src/messages/attach.rs",
        "SOURCE_FIELDS",
        &[],
    ),
];

/// Fields in the flat form of a tool, which its parser reads in another place.
const ELSEWHERE: [(&str, &str); 2] = [("Tool", "description"), ("Tool", "parameters")];

fn crates() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates"))
}

/// The texts of the constant `name` of a file.
fn listed(file: &str, name: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(crates().join(file)).unwrap();
    let (_, list) = text
        .split_once(&format!("const {name}: &[&str] = &["))
        .unwrap();
    let (list, _) = list.split_once("];").unwrap();
    list.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

struct Server {
    gateway: Gateway,
    client: Client,
    document: Value,
    _folder: tempfile::TempDir,
    _simulator: Simulator,
}

/// One operation of the document.
#[derive(Clone)]
struct Operation {
    method: Method,
    path: String,
    entry: Value,
}

impl Server {
    async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let simulator = Simulator::start(Options::for_tests()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let accounts = [("ssoBasic", vec![Value::from("plain-basic-1")])];
        test_support::write_accounts(folder.path(), &accounts).unwrap();
        let gateway = Launch::new(env!("CARGO_BIN_EXE_grok2api"), folder.path())
            .upstream(&simulator.url())
            .env("GROK2API_APP__API_KEY", KEY)
            .env("GROK2API_APP__APP_KEY", PASSWORD)
            .env("GROK2API_APP__PUBLIC_ENABLED", true)
            .start()
            .await
            .unwrap();
        let client = Client::builder().no_proxy().no_brotli().no_gzip();
        let client = client.build().unwrap();
        let answer = client.get(gateway.url() + "/openapi.json").send().await;
        let document = answer.unwrap().json().await.unwrap();
        Self {
            gateway,
            client,
            document,
            _folder: folder,
            _simulator: simulator,
        }
    }

    fn operations(&self) -> Vec<Operation> {
        let paths = self.document["paths"].as_object().unwrap().iter();
        let all = paths.flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .iter()
                .map(|(method, entry)| Operation {
                    method: method.to_ascii_uppercase().parse().unwrap(),
                    path: path.clone(),
                    entry: entry.clone(),
                })
        });
        all.collect()
    }

    async fn get(&self, path: &str) -> Response {
        let request = self.client.get(self.gateway.url() + path);
        request.send().await.unwrap()
    }
}

impl Operation {
    fn id(&self) -> &str {
        self.entry["operationId"].as_str().unwrap_or("none")
    }

    fn responses(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.entry["responses"].as_object().unwrap().iter()
    }
}

#[tokio::test]
async fn the_document_is_openapi_31_and_every_entry_is_whole() {
    let server = Server::start().await;
    let document = &server.document;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document["info"]["license"]["identifier"], "MIT");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["servers"][0]["url"], "/");
    let tags = document["tags"].as_array().unwrap();
    let tags: BTreeSet<_> = tags
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let schemes = document["components"]["securitySchemes"]
        .as_object()
        .unwrap();
    let mut ids = BTreeSet::new();
    for operation in server.operations() {
        let (id, entry) = (operation.id(), &operation.entry);
        assert!(ids.insert(id.to_owned()), "{id} is there twice");
        let summary = entry["summary"].as_str().unwrap_or_default();
        assert!(
            !summary.is_empty() && !summary.contains('\n'),
            "{id} has no summary"
        );
        let tag = entry["tags"][0].as_str().unwrap();
        assert!(tags.contains(tag), "{id}: the tag {tag} is not described");
        for needed in entry["security"].as_array().expect(id) {
            for scheme in needed.as_object().unwrap().keys() {
                assert!(schemes.contains_key(scheme), "{id}: there is no {scheme}");
            }
        }
        assert!(
            operation
                .responses()
                .any(|(status, _)| status.starts_with('2')),
            "{id}"
        );
        for (status, answer) in operation.responses() {
            check_answer(&operation, status, resolved(document, answer));
        }
    }
    assert!(ids.len() > 80, "{} operations are few", ids.len());
    let dangling: Vec<_> = references(document)
        .into_iter()
        .filter(|reference| document.pointer(&reference[1..]).is_none())
        .collect();
    assert_eq!(dangling, Vec::<String>::new());
}

/// What an answer is, which may be written once for many.
fn resolved<'d>(document: &'d Value, answer: &'d Value) -> &'d Value {
    match answer["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).unwrap(),
        None => answer,
    }
}

/// Every error has the envelope of its API.
fn check_answer(operation: &Operation, status: &str, answer: &Value) {
    let id = operation.id();
    assert!(
        !answer["description"].as_str().unwrap().is_empty(),
        "{id}: {status}"
    );
    let is_error = status.starts_with(['4', '5']);
    // Of a file there is no body in these, and a probe tells in its own words why it cannot serve.
    if !is_error || matches!(status, "412" | "416") || (id == "readyz" && status == "503") {
        return;
    }
    let envelope = match operation.path.starts_with("/v1/messages") {
        true => "#/components/schemas/AnthropicError",
        false => "#/components/schemas/Error",
    };
    let schema = &answer["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(schema, envelope, "{id}: {status}");
}

/// All that `$ref` names, anywhere.
fn references(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(object) => {
            let own = object
                .get("$ref")
                .and_then(Value::as_str)
                .map(str::to_owned);
            object.values().flat_map(references).chain(own).collect()
        }
        Value::Array(list) => list.iter().flat_map(references).collect(),
        _ => BTreeSet::new(),
    }
}

#[tokio::test]
async fn every_documented_operation_is_served() {
    let server = Server::start().await;
    for operation in server.operations() {
        let path = operation.path.replace("{kind}", "image");
        let path = path.replace("{id}", "none").replace("{name}", "none");
        let secret = match operation.path.starts_with("/v1/admin") {
            true => PASSWORD,
            false => KEY,
        };
        let request = server
            .client
            .request(operation.method.clone(), server.gateway.url() + &path)
            .bearer_auth(secret)
            .send();
        let answer = request.await.unwrap();
        let status = answer.status();
        assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{}", operation.id());
        assert_ne!(status, StatusCode::UNAUTHORIZED, "{}", operation.id());
        assert!(!status.is_server_error(), "{}: {status}", operation.id());
        let responses: BTreeMap<_, _> = operation.responses().collect();
        let is_known = responses.contains_key(&status.as_u16().to_string());
        assert!(
            is_known,
            "{} answers {status}, which is not documented",
            operation.id()
        );
        if status == StatusCode::NOT_FOUND {
            let text = answer.text().await.unwrap();
            assert!(
                !text.contains("There is no endpoint"),
                "{}: {text}",
                operation.id()
            );
        }
    }
}

/// The lines of code of every file of a folder, by their paths below it.
fn sources(folder: &Path, below: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{below}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            found.extend(sources(&path, &format!("{name}/")));
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text
                .lines()
                .take_while(|line| line.trim() != "#[cfg(test)]");
            found.push((name, code.collect::<Vec<_>>().join("\n")));
        }
    }
    found
}

#[test]
fn a_route_without_an_entry_exists_only_where_it_is_no_part_of_the_api() {
    let http = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/http"));
    let bare = sources(http, "").into_iter().filter(|(_, code)| {
        [".route(", ".route_service("]
            .iter()
            .any(|call| code.contains(call))
    });
    let bare: BTreeSet<_> = bare.map(|(name, _)| name).collect();
    let allowed = UNDOCUMENTED.iter().map(|(name, _)| (*name).to_owned());
    assert_eq!(bare, allowed.collect());
}

#[tokio::test]
async fn bodies_have_the_fields_that_the_parsers_read() {
    let server = Server::start().await;
    for shape in SHAPES {
        let schema = &server.document["components"]["schemas"][shape.name];
        let properties = schema["properties"].as_object().expect(shape.name);
        let documented: BTreeSet<_> = properties
            .keys()
            .filter(|field| !ELSEWHERE.contains(&(shape.name, field.as_str())))
            .cloned()
            .collect();
        let mut read = listed(shape.file, shape.list);
        for field in shape.refused {
            assert!(
                read.remove(*field),
                "{} does not read {field} any more",
                shape.name
            );
        }
        assert_eq!(documented, read, "{}", shape.name);
        for (field, schema) in properties {
            let text = schema["description"].as_str().unwrap_or_default();
            let is_request = shape.name.ends_with("Request");
            assert!(
                !is_request || !text.is_empty(),
                "{}.{field} says nothing",
                shape.name
            );
        }
    }
}

#[tokio::test]
async fn the_document_is_cached_until_it_changes_and_the_page_shows_all_of_it() {
    let server = Server::start().await;
    let answer = server.get("/openapi.json").await;
    assert_eq!(answer.headers()["cache-control"], "public, max-age=300");
    let tag = answer.headers()["etag"].clone();
    let again = server.client.get(server.gateway.url() + "/openapi.json");
    let again = again.header("if-none-match", &tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);

    let page = server.get("/docs").await;
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let page = page.text().await.unwrap();
    for operation in server.operations() {
        let anchor = format!("<article id=\"{}\"", operation.id());
        assert!(
            page.contains(&anchor),
            "{} is not on the page",
            operation.id()
        );
    }
    let packed = server.client.get(server.gateway.url() + "/docs");
    let packed = packed.header("accept-encoding", "br").send().await.unwrap();
    let bytes = packed.bytes().await.unwrap().len();
    assert!(bytes < 100 * 1024, "the page has {bytes} bytes compressed");

    let chinese = server.client.get(server.gateway.url() + "/docs");
    let chinese = chinese
        .header("accept-language", "zh")
        .header("cookie", "theme=dark");
    let chinese = chinese.send().await.unwrap().text().await.unwrap();
    assert!(chinese.contains("<html lang=\"zh-CN\" data-theme=\"dark\">"));
    assert!(chinese.contains("<h1>API 参考</h1>"));
}
