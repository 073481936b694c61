//! Rebuilds the crate when a migration is added: `sqlx::migrate!` only notices changes of files it knew.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
