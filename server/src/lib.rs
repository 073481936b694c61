//! The grok2api server: configuration, gateway, HTTP routes and operations.

pub mod auth;
pub mod boot;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod demo;
pub mod gateway;
pub mod http;
pub mod import;
pub mod obs;
pub mod pages;
pub mod serve;
pub mod state;
