//! Client of the Grok web upstream: typed calls, NDJSON frames, classified errors.
//!
//! The crate speaks the web app's private protocol and knows nothing of public APIs, accounts' pools
//! or storage. A [`Client`] holds the operator's [`Settings`]; each call takes the account's credential
//! and is one try: what to do after a failure follows from [`UpstreamError::class`].
//!
//! ```text
//! body bytes -> Splitter (objects) -> RawFrame (spans) -> Frame<'_> (borrowed)   one chunk at a time
//! text of the frames -> markup::Filter -> text without elements, citations, searches
//! ```
//!
//! Invariants: no message, log line or `Debug` output holds a cookie or a credential; account cookies
//! go to the configured hosts only; memory per stream is bounded by the largest event (16 MiB) and is
//! usually one network chunk.

mod account_quota;
mod account_settings;
mod asset;
mod assets;
mod chat;
mod classify;
mod client;
mod cookies;
mod decode;
mod edit;
mod error;
mod frame;
mod grpc_web;
mod headers;
mod hints;
mod imagine;
mod imagine_quota;
pub mod markup;
mod media_stream;
mod ndjson;
mod net;
mod payload;
mod picture_fact;
mod post;
mod protocol;
mod quota;
mod reader;
mod settings;
mod statsig;
mod stream;
mod tls;
mod unescape;
mod upload;
mod video;
mod voice;

pub use account_quota::{AccountQuota, Plan, QuotaForm, QuotaQuestion};
pub use account_settings::BirthDate;
pub use asset::Download;
pub use assets::AssetList;
pub use chat::{ChatCall, Without};
pub use client::Client;
pub use edit::{EditCall, EditEvent, EditStream};
pub use error::{Class, UpstreamError};
pub use frame::{Frame, ModelResponse, Source};
pub use imagine::{MAX_PICTURES, PictureCall, PictureEvent, PictureStream, Stage, Thresholds};
pub use imagine_quota::ProductQuota;
pub use net::{ProxyList, ProxyReport};
pub use picture_fact::PictureFact;
pub use protocol::Protocol;
pub use quota::RateLimits;
pub use reader::FrameReader;
pub use settings::{Settings, SettingsError};
pub use stream::ChatStream;
pub use tls::tls_config;
pub use upload::{Upload, Uploaded};
pub use video::{Extended, MadeVideo, Mood, VideoCall, VideoEvent, VideoSource, VideoStream};
pub use voice::VoiceCall;
