//! TLS for upstream connections: rustls with the ring provider.
//!
//! Roots are the machine's own (`SSL_CERT_FILE` and `SSL_CERT_DIR` count), so that an operator's
//! decisions hold; a machine without any, such as a bare container, gets Mozilla's list.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// A client configuration with HTTP/2 and HTTP/1.1 on offer.
///
/// # Errors
/// rustls refuses the provider; does not happen with ring.
pub fn tls_config() -> Result<ClientConfig, rustls::Error> {
    let mut config = build(None, &Arc::new(roots()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// What all connections of one client share: with hundreds of proxies the trusted certificates would
/// else be in memory hundreds of times.
#[derive(Clone)]
pub(crate) struct Tls {
    roots: Arc<RootCertStore>,
    /// For the upstream itself, as [`tls_config`].
    pub(crate) upstream: Arc<ClientConfig>,
    /// For https proxies.
    proxy: Arc<ClientConfig>,
}

impl Tls {
    /// # Errors
    /// As [`tls_config`].
    pub(crate) fn new() -> Result<Self, rustls::Error> {
        let roots = Arc::new(roots());
        let proxy = build(None, &roots)?;
        let mut upstream = proxy.clone();
        upstream.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            upstream: Arc::new(upstream),
            proxy: Arc::new(proxy),
            roots,
        })
    }

    /// For the connection to an https proxy, which is no HTTP connection of ours. Whatever
    /// certificate `trusted_host` shows is taken.
    ///
    /// # Errors
    /// As [`tls_config`].
    pub(crate) fn proxy(&self, trusted_host: Option<&str>) -> Result<ClientConfig, rustls::Error> {
        match trusted_host {
            None => Ok(ClientConfig::clone(&self.proxy)),
            Some(host) => build(Some(host), &self.roots),
        }
    }
}

fn build(
    trusted_proxy: Option<&str>,
    roots: &Arc<RootCertStore>,
) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    Ok(match trusted_proxy {
        None => builder
            .with_root_certificates(Arc::clone(roots))
            .with_no_client_auth(),
        Some(host) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(ProxyTrust::new(host, roots, provider)?))
            .with_no_client_auth(),
    })
}

fn roots() -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if store.is_empty() {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    store
}

/// Checks every server as usual, except the one proxy that the operator exempted.
#[derive(Debug)]
struct ProxyTrust {
    usual: Arc<WebPkiServerVerifier>,
    proxy_host: Box<str>,
}

impl ProxyTrust {
    fn new(
        host: &str,
        roots: &Arc<RootCertStore>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, rustls::Error> {
        let usual = WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), provider)
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(Self {
            usual,
            proxy_host: host.into(),
        })
    }
}

impl ServerCertVerifier for ProxyTrust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if server_name.to_str().eq_ignore_ascii_case(&self.proxy_host) {
            return Ok(ServerCertVerified::assertion());
        }
        self.usual
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.usual.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.usual.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http2_is_offered_first() {
        let config = tls_config().unwrap();
        assert_eq!(
            config.alpn_protocols,
            [b"h2".to_vec(), b"http/1.1".to_vec()]
        );
    }

    #[test]
    fn only_the_named_proxy_is_exempt_from_the_check() {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let trust = ProxyTrust::new("proxy.test", &Arc::new(roots()), provider).unwrap();
        let no_certificate = CertificateDer::from(vec![0u8; 4]);
        let verify = |host: &'static str| {
            let name = ServerName::try_from(host).unwrap();
            let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_772_700_000));
            trust
                .verify_server_cert(&no_certificate, &[], &name, &[], now)
                .is_ok()
        };
        assert!(verify("proxy.test"));
        assert!(!verify("grok.com"));
    }
}
