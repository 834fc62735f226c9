//! A proxy between the RTSP server and its clients, which does what a good server cannot be made to do.
//!
//! The server behind it stays GStreamer's; everything without a fault passes as it is. Interleaved media is edited
//! packet by packet; for RTP over UDP the ports in SETUP are exchanged for our own (`udp`).

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sharpeyes_domain::ids::{CameraId, StreamId, StreamKind};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp::OwnedWriteHalf},
    runtime::Runtime,
    task::JoinSet,
};

use super::{
    inject::{FaultControl, Faults},
    rtp::Editor,
    udp::{self, Relay},
};

/// Larger than any request, answer or packet.
const MESSAGE: usize = 1 << 20;
/// How often a connection looks whether its time is over.
const LOOK: Duration = Duration::from_millis(50);

/// Listens in front of a server on the same machine. Ends when dropped.
pub(super) struct Proxy {
    port: u16,
    runtime: Option<Runtime>,
}

impl Proxy {
    /// `port` 0 takes a free one.
    pub(super) fn start(port: u16, server: u16, control: FaultControl) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("camsim-proxy")
            .enable_all()
            .build()?;
        let guard = runtime.enter();
        let listener = TcpListener::from_std(listener)?;
        drop(guard);
        runtime.spawn(accept(listener, (Ipv4Addr::LOCALHOST, server).into(), control));
        Ok(Self { port, runtime: Some(runtime) })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Not waiting: it may be dropped inside another runtime, which must not block.
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, control: FaultControl) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        let (begin, may_begin) = tokio::sync::oneshot::channel();
        let control = control.clone();
        let task = {
            let control = control.clone();
            async move {
                let Ok(id) = may_begin.await else { return };
                let _closed = Closed { control: control.clone(), id };
                // Whichever end closes, the other is closed too.
                let _ = serve(client, server, control, id).await;
            }
        };
        let abort = connections.spawn(task);
        let _ = begin.send(control.opened(abort));
        while connections.try_join_next().is_some() {}
    }
}

/// Also when the connection's task is aborted.
struct Closed {
    control: FaultControl,
    id: u64,
}

impl Drop for Closed {
    fn drop(&mut self) {
        self.control.closed(self.id);
    }
}

/// One client's connection.
struct Link {
    control: FaultControl,
    id: u64,
    stream: StreamId,
    opened: Instant,
    played: Mutex<Option<Instant>>,
    editor: Arc<Mutex<Editor>>,
    client: tokio::sync::Mutex<OwnedWriteHalf>,
    /// Set up by the last SETUP over UDP; runs from its answer on.
    relay: Mutex<Option<Relay>>,
    relays: Mutex<JoinSet<()>>,
}

async fn serve(client: TcpStream, server: SocketAddr, control: FaultControl, id: u64) -> io::Result<()> {
    client.set_nodelay(true)?;
    let opened = control.now();
    let (from_client, to_client) = client.into_split();
    let mut requests = Messages::new(from_client);
    let Some(first) = requests.next().await? else { return Ok(()) };
    // What is no camera's path gets the server's own answer.
    let stream = stream_of(&first).unwrap_or(StreamId {
        camera: CameraId::new("unknown").expect("a valid name"),
        kind: StreamKind::Main,
    });
    control.named(id, &stream);
    if control.faults(&stream).offline {
        return Ok(());
    }
    let server = TcpStream::connect(server).await?;
    server.set_nodelay(true)?;
    let (from_server, mut to_server) = server.into_split();
    let link = Link {
        editor: Arc::new(Mutex::new(Editor::new(control.seed() ^ (id << 20)))),
        control,
        id,
        stream,
        opened,
        played: Mutex::default(),
        client: tokio::sync::Mutex::new(to_client),
        relay: Mutex::default(),
        relays: Mutex::default(),
    };
    let upwards = async {
        let mut next = Some(first);
        while let Some(message) = next {
            link.pass_up(message, &mut to_server).await?;
            next = requests.next().await?;
        }
        io::Result::Ok(())
    };
    let downwards = async {
        let mut answers = Messages::new(from_server);
        while let Some(message) = answers.next().await? {
            link.pass_down(message).await?;
        }
        io::Result::Ok(())
    };
    tokio::select! {
        ended = upwards => ended,
        ended = downwards => ended,
        () = link.time_is_over() => Ok(()),
    }
}

impl Link {
    fn faults(&self) -> Faults {
        self.control.faults(&self.stream)
    }

    async fn time_is_over(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let open = self.control.now().duration_since(self.opened);
            if self.faults().close_after_ms.is_some_and(|after| open >= Duration::from_millis(after)) {
                return;
            }
        }
    }

    fn is_forgotten(&self, faults: &Faults) -> bool {
        let Some(after) = faults.forget_after_ms.map(Duration::from_millis) else { return false };
        let played = *self.played.lock().unwrap_or_else(PoisonError::into_inner);
        played.is_some_and(|played| self.control.now().duration_since(played) >= after)
    }

    async fn pass_up(&self, message: Message, server: &mut OwnedWriteHalf) -> io::Result<()> {
        let faults = self.faults();
        let request = match message {
            Message::Interleaved { channel, packet } => {
                return server.write_all(&interleaved(channel, &packet)).await;
            }
            Message::Text(text) => text,
        };
        let method = request.split_whitespace().next().unwrap_or_default();
        if faults.half_open || (faults.never_play && method == "PLAY") {
            return Ok(());
        }
        if faults.password_refused {
            let challenge = "WWW-Authenticate: Digest realm=\"camsim\", nonce=\"0123456789abcdef\"\r\n";
            return self.answer(&request, "401 Unauthorized", challenge).await;
        }
        if self.is_forgotten(&faults) && header(&request, "Session").is_some() {
            return self.answer(&request, "454 Session Not Found", "").await;
        }
        let n_playing = || self.control.n_playing(&self.stream.camera);
        if method == "SETUP" && faults.session_limit.is_some_and(|limit| n_playing() >= limit) {
            return self.answer(&request, "453 Not Enough Bandwidth", "").await;
        }
        if method == "PLAY" {
            self.control.plays(self.id);
            *self.played.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.control.now());
        }
        let mut request = request;
        if let Some(other) = &faults.reroute {
            request = request.replacen(&format!("/{}/", self.stream.camera), &format!("/{other}/"), 1);
        }
        if method_is(&request, "SETUP")
            && let Some(client) = udp::ports(&request, "client_port")
        {
            let relay = Relay::bind(client).await?;
            request = udp::with_ports(&request, "client_port", relay.server_side()?);
            *self.relay.lock().unwrap_or_else(PoisonError::into_inner) = Some(relay);
        }
        server.write_all(request.as_bytes()).await
    }

    async fn pass_down(&self, message: Message) -> io::Result<()> {
        let faults = self.faults();
        match message {
            Message::Text(answer) => self.pass_answer(answer, &faults).await,
            Message::Interleaved { .. } if self.is_forgotten(&faults) => Ok(()),
            Message::Interleaved { channel: channel @ 0, packet } => {
                let packets = self.editor.lock().unwrap_or_else(PoisonError::into_inner).rtp(&faults, packet);
                let mut client = self.client.lock().await;
                for packet in packets {
                    client.write_all(&interleaved(channel, &packet)).await?;
                }
                Ok(())
            }
            Message::Interleaved { channel: channel @ 1, packet } => {
                let packet = self.editor.lock().unwrap_or_else(PoisonError::into_inner).rtcp(&faults, packet);
                match packet {
                    Some(packet) => self.client.lock().await.write_all(&interleaved(channel, &packet)).await,
                    None => Ok(()),
                }
            }
            Message::Interleaved { .. } if faults.silence => Ok(()),
            Message::Interleaved { channel, packet } => {
                self.client.lock().await.write_all(&interleaved(channel, &packet)).await
            }
        }
    }

    async fn pass_answer(&self, mut answer: String, faults: &Faults) -> io::Result<()> {
        if faults.near_wrap || faults.timestamp_offset != 0 {
            answer = without_header(&answer, "RTP-Info");
        }
        if faults.other_ssrc {
            answer = udp::without_ssrc(&answer);
        }
        let server = udp::ports(&answer, "server_port");
        let relay = self.relay.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Some(server), Some(relay)) = (server, relay) {
            answer = udp::with_ports(&answer, "server_port", relay.client_side()?);
            answer = udp::with_ports(&answer, "client_port", relay.client());
            let (control, stream) = (self.control.clone(), self.stream.clone());
            let faults = move || control.faults(&stream);
            let run = relay.run(server, self.editor.clone(), faults);
            self.relays.lock().unwrap_or_else(PoisonError::into_inner).spawn(run);
        }
        let mut client = self.client.lock().await;
        if !faults.slow_loris {
            return client.write_all(answer.as_bytes()).await;
        }
        for byte in answer.into_bytes() {
            client.write_all(&[byte]).await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Ok(())
    }

    async fn answer(&self, request: &str, status: &str, headers: &str) -> io::Result<()> {
        let number = header(request, "CSeq").unwrap_or("0");
        let answer = format!("RTSP/1.0 {status}\r\nCSeq: {number}\r\n{headers}\r\n");
        self.client.lock().await.write_all(answer.as_bytes()).await
    }
}

fn method_is(request: &str, method: &str) -> bool {
    request.starts_with(method)
}

fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn without_header(text: &str, name: &str) -> String {
    text.split_inclusive("\r\n").filter(|line| !line.starts_with(&format!("{name}:"))).collect()
}

/// `/camera/kind` of a request's URL.
fn stream_of(message: &Message) -> Option<StreamId> {
    let Message::Text(request) = message else { return None };
    let url = url::Url::parse(request.split_whitespace().nth(1)?).ok()?;
    let mut path = url.path_segments()?;
    let camera = CameraId::new(path.next()?).ok()?;
    let kind = match path.next()? {
        "main" => StreamKind::Main,
        "sub" => StreamKind::Sub,
        _ => return None,
    };
    Some(StreamId { camera, kind })
}

/// RFC 7826 §14.
fn interleaved(channel: u8, packet: &[u8]) -> Vec<u8> {
    let length = u16::try_from(packet.len()).unwrap_or(u16::MAX);
    let mut frame = vec![b'$', channel];
    frame.extend(length.to_be_bytes());
    frame.extend_from_slice(&packet[..usize::from(length)]);
    frame
}

/// What goes over an RTSP connection.
enum Message {
    /// A request or an answer, with its body.
    Text(String),
    Interleaved {
        channel: u8,
        packet: Vec<u8>,
    },
}

/// Cuts a connection's bytes into messages.
struct Messages<R> {
    reader: R,
    bytes: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Messages<R> {
    fn new(reader: R) -> Self {
        Self { reader, bytes: Vec::new() }
    }

    async fn next(&mut self) -> io::Result<Option<Message>> {
        loop {
            if let Some((message, used)) = parse(&self.bytes) {
                self.bytes.drain(..used);
                return Ok(Some(message));
            }
            if self.bytes.len() > MESSAGE || self.reader.read_buf(&mut self.bytes).await? == 0 {
                return Ok(None);
            }
        }
    }
}

/// The message at the front, and its length.
fn parse(bytes: &[u8]) -> Option<(Message, usize)> {
    if let [b'$', channel, high, low, rest @ ..] = bytes {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let packet = rest.get(..length)?.to_vec();
        return Some((Message::Interleaved { channel: *channel, packet }, 4 + length));
    }
    if bytes.first() == Some(&b'$') {
        return None;
    }
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]);
    let body: usize = header(&text, "Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let whole = bytes.get(..head.checked_add(body)?)?;
    Some((Message::Text(String::from_utf8_lossy(whole).into_owned()), whole.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_cut_at_every_split_point() {
        let mut bytes = b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Length: 4\r\n\r\nv=0\n".to_vec();
        bytes.extend(interleaved(0, b"packet"));
        bytes.extend(b"GET_PARAMETER rtsp://h/gate/sub RTSP/1.0\r\ncseq: 4\r\nSession: 7;timeout=60\r\n\r\n");
        for split in 0..bytes.len() {
            let (mut buffer, mut found) = (bytes[..split].to_vec(), Vec::new());
            for more in [&[][..], &bytes[split..]] {
                buffer.extend_from_slice(more);
                while let Some((message, used)) = parse(&buffer) {
                    buffer.drain(..used);
                    found.push(message);
                }
            }
            let [Message::Text(answer), Message::Interleaved { channel: 0, packet }, request] =
                found.as_slice()
            else {
                panic!("split at {split}");
            };
            assert!(answer.ends_with("\r\n\r\nv=0\n") && packet == b"packet");
            assert_eq!(stream_of(request).unwrap().to_string(), "gate/sub");
            let Message::Text(request) = request else { panic!("no request") };
            assert_eq!(
                (header(request, "CSeq"), header(request, "session")),
                (Some("4"), Some("7;timeout=60"))
            );
        }
    }

    #[test]
    fn a_header_is_taken_out() {
        let text = "RTSP/1.0 200 OK\r\nRTP-Info: url=x;seq=1\r\nCSeq: 3\r\n\r\n";
        assert_eq!(without_header(text, "RTP-Info"), "RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n");
    }
}
