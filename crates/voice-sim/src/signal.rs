//! LiveKit's messages, as far as a room of one guest needs them. Names and numbers are those of
//! LiveKit's published protocol, version 15 (`livekit_rtc.proto`, `livekit_models.proto`).

use prost::{Message, Oneof};

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SignalRequest {
    #[prost(oneof = "Request", tags = "1, 2, 4, 5, 8, 14, 16")]
    pub(crate) message: Option<Request>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Request {
    #[prost(message, tag = "1")]
    Offer(SessionDescription),
    #[prost(message, tag = "2")]
    Answer(SessionDescription),
    #[prost(message, tag = "4")]
    AddTrack(AddTrackRequest),
    #[prost(message, tag = "5")]
    Mute(MuteTrackRequest),
    #[prost(message, tag = "8")]
    Leave(LeaveRequest),
    #[prost(int64, tag = "14")]
    Ping(i64),
    #[prost(message, tag = "16")]
    PingReq(Ping),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SignalResponse {
    #[prost(oneof = "Response", tags = "1, 2, 3, 6, 8, 18, 20")]
    pub(crate) message: Option<Response>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Response {
    #[prost(message, tag = "1")]
    Join(Box<JoinResponse>),
    #[prost(message, tag = "2")]
    Answer(SessionDescription),
    #[prost(message, tag = "3")]
    Offer(SessionDescription),
    #[prost(message, tag = "6")]
    TrackPublished(TrackPublishedResponse),
    #[prost(message, tag = "8")]
    Leave(LeaveRequest),
    #[prost(int64, tag = "18")]
    Pong(i64),
    #[prost(message, tag = "20")]
    PongResp(Pong),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SessionDescription {
    #[prost(string, tag = "1")]
    pub(crate) kind: String,
    #[prost(string, tag = "2")]
    pub(crate) sdp: String,
    #[prost(uint32, tag = "3")]
    pub(crate) id: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AddTrackRequest {
    #[prost(string, tag = "1")]
    pub(crate) cid: String,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
    #[prost(int32, tag = "3")]
    pub(crate) kind: i32,
    #[prost(int32, tag = "8")]
    pub(crate) source: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct MuteTrackRequest {
    #[prost(string, tag = "1")]
    pub(crate) sid: String,
    #[prost(bool, tag = "2")]
    pub(crate) muted: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct LeaveRequest {
    /// One of [`reason`].
    #[prost(int32, tag = "2")]
    pub(crate) reason: i32,
    /// 0: do not come back.
    #[prost(int32, tag = "3")]
    pub(crate) action: i32,
}

/// `DisconnectReason`.
pub(crate) mod reason {
    pub(crate) const ROOM_DELETED: i32 = 5;
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Ping {
    #[prost(int64, tag = "1")]
    pub(crate) timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Pong {
    #[prost(int64, tag = "1")]
    pub(crate) last_ping_timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct JoinResponse {
    #[prost(message, optional, tag = "1")]
    pub(crate) room: Option<Room>,
    #[prost(message, optional, tag = "2")]
    pub(crate) participant: Option<ParticipantInfo>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) other_participants: Vec<ParticipantInfo>,
    #[prost(string, tag = "4")]
    pub(crate) server_version: String,
    #[prost(bool, tag = "6")]
    pub(crate) subscriber_primary: bool,
    #[prost(int32, tag = "10")]
    pub(crate) ping_timeout_secs: i32,
    #[prost(int32, tag = "11")]
    pub(crate) ping_interval_secs: i32,
    #[prost(message, optional, tag = "12")]
    pub(crate) server_info: Option<ServerInfo>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ServerInfo {
    #[prost(string, tag = "2")]
    pub(crate) version: String,
    #[prost(int32, tag = "3")]
    pub(crate) protocol: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Room {
    #[prost(string, tag = "1")]
    pub(crate) sid: String,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ParticipantInfo {
    #[prost(string, tag = "1")]
    pub(crate) sid: String,
    #[prost(string, tag = "2")]
    pub(crate) identity: String,
    /// 2: active.
    #[prost(int32, tag = "3")]
    pub(crate) state: i32,
    #[prost(message, repeated, tag = "4")]
    pub(crate) tracks: Vec<TrackInfo>,
    #[prost(message, optional, tag = "11")]
    pub(crate) permission: Option<ParticipantPermission>,
    #[prost(bool, tag = "13")]
    pub(crate) is_publisher: bool,
    /// 0: a person; 4: an agent.
    #[prost(int32, tag = "14")]
    pub(crate) kind: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ParticipantPermission {
    #[prost(bool, tag = "1")]
    pub(crate) can_subscribe: bool,
    #[prost(bool, tag = "2")]
    pub(crate) can_publish: bool,
    #[prost(bool, tag = "3")]
    pub(crate) can_publish_data: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct TrackInfo {
    #[prost(string, tag = "1")]
    pub(crate) sid: String,
    /// 0: sound.
    #[prost(int32, tag = "2")]
    pub(crate) kind: i32,
    #[prost(string, tag = "3")]
    pub(crate) name: String,
    /// 2: a microphone.
    #[prost(int32, tag = "9")]
    pub(crate) source: i32,
    #[prost(string, tag = "11")]
    pub(crate) mime_type: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct TrackPublishedResponse {
    #[prost(string, tag = "1")]
    pub(crate) cid: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) track: Option<TrackInfo>,
}

/// What goes over the data channels.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct DataPacket {
    #[prost(string, tag = "4")]
    pub(crate) participant_identity: String,
    #[prost(message, optional, tag = "7")]
    pub(crate) transcription: Option<Transcription>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Transcription {
    #[prost(string, tag = "2")]
    pub(crate) transcribed_participant_identity: String,
    #[prost(string, tag = "3")]
    pub(crate) track_id: String,
    #[prost(message, repeated, tag = "4")]
    pub(crate) segments: Vec<TranscriptionSegment>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct TranscriptionSegment {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(string, tag = "2")]
    pub(crate) text: String,
    #[prost(bool, tag = "5")]
    pub(crate) is_final: bool,
}
