//! The Grok web upstream, simulated: scriptable, paced, faulty on demand.
//!
//! Written from the protocol description alone, so that it and the client are two independent
//! readings of the same text. One listener plays the web app, the asset host
//! and the accounts' site:
//!
//! | request | file |
//! | --- | --- |
//! | `POST /rest/app-chat/conversations/new` | `ops/chat.rs` |
//! | `POST /rest/app-chat/conversations/{id}/responses` | `ops/chat.rs` |
//! | `POST /rest/rate-limits` | `ops/rate_limits.rs` |
//! | `POST /rest/media/imagine/quota_info` | `ops/imagine_quota.rs` |
//! | `POST /rest/app-chat/upload-file` | `ops/upload.rs` |
//! | `POST /rest/media/video/upscale` | `ops/video.rs` |
//! | `GET /rest/assets`, `DELETE /rest/assets-metadata/{id}` | `ops/assets.rs` |
//! | `POST /auth_mgmt.AuthManagement/…`, `/rest/auth/set-tos-accepted`, `…/set-birth-date` | `ops/account_settings.rs` |
//! | `GET /ws/imagine/listen` (WebSocket) | `ops/imagine.rs` |
//! | `POST /rest/livekit/tokens` | `ops/voice.rs` |
//! | `GET /rtc` (WebSocket, a voice room) | `ops/room.rs` |
//! | `GET /<path>` (assets) | `ops/asset.rs` |
//! | `/__sim/*` (for tests in other languages) | `ops/control.rs` |
//!
//! What a call does is decided in this order: the request is checked as strictly as the real
//! upstream would (cookies, headers, fields); a scripted [`Reply`] for the account is used if there
//! is one; the account's name may stand for a behaviour (table in [`names`]); otherwise the answer
//! is composed from the prompt, always the same for the same prompt. It calls tools, fits schemas,
//! searches and draws (`Draw a red fox`) where the prompt asks for it, and a question may hold a script
//! (tables in [`directives`]).
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use grok_sim::{Options, Reply, Simulator};
//!
//! let simulator = Simulator::start(Options::for_tests()).await?;
//! simulator.script("first-account", [Reply::rate_limited(), Reply::text("Hello")]);
//! // … call simulator.url() …
//! assert_eq!(simulator.requests().len(), 2);
//! simulator.stop().await;
//! # Ok(())
//! # }
//! ```

mod check;
pub mod directives;
mod film;
mod hash;
mod memory;
mod models;
pub mod names;
mod ops;
mod options;
mod picture;
mod pictures;
mod prompt;
mod quota;
mod record;
mod refusal;
pub mod reply;
mod schema;
mod scripts;
mod server;
mod simulator;
mod state;
mod stream;
mod text;
mod token;
mod usual;
mod wire;

pub use names::{DemoAccount, DemoTier, demo_accounts};
pub use options::{Generation, Options, Pace, Quota, UnknownPace};
pub use record::{Recorded, WaitError};
pub use reply::{PictureStage, Reply};
pub use scripts::{ANY_ACCOUNT, Operation, Unused};
pub use simulator::Simulator;
