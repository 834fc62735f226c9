//! TLS towards targets: rustls with ring, the public authorities or the one that the site file names.

use std::{io, path::Path, sync::Arc};

use sharpeyes_domain::target::SendStage;
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use super::fault::Failure;

/// Read for every connection, so that an authority that was renewed needs no restart.
pub(super) async fn client_config(authority: Option<&Path>) -> Result<Arc<ClientConfig>, Failure> {
    let mut roots = RootCertStore::empty();
    match authority {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            let unreadable = |error: &dyn std::fmt::Display| {
                Failure::away(SendStage::Tls, "ca_unreadable", format!("{}: {error}", file.display()))
            };
            let pem = tokio::fs::read(file).await.map_err(|error| unreadable(&error))?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate.map_err(|error| unreadable(&error))?;
                roots.add(certificate).map_err(|error| unreadable(&error))?;
            }
            if roots.is_empty() {
                return Err(unreadable(&io::Error::other("no certificate in it")));
            }
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::away(SendStage::Tls, "tls_unavailable", error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
