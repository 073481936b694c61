//! Images, documents and search results.

use chat::{AttachmentKind, Role, Source, Turn};
use serde_json::{Value, json};

use crate::{attachment, check_content, text, user};

fn data(mime: &str) -> Source {
    Source::Data {
        mime: mime.to_owned(),
        base64: "aGk=".into(),
    }
}

#[test]
fn images_come_as_data_or_by_url() {
    let said = user(json!([
        {"type": "text", "text": "Compare"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
        {"type": "image", "source": {"type": "url", "url": "https://a.io/1.png"}},
    ]));
    let url = Source::Url("https://a.io/1.png".to_owned());
    let parts = vec![
        text("Compare"),
        attachment(
            AttachmentKind::Image,
            data("image/png"),
            None,
            "messages.0.content.1.source.data",
        ),
        attachment(
            AttachmentKind::Image,
            url,
            None,
            "messages.0.content.2.source.url",
        ),
    ];
    assert_eq!(said, [Turn::new(Role::User, parts)]);
}

#[test]
fn four_kinds_of_images_are_taken() {
    for mime in ["image/jpeg", "image/png", "image/gif", "image/webp"] {
        let source = json!({"type": "base64", "media_type": mime, "data": "aG\nk"});
        let said = user(json!([{"type": "image", "source": source}]));
        let expected = attachment(
            AttachmentKind::Image,
            data(mime),
            None,
            "messages.0.content.0.source.data",
        );
        assert_eq!(said, [Turn::new(Role::User, vec![expected])], "{mime}");
    }
}

#[test]
fn documents_are_attached_or_become_text() {
    let pdf = json!({"type": "base64", "media_type": "application/pdf", "data": "aGk="});
    let file = |source, name, param| attachment(AttachmentKind::File, source, name, param);
    let at_data = "messages.0.content.0.source.data";
    let at_url = "messages.0.content.0.source.url";
    let url = Source::Url("https://a.io/1.pdf".to_owned());
    let plain = json!({"type": "text", "media_type": "text/plain", "data": "Once."});
    let inner = json!({"type": "image", "source": {"type": "url", "url": "https://a.io/1.png"}});
    let image = attachment(
        AttachmentKind::Image,
        Source::Url("https://a.io/1.png".to_owned()),
        None,
        "messages.0.content.0.source.content.1.source.url",
    );
    for (document, parts) in [
        (
            json!({"source": pdf}),
            vec![file(data("application/pdf"), None, at_data)],
        ),
        (
            json!({"source": pdf, "title": " Report ", "context": "Old.", "citations": {"enabled": true}}),
            vec![
                text("Old."),
                file(data("application/pdf"), Some("Report"), at_data),
            ],
        ),
        (
            json!({"source": {"type": "url", "url": "https://a.io/1.pdf"}, "title": " ", "context": ""}),
            vec![file(url, None, at_url)],
        ),
        (
            json!({"source": plain, "title": "Tale", "context": " Old. "}),
            vec![text("[document] Tale"), text("Old."), text("Once.")],
        ),
        (
            json!({"source": plain, "title": null, "context": null}),
            vec![text("[document]"), text("Once.")],
        ),
        (
            json!({"source": {"type": "content", "content": "Once."}}),
            vec![text("[document]"), text("Once.")],
        ),
        (
            json!({"source": {"type": "content", "content": [{"type": "text", "text": "A"}, inner]}}),
            vec![text("[document]"), text("A"), image],
        ),
    ] {
        let mut block = document.clone();
        block["type"] = json!("document");
        let said = user(json!([block]));
        assert_eq!(said, [Turn::new(Role::User, parts)], "{document}");
    }
}

#[test]
fn a_search_result_is_a_heading_and_its_texts() {
    let said = user(json!([{
        "type": "search_result", "title": "Tides", "source": "https://a.io",
        "content": [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}],
    }]));
    let parts = vec![
        text("[search_result] Tides (https://a.io)"),
        text("A"),
        text("B"),
    ];
    assert_eq!(said, [Turn::new(Role::User, parts)]);
}

#[test]
fn images_have_a_source_of_a_known_kind() {
    let image = |source: Value| json!([{"type": "image", "source": source}]);
    let data =
        |mime: &str, data: Value| json!({"type": "base64", "media_type": mime, "data": data});
    let mime = ".0.source.media_type: Must be image/jpeg or image/png or image/gif or image/webp.";
    let bad_data = ".0.source.data: The data is no valid base64.";
    check_content(&[
        (json!([{"type": "image"}]), ".0.source: Is required."),
        (
            image(json!("x")),
            ".0.source: Must be an object, not a string.",
        ),
        (image(json!({})), ".0.source.type: Is required."),
        (
            image(json!({"type": "file", "file_id": "f"})),
            ".0.source.type: Uploaded files are not supported. Send the data itself, or its URL.",
        ),
        (
            image(json!({"type": "text"})),
            ".0.source.type: Must be base64 or url.",
        ),
        (image(data("image/bmp", json!("aGk="))), mime),
        (image(data("application/pdf", json!("aGk="))), mime),
        (image(data("image/PNG", json!("aGk="))), mime),
        (
            image(json!({"type": "base64", "data": "aGk="})),
            ".0.source.media_type: Is required.",
        ),
        (
            image(json!({"type": "base64", "media_type": "image/png"})),
            ".0.source.data: Is required.",
        ),
        (image(data("image/png", json!(""))), bad_data),
        (image(data("image/png", json!("a"))), bad_data),
        (
            image(data("image/png", json!("data:image/png;base64,aGk="))),
            bad_data,
        ),
        (
            image(data("image/png", json!(1))),
            ".0.source.data: Must be a string, not a number.",
        ),
        (image(json!({"type": "url"})), ".0.source.url: Is required."),
        (
            image(json!({"type": "url", "url": "file:///etc/passwd"})),
            ".0.source.url: The URL must begin with http:// or https://.",
        ),
        (
            image(json!({"type": "url", "url": "data:image/png;base64,aGk="})),
            ".0.source.url: The URL must begin with http:// or https://.",
        ),
    ]);
}

#[test]
fn documents_are_pdf_or_text() {
    let document = |source: Value| json!([{"type": "document", "source": source}]);
    check_content(&[
        (json!([{"type": "document"}]), ".0.source: Is required."),
        (
            document(json!({"type": "file", "file_id": "f"})),
            ".0.source.type: Uploaded files are not supported. Send the data itself, or its URL.",
        ),
        (
            document(json!({"type": "blob"})),
            ".0.source.type: Must be base64, url, text or content.",
        ),
        (
            document(json!({"type": "base64", "media_type": "image/png", "data": "aGk="})),
            ".0.source.media_type: Must be application/pdf.",
        ),
        (
            document(json!({"type": "text", "media_type": "text/html", "data": "x"})),
            ".0.source.media_type: Must be text/plain.",
        ),
        (
            document(json!({"type": "text", "data": "x"})),
            ".0.source.media_type: Is required.",
        ),
        (
            document(json!({"type": "text", "media_type": "text/plain"})),
            ".0.source.data: Is required.",
        ),
        (
            document(json!({"type": "content"})),
            ".0.source.content: Is required.",
        ),
        (
            document(json!({"type": "content", "content": [{"type": "document"}]})),
            ".0.source.content.0.type: Must be one of these here: text, image.",
        ),
        (
            json!([{"type": "document", "title": 1, "source": {}}]),
            ".0.title: Must be a string, not a number.",
        ),
        (
            json!([{"type": "document", "context": [], "source": {}}]),
            ".0.context: Must be a string, not an array.",
        ),
    ]);
}

#[test]
fn a_search_result_has_title_source_and_texts() {
    let result = |name: &str, value: Value| {
        let mut block =
            json!({"type": "search_result", "title": "T", "source": "S", "content": []});
        block[name] = value;
        json!([block])
    };
    check_content(&[
        (result("title", json!(null)), ".0.title: Is required."),
        (result("source", json!(null)), ".0.source: Is required."),
        (
            result("source", json!({})),
            ".0.source: Must be a string, not an object.",
        ),
        (result("content", json!(null)), ".0.content: Is required."),
        (
            result("content", json!("x")),
            ".0.content: Must be an array, not a string.",
        ),
        (
            result("content", json!([{"type": "image"}])),
            ".0.content.0.type: Must be text here.",
        ),
    ]);
}
