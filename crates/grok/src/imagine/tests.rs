//! Sequences of frames, as either form of the upstream sends them.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::frame::Frame;
use super::progress::{Progress, Standing, Step};
use super::{Stage, Thresholds};
use crate::error::Class;

fn thresholds() -> Thresholds {
    Thresholds {
        medium_bytes: 30,
        final_bytes: 100,
        final_timeout: Duration::from_secs(15),
        blocked_grace: Duration::from_secs(10),
    }
}

struct Run {
    progress: Progress,
    start: Instant,
}

impl Run {
    fn of(wanted: u32) -> Self {
        let start = Instant::now();
        Self {
            progress: Progress::new(wanted, thresholds(), start),
            start,
        }
    }

    fn take(&mut self, second: u64, frame: &serde_json::Value) -> Step {
        let text = frame.to_string();
        let frame = Frame::read(&text).unwrap();
        let now = self.start + Duration::from_secs(second);
        self.progress.take(&frame, now).unwrap().0
    }

    fn at(&self, second: u64) -> Standing {
        let now = self.start + Duration::from_secs(second);
        self.progress.standing(now)
    }
}

fn older(id: &str, length: usize) -> serde_json::Value {
    json!({"type": "image", "blob": "A".repeat(length), "url": format!("https://x.test/images/{id}.jpg")})
}

fn image(id: &str, percentage: u32) -> serde_json::Value {
    json!({"type": "image", "image_id": id, "percentage_complete": percentage, "blob": "AAAA"})
}

fn settled(id: &str, moderated: bool) -> serde_json::Value {
    json!({"type": "json", "current_status": "completed", "image_id": id, "moderated": moderated})
}

#[test]
fn older_upstreams_are_understood_by_the_length_of_what_they_send() {
    let mut run = Run::of(1);
    let show = |stage| Step::Show { index: 0, stage };
    assert_eq!(run.take(0, &older("a", 30)), show(Stage::Preview));
    assert_eq!(run.take(0, &older("a", 30)), Step::Nothing, "shown already");
    assert_eq!(run.take(1, &older("a", 99)), show(Stage::Medium));
    assert_eq!(run.take(1, &older("b", 99)), Step::Nothing, "one is wanted");
    assert_eq!(run.at(2), Standing::Going);
    assert_eq!(run.take(2, &older("a", 100)), Step::Finished { index: 0 });
    assert_eq!(run.at(2), Standing::Over);
}

#[test]
fn a_picture_beyond_the_wanted_ones_takes_a_free_place() {
    let mut run = Run::of(2);
    for id in ["a", "b", "c"] {
        run.take(0, &older(id, 50));
    }
    assert_eq!(run.take(1, &older("c", 100)), Step::Finished { index: 0 });
    assert_eq!(run.take(1, &older("c", 100)), Step::Nothing, "told already");
    assert_eq!(run.take(1, &older("b", 100)), Step::Finished { index: 1 });
    assert_eq!(run.at(1), Standing::Over);
}

#[test]
fn silence_after_a_medium_picture_is_a_withheld_one() {
    let mut run = Run::of(1);
    run.take(0, &older("a", 50));
    assert_eq!(run.at(9), Standing::Going);
    assert_eq!(run.at(10), Standing::Withheld);
    let mut busy = Run::of(1);
    busy.take(0, &older("a", 50));
    for second in 1..=14 {
        busy.take(second, &older("b", 20));
    }
    assert_eq!(busy.at(14), Standing::Going);
    assert_eq!(
        busy.at(15),
        Standing::Withheld,
        "however busy the others are"
    );
}

#[test]
fn silence_after_a_finished_picture_ends_the_request() {
    let mut run = Run::of(2);
    run.take(0, &older("a", 100));
    assert_eq!((run.at(9), run.at(10)), (Standing::Going, Standing::Over));
}

#[test]
fn a_picture_counts_when_it_is_settled_and_its_last_frame_is_there() {
    let mut run = Run::of(2);
    let preview = run.take(0, &image("a", 25));
    assert_eq!(
        preview,
        Step::Show {
            index: 0,
            stage: Stage::Preview
        }
    );
    assert_eq!(run.take(0, &image("a", 100)), Step::Nothing, "not settled");
    assert_eq!(
        run.take(0, &settled("a", false)),
        Step::Finished { index: 0 }
    );
    assert_eq!(run.take(0, &settled("b", false)), Step::Nothing, "no file");
    assert_eq!(run.at(0), Standing::Going);
    assert_eq!(run.take(0, &image("b", 100)), Step::Finished { index: 1 });
    assert_eq!(run.at(0), Standing::Over);
}

#[test]
fn a_moderated_picture_is_never_told_and_does_not_hold_up_the_others() {
    let mut run = Run::of(2);
    run.take(0, &image("a", 100));
    run.take(0, &image("b", 100));
    assert_eq!(run.take(0, &settled("a", true)), Step::Nothing);
    assert_eq!(
        run.take(0, &settled("b", false)),
        Step::Finished { index: 1 }
    );
    assert_eq!(run.at(0), Standing::Over);
    assert!(run.progress.is_moderated());
}

#[test]
fn error_frames_have_the_class_of_their_code() {
    for (code, message, class) in [
        ("rate_limit_exceeded", "", Class::RateLimited),
        ("internal", "usage limit reached", Class::RateLimited),
        ("content-moderated", "no", Class::Moderated),
        ("internal_error", "oops", Class::Retryable),
    ] {
        let text = json!({"type": "error", "err_code": code, "err_msg": message}).to_string();
        let Some(Frame::Failed(error)) = Frame::read(&text) else {
            panic!("{code}");
        };
        assert_eq!(error.class(), class, "{code}");
    }
}

#[test]
fn frames_that_say_nothing_are_passed_over() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"type":"image"}"#,
        r#"{"type":"image","blob":"","url":""}"#,
        r#"{"type":"json","current_status":"running","image_id":"a"}"#,
        r#"{"type":"json","current_status":"completed"}"#,
        r#"{"type":"other","image_id":"a"}"#,
    ] {
        assert_eq!(Frame::read(text), None, "{text}");
    }
}

#[test]
fn ids_and_files_are_found_in_all_their_places() {
    let read = |frame: serde_json::Value| {
        let text = frame.to_string();
        match Frame::read(&text) {
            Some(Frame::Picture(picture)) => (picture.id, picture.blob.to_owned()),
            other => panic!("{other:?}"),
        }
    };
    let id = |id: &str| Some(id.to_owned());
    for (frame, expected) in [
        (
            json!({"type":"image","job_id":"j","blob":"AA"}),
            (id("j"), "AA"),
        ),
        (
            json!({"type":"image","id":"i","blob":"data:image/png;base64,BB"}),
            (id("i"), "BB"),
        ),
        (
            json!({"type":"image","url":"https://x.test/images/0a-1f.png?x=1"}),
            (id("0a-1f"), ""),
        ),
        (
            json!({"type":"image","url":"https://x.test/other/0a.png"}),
            (None, ""),
        ),
        (
            json!({"type":"image","url":"https://x.test/images/../a.png"}),
            (None, ""),
        ),
    ] {
        let (found, blob) = read(frame.clone());
        assert_eq!((found, blob.as_str()), expected, "{frame}");
    }
}
