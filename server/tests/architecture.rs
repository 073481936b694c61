//! The arrows of `docs/architecture.md`: which crate and which room may know which.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Crates of the workspace that each crate may depend on, outside its tests. A crate that is not
/// listed may depend on none.
const ARROWS: &[(&str, &[&str])] = &[
    ("openai", &["chat"]),
    ("anthropic", &["chat"]),
    ("grok-sim", &["voice-sim"]),
    ("store", &["pool"]),
    ("frontend", &["grok2api-app"]),
    (
        "server",
        &[
            "anthropic",
            "chat",
            "grok",
            "grok-sim",
            "grok2api-app",
            "openai",
            "pool",
            "settings",
            "store",
        ],
    ),
    ("grok2api-bench", &["grok-sim", "test-support"]),
    ("grok2api-siege", &["grok-sim", "test-support"]),
];

/// Crates that do no I/O, read no clock and need no runtime, and all that they may depend on.
const PURE: &[(&str, &[&str])] = &[
    ("chat", &["jsonschema", "memchr", "serde_json", "thiserror"]),
    (
        "openai",
        &["chat", "memchr", "serde", "serde_json", "thiserror"],
    ),
    (
        "anthropic",
        &["chat", "memchr", "serde", "serde_json", "thiserror"],
    ),
    (
        "pool",
        &["fastrand", "parking_lot", "secrecy", "slotmap", "thiserror"],
    ),
];

/// Paths that only impure code uses.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::io",
    "SystemTime",
    "Instant::now",
    "tokio",
];

/// Rooms of the server, and the rooms that each may use.
const ROOMS: &[(&str, &[&str])] = &[
    ("cli", &[]),
    ("clock", &[]),
    ("ids", &["clock"]),
    ("obs", &[]),
    ("limits", &[]),
    ("timer", &[]),
    ("delivery", &[]),
    ("media", &["limits"]),
    ("snapshot", &["media"]),
    ("record", &["clock"]),
    ("reached", &["media"]),
    (
        "gateway",
        &[
            "clock", "delivery", "ids", "limits", "media", "record", "snapshot", "timer",
        ],
    ),
    (
        "auth",
        &["clock", "limits", "reached", "record", "snapshot"],
    ),
    ("work", &["clock"]),
    (
        "jobs",
        &[
            "clock", "delivery", "gateway", "media", "reached", "snapshot",
        ],
    ),
    ("runtime", &["clock", "gateway", "obs", "snapshot"]),
    (
        "services",
        &["clock", "gateway", "media", "runtime", "snapshot", "work"],
    ),
    (
        "http",
        &[
            "auth", "clock", "delivery", "gateway", "ids", "jobs", "limits", "media", "reached",
            "record", "runtime", "services", "snapshot", "timer", "work",
        ],
    ),
    (
        "serve",
        &[
            "auth", "cli", "clock", "delivery", "gateway", "http", "jobs", "limits", "media",
            "obs", "reached", "runtime", "services", "snapshot", "work",
        ],
    ),
    (
        "commands",
        &["auth", "cli", "clock", "media", "obs", "serve", "services"],
    ),
];

/// What the gateway must not know: our HTTP and every protocol.
const UNKNOWN_TO_THE_GATEWAY: &[&str] = &[
    "crate::http",
    "openai",
    "anthropic",
    "axum",
    "hyper",
    "http",
    "tower",
    "StatusCode",
];

struct Package {
    name: String,
    folder: PathBuf,
    /// Names of the dependencies by kind: `normal`, `dev`, `build`.
    dependencies: BTreeMap<String, BTreeSet<String>>,
}

fn root() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .parent()
        .unwrap()
        .to_owned()
}

fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata failed");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(package).collect()
}

fn package(package: &Value) -> Package {
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    let mut dependencies = BTreeMap::<String, BTreeSet<String>>::new();
    for one in package["dependencies"].as_array().unwrap() {
        let kind = one["kind"].as_str().unwrap_or("normal").to_owned();
        // The name in the code, if it is another one.
        let name = one["rename"].as_str().or(one["name"].as_str());
        let name = name.unwrap().to_owned();
        dependencies.entry(kind).or_default().insert(name);
    }
    Package {
        name: package["name"].as_str().unwrap().to_owned(),
        folder: manifest.parent().unwrap().to_owned(),
        dependencies,
    }
}

fn listed<'a>(table: &[(&str, &'a [&'a str])], name: &str) -> &'a [&'a str] {
    let found = table.iter().find(|(listed, _)| *listed == name);
    found.map_or(&[], |(_, allowed)| *allowed)
}

/// Every `.rs` file below a folder, or the file itself.
fn sources(path: &Path) -> Vec<(PathBuf, String)> {
    if path.is_file() {
        return vec![(path.to_owned(), std::fs::read_to_string(path).unwrap())];
    }
    let Ok(entries) = std::fs::read_dir(path) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() || path.extension().is_some_and(|ext| ext == "rs") {
            found.extend(sources(&path));
        }
    }
    found
}

/// The lines of code: no comments, and nothing from the first `#[cfg(test)]` of a file on.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
}

fn is_word_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether the text uses this path, as a whole word (`http` is not in `https`, nor in
/// `crate::http` or `tower_http`).
fn uses(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + path.len()..];
        let is_start = !before.is_some_and(|c| is_word_part(c) || c == ':' || c == '.' || c == '"');
        let is_end = !after.starts_with(is_word_part);
        let is_path = path.contains("::")
            || path.chars().next().is_some_and(char::is_uppercase)
            || after.starts_with("::");
        is_start && is_end && is_path
    })
}

#[test]
fn crates_depend_only_on_what_is_below_them() {
    let packages = packages();
    let ours: BTreeSet<_> = packages.iter().map(|one| one.name.as_str()).collect();
    for package in &packages {
        let allowed = listed(ARROWS, &package.name);
        let normal = package.dependencies.get("normal");
        for name in normal.into_iter().flatten() {
            assert!(
                !ours.contains(name.as_str()) || allowed.contains(&name.as_str()),
                "{} must not depend on {name}",
                package.name
            );
            assert_ne!(name, "server", "nothing depends on the server");
        }
    }
}

#[test]
fn pure_crates_do_no_io_and_need_no_runtime() {
    let packages = packages();
    for (name, allowed) in PURE {
        let package = packages.iter().find(|one| one.name == *name).unwrap();
        let normal = package.dependencies.get("normal");
        for dependency in normal.into_iter().flatten() {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} must not depend on {dependency}"
            );
        }
        for (path, text) in sources(&package.folder.join("src")) {
            for line in code(&text) {
                for impure in IMPURE {
                    assert!(!uses(line, impure), "{}: {line}", path.display());
                }
            }
        }
    }
}

#[test]
fn the_gateway_knows_no_http_and_no_protocol() {
    let files = sources(&root().join("server/src/gateway"));
    assert!(files.len() > 10, "the gateway has moved");
    for (path, text) in files {
        for line in code(&text) {
            for unknown in UNKNOWN_TO_THE_GATEWAY {
                assert!(!uses(line, unknown), "{}: {line}", path.display());
            }
        }
    }
}

#[test]
fn rooms_of_the_server_use_only_those_they_may() {
    let src = root().join("server/src");
    let names: Vec<_> = ROOMS.iter().map(|(name, _)| *name).collect();
    for entry in std::fs::read_dir(&src).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        if matches!(stem, "main" | "lib") {
            continue;
        }
        let known = ROOMS.iter().find(|(name, _)| *name == stem);
        let (room, allowed) = known.unwrap_or_else(|| panic!("{stem} is in no list of rooms"));
        // As what stands behind `#[cfg(test)]` in the file itself.
        let sources = sources(&path).into_iter();
        for (path, text) in sources.filter(|(path, _)| !path.ends_with("tests.rs")) {
            let text: String = code(&text).collect::<Vec<_>>().join(" ");
            for used in rooms_in(&text, &names) {
                assert!(
                    used == *room || allowed.contains(&used),
                    "{}: {room} must not use {used}",
                    path.display()
                );
            }
        }
    }
}

/// Rooms named in `crate::room` and in `use crate::{room…, room…}`.
fn rooms_in<'a>(text: &str, names: &[&'a str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let after = &text[at + "crate::".len()..];
        let group = after.strip_prefix('{').map(top_level_names);
        let used = group.unwrap_or_else(|| vec![first_word(after)]);
        found.extend(names.iter().filter(|name| used.contains(name)));
    }
    found
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c| !is_word_part(c)).unwrap_or(text.len());
    &text[..end]
}

/// The first word of each item of a braced list, nested lists left out.
fn top_level_names(list: &str) -> Vec<&str> {
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                names.push(first_word(list[start..at].trim()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names
}

#[test]
fn every_dependency_is_used() {
    for package in packages() {
        let texts: Vec<String> = ["src", "tests", "benches", "build.rs"]
            .iter()
            .flat_map(|part| sources(&package.folder.join(part)))
            .map(|(_, text)| text)
            .collect();
        for name in package.dependencies.values().flatten() {
            let name = name.replace('-', "_");
            let name = if name == "md_5" { "md5" } else { &name };
            let is_used = texts.iter().flat_map(|text| text.lines()).any(|line| {
                let line = line.trim();
                !line.starts_with("//")
                    && line.match_indices(name).any(|(at, _)| {
                        let before = line[..at].chars().next_back();
                        let after = line[at + name.len()..].chars().next();
                        !before.is_some_and(is_word_part) && !after.is_some_and(is_word_part)
                    })
            });
            assert!(is_used, "{} does not use {name}", package.name);
        }
    }
}

#[test]
fn a_use_is_found_and_a_look_alike_is_not() {
    assert!(uses("use crate::http::error;", "crate::http"));
    assert!(uses("let a = openai::chat::parse(b);", "openai"));
    assert!(!uses("let a = tower_http::x;", "http"));
    assert!(!uses("let url = \"http://a\";", "http"));
    assert!(!uses("use crate::httpx::error;", "crate::http"));
    let text = "use crate::{ clock::now_ms, runtime::{Current, http}, media };";
    let names = ["clock", "http", "media", "runtime"];
    assert_eq!(rooms_in(text, &names), ["clock", "media", "runtime"]);
}
