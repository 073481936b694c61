//! `/v1/files`: whose a file is, how long, how large and how many, and what a chat makes of it.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures::stream;
use grok_sim::Operation;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use server::{
    gateway::Gateway,
    media::{files::MediaFiles, uploaded::UploadedName},
    snapshot::Settings,
};
use settings::Config;
use store::{Document, DocumentKind, Store};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::{Plain, Server, Setup, open_store, s3::S3};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0";
const MIB: usize = 1024 * 1024;

fn setup() -> Setup {
    Setup::accounts(["only-account"])
}

/// A form: fields, then files as their name, type and content.
pub(crate) fn form(fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend([head.as_bytes(), value.as_bytes(), b"\r\n"].concat());
    }
    for (name, mime, content) in files {
        let head = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: {mime}\r\n\r\n"
        );
        body.extend([head.as_bytes(), content, b"\r\n"].concat());
    }
    body.extend_from_slice(b"--edge--\r\n");
    body
}

/// A caller of a server, with its key.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'s> {
    pub(crate) url: &'s str,
    pub(crate) client: &'s Client,
    pub(crate) key: &'static str,
}

impl Caller<'_> {
    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        request.bearer_auth(self.key)
    }

    pub(crate) async fn send(&self, body: Vec<u8>) -> Plain {
        let request = self.request(Method::POST, "/v1/files");
        let request = request.header("content-type", "multipart/form-data; boundary=edge");
        Plain::read(request.body(body).send().await.unwrap()).await
    }

    /// The object of a text file that was taken.
    pub(crate) async fn upload(&self, name: &str, content: &[u8]) -> Value {
        let body = form(
            &[("purpose", "user_data")],
            &[(name, "text/plain", content)],
        );
        let answer = self.send(body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json
    }

    pub(crate) async fn ask(&self, method: Method, path: &str) -> Plain {
        Plain::read(self.request(method, path).send().await.unwrap()).await
    }

    /// Status and bytes of a content.
    pub(crate) async fn content(&self, id: &str) -> (u16, Bytes) {
        let request = self.request(Method::GET, &format!("/v1/files/{id}/content"));
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.bytes().await.unwrap())
    }

    async fn ids(&self, query: &str) -> Vec<String> {
        let list = self.ask(Method::GET, &format!("/v1/files{query}")).await;
        assert_eq!(list.status, 200, "{list:?}");
        let data = list.json["data"].as_array().unwrap().iter();
        data.map(id).collect()
    }

    async fn chat(&self, parts: Value) -> Plain {
        let body = json!({"model": "grok-4", "messages": [{"role": "user", "content": parts}]});
        let request = self.request(Method::POST, "/v1/chat/completions");
        Plain::read(request.json(&body).send().await.unwrap()).await
    }
}

fn id(file: &Value) -> String {
    file["id"].as_str().unwrap().to_owned()
}

/// Without a key; every call is counted by the test.
fn open<'s>(server: &'s Server, url: &'s str) -> Caller<'s> {
    caller(server, url, "sk-anything")
}

fn caller<'s>(server: &'s Server, url: &'s str, key: &'static str) -> Caller<'s> {
    Caller {
        url,
        client: &server.client,
        key,
    }
}

fn count(server: &Server, requests: usize) {
    (0..requests).for_each(|_| server.count_request());
}

/// Names in a folder of media.
fn names(media: &Path, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(media.join(folder)).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[tokio::test]
async fn a_file_is_taken_shown_listed_read_and_deleted() {
    let server = setup().start().await;
    let url = server.url("");
    let caller = open(&server, &url);
    let fields = [
        ("purpose", "vision"),
        ("expires_after[anchor]", "created_at"),
        ("expires_after[seconds]", "3600"),
    ];
    let taken = caller
        .send(form(&fields, &[("a fox.png", "image/png", PNG)]))
        .await;
    assert_eq!(taken.status, 200, "{taken:?}");
    let file = taken.json;
    let created = file["created_at"].as_i64().unwrap();
    let expected = json!({"id": file["id"], "object": "file", "bytes": PNG.len(),
        "created_at": created, "expires_at": created + 3600, "filename": "a fox.png",
        "purpose": "vision", "status": "processed", "status_details": null});
    assert_eq!(file, expected);
    let id = id(&file);
    assert!(id.starts_with("file-"), "{id}");
    let path = format!("/v1/files/{id}");
    assert_eq!(caller.ask(Method::GET, &path).await.json, expected);
    assert_eq!(caller.ids("").await, [id.as_str()]);
    let content = caller.request(Method::GET, &format!("{path}/content"));
    let content = content.send().await.unwrap();
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(content.headers()[name], value);
    }
    assert_eq!(content.bytes().await.unwrap(), PNG);
    let part = caller.request(Method::GET, &format!("{path}/content"));
    let part = part.header("range", "bytes=1-3").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), "PNG");
    let deleted = caller.ask(Method::DELETE, &path).await;
    let gone = json!({"id": id, "object": "file", "deleted": true});
    assert_eq!(deleted.json, gone);
    caller
        .ask(Method::GET, &path)
        .await
        .assert_error(404, "file_not_found");
    assert_eq!(caller.ids("").await, [""; 0]);
    let media = server.data_dir().join("media");
    assert_eq!(names(&media, "uploaded"), [""; 0]);
    assert_eq!(names(&media, "unfinished"), [""; 0]);
    count(&server, 8);
    server.end().await;
}

#[tokio::test]
async fn a_callers_files_are_no_others_and_nobody_learns_of_them() {
    let server = setup()
        .with("GROK2API_APP__API_KEY", "sk-one,sk-other")
        .start()
        .await;
    let url = server.url("");
    let [one, other] = ["sk-one", "sk-other"].map(|key| caller(&server, &url, key));
    let own = id(&one.upload("own.txt", b"mine").await);
    let missing = own.replace(&own[5..9], "0000");
    let error = |answer: Plain| {
        answer.assert_error(404, "file_not_found");
        let mut error = answer.json["error"].clone();
        error["request_id"] = Value::Null;
        error
    };
    for (method, tail) in [
        (Method::GET, ""),
        (Method::GET, "/content"),
        (Method::DELETE, ""),
    ] {
        let foreign = other
            .ask(method.clone(), &format!("/v1/files/{own}{tail}"))
            .await;
        let nowhere = other
            .ask(method.clone(), &format!("/v1/files/{missing}{tail}"))
            .await;
        assert_eq!(error(foreign), error(nowhere), "{method} {tail}");
    }
    assert_eq!(other.ids("").await, [""; 0]);
    let named = json!([{"type": "text", "text": "Read it."},
        {"type": "file", "file": {"file_id": own}}]);
    let refused = other.chat(named.clone()).await;
    let refused = error(refused);
    assert_eq!(refused["param"], "messages.0.content.1.file.file_id");
    assert!(!one.chat(named).await.text().is_empty());
    assert_eq!(one.content(&own).await, (200, Bytes::from_static(b"mine")));
    let nobody = caller(&server, &url, "sk-wrong");
    nobody
        .ask(Method::GET, "/v1/files")
        .await
        .assert_error(401, "invalid_api_key");
    count(&server, 11);
    server.end().await;
}

#[tokio::test]
async fn pages_follow_each_other_in_both_orders() {
    let server = setup().start().await;
    let url = server.url("");
    let caller = open(&server, &url);
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(id(&caller.upload(&format!("{n}.txt"), b"x").await));
        // Its place in the list is the millisecond in which it came.
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    let fields = [("purpose", "vision")];
    let picture = caller
        .send(form(&fields, &[("p.png", "image/png", PNG)]))
        .await;
    let picture = id(&picture.json);
    assert_eq!(caller.ids("?purpose=vision").await, [picture.as_str()]);
    assert_eq!(caller.ids("?purpose=user_data&order=asc").await, ids);
    let mut newest_first = ids.clone();
    newest_first.reverse();
    newest_first.insert(0, picture.clone());
    assert_eq!(caller.ids("").await, newest_first);
    let first = caller
        .ask(Method::GET, "/v1/files?limit=2&order=asc")
        .await
        .json;
    assert_eq!(
        (&first["has_more"], &first["last_id"]),
        (&json!(true), &json!(ids[1]))
    );
    let second = format!("/v1/files?limit=4&order=asc&after={}", ids[1]);
    let second = caller.ask(Method::GET, &second).await.json;
    assert_eq!(second["has_more"], false);
    let found: Vec<_> = second["data"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(found, [&ids[2..], &[picture]].concat());
    let behind_nothing = caller.ask(Method::GET, "/v1/files?after=file-x").await;
    behind_nothing.assert_error(400, "invalid_after");
    let none = caller.ask(Method::GET, "/v1/files?limit=0").await;
    none.assert_error(400, "invalid_value");
    count(&server, 13);
    server.end().await;
}

#[tokio::test]
async fn each_limit_is_refused_by_the_name_of_its_setting_and_leaves_nothing() {
    let setup = setup()
        .with("GROK2API_FILES__MAX_FILE_MB", 1)
        .with("GROK2API_FILES__MAX_TOTAL_MB", 2)
        .with("GROK2API_FILES__MAX_FILES", 3);
    let server = setup.start().await;
    let url = server.url("");
    let caller = open(&server, &url);
    let send = async |size: usize| {
        let content = vec![b'x'; size];
        let file = ("a.txt", "text/plain", content.as_slice());
        caller
            .send(form(&[("purpose", "user_data")], &[file]))
            .await
    };
    let too_large = send(MIB + 1).await;
    too_large.assert_error(400, "file_too_large");
    assert!(too_large.message().contains("files.max_file_mb"));
    let larger_than_the_form = send(2 * MIB).await;
    larger_than_the_form.assert_error(413, "request_too_large");
    assert!(larger_than_the_form.message().contains("files.max_file_mb"));
    let first = send(MIB).await;
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(send(MIB - 10).await.status, 200);
    let together = send(11).await;
    together.assert_error(400, "files_too_large");
    assert!(together.message().contains("files.max_total_mb"));
    assert_eq!(send(10).await.status, 200, "exactly so much may be there");
    let fourth = send(1).await;
    fourth.assert_error(400, "too_many_files");
    assert!(fourth.message().contains("files.max_files"));
    let path = format!("/v1/files/{}", id(&first.json));
    assert_eq!(caller.ask(Method::DELETE, &path).await.status, 200);
    assert_eq!(send(1).await.status, 200, "there is room again");
    let media = server.data_dir().join("media");
    assert_eq!(names(&media, "uploaded").len(), 3);
    assert_eq!(names(&media, "unfinished"), [""; 0]);
    count(&server, 9);
    server.end().await;
}

#[tokio::test]
async fn a_switched_off_endpoint_and_a_full_disk_say_so() {
    let off = setup().with("GROK2API_FILES__ENABLED", false).start().await;
    let url = off.url("");
    let caller = open(&off, &url);
    let file = ("a.txt", "text/plain", &b"x"[..]);
    let refused = caller
        .send(form(&[("purpose", "user_data")], &[file]))
        .await;
    refused.assert_error(400, "files_disabled");
    assert!(refused.message().contains("files.enabled"));
    let named = json!([{"type": "file", "file": {"file_id": "file-1"}}]);
    caller.chat(named).await.assert_error(400, "files_disabled");
    count(&off, 2);
    off.end().await;
    // More than any disk has.
    let full = setup()
        .with("GROK2API_CACHE__MIN_FREE_MB", 10_000_000)
        .start()
        .await;
    let url = full.url("");
    let refused = open(&full, &url)
        .send(form(&[("purpose", "user_data")], &[file]))
        .await;
    refused.assert_error(503, "media_unavailable");
    assert!(refused.message().contains("cache.min_free_mb"));
    count(&full, 1);
    full.end().await;
}

#[tokio::test]
async fn each_mistake_of_a_form_names_its_field_and_leaves_nothing() {
    let server = setup().start().await;
    let url = server.url("");
    let caller = open(&server, &url);
    let file = ("a.txt", "text/plain", &b"x"[..]);
    let after = ("expires_after[seconds]", "60");
    let anchor = ("expires_after[anchor]", "created_at");
    let purpose = ("purpose", "user_data");
    let rows: [(Vec<u8>, &str, &str); 7] = [
        (form(&[], &[file]), "invalid_purpose", "purpose"),
        (
            form(&[("purpose", "batch")], &[file]),
            "invalid_purpose",
            "purpose",
        ),
        (form(&[purpose], &[]), "missing_file", "file"),
        (
            form(&[purpose], &[("a", "text/plain", b"")]),
            "missing_file",
            "file",
        ),
        (form(&[purpose], &[file, file]), "invalid_form", "file"),
        (
            form(&[purpose, anchor, after], &[file]),
            "invalid_value",
            "expires_after.seconds",
        ),
        (
            form(&[purpose], &[file])[..90].to_vec(),
            "invalid_form",
            "body",
        ),
    ];
    let sent = rows.len();
    for (body, code, param) in rows {
        let refused = caller.send(body).await;
        refused.assert_error(400, code);
        assert_eq!(refused.json["error"]["param"], param, "{refused:?}");
    }
    let request = caller.request(Method::POST, "/v1/files").json(&json!({}));
    let no_form = Plain::read(request.send().await.unwrap()).await;
    no_form.assert_error(415, "unsupported_media_type");
    // The official clients may send the file first.
    let mut turned = form(&[], &[file]);
    turned.truncate(turned.len() - b"--edge--\r\n".len());
    turned.extend(form(&[purpose], &[]));
    assert_eq!(caller.send(turned).await.status, 200);
    let media = server.data_dir().join("media");
    assert_eq!(names(&media, "uploaded").len(), 1);
    assert_eq!(names(&media, "unfinished"), [""; 0]);
    count(&server, sent + 2);
    server.end().await;
}

#[tokio::test]
async fn a_client_that_hangs_up_in_the_middle_leaves_nothing() {
    let server = setup().start().await;
    let media = server.data_dir().join("media");
    let content = vec![b'x'; 2 * MIB];
    let body = form(
        &[("purpose", "user_data")],
        &[("a", "text/plain", &content)],
    );
    let head = format!(
        "POST /v1/files HTTP/1.1\r\nHost: {}\r\nContent-Type: multipart/form-data; boundary=edge\r\n\
         Content-Length: {}\r\n\r\n",
        server.gateway.address,
        body.len()
    );
    let mut socket = TcpStream::connect(&server.gateway.address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&body[..MIB]).await.unwrap();
    let is_coming = async || !names(&media, "unfinished").is_empty();
    server
        .wait_until("it goes to the disk as it comes", is_coming)
        .await;
    drop(socket);
    let is_gone = async || names(&media, "unfinished").is_empty();
    server.wait_until("nothing is left of it", is_gone).await;
    assert_eq!(names(&media, "uploaded"), [""; 0]);
    let url = server.url("");
    assert_eq!(open(&server, &url).ids("").await, [""; 0]);
    count(&server, 2);
    let left = server.end_with_all().await;
    let statuses: Vec<_> = left.requests.iter().map(|row| row.status).collect();
    assert!(statuses.contains(&499), "{statuses:?}");
    assert!(left.requests.iter().all(|row| row.endpoint == "files"));
}

#[tokio::test]
async fn files_outlive_the_process_and_end_with_their_time() {
    let mut server = setup().start().await;
    let url = server.url("");
    let (kept, ended) = {
        let caller = open(&server, &url);
        (
            id(&caller.upload("kept.txt", b"kept").await),
            id(&caller.upload("ended.txt", b"ended").await),
        )
    };
    server.kill_and_start().await;
    let url = server.url("");
    assert_eq!(open(&server, &url).content(&kept).await.1, "kept");
    let exit = server.gateway.stop().await.unwrap();
    assert!(exit.success());
    let store = open_store(server.data_dir()).await;
    let document = store
        .get_document(DocumentKind::File, &ended)
        .await
        .unwrap();
    let over = Document {
        expires_ms: 1_772_700_000_000,
        ..document.unwrap()
    };
    store.put_document(over).await.unwrap();
    store.close().await;
    server.start_again().await;
    let url = server.url("");
    let caller = open(&server, &url);
    assert_eq!(caller.ids("").await, [kept.as_str()]);
    let answer = caller.ask(Method::GET, &format!("/v1/files/{ended}")).await;
    answer.assert_error(404, "file_not_found");
    // Of the first calls the records may have died with the process.
    server.cut_off().await;
}

/// A content with its row, or without.
async fn keep(files: &MediaFiles, store: &dyn Store, number: u32, ends_secs: u64, has_row: bool) {
    let id = format!("file-{number:032x}");
    let name = UploadedName::of(&id, ends_secs).unwrap();
    let content = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"x"))]);
    let content = files.receive_upload(content, 10).await.unwrap();
    files.keep_upload(content, &name).await.unwrap();
    if has_row {
        let data = json!({"name": "a", "mime": "text/plain", "purpose": "user_data", "bytes": 1});
        let row = Document {
            kind: DocumentKind::File,
            id,
            group: "open".to_owned(),
            at_ms: 0,
            expires_ms: i64::try_from(ends_secs * 1000).unwrap(),
            revision: 0,
            data: data.to_string(),
        };
        store.put_document(row).await.unwrap();
    }
}

fn age(place: &Path) {
    let at = SystemTime::now() - Duration::from_secs(3700);
    fs::File::open(place).unwrap().set_modified(at).unwrap();
}

#[tokio::test]
async fn a_sweep_takes_what_is_over_and_in_a_folder_what_no_row_tells_of() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let s3 = S3::start().await;
    let future = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let future = future.as_secs() + 1000;
    for is_bucket in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(folder.path()).await;
        let mut files = MediaFiles::open(folder.path()).unwrap();
        if is_bucket {
            files = files.with_bucket_of(&s3.config()).await.unwrap();
        }
        for (number, ends_secs, has_row) in [
            (1, 1000, true),
            (2, 1000, false),
            (3, future, true),
            (4, future, false),
            (5, future, false),
        ] {
            keep(&files, store.as_ref(), number, ends_secs, has_row).await;
        }
        let place = match is_bucket {
            true => s3.place("uploaded"),
            false => folder.path().join("media/uploaded"),
        };
        for number in [3, 4] {
            age(&place.join(format!("{future}-file-{number:032x}")));
        }
        fs::write(place.join("a stranger's"), "x").unwrap();
        let settings = Settings::build(Config::default(), None).unwrap();
        let gateway = Gateway::new(&settings, Arc::clone(&store), files.clone());
        let removed = gateway.sweep_files().await.unwrap();
        let left = fs::read_dir(&place)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let mut left: Vec<_> = left.map(|name| name.into_string().unwrap()).collect();
        left.retain(|name| !name.starts_with('.'));
        left.sort();
        // In a bucket it may be the file of a server with another store.
        let mut expected: Vec<_> = match is_bucket {
            true => vec![3, 4, 5],
            false => vec![3, 5],
        };
        assert_eq!(removed, 5 - expected.len());
        let mut expected: Vec<_> = expected
            .drain(..)
            .map(|number: u32| format!("{future}-file-{number:032x}"))
            .collect();
        expected.push("a stranger's".to_owned());
        assert_eq!(left, expected);
        store.close().await;
    }
}

#[tokio::test]
async fn files_lie_in_the_bucket_where_there_is_one() {
    let s3 = S3::start().await;
    let variables = s3.variables().into_iter();
    let setup = variables.fold(Setup::accounts(["only-account"]), |setup, (key, value)| {
        setup.with(key, value)
    });
    let server = setup.start().await;
    let url = server.url("");
    let caller = open(&server, &url);
    let content = "0123456789".repeat(1000);
    let id = id(&caller.upload("a.txt", content.as_bytes()).await);
    assert_eq!(s3.names("uploaded").len(), 1);
    assert_eq!(names(&server.data_dir().join("media"), "uploaded"), [""; 0]);
    assert_eq!(
        names(&server.data_dir().join("media"), "unfinished"),
        [""; 0]
    );
    assert_eq!(caller.content(&id).await, (200, Bytes::from(content)));
    let part = caller.request(Method::GET, &format!("/v1/files/{id}/content"));
    let part = part.header("range", "bytes=10-12").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), "012");
    let named =
        json!([{"type": "file", "file": {"file_id": id}}, {"type": "text", "text": "Read."}]);
    assert!(!caller.chat(named).await.text().is_empty());
    assert_eq!(
        caller
            .ask(Method::DELETE, &format!("/v1/files/{id}"))
            .await
            .status,
        200
    );
    assert_eq!(s3.names("uploaded"), [""; 0]);
    count(&server, 5);
    server.end().await;
}

#[tokio::test]
async fn a_chat_sends_files_and_pictures_by_their_ids_and_recordings_to_grok() {
    let server = setup().start().await;
    let url = server.url("");
    let caller = open(&server, &url);
    let text = id(&caller.upload("notes.txt", b"Remember the milk.").await);
    // Its type is in its content.
    let fields = [("purpose", "vision")];
    let picture = ("fox", "application/octet-stream", PNG);
    let picture = id(&caller.send(form(&fields, &[picture])).await.json);
    let sound = STANDARD.encode(b"RIFF....WAVE");
    let parts = json!([
        {"type": "text", "text": "What is it?"},
        {"type": "file", "file": {"file_id": text}},
        {"type": "image_url", "image_url": {"url": picture}},
        {"type": "input_audio", "input_audio": {"data": sound, "format": "wav"}},
        {"type": "input_audio", "input_audio": {"data": sound, "format": "mp3"}},
    ]);
    let answer = caller.chat(parts).await;
    assert!(!answer.text().is_empty());
    let uploads = server.simulator.requests_of(Operation::Upload);
    let mut sent: Vec<_> = uploads
        .iter()
        .map(|upload| {
            let field = |name: &str| upload.body[name].as_str().unwrap().to_owned();
            (field("fileName"), field("fileMimeType"), field("content"))
        })
        .collect();
    sent.sort();
    let expected = [
        ("file.mp3", "audio/mpeg", sound.clone()),
        ("file.wav", "audio/wav", sound),
        ("fox", "image/png", STANDARD.encode(PNG)),
        (
            "notes.txt",
            "text/plain",
            STANDARD.encode("Remember the milk."),
        ),
    ];
    let expected =
        expected.map(|(name, mime, content)| (name.to_owned(), mime.to_owned(), content));
    assert_eq!(sent, expected);
    count(&server, 3);
    server.end().await;
}

#[tokio::test]
async fn a_file_by_its_id_counts_as_any_other_in_memory() {
    let setup = setup().with("GROK2API_CHAT__ATTACHMENT_MEMORY_MB", 1);
    let server = setup.start().await;
    let url = server.url("");
    let caller = open(&server, &url);
    let large = id(&caller.upload("large.txt", &vec![b'x'; 600 * 1024]).await);
    let named = json!([{"type": "file", "file": {"file_id": large}}]);
    let refused = caller.chat(named).await;
    refused.assert_error(503, "at_capacity");
    assert!(refused.message().contains("chat.attachment_memory_mb"));
    assert!(server.upstream_chats().is_empty());
    count(&server, 2);
    server.end().await;
}
