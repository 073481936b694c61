//! The real binary against a scripted simulator: what a client saw, what became of the account, that
//! every request left one record and that no lease is left ([`support::Server::end`] checks that in
//! every test).
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod account_settings;
mod admin_api;
mod admin_conditions;
mod admin_media;
mod admin_sessions;
mod api_conversations;
mod app_url;
mod assets;
mod attachments;
mod base_urls;
mod breakers;
mod breaks;
mod browser;
mod bucket;
mod cancel;
mod chat_pictures;
mod claims;
mod clearance;
mod connect;
mod continuation;
mod doors;
mod edits;
mod files;
mod floods;
mod full_disk;
mod gallery;
mod imagine_runs;
mod instances;
mod killed_media;
mod mcp;
mod media_files;
mod media_verify;
mod oddities;
mod other_calls;
mod page_origins;
mod pictures;
mod plain_forms;
mod proxies;
mod records;
mod refresh;
mod refusals;
mod reliability;
mod reload;
mod responses;
mod sessions;
mod shapes;
mod sign_in_floods;
mod storage;
mod stuck_store;
mod switching;
mod uploaded_files;
mod video_runs;
mod videos;
mod visitor_videos;
mod voice;
