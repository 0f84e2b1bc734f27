//! Certificates from PEM files to what a listener needs. TLS 1.2 and 1.3 by rustls, HTTP/1.1 inside.

use super::TlsConfig;
use anyhow::Context;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

impl TlsConfig {
    /// Reads both files and checks that they belong together.
    ///
    /// # Errors
    /// They cannot be read, or do not fit. The text names files, never what is in them.
    pub fn load(&self) -> anyhow::Result<Arc<ServerConfig>> {
        let place = |path: &Path| path.display().to_string();
        let chain = CertificateDer::pem_file_iter(&self.cert)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .with_context(|| place(&self.cert))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).with_context(|| place(&self.key))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .context("the certificate and the key do not fit")?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}
