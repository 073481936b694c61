//! The document: a section for each call.

use std::{fmt::Write as _, fs, path::PathBuf, sync::Mutex};

use super::{Row, calls::Call};

const UPDATE: &str = "UPDATE_RELIABILITY";
/// Tests of one process write one after the other; nextest runs each in a process of its own, so
/// writing is done with `cargo test`.
static WRITING: Mutex<()> = Mutex::new(());

fn place() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/reliability.md")
}

fn section(call: Call, rows: &[Row]) -> String {
    let mut text = format!(
        "## {}\n\n| what Grok does | once: the caller sees | asked | that account | always: the caller \
         sees | asked |\n|---|---|---|---|---|---|\n",
        call.heading()
    );
    for row in rows {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            row.fault,
            row.once.seen,
            row.once.asked,
            row.once.account,
            row.always.seen,
            row.always.asked
        );
    }
    text
}

/// Where the section of a call is in the document.
fn find(document: &str, call: Call) -> std::ops::Range<usize> {
    let heading = format!("## {}\n", call.heading());
    let start = document.find(&heading);
    let start = start.expect("the document has a heading for each call");
    let end = document[start + 3..].find("\n## ");
    start..end.map_or(document.len(), |at| start + 3 + at)
}

/// Compares the section with the document, or writes it.
pub(super) fn compare(call: Call, rows: &[Row]) {
    let _one = WRITING.lock().unwrap();
    let mut document = fs::read_to_string(place()).unwrap();
    let (at, now) = (find(&document, call), section(call, rows));
    if document[at.clone()].trim_end() == now.trim_end() {
        return;
    }
    assert!(
        std::env::var_os(UPDATE).is_some(),
        "docs/reliability.md no longer says what happens. If the new behaviour is meant, run \
         `{UPDATE}=1 cargo test -p server --test behaviour reliability`.\nit says:\n{}\nbut it is:\n{now}",
        &document[at]
    );
    document.replace_range(at, &now);
    fs::write(place(), document).unwrap();
}
