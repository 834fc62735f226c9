//! A rough road between viewers and the service: connections end at any byte, windows shrink to nothing, laptops are shut.
//!
//! A TCP proxy that knows nothing of HTTP. The service behind it may go and come back at another port. Towards the
//! service its receive buffer is as small as Linux allows, so that a viewer who does not read is one at once.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::watch,
    task::JoinSet,
};

/// As small as the kernel makes it.
const WINDOW: u32 = 1024;
const PIECE: usize = 16 << 10;

/// What happens to what the service sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It arrives.
    Smooth,
    /// Each connection ends after a random number of bytes, from a few to a million, each order of magnitude as often.
    Cut,
    /// One byte arrives at a time, after this pause.
    Trickle(Duration),
    /// After some thousand bytes nothing is read for so long, and then everything.
    Suspend(Duration),
}

/// A road of one manner. Ends when dropped.
pub struct Road {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    manner: Manner,
    server: watch::Receiver<Option<SocketAddr>>,
    is_calm: AtomicBool,
    random: AtomicU64,
    n_connections: AtomicU64,
    n_cut: AtomicU64,
}

impl Road {
    /// Leads to wherever `server` says; nowhere while it says `None`.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn open(
        manner: Manner,
        seed: u64,
        server: watch::Receiver<Option<SocketAddr>>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            manner,
            server,
            is_calm: AtomicBool::new(false),
            random: AtomicU64::new(seed),
            n_connections: AtomicU64::new(0),
            n_cut: AtomicU64::new(0),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, _tasks: tasks })
    }

    /// Where viewers connect.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on everything arrives.
    pub fn calm(&self) {
        self.shared.is_calm.store(true, Ordering::Relaxed);
    }

    /// Connections so far, and how many of them were cut.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.shared.n_connections.load(Ordering::Relaxed), self.shared.n_cut.load(Ordering::Relaxed))
    }
}

impl Shared {
    fn is_calm(&self) -> bool {
        self.is_calm.load(Ordering::Relaxed)
    }

    /// SplitMix64: the same road for the same seed, as far as connections come in the same order.
    fn random(&self) -> u64 {
        let state = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 10 to 1,000,000.
    fn bytes_to_live(&self) -> u64 {
        let magnitude = 10_u64.pow(1 + u32::try_from(self.random() % 5).unwrap_or(0));
        magnitude + self.random() % (magnitude * 9)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        shared.n_connections.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            // Whichever end closes, the other one is closed too.
            let _ = carry(client, &shared).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn carry(client: TcpStream, shared: &Shared) -> io::Result<()> {
    let Some(server) = *shared.server.borrow() else { return Ok(()) };
    let socket = TcpSocket::new_v4()?;
    if shared.manner != Manner::Smooth {
        socket.set_recv_buffer_size(WINDOW)?;
    }
    let server = socket.connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        ended = up(from_client, to_server) => ended,
        ended = down(from_server, to_client, shared) => ended,
    }
}

async fn up(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> io::Result<()> {
    tokio::io::copy(&mut from, &mut to).await.map(drop)
}

async fn down(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared) -> io::Result<()> {
    let mut left = shared.bytes_to_live();
    let mut piece = vec![0; PIECE];
    loop {
        let most = match shared.manner {
            _ if shared.is_calm() => PIECE,
            Manner::Smooth | Manner::Suspend(_) => PIECE,
            Manner::Cut => usize::try_from(left).unwrap_or(PIECE).min(PIECE),
            Manner::Trickle(pause) => {
                tokio::time::sleep(pause).await;
                1
            }
        };
        let n = from.read(&mut piece[..most]).await?;
        if n == 0 {
            return Ok(());
        }
        to.write_all(&piece[..n]).await?;
        left = left.saturating_sub(u64::try_from(n).unwrap_or(u64::MAX));
        if left > 0 || shared.is_calm() {
            continue;
        }
        match shared.manner {
            Manner::Smooth | Manner::Trickle(_) => {}
            Manner::Cut => {
                shared.n_cut.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
            Manner::Suspend(span) => {
                shared.n_cut.fetch_add(1, Ordering::Relaxed);
                sleep_unless_calm(span, shared).await;
                left = shared.bytes_to_live();
            }
        }
    }
}

async fn sleep_unless_calm(span: Duration, shared: &Shared) {
    const LOOK: Duration = Duration::from_millis(100);
    let mut slept = Duration::ZERO;
    while slept < span && !shared.is_calm() {
        tokio::time::sleep(LOOK).await;
        slept += LOOK;
    }
}
