//! Builds the hydrated site from `[[workspace.metadata.leptos]]` without cargo-leptos.
fn main() {}
