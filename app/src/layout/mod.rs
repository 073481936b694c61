//! What surrounds the pages.

mod admin;
mod banner;
mod controls;
mod public;
#[cfg(feature = "ssr")]
mod sign_in;

pub(crate) use admin::AdminLayout;
pub(crate) use controls::{LanguageMenu, SignOut, ThemeMenu};
pub(crate) use public::PublicLayout;
#[cfg(feature = "ssr")]
pub(crate) use sign_in::SignInFrame;
