//! Makes a certificate for this run.

use std::net::{IpAddr, Ipv4Addr};

use rcgen::{CertificateParams, KeyPair, SanType};

/// A self-signed certificate of 127.0.0.1 and localhost, and its key.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate, which is its own authority, as PEM.
    pub certificate_pem: String,
    /// The certificate as bytes.
    pub certificate_der: Vec<u8>,
    /// Its private key, as PEM.
    pub key_pem: String,
}

impl Certificate {
    /// A new one.
    ///
    /// # Errors
    /// That none could be made.
    pub fn new() -> Result<Certificate, String> {
        let text = |why: rcgen::Error| format!("the certificate: {why}");
        let key = KeyPair::generate().map_err(text)?;
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).map_err(text)?;
        let own = SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST));
        parameters.subject_alt_names.push(own);
        let certificate = parameters.self_signed(&key).map_err(text)?;
        Ok(Certificate {
            certificate_pem: certificate.pem(),
            certificate_der: certificate.der().to_vec(),
            key_pem: key.serialize_pem(),
        })
    }
}
