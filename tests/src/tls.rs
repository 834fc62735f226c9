//! TLS as other systems have it: an authority of one's own, certificates good and bad, and a front that ends TLS before a
//! server that knows none.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// Who signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// Until when a certificate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Now.
    Current,
    /// It ran out in 2021.
    Expired,
    /// It begins in 2090.
    Future,
}

/// What a server shows: its certificate, and the key to it.
#[derive(Clone)]
pub struct Identity(Arc<ServerConfig>);

impl Authority {
    /// One that no computer knows.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn new(name: &str) -> anyhow::Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem })
    }

    /// Its certificate, for whoever trusts it.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for a server of this name or address.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn certify(&self, host: &str, validity: Validity) -> anyhow::Result<Identity> {
        let mut params = CertificateParams::new([host.to_owned()])?;
        match validity {
            Validity::Current => {}
            Validity::Expired => {
                params.not_before = date_time_ymd(2020, 1, 1);
                params.not_after = date_time_ymd(2021, 1, 1);
            }
            Validity::Future => {
                params.not_before = date_time_ymd(2090, 1, 1);
                params.not_after = date_time_ymd(2091, 1, 1);
            }
        }
        let key = KeyPair::generate()?;
        let chain = vec![CertificateDer::from(params.signed_by(&key, &self.issuer)?)];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Identity(Arc::new(config)))
    }
}

/// Ends TLS on a port of its own and passes on what it says. Until dropped.
pub struct Front {
    address: SocketAddr,
    shown: Arc<Mutex<Identity>>,
    _task: JoinSet<()>,
}

impl Front {
    /// Before the server on this port of this machine.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(behind: u16, identity: Identity) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shown = Arc::new(Mutex::new(identity));
        let mut task = JoinSet::new();
        let showing = Arc::clone(&shown);
        task.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let identity = showing.lock().unwrap_or_else(PoisonError::into_inner).clone();
                connections.spawn(async move {
                    // Whoever does not like the certificate goes away: that is theirs to say.
                    let _ = pass_on(stream, identity, behind).await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, shown, _task: task })
    }

    /// Shows another certificate from the next connection on.
    pub fn show(&self, identity: Identity) {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = identity;
    }

    /// Its port, on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.address.port()
    }
}

async fn pass_on(stream: TcpStream, identity: Identity, behind: u16) -> std::io::Result<()> {
    let mut outer = TlsAcceptor::from(identity.0).accept(stream).await?;
    let mut inner = TcpStream::connect((Ipv4Addr::LOCALHOST, behind)).await?;
    tokio::io::copy_bidirectional(&mut outer, &mut inner).await?;
    Ok(())
}
