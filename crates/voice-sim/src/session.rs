//! One room from the guest's arrival to the end.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use prost::Message;
use rtc::data_channel::RTCDataChannelId;

use crate::{
    Guest, Link, RoomError,
    ears::Ears,
    mouth::Mouth,
    ogg,
    peer::{DATAGRAM, Peer, Told},
    signal::{
        AddTrackRequest, DataPacket, JoinResponse, LeaveRequest, ParticipantInfo,
        ParticipantPermission, Pong, Request, Response, Room, ServerInfo, SessionDescription,
        SignalRequest, SignalResponse, TrackInfo, TrackPublishedResponse, Transcription,
        TranscriptionSegment, reason,
    },
};

/// Said in English, about five seconds.
const GREETING: &[u8] = include_bytes!("hello.ogg");
const GREETING_WORDS: &str = "Hello! This is the simulator. Say something, and I will repeat it.";
const VOICE: &str = "simulator";
const VOICE_SID: &str = "PA_simulator";
const VOICE_TRACK: &str = "TR_voice";
const GUEST_SID: &str = "PA_guest";
const GUEST_TRACK: &str = "TR_microphone";
/// Data channels that LiveKit's clients expect of a server.
const CHANNELS: [&str; 2] = ["_reliable", "_lossy"];
/// Seconds between two of the guest's pings, and until it gives the room up.
const PING_SECS: (i32, i32) = (5, 15);
/// An instant that never comes in a room's life.
const NEVER: Duration = Duration::from_secs(24 * 3600);
/// Packets a second.
const PACKETS: usize = 50;

struct Session {
    guest: Guest,
    link: Link,
    /// What the guest hears and reads.
    subscriber: Peer,
    /// What the guest says.
    publisher: Peer,
    ears: Ears,
    mouth: Mouth,
    /// The channel for words, once it is open.
    words: Option<RTCDataChannelId>,
    /// Both can be heard: sound is connected and the channel for words is open.
    has_greeted: bool,
    is_connected: bool,
    utterances: u32,
}

/// What a wait ended with.
enum Woken {
    Signal(Option<Bytes>),
    Subscriber(usize, SocketAddr),
    Publisher(usize, SocketAddr),
    Due,
}

pub(crate) async fn run(
    guest: Guest,
    lifetime: Option<Duration>,
    link: Link,
) -> Result<(), RoomError> {
    let end = Instant::now() + lifetime.unwrap_or(NEVER);
    let mut session = Box::pin(Session::open(guest, link)).await?;
    session.join().await?;
    let mut datagram = [0; DATAGRAM];
    loop {
        let due = session.due().min(end);
        match session.wait(due, &mut datagram).await? {
            Woken::Signal(Some(message)) => {
                if !session.signal(message).await? {
                    return Ok(());
                }
            }
            Woken::Signal(None) => return Ok(()),
            Woken::Subscriber(length, from) => {
                session
                    .subscriber
                    .take(datagram.get(..length).unwrap_or_default(), from);
            }
            Woken::Publisher(length, from) => {
                session
                    .publisher
                    .take(datagram.get(..length).unwrap_or_default(), from);
            }
            Woken::Due => {}
        }
        if Instant::now() >= end {
            return session.close_room().await;
        }
        session.turn()?;
    }
}

impl Session {
    async fn open(guest: Guest, link: Link) -> Result<Self, RoomError> {
        Ok(Self {
            guest,
            link,
            subscriber: Peer::open().await?,
            publisher: Peer::open().await?,
            ears: Ears::default(),
            mouth: Mouth::default(),
            words: None,
            has_greeted: false,
            is_connected: false,
            utterances: 0,
        })
    }

    /// Tells the guest who is there, and offers the voice.
    async fn join(&mut self) -> Result<(), RoomError> {
        let join = Response::Join(Box::new(self.join_response()));
        self.tell(join).await;
        let stream = format!("{VOICE_SID}|{VOICE_TRACK}");
        self.subscriber.add_voice(&stream, VOICE_TRACK)?;
        for (n, label) in CHANNELS.into_iter().enumerate() {
            let channel = self
                .subscriber
                .connection
                .create_data_channel(label, None)?;
            if n == 0 {
                self.words = Some(channel.id());
            }
        }
        let sdp = self.subscriber.offer()?;
        self.tell(Response::Offer(SessionDescription {
            kind: "offer".to_owned(),
            sdp,
            id: 1,
        }))
        .await;
        Ok(())
    }

    fn join_response(&self) -> JoinResponse {
        let active = 2;
        let agent = 4;
        JoinResponse {
            room: Some(Room {
                sid: "RM_simulator".to_owned(),
                name: self.guest.room.clone(),
            }),
            participant: Some(ParticipantInfo {
                sid: GUEST_SID.to_owned(),
                identity: self.guest.identity.clone(),
                state: active,
                permission: Some(ParticipantPermission {
                    can_subscribe: true,
                    can_publish: true,
                    can_publish_data: true,
                }),
                ..ParticipantInfo::default()
            }),
            other_participants: vec![ParticipantInfo {
                sid: VOICE_SID.to_owned(),
                identity: VOICE.to_owned(),
                state: active,
                tracks: vec![track(VOICE_TRACK, "voice")],
                is_publisher: true,
                kind: agent,
                ..ParticipantInfo::default()
            }],
            server_version: "simulator".to_owned(),
            subscriber_primary: true,
            ping_interval_secs: PING_SECS.0,
            ping_timeout_secs: PING_SECS.1,
            server_info: Some(ServerInfo {
                version: "1.9.0".to_owned(),
                protocol: 15,
            }),
        }
    }

    fn due(&mut self) -> Instant {
        let due = self.subscriber.due().min(self.publisher.due());
        let own = [self.mouth.next(), self.ears.next_look()];
        own.into_iter().flatten().fold(due, Instant::min)
    }

    async fn wait(&mut self, due: Instant, datagram: &mut [u8]) -> Result<Woken, RoomError> {
        let mut other = [0; DATAGRAM];
        let (subscriber, publisher) = (self.subscriber.socket(), self.publisher.socket());
        let woken = tokio::select! {
            message = self.link.incoming.recv() => Woken::Signal(message),
            got = subscriber.recv_from(datagram) => {
                let (length, from) = got?;
                Woken::Subscriber(length, from)
            }
            got = publisher.recv_from(&mut other) => {
                let (length, from) = got?;
                Woken::Publisher(length, from)
            }
            () = tokio::time::sleep_until(due.into()) => Woken::Due,
        };
        if let Woken::Publisher(length, _) = woken
            && let (Some(to), Some(from)) = (datagram.get_mut(..length), other.get(..length))
        {
            to.copy_from_slice(from);
        }
        Ok(woken)
    }

    /// Follows a message; `false` when the guest leaves.
    async fn signal(&mut self, message: Bytes) -> Result<bool, RoomError> {
        match SignalRequest::decode(message)?.message {
            Some(Request::Answer(answer)) => self.subscriber.take_answer(answer.sdp)?,
            Some(Request::Offer(offer)) => {
                let answer = SessionDescription {
                    kind: "answer".to_owned(),
                    sdp: self.publisher.answer(offer.sdp)?,
                    id: offer.id,
                };
                self.tell(Response::Answer(answer)).await;
            }
            Some(Request::AddTrack(asked)) => self.publish(asked).await,
            Some(Request::Mute(mute)) => {
                tracing::debug!(mute.sid, mute.muted, "the guest's microphone");
            }
            Some(Request::Leave(_)) => return Ok(false),
            Some(Request::Ping(at)) => self.tell(Response::Pong(at)).await,
            Some(Request::PingReq(ping)) => {
                let last_ping_timestamp = ping.timestamp;
                self.tell(Response::PongResp(Pong {
                    last_ping_timestamp,
                }))
                .await;
            }
            // What a room of one guest has no use for.
            None => {}
        }
        Ok(true)
    }

    async fn publish(&mut self, asked: AddTrackRequest) {
        let track = TrackInfo {
            kind: asked.kind,
            source: asked.source,
            ..track(GUEST_TRACK, &asked.name)
        };
        self.tell(Response::TrackPublished(TrackPublishedResponse {
            cid: asked.cid,
            track: Some(track),
        }))
        .await;
    }

    /// Tells the guest that the room is no more.
    async fn close_room(&mut self) -> Result<(), RoomError> {
        self.tell(Response::Leave(LeaveRequest {
            reason: reason::ROOM_DELETED,
            action: 0,
        }))
        .await;
        Ok(())
    }

    async fn tell(&mut self, message: Response) {
        let message = SignalResponse {
            message: Some(message),
        };
        // A guest who has left is noticed at the next wait.
        let _ = self
            .link
            .outgoing
            .send(message.encode_to_vec().into())
            .await;
    }

    /// Everything that can be done without waiting.
    fn turn(&mut self) -> Result<(), RoomError> {
        let now = Instant::now();
        for told in self.publisher.turn()? {
            if let Told::Sound(packet, loudness) = told
                && self.mouth.is_quiet()
                && self.has_greeted
            {
                self.ears.hear(packet, loudness, now);
            }
        }
        for told in self.subscriber.turn()? {
            match told {
                Told::Connected => self.is_connected = true,
                Told::ChannelOpen(id) if self.words == Some(id) => self.greet(now)?,
                Told::Gone => tracing::debug!("the guest hears nothing any more"),
                Told::ChannelOpen(_) | Told::Sound(..) => {}
            }
        }
        if let Some(said) = self.ears.utterance(now) {
            self.repeat(said, now)?;
        }
        while let Some(packet) = self.mouth.packet(now) {
            self.subscriber.send(packet)?;
        }
        self.subscriber.turn()?;
        Ok(())
    }

    fn greet(&mut self, now: Instant) -> Result<(), RoomError> {
        if self.has_greeted {
            return Ok(());
        }
        self.has_greeted = true;
        self.mouth
            .say(ogg::packets(GREETING).ok_or(RoomError::Greeting)?, now);
        self.write(VOICE, "greeting", GREETING_WORDS)
    }

    fn repeat(&mut self, said: Vec<Bytes>, now: Instant) -> Result<(), RoomError> {
        self.utterances += 1;
        let tenths = said.len() * 10 / PACKETS;
        let length = format!("{}.{} s", tenths / 10, tenths % 10);
        let guest = self.guest.identity.clone();
        let id = format!("heard-{}", self.utterances);
        self.write(&guest, &id, &format!("({length} of sound)"))?;
        let id = format!("repeated-{}", self.utterances);
        self.write(
            VOICE,
            &id,
            &format!("I heard you for {length}. This is what it sounded like."),
        )?;
        self.mouth.say(said, now);
        Ok(())
    }

    /// Sends words that somebody has said.
    fn write(&mut self, who: &str, id: &str, text: &str) -> Result<(), RoomError> {
        let track = if who == VOICE {
            VOICE_TRACK
        } else {
            GUEST_TRACK
        };
        let packet = DataPacket {
            participant_identity: VOICE.to_owned(),
            transcription: Some(Transcription {
                transcribed_participant_identity: who.to_owned(),
                track_id: track.to_owned(),
                segments: vec![TranscriptionSegment {
                    id: id.to_owned(),
                    text: text.to_owned(),
                    is_final: true,
                }],
            }),
        };
        if let Some(channel) = self.words {
            self.subscriber
                .send_data(channel, &packet.encode_to_vec())?;
        }
        Ok(())
    }
}

fn track(sid: &str, name: &str) -> TrackInfo {
    TrackInfo {
        sid: sid.to_owned(),
        kind: 0,
        name: name.to_owned(),
        source: 2,
        mime_type: "audio/opus".to_owned(),
    }
}
