use super::*;

fn page() -> String {
    let document = serde_json::json!({
        "info": {"version": "1.2.3", "description": "About `this`."},
        "tags": [{"name": "Chat", "description": "Talk."}],
        "paths": {"/v1/chat/{id}": {"post": {
            "operationId": "talk", "summary": "Talk <now>", "tags": ["Chat"],
            "description": "Says something.", "security": [{"api_key": []}],
            "parameters": [
                {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}
            ],
            "requestBody": {"required": true, "content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Talk"}, "example": {"text": "it's"},
            }}},
            "responses": {"200": {"description": "Said."}, "429": {"description": "Later."}},
        }}},
        "components": {
            "schemas": {"Talk": {"type": "object", "required": ["text"], "properties": {
                "text": {"type": "string", "maxLength": 5, "description": "What."},
            }}},
            "securitySchemes": {"api_key": {"type": "http", "description": "A key."}},
        },
    });
    let frame = DocsFrame::of(&HeaderMap::new());
    Page::new(document).write(frame, "/pkg/a.css", "https://our.example")
}

#[test]
fn an_operation_is_shown_with_all_that_is_known_of_it() {
    let page = page();
    for part in [
        "<html lang=\"en\">",
        "<title>API reference · grok2api</title>",
        "<a class=\"skip-link\" href=\"#content\">Skip to content</a>",
        "<li><a href=\"#talk\" lang=\"en\">Talk &lt;now&gt;</a></li>",
        "<article id=\"talk\" aria-labelledby=\"talk-title\">",
        "<code><b>POST</b> /v1/chat/{id}</code>",
        "<a href=\"#sign-in-api_key\"><code>Authorization: Bearer …</code></a>",
        "<code>path: id</code> <em>required</em>",
        "<code>text</code> <em>required</em></th><td lang=\"en\">string (at most 5)</td>",
        "<a href=\"#error-429\">429</a>",
        "export BASE_URL=https://our.example",
        "curl &quot;$BASE_URL/v1/chat/ID&quot;",
        "-d '{&quot;text&quot;:&quot;it'\\''s&quot;}'",
        "<h3 id=\"shape-Talk\"><code>Talk</code></h3>",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[test]
fn headings_are_in_order_and_every_link_within_the_page_has_its_place() {
    let page = page();
    let mut last = 0;
    for (at, _) in page.match_indices("<h") {
        let Some(level) = page[at + 2..].chars().next().and_then(|c| c.to_digit(10)) else {
            continue;
        };
        assert!(level <= last + 1, "h{level} after h{last}");
        last = level;
    }
    for (at, _) in page.match_indices("href=\"#") {
        let id = page[at + 7..].split('"').next().unwrap();
        assert!(page.contains(&format!("id=\"{id}\"")), "#{id} is nowhere");
    }
}

#[test]
fn nothing_of_another_host_is_loaded() {
    assert!(!page().contains("src="));
    assert!(
        POLICY
            .to_str()
            .unwrap()
            .starts_with("default-src 'none'; style-src 'self' 'sha256-")
    );
}
