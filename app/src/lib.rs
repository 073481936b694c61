//! What people see: pages, components, server functions and the ports they need.

pub mod dto;
pub mod error;
#[cfg(feature = "ssr")]
pub mod service;
