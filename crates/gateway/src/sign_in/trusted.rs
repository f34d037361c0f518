//! Takes an identity from headers that a trusted proxy sets, and from nobody else.
//!
//! Three things must come together: the socket's own address is one of the configured peers; the
//! request carries the shared secret, or the peer showed a certificate of our authority, whichever is
//! configured (both, if both are); the name has one reading. From anybody else the headers are as if
//! they were not there. Lesson of kubeflow#6702: any pod can send `kubeflow-userid`.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use http::{HeaderMap, HeaderName};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    network::{Network, Peer, any_contains},
    rejection::Rejection,
    sign_in::identity::Identity,
};

/// The header that carries the shared secret.
pub const SECRET_HEADER: &str = "x-flowdeck-secret";

/// Shorter secrets can be guessed.
pub const MIN_SECRET_BYTES: usize = 16;

/// A secret in a file, of which only the digest is kept; read again when it is renewed.
pub struct SharedSecret {
    file: PathBuf,
    digest: Mutex<[u8; 32]>,
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSecret")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

impl SharedSecret {
    /// Reads the secret for the first time.
    pub fn open(file: &Path) -> io::Result<SharedSecret> {
        Ok(SharedSecret {
            digest: Mutex::new(digest_of(file)?),
            file: file.to_owned(),
        })
    }

    /// Reads the file again; one that cannot be used leaves the secret as it was.
    fn refresh(&self) {
        match digest_of(&self.file) {
            Ok(fresh) => *self.digest.lock().unwrap_or_else(PoisonError::into_inner) = fresh,
            Err(error) => tracing::warn!(%error, "the shared secret cannot be read again; the one before stays"),
        }
    }

    /// Whether the text is the secret; takes the same time whether it nearly is or not at all.
    fn is(&self, text: &[u8]) -> bool {
        let digest = *self.digest.lock().unwrap_or_else(PoisonError::into_inner);
        Sha256::digest(text).as_slice().ct_eq(&digest).into()
    }
}

fn digest_of(file: &Path) -> io::Result<[u8; 32]> {
    let text = fs::read_to_string(file)?;
    let secret = text.trim();
    if secret.len() < MIN_SECRET_BYTES || !secret.bytes().all(|b| b.is_ascii_graphic()) {
        let why = format!("a secret has at least {MIN_SECRET_BYTES} letters, digits or signs, and no spaces");
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    Ok(Sha256::digest(secret.as_bytes()).into())
}

/// Who may name the user, in which headers, and how they prove it.
#[derive(Debug)]
pub struct TrustedHeaders {
    /// Sockets that may.
    pub peers: Vec<Network>,
    /// The header with the user's name.
    pub user: HeaderName,
    /// The header with the groups: a line each, or separated by commas.
    pub groups: HeaderName,
    /// The secret that they must know.
    pub secret: Option<SharedSecret>,
    /// Whether they must show a certificate.
    pub certificate: bool,
}

impl TrustedHeaders {
    /// The identity that the headers name; none from peers that are not trusted, or when no user is named.
    ///
    /// A name with two readings is an error even though the peer is trusted: it did not mean to send it.
    pub fn identity(&self, headers: &HeaderMap, peer: Option<&Peer>) -> Result<Option<Identity>, Rejection> {
        if !peer.is_some_and(|peer| self.is_trusted(headers, peer)) {
            return Ok(None);
        }
        let mut users = headers.get_all(&self.user).iter();
        let (first, second) = (users.next(), users.next());
        if second.is_some() {
            return Err(Rejection::IdentityHeader);
        }
        let user = first.map_or(Ok(""), |v| v.to_str().or(Err(Rejection::IdentityHeader)))?;
        if user.is_empty() {
            return Ok(None);
        }
        let mut groups: Vec<String> = Vec::new();
        for line in headers.get_all(&self.groups) {
            let line = line.to_str().or(Err(Rejection::IdentityHeader))?;
            for group in line.split(',').map(str::trim).filter(|group| !group.is_empty()) {
                if !groups.iter().any(|known| known == group) {
                    groups.push(group.to_owned());
                }
            }
        }
        Ok(Some(Identity {
            user: user.to_owned(),
            groups,
        }))
    }

    /// Looks for a renewed secret; called every few seconds.
    pub fn refresh(&self) {
        if let Some(secret) = &self.secret {
            secret.refresh();
        }
    }

    fn is_trusted(&self, headers: &HeaderMap, peer: &Peer) -> bool {
        let knows_secret = |secret: &SharedSecret| {
            let mut values = headers.get_all(SECRET_HEADER).iter();
            matches!((values.next(), values.next()), (Some(value), None) if secret.is(value.as_bytes()))
        };
        any_contains(&self.peers, peer.address)
            && (self.secret.is_some() || self.certificate)
            && self.secret.as_ref().is_none_or(knows_secret)
            && (!self.certificate || peer.certified)
    }
}
