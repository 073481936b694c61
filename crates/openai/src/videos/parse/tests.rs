//! Which requests for videos are understood, and what each mistake is called.

use serde_json::json;

use super::*;

fn parsed(body: &Value) -> Result<VideoRequest, (&'static str, String)> {
    parse(body.to_string().as_bytes())
        .map_err(|error| (error.code, error.param.unwrap_or_default()))
}

#[test]
fn a_prompt_alone_is_enough() {
    let expected = VideoRequest {
        model: None,
        prompt: "a paper boat".to_owned(),
        seconds: 6,
        size: VideoSize {
            name: "720x1280",
            aspect_ratio: "9:16",
        },
        is_high_resolution: false,
        preset: Preset::Custom,
        reference: None,
    };
    assert_eq!(parsed(&json!({"prompt": " a paper boat "})), Ok(expected));
}

#[test]
fn a_form_says_the_same_as_json() {
    let texts = [
        ("model", "grok-imagine-1.0-video"),
        ("prompt", "x"),
        ("seconds", "12"),
        ("size", "1792x1024"),
        ("resolution_name", "720p"),
        ("preset", "spicy"),
        ("input_reference[image_url]", "https://h.test/a.png"),
        ("unknown", "y"),
    ]
    .map(|(name, text)| (name.to_owned(), text.to_owned()));
    let body = json!({
        "model": "grok-imagine-1.0-video", "prompt": "x", "seconds": 12, "size": "1792x1024",
        "resolution_name": "720p", "preset": "spicy",
        "input_reference": {"image_url": "https://h.test/a.png"},
    });
    let by_form = parse_form(&texts).unwrap();
    assert_eq!(parsed(&body), Ok(by_form.clone()));
    assert_eq!((by_form.seconds, by_form.size.aspect_ratio), (12, "3:2"));
    assert!(by_form.is_high_resolution && by_form.reference.is_some());
}

#[test]
fn ratios_are_sizes_and_quality_is_a_resolution() {
    let request = parsed(&json!({"prompt": "x", "aspect_ratio": "16:9", "quality": "high"}));
    let request = request.unwrap();
    assert_eq!(request.size.name, "1280x720");
    assert!(request.is_high_resolution);
    let request = parsed(&json!({"prompt": "x", "size": "1:1", "aspect_ratio": "16:9"}));
    assert_eq!(request.unwrap().size.name, "1024x1024");
}

#[test]
fn what_is_asked_for_in_720_lines_has_them() {
    for (fields, is_high) in [
        (json!({"size": "1280x720"}), true),
        (json!({"size": "720x1280", "quality": "auto"}), true),
        (json!({"size": "1280x720", "quality": "standard"}), false),
        (
            json!({"size": "1280x720", "resolution_name": "480p"}),
            false,
        ),
        (json!({"size": "1024x1024"}), false),
        (json!({"size": "16:9"}), false),
        (json!({"resolution": "720p"}), true),
        (json!({}), false),
    ] {
        let mut body = fields.clone();
        body["prompt"] = json!("x");
        let request = parsed(&body).unwrap();
        assert_eq!(request.is_high_resolution, is_high, "{fields}");
    }
}

#[test]
fn words_of_other_products_are_understood() {
    let body = json!({"prompt": "x", "duration": 10, "image_url": "https://h.test/a.png"});
    let request = parsed(&body).unwrap();
    assert_eq!(request.seconds, 10);
    assert!(request.reference.is_some());
}

#[test]
fn each_mistake_names_its_field() {
    for (fields, code, param) in [
        (json!({"prompt": " "}), "empty_prompt", "prompt"),
        (json!({"prompt": 1}), "invalid_value", "prompt"),
        (
            json!({"prompt": "x".repeat(40_000)}),
            "prompt_too_long",
            "prompt",
        ),
        (json!({"prompt": "a\0b"}), "invalid_prompt", "prompt"),
        (json!({"seconds": 7}), "invalid_seconds", "seconds"),
        (json!({"seconds": "6.5"}), "invalid_seconds", "seconds"),
        (json!({"duration": 5}), "invalid_seconds", "duration"),
        (json!({"quality": "ultra"}), "invalid_quality", "quality"),
        (json!({"size": "10x10"}), "invalid_size", "size"),
        (
            json!({"aspect_ratio": "5:4"}),
            "invalid_aspect_ratio",
            "aspect_ratio",
        ),
        (
            json!({"resolution_name": "4k"}),
            "invalid_resolution",
            "resolution_name",
        ),
        (json!({"preset": "calm"}), "invalid_preset", "preset"),
        (
            json!({"input_reference": 1}),
            "invalid_media",
            "input_reference",
        ),
        (
            json!({"input_reference": "cat.png"}),
            "invalid_media",
            "input_reference",
        ),
        (
            json!({"input_reference": {"file_id": "f"}}),
            "invalid_media",
            "input_reference",
        ),
    ] {
        let mut body = json!({"prompt": "x"});
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        assert_eq!(parsed(&body), Err((code, param.to_owned())), "{fields}");
    }
    assert_eq!(
        parsed(&json!([])),
        Err(("invalid_value", "body".to_owned()))
    );
    assert_eq!(parse_remix(b"{}").unwrap_err().code, "empty_prompt");
    assert_eq!(parse_remix(br#"{"prompt":" y "}"#).unwrap(), "y");
}

#[test]
fn pages_are_read_from_the_query() {
    let read = |pairs: &[(&'static str, &'static str)]| {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (Cow::from(*name), Cow::from(*value)));
        parse_page(pairs).map_err(|error| error.code)
    };
    let page = read(&[
        ("after", "video_1"),
        ("limit", "3"),
        ("order", "asc"),
        ("x", "y"),
    ]);
    let expected = Page {
        after: Some("video_1".to_owned()),
        limit: 3,
        is_oldest_first: true,
    };
    assert_eq!(page, Ok(expected));
    assert_eq!(read(&[]).unwrap().limit, 20);
    for (name, value, code) in [
        ("limit", "0", "invalid_limit"),
        ("limit", "101", "invalid_limit"),
        ("order", "up", "invalid_order"),
    ] {
        assert_eq!(read(&[(name, value)]), Err(code));
    }
}

#[test]
fn a_prompt_may_have_lines_and_tabs_and_no_other_control_characters() {
    let prompt = "a boat\r\n\tin paper – 船";
    let asked = parse_remix(json!({"prompt": prompt}).to_string().as_bytes());
    assert_eq!(asked.unwrap(), prompt);
    for odd in ['\0', '\u{8}', '\u{b}', '\u{1b}', '\u{7f}', '\u{85}'] {
        let asked = json!({"prompt": format!("a{odd}b")}).to_string();
        let refused = parse_remix(asked.as_bytes()).unwrap_err();
        assert_eq!(refused.code, "invalid_prompt", "{odd:?}");
        let number = format!("U+{:04X}", u32::from(odd));
        assert!(refused.message.contains(&number), "{}", refused.message);
    }
}
