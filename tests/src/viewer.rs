//! A viewer that is not the product: one RTSP session by retina, for tests and benches of the servers here.

use std::sync::Arc;

use anyhow::Context;
use futures::StreamExt;
use retina::{
    client::{
        Credentials, Demuxed, PlayOptions, Session, SessionGroup, SessionOptions, SetupOptions,
        TcpTransportOptions, Transport, UdpTransportOptions,
    },
    codec::{CodecItem, FrameFormat, VideoFrame},
};
use url::Url;

use crate::camsim::Login;

/// A playing session.
pub struct Viewer {
    session: Demuxed,
    group: Arc<SessionGroup>,
}

impl Viewer {
    /// DESCRIBE alone: encoding names of the streams on offer, such as `h264` and `pcmu`.
    ///
    /// # Errors
    /// Whatever the server or retina refuses.
    pub async fn describe(url: &str, login: Option<&Login>) -> anyhow::Result<Vec<String>> {
        let options = SessionOptions::default().creds(login.map(credentials));
        let session = Session::describe(Url::parse(url)?, options).await?;
        Ok(session.streams().iter().map(|stream| stream.encoding_name().to_owned()).collect())
    }

    /// DESCRIBE, SETUP of every stream interleaved over TCP, PLAY.
    ///
    /// # Errors
    /// Whatever the server or retina refuses.
    pub async fn open(url: &str, login: Option<&Login>) -> anyhow::Result<Self> {
        Self::over(Transport::Tcp(TcpTransportOptions::default()), url, login).await
    }

    /// The same with RTP over UDP.
    ///
    /// # Errors
    /// Whatever the server or retina refuses.
    pub async fn open_udp(url: &str, login: Option<&Login>) -> anyhow::Result<Self> {
        Self::over(Transport::Udp(UdpTransportOptions::default()), url, login).await
    }

    async fn over(transport: Transport, url: &str, login: Option<&Login>) -> anyhow::Result<Self> {
        let group = Arc::new(SessionGroup::default());
        let options =
            SessionOptions::default().creds(login.map(credentials)).session_group(Arc::clone(&group));
        let mut session = Session::describe(Url::parse(url)?, options).await?;
        for index in 0..session.streams().len() {
            let setup = SetupOptions::default().transport(transport.clone()).frame_format(FrameFormat::MP4);
            session.setup(index, setup).await?;
        }
        let session = session.play(PlayOptions::default()).await?.demuxed()?;
        Ok(Self { session, group })
    }

    /// Encoding names of the session's streams, such as `h264` and `pcmu`.
    #[must_use]
    pub fn encodings(&self) -> Vec<String> {
        self.session.streams().iter().map(|stream| stream.encoding_name().to_owned()).collect()
    }

    /// The next item of any stream.
    ///
    /// # Errors
    /// When the session ends or retina refuses a packet.
    pub async fn next(&mut self) -> anyhow::Result<CodecItem> {
        Ok(self.session.next().await.context("the session ended")??)
    }

    /// The next picture.
    ///
    /// # Errors
    /// As [`Viewer::next`].
    pub async fn picture(&mut self) -> anyhow::Result<VideoFrame> {
        loop {
            if let CodecItem::VideoFrame(frame) = self.next().await? {
                return Ok(frame);
            }
        }
    }

    /// Ends the session politely.
    ///
    /// # Errors
    /// When the server does not answer TEARDOWN.
    pub async fn close(self) -> anyhow::Result<()> {
        drop(self.session);
        Ok(self.group.await_teardown().await?)
    }
}

fn credentials(login: &Login) -> Credentials {
    Credentials { username: login.user.clone(), password: login.password.clone() }
}
