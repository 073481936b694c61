//! What surrounds the pages.

mod admin;
mod banner;
mod controls;
mod public;
mod sign_in;

pub(crate) use admin::AdminLayout;
pub(crate) use controls::{LanguageMenu, SignOut, ThemeMenu};
pub(crate) use public::PublicLayout;
pub(crate) use sign_in::SignInFrame;
