//! A second RTSP server that is not ours: VLC from Debian (`vlc-bin`, `vlc-plugin-base`), serving one file once.
//!
//! What VLC 3.0 can do, as found by asking it: H.264 and H.265, RTP over UDP only (it answers 461 to TCP interleaved).
//! It knows Basic authentication but no digest, and its 401 carries no CSeq, so that retina cannot even answer it:
//! there is no password here. It refuses to run as root, so root gives the process to `nobody`.

use std::{
    fs,
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use sharpeyes::clock::Clock;

/// How long VLC may take until it describes its stream.
const START: Duration = Duration::from_secs(30);
/// What is served: the file over and over, then VLC ends.
const SECONDS: &str = "600";

/// Why there is no second server.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// `vlc` or `ffmpeg` is not installed.
    #[error("{0} is not installed")]
    Missing(&'static str),
    /// The system refused something.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// ffmpeg could not repeat the file.
    #[error("ffmpeg: {0}")]
    Repeat(String),
    /// VLC ended, or described no video in time.
    #[error("VLC serves nothing: {0}")]
    Silent(String),
}

/// A running VLC, ended when dropped.
pub struct Peer {
    port: u16,
    process: Child,
    folder: tempfile::TempDir,
}

impl Peer {
    /// Serves the video of `file`.
    ///
    /// # Errors
    /// [`PeerError`]; tests may skip on [`PeerError::Missing`].
    pub fn start(file: &Path) -> Result<Self, PeerError> {
        let folder = tempfile::tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let film = folder.path().join("film.mp4");
        repeat(file, &film)?;
        fs::set_permissions(&film, fs::Permissions::from_mode(0o644))?;
        // Free a moment ago; VLC cannot choose one itself and tell.
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let log = fs::File::create(folder.path().join("vlc.log"))?;
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "vlc"]);
            command
        } else {
            Command::new("vlc")
        };
        command
            .args(["--intf", "dummy", "--no-one-instance", "--no-sout-audio", "--aout", "none", "--sout"])
            .arg(format!("#rtp{{sdp=rtsp://127.0.0.1:{port}/cam}}"));
        let process = command
            .arg(&film)
            .arg("vlc://quit")
            .env("HOME", folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| missing(error, "vlc"))?;
        let mut peer = Self { port, process, folder };
        peer.wait()?;
        Ok(peer)
    }

    /// Where the stream is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("rtsp://127.0.0.1:{}/cam", self.port)
    }

    /// Until DESCRIBE names a video.
    fn wait(&mut self) -> Result<(), PeerError> {
        let clock = Clock::system();
        let from = clock.instant();
        let mut last = String::new();
        while clock.instant() - from < START {
            if let Some(status) = self.process.try_wait()? {
                let log = fs::read_to_string(self.folder.path().join("vlc.log")).unwrap_or_default();
                let missing = status.code() == Some(127);
                return Err(if missing { PeerError::Missing("vlc") } else { PeerError::Silent(log) });
            }
            match self.describe() {
                Ok(answer) if answer.contains("m=video") => return Ok(()),
                Ok(answer) => last = answer,
                Err(error) => last = error.to_string(),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(PeerError::Silent(last))
    }

    fn describe(&self) -> io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        write!(stream, "DESCRIBE {} RTSP/1.0\r\nCSeq: 1\r\n\r\n", self.url())?;
        let mut answer = vec![0; 65_536];
        let length = stream.read(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// VLC's own loop makes new tracks each round, which no client survives; so the file itself is made long.
fn repeat(file: &Path, to: &Path) -> Result<(), PeerError> {
    let run = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-v", "error", "-y", "-stream_loop", "-1", "-i"])
        .arg(file)
        .args(["-map", "0:v:0", "-c", "copy", "-t", SECONDS])
        .arg(to)
        .output()
        .map_err(|error| missing(error, "ffmpeg"))?;
    if run.status.success() {
        Ok(())
    } else {
        Err(PeerError::Repeat(String::from_utf8_lossy(&run.stderr).into_owned()))
    }
}

fn missing(error: io::Error, program: &'static str) -> PeerError {
    if error.kind() == io::ErrorKind::NotFound { PeerError::Missing(program) } else { error.into() }
}
