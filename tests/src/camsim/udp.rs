//! RTP over UDP through the proxy: what the server sends is lost, late and out of order on its way to the client.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    net::UdpSocket,
    time::{Instant, sleep_until},
};

use super::{inject::Faults, rtp::Editor};

/// How far a packet falls behind that is overtaken.
const BEHIND: Duration = Duration::from_millis(15);

/// A port pair for RTP and RTCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ports {
    rtp: u16,
    rtcp: u16,
}

/// The pair behind `key=` in a Transport header (RFC 7826 §18.54).
pub(super) fn ports(text: &str, key: &str) -> Option<Ports> {
    let value = text.split_once(&format!("{key}="))?.1;
    let value: String = value.chars().take_while(|c| c.is_ascii_digit() || *c == '-').collect();
    let (rtp, rtcp) = value.split_once('-')?;
    Some(Ports { rtp: rtp.parse().ok()?, rtcp: rtcp.parse().ok()? })
}

/// The same text with another pair there.
pub(super) fn with_ports(text: &str, key: &str, new: Ports) -> String {
    let Some(old) = ports(text, key) else { return text.to_owned() };
    let old = format!("{key}={}-{}", old.rtp, old.rtcp);
    text.replace(&old, &format!("{key}={}-{}", new.rtp, new.rtcp))
}

/// The Transport header may announce the source; it does not have to.
pub(super) fn without_ssrc(text: &str) -> String {
    let Some((before, rest)) = text.split_once(";ssrc=") else { return text.to_owned() };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    format!("{before}{rest}")
}

struct Pair {
    rtp: UdpSocket,
    rtcp: UdpSocket,
}

impl Pair {
    /// An even port and the one after it.
    async fn bind() -> io::Result<Self> {
        for _ in 0..100 {
            let rtp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let port = rtp.local_addr()?.port();
            if port % 2 == 0
                && let Ok(rtcp) = UdpSocket::bind((Ipv4Addr::LOCALHOST, port + 1)).await
            {
                return Ok(Self { rtp, rtcp });
            }
        }
        Err(io::Error::other("no free pair of UDP ports"))
    }

    fn ports(&self) -> io::Result<Ports> {
        Ok(Ports { rtp: self.rtp.local_addr()?.port(), rtcp: self.rtcp.local_addr()?.port() })
    }
}

/// Four sockets between a server and a client.
pub(super) struct Relay {
    to_server: Pair,
    to_client: Pair,
    client: Ports,
}

impl Relay {
    pub(super) async fn bind(client: Ports) -> io::Result<Self> {
        Ok(Self { to_server: Pair::bind().await?, to_client: Pair::bind().await?, client })
    }

    /// What the server takes for the client's.
    pub(super) fn server_side(&self) -> io::Result<Ports> {
        self.to_server.ports()
    }

    /// What the client takes for the server's.
    pub(super) fn client_side(&self) -> io::Result<Ports> {
        self.to_client.ports()
    }

    /// The client's own.
    pub(super) fn client(&self) -> Ports {
        self.client
    }

    /// Until it is dropped or a socket fails.
    pub(super) async fn run(self, server: Ports, editor: Arc<Mutex<Editor>>, faults: impl Fn() -> Faults) {
        let Self { to_server, to_client, client } = self;
        let edit = || editor.lock().unwrap_or_else(PoisonError::into_inner);
        let media = async {
            let mut queue = Delayed::default();
            let mut buffer = vec![0; 1 << 16];
            loop {
                tokio::select! {
                    received = to_server.rtp.recv(&mut buffer) => {
                        let length = received?;
                        let faults = faults();
                        let packets = edit().rtp(&faults, buffer[..length].to_vec());
                        for packet in packets {
                            let late = Duration::from_millis(edit().up_to(faults.jitter_ms));
                            let is_overtaken = edit().chance(faults.reorder);
                            queue.push(packet, late, is_overtaken);
                        }
                    }
                    packet = queue.pop() => {
                        to_client.rtp.send_to(&packet, (Ipv4Addr::LOCALHOST, client.rtp)).await?;
                    }
                }
            }
        };
        let reports = async {
            let mut buffer = vec![0; 1 << 16];
            loop {
                let length = to_server.rtcp.recv(&mut buffer).await?;
                let packet = edit().rtcp(&faults(), buffer[..length].to_vec());
                if let Some(packet) = packet {
                    to_client.rtcp.send_to(&packet, (Ipv4Addr::LOCALHOST, client.rtcp)).await?;
                }
            }
        };
        let ended: io::Result<()> = tokio::select! {
            ended = media => ended,
            ended = reports => ended,
            ended = forward(&to_client.rtp, &to_server.rtp, server.rtp) => ended,
            ended = forward(&to_client.rtcp, &to_server.rtcp, server.rtcp) => ended,
        };
        // The session's TCP connection tells both ends.
        drop(ended);
    }
}

async fn forward(from: &UdpSocket, over: &UdpSocket, port: u16) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = from.recv(&mut buffer).await?;
        over.send_to(&buffer[..length], (Ipv4Addr::LOCALHOST, port)).await?;
    }
}

/// Packets with the time at which each goes on.
#[derive(Default)]
struct Delayed {
    waiting: BinaryHeap<Reverse<(Instant, u64, Vec<u8>)>>,
    n: u64,
    last: Option<Instant>,
}

impl Delayed {
    /// Late packets hold up their successors, as in a queue; overtaken ones do not.
    fn push(&mut self, packet: Vec<u8>, late: Duration, is_overtaken: bool) {
        let due = Instant::now() + late;
        let due = self.last.map_or(due, |last| last.max(due));
        self.n += 1;
        if is_overtaken {
            self.waiting.push(Reverse((due + BEHIND, self.n, packet)));
        } else {
            self.last = Some(due);
            self.waiting.push(Reverse((due, self.n, packet)));
        }
    }

    /// The next packet, when it is due. Loses nothing when dropped.
    async fn pop(&mut self) -> Vec<u8> {
        let Some(Reverse((due, ..))) = self.waiting.peek() else { return std::future::pending().await };
        sleep_until(*due).await;
        self.waiting.pop().map(|Reverse((_, _, packet))| packet).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_announced_source_is_taken_out() {
        let text = "Transport: RTP/AVP/TCP;interleaved=0-1;ssrc=0A1B2C3D;mode=play\r\n";
        assert_eq!(without_ssrc(text), "Transport: RTP/AVP/TCP;interleaved=0-1;mode=play\r\n");
    }

    #[test]
    fn ports_are_exchanged_in_transport_headers() {
        let text = "Transport: RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001;ssrc=1\r\n";
        assert_eq!(ports(text, "server_port"), Some(Ports { rtp: 6000, rtcp: 6001 }));
        assert_eq!(ports("Transport: RTP/AVP/TCP;interleaved=0-1", "client_port"), None);
        let new = with_ports(text, "client_port", Ports { rtp: 8, rtcp: 9 });
        assert_eq!(new, text.replace("5000-5001", "8-9"));
    }
}
