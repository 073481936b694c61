//! What a reload says that it has changed.

use super::read;
use crate::diff;

/// The changes from one file to another; `*` marks a key that needs a restart.
fn changes(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (read(old).unwrap().config, read(new).unwrap().config);
    let mark = |needs_restart| if needs_restart { "*" } else { "" };
    diff(&old, &new)
        .into_iter()
        .map(|changed| format!("{}{}", changed.key, mark(changed.needs_restart)))
        .collect()
}

#[test]
fn changed_keys_are_named_in_the_order_of_the_file_with_those_that_need_a_restart() {
    let old = "[chat]\nconcurrent = 60\n[app]\napi_key = \"planted-1\"\n";
    let new = "[chat]\nconcurrent = 61\nstream_timeout = 0\n[server]\nport = 1\n\
               [app]\napi_key = [\"planted-1\", \"planted-2\"]\n";
    assert_eq!(
        changes(old, new),
        [
            "app.api_key",
            "server.port*",
            "chat.concurrent",
            "chat.stream_timeout"
        ]
    );
}

#[test]
fn the_default_written_down_and_a_key_without_effect_change_nothing() {
    let new = "[chat]\nconcurrent = 50\n[upstream]\nweb_url = \"https://grok.com/\"\n\
               [asset]\ndownload_timeout = 5\n";
    assert_eq!(changes("", new), [""; 0]);
}

#[test]
fn a_changed_model_changes_the_catalogue() {
    let new = "[[models]]\nid = \"grok-4\"\naliases = [\"gpt-4o\"]\n";
    assert_eq!(changes("", new), ["models"]);
    assert_eq!(changes(new, new), [""; 0]);
}
