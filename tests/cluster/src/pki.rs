//! Makes a throw-away certificate authority and the certificates of one cluster.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PublicKeyData, SigningKey,
};
use yasna::models::ObjectIdentifier;
use yasna::{DERWriter, Tag};

use crate::error::{Error, Result};

const COMMON_NAME: &[u64] = &[2, 5, 4, 3];
const ORGANIZATION: &[u64] = &[2, 5, 4, 10];
const EXTENDED_KEY_USAGE: &[u64] = &[2, 5, 29, 37];
const CLIENT_AUTH: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 3, 2];
const ECDSA_WITH_SHA256: &[u64] = &[1, 2, 840, 10045, 4, 3, 2];
const UTC_TIME: Tag = yasna::tags::TAG_UTCTIME;
/// The keys live for as long as a temporary folder: these dates need not be near.
const NOT_BEFORE: &[u8] = b"200101000000Z";
const NOT_AFTER: &[u8] = b"491231235959Z";

/// A certificate and its key, as PEM.
#[derive(Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate_pem: String,
    /// Its private key.
    pub key_pem: String,
}

/// Signs the certificates of one cluster.
pub(crate) struct Authority {
    name: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Result<Self> {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(parameters, key()?).map_err(cannot)?;
        Ok(Self {
            name: name.to_owned(),
            issuer,
        })
    }

    pub(crate) fn certificate_pem(&self) -> String {
        self.issuer.pem()
    }

    pub(crate) fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// The certificate of a server with those names and addresses.
    pub(crate) fn server(&self, name: &str, alternatives: &[&str]) -> Result<Identity> {
        let alternatives: Vec<String> = alternatives.iter().map(|&name| name.to_owned()).collect();
        let mut parameters = CertificateParams::new(alternatives).map_err(cannot)?;
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = key()?;
        let certificate = parameters.signed_by(&key, &self.issuer).map_err(cannot)?;
        Ok(Identity {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        })
    }

    /// The certificate of a user in groups. Written by hand: Kubernetes reads each group from an organization of the
    /// subject's name, and rcgen knows names with one of them only.
    pub(crate) fn client(&self, user: &str, groups: &[&str]) -> Result<Identity> {
        let key = key()?;
        let body = yasna::construct_der(|writer| self.write_body(writer, user, groups, &key));
        let signature = self.issuer.key().sign(&body).map_err(cannot)?;
        let certificate = yasna::construct_der(|writer| {
            writer.write_sequence(|writer| {
                writer.next().write_der(&body);
                write_algorithm(writer.next());
                writer.next().write_bitvec_bytes(&signature, signature.len() * 8);
            });
        });
        Ok(Identity {
            certificate_pem: pem("CERTIFICATE", &certificate),
            key_pem: key.serialize_pem(),
        })
    }

    fn write_body(&self, writer: DERWriter<'_>, user: &str, groups: &[&str], key: &KeyPair) {
        writer.write_sequence(|writer| {
            writer.next().write_tagged(Tag::context(0), |writer| writer.write_u8(2));
            writer.next().write_u64(rand::random::<u64>() >> 1);
            write_algorithm(writer.next());
            write_name(writer.next(), &self.name, &[]);
            writer.next().write_sequence(|writer| {
                for time in [NOT_BEFORE, NOT_AFTER] {
                    writer
                        .next()
                        .write_tagged_implicit(UTC_TIME, |writer| writer.write_bytes(time));
                }
            });
            write_name(writer.next(), user, groups);
            writer.next().write_der(&key.subject_public_key_info());
            writer.next().write_tagged(Tag::context(3), |writer| {
                writer.write_sequence(|writer| {
                    writer.next().write_sequence(|writer| {
                        writer.next().write_oid(&oid(EXTENDED_KEY_USAGE));
                        let purposes = yasna::construct_der(|writer| {
                            writer.write_sequence(|writer| writer.next().write_oid(&oid(CLIENT_AUTH)));
                        });
                        writer.next().write_bytes(&purposes);
                    });
                });
            });
        });
    }
}

/// A fresh pair of keys as PEM, private and public, such as the one that signs service accounts' tokens.
pub(crate) fn key_pair_pem() -> Result<(String, String)> {
    let key = key()?;
    Ok((key.serialize_pem(), key.public_key_pem()))
}

fn key() -> Result<KeyPair> {
    KeyPair::generate().map_err(cannot)
}

fn cannot(why: rcgen::Error) -> Error {
    Error::of("a certificate could not be made", why)
}

fn oid(numbers: &[u64]) -> ObjectIdentifier {
    ObjectIdentifier::from_slice(numbers)
}

fn write_algorithm(writer: DERWriter<'_>) {
    writer.write_sequence(|writer| writer.next().write_oid(&oid(ECDSA_WITH_SHA256)));
}

fn write_name(writer: DERWriter<'_>, common_name: &str, organizations: &[&str]) {
    let parts = organizations.iter().map(|&group| (ORGANIZATION, group));
    writer.write_sequence(|writer| {
        for (kind, text) in parts.chain([(COMMON_NAME, common_name)]) {
            writer.next().write_set(|writer| {
                writer.next().write_sequence(|writer| {
                    writer.next().write_oid(&oid(kind));
                    writer.next().write_utf8_string(text);
                });
            });
        }
    });
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut lines = String::new();
    for line in text.as_bytes().chunks(64) {
        lines.push_str(&String::from_utf8_lossy(line));
        lines.push('\n');
    }
    format!("-----BEGIN {label}-----\n{lines}-----END {label}-----\n")
}
