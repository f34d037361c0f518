//! Keeps sessions on the server: a random id at the browser, its digest and the user here.
//!
//! A session ends after a while without requests, at the latest at a fixed age, at sign-out, and when
//! its account is gone or has a new password. Whatever streams it opened end with it. Sessions are
//! kept in a file so that a restarted gateway still knows its people; ids cannot be won back from it.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use crate::sign_in::{accounts::Account, saved};

/// The digest of a secret.
pub type Key = [u8; 32];

const SESSIONS_PER_USER: usize = 50;

/// 256 bits from the system's random generator, as text for a cookie or a link.
pub fn new_secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What is kept of a secret.
pub fn key_of(secret: &str) -> Key {
    Sha256::digest(secret.as_bytes()).into()
}

/// One signed-in browser.
#[derive(Debug)]
pub struct Session {
    key: Key,
    /// The account's name.
    pub user: String,
    stamp: String,
    created_s: u64,
    seen_s: AtomicU64,
    over: CancellationToken,
}

impl Session {
    /// Completes when the session is over, for whatever reason.
    pub async fn ended(&self) {
        self.over.cancelled().await;
    }
}

/// How long sessions last.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// Without any request of the user's (streams that reconnect do not count).
    pub idle: Duration,
    /// In all.
    pub absolute: Duration,
}

/// All sessions.
pub struct Sessions {
    lifetimes: Lifetimes,
    file: Option<PathBuf>,
    open: Mutex<HashMap<Key, Arc<Session>>>,
    unsaved: AtomicBool,
    saving: Mutex<()>,
}

/// One line of the file.
#[derive(Serialize, Deserialize)]
struct Saved {
    key: String,
    user: String,
    stamp: String,
    created_s: u64,
    seen_s: u64,
}

impl Sessions {
    /// Sessions in memory, and in `file` if there is one; reads what an earlier process left there.
    pub fn new(lifetimes: Lifetimes, file: Option<PathBuf>) -> Sessions {
        let mut open = HashMap::new();
        if let Some(text) = file.as_ref().and_then(|path| std::fs::read(path).ok()) {
            let saved: Vec<Saved> = serde_json::from_slice(&text).unwrap_or_else(|error| {
                tracing::warn!(%error, "saved sessions cannot be read: everybody signs in again");
                Vec::new()
            });
            for one in saved {
                let Some(key) = URL_SAFE_NO_PAD
                    .decode(&one.key)
                    .ok()
                    .and_then(|k| Key::try_from(k).ok())
                else {
                    continue;
                };
                let session = Session {
                    key,
                    user: one.user,
                    stamp: one.stamp,
                    created_s: one.created_s,
                    seen_s: AtomicU64::new(one.seen_s),
                    over: CancellationToken::new(),
                };
                open.insert(key, Arc::new(session));
            }
        }
        Sessions {
            lifetimes,
            file,
            open: Mutex::new(open),
            unsaved: AtomicBool::new(false),
            saving: Mutex::new(()),
        }
    }

    /// Opens a session; returns the id for the cookie. Ids are always new: one that came with the request is never taken over.
    pub fn open(&self, account: &Account) -> String {
        let id = new_secret();
        let now = now_s();
        let session = Arc::new(Session {
            key: key_of(&id),
            user: account.identity.user.clone(),
            stamp: account.stamp.clone(),
            created_s: now,
            seen_s: AtomicU64::new(now),
            over: CancellationToken::new(),
        });
        {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let mut own: Vec<_> = open.values().filter(|s| s.user == session.user).cloned().collect();
            if own.len() >= SESSIONS_PER_USER {
                own.sort_by_key(|s| s.seen_s.load(Ordering::Relaxed));
                for oldest in &own[..=own.len() - SESSIONS_PER_USER] {
                    open.remove(&oldest.key);
                    oldest.over.cancel();
                }
            }
            open.insert(session.key, session);
        }
        self.save();
        id
    }

    /// The session of this id, if it is not over.
    pub fn find(&self, id: &str) -> Option<Arc<Session>> {
        let session = self
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key_of(id))
            .cloned()?;
        self.is_alive(&session, now_s()).then_some(session)
    }

    /// Whether the session was opened under the account as it is now.
    pub fn belongs_to(session: &Session, account: &Account) -> bool {
        session.stamp == account.stamp && session.user == account.identity.user
    }

    /// Notes that the user did something.
    pub fn touch(&self, session: &Session) {
        let now = now_s();
        if session.seen_s.swap(now, Ordering::Relaxed) != now {
            self.unsaved.store(true, Ordering::Relaxed);
        }
    }

    /// Ends a session and its streams.
    pub fn close(&self, session: &Session) {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&session.key);
        session.over.cancel();
        self.save();
    }

    /// Ends the sessions that are too old or that `is_valid` no longer likes. Called every few seconds.
    pub fn sweep(&self, is_valid: impl Fn(&Session) -> bool) {
        let now = now_s();
        let all: Vec<_> = self
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect();
        for session in all {
            if !self.is_alive(&session, now) || !is_valid(&session) {
                self.close(&session);
            }
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Writes the file if only times have changed since the last writing.
    pub fn save_times(&self) {
        if self.unsaved.swap(false, Ordering::Relaxed) {
            self.save();
        }
    }

    fn is_alive(&self, session: &Session, now: u64) -> bool {
        let age = now.saturating_sub(session.created_s);
        let idle = now.saturating_sub(session.seen_s.load(Ordering::Relaxed));
        !session.over.is_cancelled()
            && age < self.lifetimes.absolute.as_secs().max(1)
            && idle < self.lifetimes.idle.as_secs().max(1)
    }

    fn save(&self) {
        let Some(path) = &self.file else { return };
        // One writer at a time, each with what is true when its turn comes.
        let _turn = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        let mut saved: Vec<Saved> = self
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .map(|s| Saved {
                key: URL_SAFE_NO_PAD.encode(s.key),
                user: s.user.clone(),
                stamp: s.stamp.clone(),
                created_s: s.created_s,
                seen_s: s.seen_s.load(Ordering::Relaxed),
            })
            .collect();
        saved.sort_by(|a, b| a.key.cmp(&b.key));
        let written = serde_json::to_vec(&saved)
            .map_err(std::io::Error::from)
            .and_then(|text| saved::replace(path, &text));
        if let Err(error) = written {
            tracing::warn!(%error, "sessions could not be saved: a restart will sign people out");
        }
    }
}

fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign_in::identity::Identity;

    fn account(stamp: &str) -> Account {
        let identity = Identity {
            user: "alice@example.com".to_owned(),
            groups: Vec::new(),
        };
        Account {
            identity,
            stamp: stamp.to_owned(),
        }
    }

    const LONG: Lifetimes = Lifetimes {
        idle: Duration::from_secs(100),
        absolute: Duration::from_secs(1000),
    };

    #[test]
    fn session_survives_in_the_file_without_its_id() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("sessions.json");
        let id = Sessions::new(LONG, Some(file.clone())).open(&account("a"));
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains(&id));
        let again = Sessions::new(LONG, Some(file.clone()));
        let session = again.find(&id).unwrap();
        assert!(Sessions::belongs_to(&session, &account("a")));
        assert!(!Sessions::belongs_to(&session, &account("b")));
        again.close(&session);
        assert!(again.find(&id).is_none());
        assert!(Sessions::new(LONG, Some(file)).find(&id).is_none());
    }

    #[test]
    fn file_is_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("sessions.json");
        Sessions::new(LONG, Some(file.clone())).open(&account("a"));
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn idle_and_old_sessions_are_over() {
        let sessions = Sessions::new(LONG, None);
        let session = sessions.find(&sessions.open(&account("a"))).unwrap();
        let now = now_s();
        assert!(sessions.is_alive(&session, now + 99));
        assert!(!sessions.is_alive(&session, now + 101));
        session.seen_s.store(now + 950, Ordering::Relaxed);
        assert!(sessions.is_alive(&session, now + 990));
        assert!(!sessions.is_alive(&session, now + 1001));
    }

    #[tokio::test]
    async fn swept_session_ends_its_streams() {
        let sessions = Sessions::new(LONG, None);
        let session = sessions.find(&sessions.open(&account("a"))).unwrap();
        sessions.sweep(|_| false);
        session.ended().await;
        assert_eq!(sessions.count(), 0);
    }

    #[test]
    fn the_oldest_session_gives_way() {
        let sessions = Sessions::new(LONG, None);
        for _ in 0..SESSIONS_PER_USER + 5 {
            sessions.open(&account("a"));
        }
        assert_eq!(sessions.count(), SESSIONS_PER_USER);
    }
}
