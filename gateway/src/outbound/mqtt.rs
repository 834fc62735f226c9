//! MQTT 3.1.1 to a broker: QoS 1, not retained, one message at a time, each acknowledged before the next.
//!
//! The packets are rumqttc's; the connection is ours, so that it fails in the same stages as a webhook's. It is kept while
//! there is something to send, and given up when it has been idle: a broker that hears nothing ends it anyway.

use std::{io, time::Duration};

use bytes::BytesMut;
use rumqttc::mqttbytes::{
    Error, QoS,
    v4::{Connect, ConnectReturnCode, Packet, Publish},
};
use sharpeyes_config::{Secret, TargetUrl};
use sharpeyes_domain::target::SendStage;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::Mutex,
    time::Instant,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use super::{
    fault::Failure,
    line::{Letter, Reach},
    tls,
};

/// Told to the broker, which ends what is silent for half as long again.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// A connection that was not used for so long is not used again.
const IDLE: Duration = Duration::from_secs(30);
/// Larger than any message, and than any answer to one.
const MOST_BYTES: usize = 1 << 20;

/// A target that is told over MQTT.
pub(super) struct Mqtt {
    url: TargetUrl,
    topic: String,
    login: Option<(String, Secret<String>)>,
    client: String,
    reach: Reach,
    session: Mutex<Option<Session>>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

struct Session {
    stream: Box<dyn Stream>,
    received: BytesMut,
    used: Instant,
    /// Of the last message; never 0 in use.
    last_id: u16,
}

impl Mqtt {
    pub(super) fn new(
        name: &str,
        url: TargetUrl,
        topic: String,
        login: Option<(String, Secret<String>)>,
        reach: Reach,
    ) -> Self {
        // Two services of one broker must not end each other's sessions.
        let client = format!("sharpeyes-{name}-{:08x}", rand::random::<u32>());
        Self { url, topic, login, client, reach, session: Mutex::new(None) }
    }

    /// One attempt, up to the broker's acknowledgement.
    pub(super) async fn deliver(&self, letter: &Letter) -> Result<(), Failure> {
        let deadline = Instant::now() + self.reach.timeout;
        // Nobody else wants it: messages go one at a time.
        let mut kept = self.session.lock().await;
        let mut session = match kept.take().filter(|session| session.used.elapsed() < IDLE) {
            Some(session) => session,
            None => self.open(deadline).await?,
        };
        session.last_id = session.last_id.checked_add(1).unwrap_or(1);
        let id = session.last_id;
        let topic = format!("{}/incidents/{}", self.topic, letter.incident);
        let mut publish = Publish::new(topic, QoS::AtLeastOnce, letter.body.as_bytes());
        publish.pkid = id;
        self.send(&mut session, &Packet::Publish(publish), deadline).await?;
        loop {
            match self.receive(&mut session, deadline).await? {
                Packet::PubAck(ack) if ack.pkid == id => break,
                // Of an attempt that was given up.
                Packet::PubAck(_) | Packet::PingResp => {}
                other => {
                    let detail = format!("the broker answers a message with {}", kind(&other));
                    return Err(Failure::again(SendStage::Answer, "bad_answer", detail));
                }
            }
        }
        session.used = Instant::now();
        *kept = Some(session);
        Ok(())
    }

    async fn open(&self, deadline: Instant) -> Result<Session, Failure> {
        let tcp = self.reach.connect(&self.url, deadline).await?;
        let stream: Box<dyn Stream> = if self.url.is_encrypted() {
            let config = tls::client_config(self.reach.authority.as_deref()).await?;
            let name = ServerName::try_from(self.url.host().to_owned())
                .map_err(|error| Failure::away(SendStage::Tls, "bad_name", error))?;
            let handshake = TlsConnector::from(config).connect(name, tcp);
            let stream = self.reach.within(SendStage::Tls, deadline, handshake).await?;
            Box::new(stream.map_err(|error| Failure::tls(&error))?)
        } else {
            Box::new(tcp)
        };
        let mut session = Session { stream, received: BytesMut::new(), used: Instant::now(), last_id: 0 };
        let mut connect = Connect::new(&self.client);
        connect.keep_alive = u16::try_from(KEEP_ALIVE.as_secs()).unwrap_or(60);
        if let Some((username, password)) = &self.login {
            connect.set_login(username, password.expose());
        }
        self.send(&mut session, &Packet::Connect(connect), deadline).await?;
        match self.receive(&mut session, deadline).await? {
            Packet::ConnAck(ack) if ack.code == ConnectReturnCode::Success => Ok(session),
            Packet::ConnAck(ack) => {
                let code = match ack.code {
                    ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => {
                        "not_authorised"
                    }
                    _ => "refused_session",
                };
                Err(Failure::away(SendStage::Answer, code, format!("the broker answers {:?}", ack.code)))
            }
            other => {
                let detail = format!("the broker answers CONNECT with {}", kind(&other));
                Err(Failure::away(SendStage::Answer, "bad_answer", detail))
            }
        }
    }

    async fn send(&self, session: &mut Session, packet: &Packet, deadline: Instant) -> Result<(), Failure> {
        let mut bytes = BytesMut::new();
        packet
            .write(&mut bytes, MOST_BYTES)
            .map_err(|error| Failure::again(SendStage::Send, "bad_packet", error))?;
        let sending = async {
            session.stream.write_all(&bytes).await?;
            session.stream.flush().await
        };
        let sent = self.reach.within(SendStage::Send, deadline, sending).await?;
        sent.map_err(|error| Failure::again(SendStage::Send, "send_failed", error))
    }

    async fn receive(&self, session: &mut Session, deadline: Instant) -> Result<Packet, Failure> {
        let receiving = async {
            loop {
                match Packet::read(&mut session.received, MOST_BYTES) {
                    Ok(packet) => return Ok(packet),
                    Err(Error::InsufficientBytes(_)) => {}
                    Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error.to_string())),
                }
                if session.stream.read_buf(&mut session.received).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        };
        let received = self.reach.within(SendStage::Answer, deadline, receiving).await?;
        received.map_err(|error| Failure::again(SendStage::Answer, "cut", error))
    }
}

const fn kind(packet: &Packet) -> &'static str {
    match packet {
        Packet::ConnAck(_) => "CONNACK",
        Packet::PubAck(_) => "PUBACK",
        Packet::Publish(_) => "PUBLISH",
        Packet::Disconnect => "DISCONNECT",
        _ => "another packet",
    }
}
