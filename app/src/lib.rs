//! What people see: pages, components, server functions and the ports they need.
//!
//! `shell` is the outer HTML that the server sends, [`App`] everything inside `<body>` on both
//! sides. Texts are in `locales/`, colours and sizes in `style/_tokens.scss`.

#![expect(
    unreachable_pub,
    reason = "the component macro keeps a public function inside"
)]

#[cfg(not(erase_components))]
compile_error!(
    "the flags of .cargo/config.toml are missing: a RUSTFLAGS variable replaces them, so unset it \
     or repeat them in it"
);

mod api;
mod app;
pub mod browser;
mod components;
#[cfg(feature = "ssr")]
mod docs_frame;
mod dom;
pub mod dto;
pub mod error;
mod i18n;
mod layout;
mod lazy;
pub mod limits;
mod markdown;
mod pages;
mod prefs;
mod reactive;
#[cfg(feature = "ssr")]
mod security;
#[cfg(feature = "ssr")]
pub mod service;
mod session;
#[cfg(feature = "ssr")]
mod shell;
#[cfg(feature = "ssr")]
mod site_files;
mod words;

pub use app::App;
#[cfg(feature = "ssr")]
pub use docs_frame::{DocsFrame, DocsText};
#[cfg(feature = "ssr")]
pub use shell::{PLAIN_PATHS, plain_shell, shell};
#[cfg(feature = "ssr")]
pub use site_files::SiteFiles;
