//! HTTP POST to a target: one connection a message, signed, no redirection followed, each stage told apart.

use std::{io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::Full;
use hyper::{Request, Response, StatusCode, body::Incoming, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use sha2::Sha256;
use sharpeyes_config::{Secret, TargetUrl};
use sharpeyes_domain::{target::SendStage, time::WallTime};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::Instant,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use super::{
    fault::{Failure, Verdict},
    line::{Letter, Reach},
    tls,
};

/// What a target may ask for between two attempts at most.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// A target that is told over HTTP.
pub(super) struct Webhook {
    pub(super) url: TargetUrl,
    pub(super) secret: Secret<String>,
    pub(super) reach: Reach,
}

impl Webhook {
    /// One attempt, from the name of the host to the first line of the answer.
    pub(super) async fn deliver(&self, letter: &Letter, now: WallTime) -> Result<(), Failure> {
        let deadline = Instant::now() + self.reach.timeout;
        let stream = self.reach.connect(&self.url, deadline).await?;
        let request = self.request(letter, now)?;
        let answer = if self.url.is_encrypted() {
            let config = tls::client_config(self.reach.authority.as_deref()).await?;
            let name = ServerName::try_from(self.url.host().to_owned())
                .map_err(|error| Failure::away(SendStage::Tls, "bad_name", error))?;
            let handshake = TlsConnector::from(config).connect(name, stream);
            let stream = self.reach.within(SendStage::Tls, deadline, handshake).await?;
            let stream = stream.map_err(|error| Failure::tls(&error))?;
            self.exchange(stream, request, deadline).await?
        } else {
            self.exchange(stream, request, deadline).await?
        };
        judge(&answer)
    }

    fn request(&self, letter: &Letter, now: WallTime) -> Result<Request<Full<Bytes>>, Failure> {
        let url = self.url.as_url();
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let host = match url.port() {
            Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
            None => url.host_str().unwrap_or_default().to_owned(),
        };
        let timestamp = now.0.div_euclid(1_000).to_string();
        Request::post(path)
            .header(header::HOST, host)
            .header(header::USER_AGENT, concat!("sharpeyes/", env!("CARGO_PKG_VERSION")))
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header("idempotency-key", &letter.key)
            .header("x-sharpeyes-event", &letter.event)
            .header("x-sharpeyes-attempt", letter.attempt.to_string())
            .header("x-sharpeyes-signature", signature(&self.secret, &timestamp, letter.body.as_bytes()))
            .header("x-sharpeyes-timestamp", timestamp)
            .body(Full::new(Bytes::from(letter.body.clone())))
            .map_err(|error| Failure::again(SendStage::Send, "bad_request", error))
    }

    async fn exchange<S>(
        &self,
        stream: S,
        request: Request<Full<Bytes>>,
        deadline: Instant,
    ) -> Result<Response<Incoming>, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let handshake = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream));
        let handshake = self.reach.within(SendStage::Send, deadline, handshake).await?;
        let (mut sender, connection) =
            handshake.map_err(|error| Failure::again(SendStage::Send, "send_failed", error))?;
        let exchange = async move {
            let answer = sender.send_request(request);
            tokio::pin!(answer, connection);
            tokio::select! {
                biased;
                answer = &mut answer => answer,
                // The connection ends first: what became of the request is known at once.
                _ = &mut connection => answer.await,
            }
        };
        let answer = self.reach.within(SendStage::Answer, deadline, exchange).await?;
        answer.map_err(|error| Failure::again(SendStage::Answer, "cut", error))
    }
}

/// `v1=` and HMAC-SHA256 in hexadecimal digits, over the timestamp, a full stop and the body.
pub(super) fn signature(secret: &Secret<String>, timestamp: &str, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("v1={}", hex::encode(mac.finalize().into_bytes()))
}

fn judge(answer: &Response<Incoming>) -> Result<(), Failure> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let failure = |code: &str, verdict| {
        let detail = format!("the target answers {status}");
        Err(Failure { stage: SendStage::Answer, code: code.to_owned(), detail, verdict })
    };
    if status.is_redirection() {
        return failure("redirected", Verdict::Again(None));
    }
    let code = format!("http_{}", status.as_u16());
    match status {
        StatusCode::BAD_REQUEST
        | StatusCode::GONE
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => failure(&code, Verdict::Refused),
        _ => {
            let after = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            let after = after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
            failure(&code, Verdict::Again(after.map(|after| after.min(LONGEST_WAIT))))
        }
    }
}

impl Reach {
    /// A connection to the host of `url`, the first of its addresses that answers.
    pub(super) async fn connect(&self, url: &TargetUrl, deadline: Instant) -> Result<TcpStream, Failure> {
        let found = tokio::net::lookup_host((url.host(), url.port()));
        let found = self.within(SendStage::Resolve, deadline, found).await?;
        let found = found.map_err(|error| Failure::away(SendStage::Resolve, "no_address", error))?;
        let addresses: Vec<SocketAddr> = found.collect();
        let connected = self.within(SendStage::Connect, deadline, first_of(&addresses)).await?;
        let stream = connected.map_err(|error| Failure::connect(&error))?;
        stream.set_nodelay(true).map_err(|error| Failure::connect(&error))?;
        Ok(stream)
    }

    /// What happens within the attempt's time, or the failure that says at which stage it ran out.
    pub(super) async fn within<T>(
        &self,
        stage: SendStage,
        deadline: Instant,
        work: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        tokio::time::timeout_at(deadline, work).await.map_err(|_| Failure::late(stage, self.timeout))
    }
}

async fn first_of(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}
