//! One WebRTC connection and its socket on the loopback address.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use rtc::{
    data_channel::RTCDataChannelId,
    media_stream::MediaStreamTrack,
    peer_connection::{
        RTCPeerConnection, RTCPeerConnectionBuilder,
        configuration::{
            media_engine::{MIME_TYPE_OPUS, MediaEngine},
            setting_engine::SettingEngineBuilder,
        },
        event::{RTCDataChannelEvent, RTCPeerConnectionEvent},
        message::RTCMessage,
        sdp::RTCSessionDescription,
        state::RTCPeerConnectionState,
        transport::{RTCDtlsRole, RTCIceCandidateInit},
    },
    rtp,
    rtp_transceiver::rtp_sender::{
        RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
        RTCRtpHeaderExtensionCapability, RtpCodecKind,
    },
    sansio::Protocol,
    shared::{TaggedBytesMut, TransportContext, TransportProtocol, error::Error},
};
use tokio::net::UdpSocket;

/// Payload type of Opus, as browsers number it.
pub(crate) const OPUS: u8 = 111;
/// Stream of the voice.
pub(crate) const SSRC: u32 = 0x5EED;
/// How loud a packet is (RFC 6464).
const LOUDNESS: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/// What a packet without that header counts as.
const SILENT: u8 = 127;
/// Larger datagrams than any network carries.
pub(crate) const DATAGRAM: usize = 2048;
/// A connection that wants no timer is looked after all the same.
const IDLE: Duration = Duration::from_secs(60);

/// What a connection has to tell.
#[derive(Debug)]
pub(crate) enum Told {
    Connected,
    /// It has failed, or the other side has closed it.
    Gone,
    ChannelOpen(RTCDataChannelId),
    /// A packet of sound and how loud it is.
    Sound(Bytes, u8),
}

pub(crate) struct Peer {
    pub(crate) connection: RTCPeerConnection,
    socket: Arc<UdpSocket>,
    address: SocketAddr,
    /// Number of the header that says how loud a packet is.
    loudness: Option<u8>,
}

impl Peer {
    pub(crate) async fn open() -> Result<Self, crate::RoomError> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = socket.local_addr()?;
        let settings = SettingEngineBuilder::new()
            .with_lite(true)
            .with_include_loopback_candidate(true)
            .with_answering_dtls_role(RTCDtlsRole::Server)
            .build();
        let mut connection = RTCPeerConnectionBuilder::new()
            .with_setting_engine(settings)
            .with_media_engine(media()?)
            .build(Instant::now())?;
        connection.add_local_candidate(RTCIceCandidateInit {
            candidate: format!(
                "candidate:1 1 udp 2130706431 {} {} typ host",
                address.ip(),
                address.port()
            ),
            ..RTCIceCandidateInit::default()
        })?;
        Ok(Self {
            connection,
            socket: Arc::new(socket),
            address,
            loudness: None,
        })
    }

    /// Adds the track of the voice.
    pub(crate) fn add_voice(&mut self, stream: &str, track: &str) -> Result<(), Error> {
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters {
                ssrc: Some(SSRC),
                ..RTCRtpCodingParameters::default()
            },
            codec: opus().rtp_codec,
            ..RTCRtpEncodingParameters::default()
        };
        self.connection.add_track(MediaStreamTrack::new(
            stream.to_owned(),
            track.to_owned(),
            track.to_owned(),
            RtpCodecKind::Audio,
            vec![encoding],
        ))?;
        Ok(())
    }

    /// The description with which a negotiation begins here.
    pub(crate) fn offer(&mut self) -> Result<String, Error> {
        let offer = self.connection.create_offer(None)?;
        self.connection
            .set_local_description(Instant::now(), offer)?;
        Ok(self.described())
    }

    pub(crate) fn take_answer(&mut self, sdp: String) -> Result<(), Error> {
        let answer = RTCSessionDescription::answer(sdp)?;
        self.connection
            .set_remote_description(Instant::now(), answer)
    }

    /// The answer to the other side's offer.
    pub(crate) fn answer(&mut self, sdp: String) -> Result<String, Error> {
        self.loudness = extension_id(&sdp, LOUDNESS);
        let offer = RTCSessionDescription::offer(sdp)?;
        let now = Instant::now();
        self.connection.set_remote_description(now, offer)?;
        let answer = self.connection.create_answer(None)?;
        self.connection.set_local_description(now, answer)?;
        Ok(self.described())
    }

    fn described(&self) -> String {
        let description = self.connection.local_description();
        description
            .map(|description| description.sdp)
            .unwrap_or_default()
    }

    /// Where datagrams come in. Waiting must not hold the connection, which is not `Sync`.
    pub(crate) fn socket(&self) -> Arc<UdpSocket> {
        Arc::clone(&self.socket)
    }

    pub(crate) fn take(&mut self, datagram: &[u8], from: SocketAddr) {
        let read = self.connection.handle_read(TaggedBytesMut {
            now: Instant::now(),
            transport: TransportContext {
                local_addr: self.address,
                peer_addr: from,
                ecn: None,
                transport_protocol: TransportProtocol::UDP,
            },
            message: BytesMut::from(datagram),
        });
        if let Err(error) = read {
            tracing::debug!(%error, "a datagram was not understood");
        }
    }

    /// Sends a packet of the voice.
    pub(crate) fn send(&mut self, packet: rtp::Packet) -> Result<(), Error> {
        let senders: Vec<_> = self.connection.get_senders().collect();
        match senders
            .first()
            .and_then(|id| self.connection.rtp_sender(*id))
        {
            Some(mut sender) => sender.write_rtp(Instant::now(), packet),
            None => Ok(()),
        }
    }

    /// Sends on a data channel.
    pub(crate) fn send_data(
        &mut self,
        channel: RTCDataChannelId,
        data: &[u8],
    ) -> Result<(), Error> {
        match self.connection.data_channel(channel) {
            Some(mut channel) => channel.send(Instant::now(), BytesMut::from(data)),
            None => Ok(()),
        }
    }

    /// When [`Peer::turn`] is due, if nothing comes before.
    pub(crate) fn due(&mut self) -> Instant {
        let due = self.connection.poll_timeout();
        due.unwrap_or_else(|| Instant::now() + IDLE)
    }

    /// Does what is due, sends what is ready and says what has happened.
    pub(crate) fn turn(&mut self) -> Result<Vec<Told>, Error> {
        let now = Instant::now();
        if self.connection.poll_timeout().is_some_and(|due| due <= now) {
            self.connection.handle_timeout(now)?;
        }
        let mut told = Vec::new();
        while let Some(event) = self.connection.poll_event() {
            told.extend(event_of(event));
        }
        while let Some(tagged) = self.connection.poll_read() {
            if let RTCMessage::RtpPacket(_, packet) = tagged.message {
                let loudness = self.loudness_of(&packet);
                told.push(Told::Sound(packet.payload, loudness));
            }
        }
        while let Some(datagram) = self.connection.poll_write() {
            // A full socket loses a packet, as any network may.
            let to = datagram.transport.peer_addr;
            if let Err(error) = self.socket.try_send_to(&datagram.message, to) {
                tracing::debug!(%error, "a datagram was not sent");
            }
        }
        Ok(told)
    }

    fn loudness_of(&self, packet: &rtp::Packet) -> u8 {
        let header = self.loudness.and_then(|id| packet.header.get_extension(id));
        let level = header.and_then(|bytes| bytes.first().copied());
        // The highest bit says whether the sender takes it for a voice.
        level.map_or(SILENT, |level| level & 0x7F)
    }
}

fn event_of(event: RTCPeerConnectionEvent) -> Option<Told> {
    match event {
        RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) => match state {
            RTCPeerConnectionState::Connected => Some(Told::Connected),
            RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed => Some(Told::Gone),
            _ => None,
        },
        RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnOpen(id)) => {
            Some(Told::ChannelOpen(id))
        }
        _ => None,
    }
}

fn media() -> Result<MediaEngine, Error> {
    let mut media = MediaEngine::default();
    media.register_codec(opus(), RtpCodecKind::Audio)?;
    let loudness = RTCRtpHeaderExtensionCapability {
        uri: LOUDNESS.to_owned(),
    };
    media.register_header_extension(loudness, RtpCodecKind::Audio, None)?;
    Ok(media)
}

fn opus() -> RTCRtpCodecParameters {
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: MIME_TYPE_OPUS.to_owned(),
            clock_rate: 48_000,
            channels: 2,
            sdp_fmtp_line: "minptime=10;useinbandfec=1".to_owned(),
            rtcp_feedback: Vec::new(),
        },
        payload_type: OPUS,
    }
}

/// The number that an offer gives a header extension: `a=extmap:1 urn:…`.
fn extension_id(sdp: &str, uri: &str) -> Option<u8> {
    let lines = sdp
        .lines()
        .filter_map(|line| line.strip_prefix("a=extmap:"));
    let mut ids = lines.filter_map(|line| {
        let (id, rest) = line.split_once(' ')?;
        (rest.trim() == uri).then(|| id.split('/').next()?.parse().ok())?
    });
    ids.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_found_by_its_name() {
        let sdp = "v=0\r\na=extmap:2/sendonly urn:other\r\na=extmap:14 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n";
        assert_eq!(extension_id(sdp, LOUDNESS), Some(14));
        assert_eq!(extension_id(sdp, "urn:other"), Some(2));
        assert_eq!(extension_id(sdp, "urn"), None);
    }
}
