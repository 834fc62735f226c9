//! retina's room: one RTSP session, from the TCP connection to coded pictures.
//!
//! Media comes interleaved over TCP. NAL units are passed on as they came, length-prefixed; retina takes parameter
//! sets, access unit delimiters excepted, out of the band and gives them as [`VideoParams`]. Sound that is wanted is
//! gathered beside the pictures.

use std::{
    net::SocketAddr,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _};
use retina::{
    client::{
        Credentials, Demuxed, InitialTimestampPolicy, PlayOptions, Session, SessionOptions, SetupOptions,
    },
    codec::{
        AudioFrame, CodecItem, FrameFormat, ParametersRef, VideoFrame, VideoParameters, VideoParametersCodec,
    },
};
use sharpeyes_config::{Camera, RtspUrl, Transport};
use sharpeyes_domain::{
    ids::StreamKind,
    media::{AudioCodec, AudioParams, VideoCodec, VideoParams},
    time::MediaDuration,
};
use tokio::{net::TcpStream, time::timeout};
use url::{Host, Url};

use super::{
    announced,
    audio::{self, AudioState, Heard},
    fault::{SessionFault, Stage},
    picture::Picture,
    report::SenderReport,
};
use crate::mp4;

/// Where a stream is, and how to get in.
#[derive(Clone, Debug)]
pub struct Source {
    /// Shown without what may be a password in it.
    pub url: RtspUrl,
    /// User name and password, when the camera asks.
    pub login: Option<sharpeyes_config::Credentials>,
    /// How media travels.
    pub transport: Transport,
    /// Whether the sound is wanted too.
    pub audio: bool,
}

impl Source {
    /// One stream of a configured camera; `None` when the camera has no such stream.
    #[must_use]
    pub fn of(camera: &Camera, kind: StreamKind) -> Option<Self> {
        let url = camera.source(kind)?.url.clone();
        let audio = camera.audio && camera.record.includes(kind);
        Some(Self { url, login: camera.credentials.clone(), transport: camera.transport, audio })
    }
}

/// How long each stage may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Name resolution, TCP connection, and each RTSP request.
    pub request: Duration,
    /// From PLAY to the first media.
    pub first_media: Duration,
    /// From the first media to the first keyframe.
    pub first_keyframe: Duration,
    /// Between two keyframes, later. Files end at keyframes only, and none may last an hour.
    pub keyframes: Duration,
    /// Between two pictures, later.
    pub silence: Duration,
    /// A coded picture larger than this ends the session.
    pub picture_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(10),
            first_media: Duration::from_secs(10),
            first_keyframe: Duration::from_secs(20),
            keyframes: Duration::from_secs(600),
            silence: Duration::from_secs(10),
            // Half of what one stream may have waiting for the disk; a keyframe of 3840x2160 at 20 Mbit/s has one.
            picture_bytes: 4 << 20,
        }
    }
}

/// One coded picture as received.
pub struct Unit {
    /// RTP time unwrapped to 64 bits, 90 kHz.
    pub rtp: i64,
    /// The same since the camera's own zero, which its sound shares.
    pub npt: MediaDuration,
    /// When its first packet arrived.
    pub received: Instant,
    /// A random access point, whole as far as can be seen.
    pub is_keyframe: bool,
    /// What its NAL units say; `is_keyframe` is derived from it.
    pub(super) picture: Picture,
    /// The parameters, when this picture is the first to use them.
    pub new_params: Option<Arc<VideoParams>>,
    /// RTP packets lost before it; whatever they carried is missing.
    pub lost: u32,
    /// Packets before it that came and could not be used, with the same effect.
    pub unusable: u32,
    /// What the camera's clock last said, when it said something since the picture before.
    pub(super) report: Option<SenderReport>,
    /// NAL units behind 4-byte lengths.
    pub nals: Bytes,
}

impl Unit {
    pub(super) const fn follows_loss(&self) -> bool {
        self.lost > 0 || self.unusable > 0
    }
}

/// A session that plays.
pub struct RtspSession {
    demuxed: Pin<Box<Demuxed>>,
    stream: usize,
    limits: Limits,
    has_delivered: bool,
    /// Parameters that only the SDP has, until the first picture.
    announced: Option<Arc<VideoParams>>,
    /// Known once a picture came with them.
    codec: Option<VideoCodec>,
    /// Packets since the last picture that are no RTP, or whose payload fits nothing.
    unusable: u32,
    /// What was wrong with the last of them, ever.
    complaint: Option<String>,
    report: Option<SenderReport>,
    audio: AudioState,
    audio_stream: Option<usize>,
    audio_has_failed: bool,
    heard: Vec<Heard>,
}

/// More sound than this between two pictures is thrown away: nobody may fill the memory.
const MOST_HEARD: usize = 4096;

impl RtspSession {
    /// Connects and asks for media; `reached` is told of every stage passed.
    ///
    /// # Errors
    /// The [`SessionFault`] of the first stage that failed.
    pub async fn open(
        source: &Source,
        limits: Limits,
        mut reached: impl FnMut(Stage),
    ) -> Result<Self, SessionFault> {
        let address = resolve(source.url.as_url(), limits.request).await?;
        reached(Stage::Resolve);
        let mut session = describe(source, address, limits).await?;
        reached(Stage::Connect);
        reached(Stage::Describe);
        let stream = choose_video(&session)?;
        reached(Stage::Codec);
        let announced = match session.streams()[stream].parameters() {
            Some(_) => None,
            None => announced::params(session.sdp(), &session.streams()[stream])?,
        };

        let options = SetupOptions::default()
            .transport(retina_transport(source.transport))
            .frame_format(FrameFormat::MP4);
        answered(Stage::Setup, limits.request, session.setup(stream, options)).await?;
        let (audio, audio_stream) = match source.audio {
            true => match set_up_audio(&mut session, source.transport, limits.request).await {
                Ok(found) => found,
                // The connection may be gone with it: the pictures get another one.
                Err(left_out) => {
                    drop(session);
                    let silent = Source { audio: false, ..source.clone() };
                    let mut pictures = Box::pin(Self::open(&silent, limits, reached)).await?;
                    pictures.audio = left_out;
                    return Ok(pictures);
                }
            },
            false => (AudioState::Off, None),
        };
        reached(Stage::Setup);
        // Some cameras name no zero for their tracks; the arrival places the sound then.
        let play = PlayOptions::default().initial_timestamp(InitialTimestampPolicy::Permissive);
        let playing = answered(Stage::Play, limits.request, session.play(play)).await?;
        reached(Stage::Play);
        let demuxed = playing.demuxed().map_err(protocol)?;
        Ok(Self {
            demuxed: Box::pin(demuxed),
            stream,
            limits,
            has_delivered: false,
            announced,
            codec: None,
            unusable: 0,
            complaint: None,
            report: None,
            audio,
            audio_stream,
            audio_has_failed: false,
            heard: Vec::new(),
        })
    }

    /// What becomes of the camera's sound.
    #[must_use]
    pub const fn audio(&self) -> &AudioState {
        &self.audio
    }

    /// The session ended because of its sound: another one had better go without.
    #[must_use]
    pub const fn audio_has_failed(&self) -> bool {
        self.audio_has_failed
    }

    /// The sound that arrived before the picture that [`RtspSession::next`] gave last.
    pub fn take_heard(&mut self) -> std::vec::Drain<'_, Heard> {
        self.heard.drain(..)
    }

    /// The next picture. Not to be called again after an error.
    ///
    /// # Errors
    /// `NoMedia` or `Stalled` when nothing came in time, `Protocol` when only rubbish did, `TooLarge` for a picture beyond
    /// the bound, `Unsupported` when its parameters cannot be read, `SourceChanged`, `Closed` or `Protocol` when the
    /// session ended.
    pub async fn next(&mut self) -> Result<Unit, SessionFault> {
        let limit = if self.has_delivered { self.limits.silence } else { self.limits.first_media };
        let Ok(unit) = timeout(limit, self.next_picture()).await else {
            return Err(match self.complaint.take().filter(|_| self.unusable > 0) {
                Some(detail) => SessionFault::protocol(detail),
                None if self.has_delivered => SessionFault::Stalled { waited: limit },
                None => SessionFault::NoMedia { waited: limit },
            });
        };
        self.has_delivered = true;
        unit
    }

    /// What was wrong with the last unusable packet.
    pub(super) fn complaint(&self) -> Option<&str> {
        self.complaint.as_deref()
    }

    async fn next_picture(&mut self) -> Result<Unit, SessionFault> {
        loop {
            match self.demuxed.next().await {
                // retina ends the stream after some of its own errors.
                None => {
                    return Err(self.complaint.take().map_or(SessionFault::Closed, SessionFault::protocol));
                }
                Some(Err(error)) => {
                    self.audio_has_failed = self.is_of_audio(&error);
                    self.endure(error)?;
                }
                Some(Ok(CodecItem::VideoFrame(frame))) if frame.stream_id() == self.stream => {
                    // The session has outlived what was wrong with the sound.
                    self.audio_has_failed = false;
                    return self.unit(frame);
                }
                Some(Ok(CodecItem::AudioFrame(frame))) => self.hear(&frame),
                Some(Ok(CodecItem::Rtcp(packet))) if packet.stream_id() == self.stream => {
                    self.report = SenderReport::of(&packet).or(self.report);
                }
                Some(Ok(_)) => {}
            }
        }
    }

    /// A packet that fits nothing costs pictures, not the session; anything else ends it.
    fn endure(&mut self, error: retina::Error) -> Result<(), SessionFault> {
        match Breakage::of(&error) {
            Breakage::Peer if self.has_delivered => Err(SessionFault::Closed),
            Breakage::Source => Err(SessionFault::SourceChanged),
            Breakage::Packet => {
                tracing::debug!(%error, "an unusable packet");
                // What spoils the sound spoils no picture.
                if !self.audio_has_failed {
                    self.unusable = self.unusable.saturating_add(1);
                    self.complaint = Some(first_line(&error));
                }
                Ok(())
            }
            Breakage::Peer | Breakage::Session => Err(protocol(error)),
        }
    }

    fn unit(&mut self, frame: VideoFrame) -> Result<Unit, SessionFault> {
        let bytes = frame.data().len();
        if bytes > self.limits.picture_bytes {
            return Err(SessionFault::TooLarge { bytes, limit: self.limits.picture_bytes });
        }
        let new_params = match frame.has_new_parameters() || self.codec.is_none() {
            true => self.params()?.or_else(|| self.announced.take()),
            false => None,
        };
        self.codec = new_params.as_ref().map(|params| params.codec).or(self.codec);
        // Without parameters nothing can begin yet, whatever the picture is.
        let picture = Picture::of(self.codec.unwrap_or(VideoCodec::H264), frame.data());
        Ok(Unit {
            rtp: frame.timestamp().timestamp(),
            npt: MediaDuration(frame.timestamp().elapsed()),
            received: frame.start_ctx().received(),
            is_keyframe: self.codec.is_some() && picture.is_random_access() && picture.has_beginning,
            picture,
            new_params,
            lost: frame.loss().into(),
            unusable: std::mem::take(&mut self.unusable),
            report: self.report.take(),
            nals: frame.into_data().into(),
        })
    }

    fn hear(&mut self, frame: &AudioFrame) {
        let Some(params) = self.audio.params() else { return };
        if self.heard.len() >= MOST_HEARD {
            self.heard.clear();
        }
        // RTP may count in another unit than the track, as with HE-AAC.
        let (rtp_hz, rate_hz) = (frame.timestamp().clock_rate(), params.rate_hz);
        let ticks = |n: i64| n.saturating_mul(rate_hz.get().into()) / i64::from(rtp_hz.get());
        self.heard.push(Heard {
            npt: ticks(frame.timestamp().elapsed()),
            duration: u32::try_from(ticks(frame.frame_length().get().into())).unwrap_or(u32::MAX).max(1),
            received: frame.ctx().received(),
            data: Bytes::copy_from_slice(frame.data()),
        });
    }

    /// retina names the stream of a packet that it cannot read only in the text.
    fn is_of_audio(&self, error: &retina::Error) -> bool {
        let stream = self.audio_stream.and_then(|index| self.demuxed.streams().get(index));
        let named = stream.and_then(|stream| stream.ctx()).map(|context| format!("stream: {context}\n"));
        named.is_some_and(|named| error.to_string().contains(&named))
    }

    fn params(&self) -> Result<Option<Arc<VideoParams>>, SessionFault> {
        match self.demuxed.streams()[self.stream].parameters() {
            Some(ParametersRef::Video(video)) => params(video).map(|params| Some(Arc::new(params))),
            _ => Ok(None),
        }
    }
}

fn retina_transport(transport: Transport) -> retina::client::Transport {
    match transport {
        Transport::Tcp => retina::client::Transport::Tcp(retina::client::TcpTransportOptions::default()),
        Transport::Udp => retina::client::Transport::Udp(retina::client::UdpTransportOptions::default()),
    }
}

async fn resolve(url: &Url, limit: Duration) -> Result<SocketAddr, SessionFault> {
    let port = url.port().unwrap_or(554);
    let host = url.host_str().unwrap_or_default().to_owned();
    let unresolved = |detail: String| SessionFault::Unresolved { host: host.clone(), detail };
    match url.host() {
        Some(Host::Ipv4(ip)) => Ok((ip, port).into()),
        Some(Host::Ipv6(ip)) => Ok((ip, port).into()),
        None => Err(unresolved("the URL names no host".into())),
        Some(Host::Domain(name)) => match timeout(limit, tokio::net::lookup_host((name, port))).await {
            Err(_) => Err(unresolved(format!("no answer from DNS within {limit:?}"))),
            Ok(Err(error)) => Err(unresolved(error.to_string())),
            Ok(Ok(mut found)) => found.next().ok_or_else(|| unresolved("DNS knows no address".into())),
        },
    }
}

async fn describe(
    source: &Source,
    address: SocketAddr,
    limits: Limits,
) -> Result<Session<retina::client::Described>, SessionFault> {
    let login = source.login.clone();
    let has_login = login.is_some();
    let credentials = login
        .map(|login| Credentials { username: login.username, password: login.password.expose().clone() });
    let options = SessionOptions::default()
        .creds(credentials)
        .user_agent(concat!("SharpEyes/", env!("CARGO_PKG_VERSION")).to_owned());
    // The parser of session descriptions panics on some that are none (sdp-types 0.1.8).
    let asked = AssertUnwindSafe(Session::describe(source.url.as_url().clone(), options)).catch_unwind();
    let error = match timeout(limits.request, asked).await {
        Ok(Ok(Ok(session))) => return Ok(session),
        Ok(Ok(Err(error))) => Some(error),
        Ok(Err(_)) => {
            return Err(SessionFault::Protocol { detail: "its session description cannot be read".into() });
        }
        Err(_) => None,
    };
    Err(match error.as_ref().and_then(retina::Error::status_code) {
        Some(401) if has_login => SessionFault::PasswordRefused,
        Some(401) => SessionFault::PasswordMissing,
        Some(403) => SessionFault::PasswordRefused,
        Some(404) => SessionFault::NotFound { url: source.url.to_string() },
        Some(status) if !(200..300).contains(&status) => {
            SessionFault::Rejected { stage: Stage::Describe, status }
        }
        Some(_) | None => without_an_answer(address, limits.request, error).await,
    })
}

/// Finds out whether the network, the port or the speaker is at fault. Costs one more connection, on failure only.
async fn without_an_answer(
    address: SocketAddr,
    limit: Duration,
    error: Option<retina::Error>,
) -> SessionFault {
    match timeout(limit, TcpStream::connect(address)).await {
        Err(_) => SessionFault::Unreachable { address, detail: format!("no answer within {limit:?}") },
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            SessionFault::Refused { address }
        }
        Ok(Err(error)) => SessionFault::Unreachable { address, detail: error.to_string() },
        Ok(Ok(_)) => error.map_or(SessionFault::NoAnswer { stage: Stage::Describe, waited: limit }, protocol),
    }
}

fn choose_video(session: &Session<retina::client::Described>) -> Result<usize, SessionFault> {
    let mut unsupported = None;
    for (index, stream) in
        session.streams().iter().enumerate().filter(|(_, stream)| stream.media() == "video")
    {
        match stream.encoding_name() {
            "h264" | "h265" => return Ok(index),
            other => unsupported = Some(other.to_owned()),
        }
    }
    Err(unsupported.map_or(SessionFault::NoVideo, |coding| SessionFault::Unsupported { coding }))
}

/// Sets the camera's first sound up that can be recorded. Whatever fails here, the pictures are recorded.
async fn set_up_audio(
    session: &mut Session<retina::client::Described>,
    transport: Transport,
    limit: Duration,
) -> Result<(AudioState, Option<usize>), AudioState> {
    let mut left_out = AudioState::Off;
    let streams = session.streams().iter().enumerate().filter(|(_, stream)| stream.media() == "audio");
    let found: Vec<_> = streams
        .map(|(index, stream)| (index, stream.encoding_name().to_owned(), audio_params(stream)))
        .collect();
    for (index, coding, params) in found {
        let out = |reason| AudioState::LeftOut { coding: coding.clone(), reason };
        let params = match params {
            Ok(params) => params,
            Err(reason) => {
                left_out = out(reason);
                continue;
            }
        };
        let options =
            SetupOptions::default().transport(retina_transport(transport)).frame_format(FrameFormat::MP4);
        match answered(Stage::Setup, limit, session.setup(index, options)).await {
            Ok(()) => return Ok((AudioState::Recorded(params.into()), Some(index))),
            Err(fault) => return Err(out(fault.to_string())),
        }
    }
    Ok((left_out, None))
}

fn audio_params(stream: &retina::client::Stream) -> Result<AudioParams, String> {
    let parameters = match stream.parameters() {
        Some(ParametersRef::Audio(parameters)) => parameters,
        _ => return Err("this coding is not recorded: AAC and G.711 are".into()),
    };
    match stream.encoding_name() {
        "pcma" => audio::g711(AudioCodec::Pcma, parameters.clock_rate(), parameters.channels()),
        "pcmu" => audio::g711(AudioCodec::Pcmu, parameters.clock_rate(), parameters.channels()),
        "mpeg4-generic" => {
            let entry = parameters.mp4_sample_entry().build().map_err(|error| error.to_string())?;
            mp4::audio_params_from_sample_entry(&entry).map_err(|error| error.to_string())
        }
        _ => Err("this coding is not recorded: AAC and G.711 are".into()),
    }
}

async fn answered<T>(
    stage: Stage,
    limit: Duration,
    request: impl Future<Output = Result<T, retina::Error>>,
) -> Result<T, SessionFault> {
    match timeout(limit, request).await {
        Err(_) => Err(SessionFault::NoAnswer { stage, waited: limit }),
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(match error.status_code() {
            Some(401 | 403) => SessionFault::PasswordRefused,
            Some(status) => SessionFault::Rejected { stage, status },
            None => protocol(error),
        }),
    }
}

fn first_line(error: &retina::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().chars().take(200).collect()
}

/// The first line: retina's later lines are addresses and packet positions for a capture.
#[expect(clippy::needless_pass_by_value, reason = "used as map_err(protocol)")]
fn protocol(error: retina::Error) -> SessionFault {
    SessionFault::protocol(first_line(&error))
}

/// What an error of a playing session is about. retina keeps its kinds of error to itself (error.rs, 0.4.21) and gives
/// only the text; the tests with faulty cameras hold that it is still read rightly.
enum Breakage {
    /// The connection ended.
    Peer,
    /// The RTP source changed.
    Source,
    /// One packet; the session can go on.
    Packet,
    /// The session.
    Session,
}

impl Breakage {
    fn of(error: &retina::Error) -> Self {
        let text = error.to_string();
        if text.starts_with("Error reading from RTSP peer") {
            Self::Peer
        } else if text.starts_with("wrong ssrc") {
            Self::Source
        } else if text.starts_with("Out-of-order packet or large loss") {
            // TCP keeps order: from here on every packet would be refused.
            Self::Session
        } else if text.contains("\npkt: ") {
            Self::Packet
        } else {
            Self::Session
        }
    }
}

pub(super) fn params(video: &VideoParameters) -> Result<VideoParams, SessionFault> {
    let unsupported = |coding: &str| SessionFault::Unsupported { coding: coding.to_owned() };
    let codec = match video.codec_params() {
        VideoParametersCodec::H264 { .. } => VideoCodec::H264,
        VideoParametersCodec::H265 { .. } => VideoCodec::H265,
        _ => return Err(unsupported(video.rfc6381_codec())),
    };
    let sample_entry = video.mp4_sample_entry().build().map_err(protocol)?;
    let (width, height) = video.pixel_dimensions();
    let pixels = |n: u32| u16::try_from(n).map_err(|_| unsupported(&format!("{width}x{height} pixels")));
    Ok(VideoParams {
        codec,
        rfc6381: video.rfc6381_codec().to_owned(),
        width_px: pixels(width)?,
        height_px: pixels(height)?,
        sample_entry: sample_entry.into(),
        decoder_config: video.extra_data().into(),
    })
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    /// A camera's description that its reader panics on is the camera's fault, and is said to be.
    #[tokio::test]
    async fn a_description_with_a_line_that_is_none_is_no_bug_of_ours() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("rtsp://{}/main", listener.local_addr().unwrap());
        let camera = async {
            let mut socket = listener.accept().await.unwrap().0;
            let mut asked = [0; 2048];
            assert!(socket.read(&mut asked).await.unwrap() > 0);
            let sdp = "v=0\r\nnonsense\r\ns=-\r\nm=video 0 RTP/AVP 96\r\n";
            let head = "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Type: application/sdp\r\nContent-Length:";
            socket.write_all(format!("{head} {}\r\n\r\n{sdp}", sdp.len()).as_bytes()).await.unwrap();
            socket
        };
        let source =
            Source { url: url.parse().unwrap(), login: None, transport: Transport::Tcp, audio: false };
        let (_socket, session) = tokio::join!(camera, RtspSession::open(&source, Limits::default(), |_| ()));
        assert!(matches!(session, Err(SessionFault::Protocol { .. })), "{:?}", session.err());
    }
}
