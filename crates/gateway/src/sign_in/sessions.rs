//! Keeps sessions on the server: a random id at the browser, its digest and the user here.
//!
//! A session ends after a while without requests, at the latest at a fixed age, at sign-out, when its
//! account is gone or has a new password, and when the provider that granted it no longer upholds it. Whatever streams it opened end with it. Sessions are
//! kept in a file so that a restarted gateway still knows its people; ids cannot be won back from it.

use std::{
    borrow::Borrow,
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
    grant: Option<Mutex<Grant>>,
    renewing: AtomicBool,
    over: CancellationToken,
}

/// A renewal that goes on; over when dropped.
#[derive(Debug)]
pub struct Renewal(Arc<Session>);

impl Drop for Renewal {
    fn drop(&mut self) {
        self.0.renewing.store(false, Ordering::Release);
    }
}

/// What an OpenID provider granted, and for how long it did.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Grant {
    /// The groups that its last token named.
    pub groups: Vec<String>,
    /// Who the person is to the provider.
    pub subject: String,
    /// The provider's own session.
    pub sid: Option<String>,
    /// With what the grant is renewed; never written to the file, so after a restart the grant runs out.
    #[serde(skip)]
    pub refresh_token: Option<String>,
    /// When it is over unless it was renewed, in seconds of the epoch.
    pub until_s: Option<u64>,
    /// When it should be renewed.
    pub due_s: u64,
}

impl Session {
    /// Looks at what the provider granted; none for sessions that no provider granted.
    pub fn granted<T>(&self, look: impl FnOnce(&mut Grant) -> T) -> Option<T> {
        let grant = self.grant.as_ref()?;
        Some(look(&mut grant.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Whether the session was opened under this stamp.
    pub fn has_stamp(&self, stamp: &str) -> bool {
        self.stamp == stamp
    }

    /// Begins a renewal; none while another goes on, for a refresh token works once.
    pub fn begin_renewal(self: &Arc<Session>) -> Option<Renewal> {
        let free = !self.renewing.swap(true, Ordering::Acquire);
        free.then(|| Renewal(Arc::clone(self)))
    }

    /// Whether the session is over.
    pub fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grant: Option<Grant>,
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
                    grant: one.grant.map(Mutex::new),
                    renewing: AtomicBool::new(false),
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
        self.open_granted(account, None)
    }

    /// Opens a session that ends when the grant does.
    pub fn open_granted(&self, account: &Account, grant: Option<Grant>) -> String {
        let id = new_secret();
        let now = now_s();
        let session = Arc::new(Session {
            key: key_of(&id),
            user: account.identity.user.clone(),
            stamp: account.stamp.clone(),
            created_s: now,
            seen_s: AtomicU64::new(now),
            grant: grant.map(Mutex::new),
            renewing: AtomicBool::new(false),
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
        session.has_stamp(&account.stamp) && session.user == account.identity.user && session.grant.is_none()
    }

    /// All sessions that are open.
    pub fn all(&self) -> Vec<Arc<Session>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.values().cloned().collect()
    }

    /// Ends all sessions whose grant is like this; how many there were.
    pub fn close_granted(&self, is_like: impl Fn(&Grant) -> bool) -> usize {
        let like = |session: &Arc<Session>| session.granted(|grant| is_like(grant)) == Some(true);
        let ending: Vec<_> = self.all().into_iter().filter(like).collect();
        self.end(&ending);
        ending.len()
    }

    /// Notes that the user did something.
    pub fn touch(&self, session: &Session) {
        let now = now_s();
        if session.seen_s.swap(now, Ordering::Relaxed) != now {
            self.unsaved.store(true, Ordering::Relaxed);
        }
    }

    /// Notes that something about a session has to be written to the file.
    pub fn changed(&self) {
        self.unsaved.store(true, Ordering::Relaxed);
    }

    /// Ends a session and its streams.
    pub fn close(&self, session: &Session) {
        self.end(&[session]);
    }

    /// Ends several, for one writing of the file.
    fn end(&self, ending: &[impl Borrow<Session>]) {
        if ending.is_empty() {
            return;
        }
        {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            for session in ending {
                let session: &Session = session.borrow();
                open.remove(&session.key);
            }
        }
        for session in ending {
            let session: &Session = session.borrow();
            session.over.cancel();
        }
        self.save();
    }

    /// Ends the sessions that are too old or that `is_valid` no longer likes. Called every few seconds.
    pub fn sweep(&self, is_valid: impl Fn(&Session) -> bool) {
        let now = now_s();
        let mut ending = self.all();
        ending.retain(|session| !self.is_alive(session, now) || !is_valid(session));
        self.end(&ending);
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
        let granted = session.granted(|grant| grant.until_s.is_none_or(|until| now <= until));
        !session.over.is_cancelled()
            && granted != Some(false)
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
                grant: s.granted(|grant| grant.clone()),
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

/// Now, in seconds of the epoch.
pub fn now_s() -> u64 {
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
    fn grant_ends_its_session_and_its_refresh_token_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("sessions.json");
        let sessions = Sessions::new(LONG, Some(file.clone()));
        let grant = Grant {
            groups: vec!["vision".to_owned()],
            subject: "s-1".to_owned(),
            refresh_token: Some("the-refresh-token".to_owned()),
            until_s: Some(now_s() + 50),
            ..Grant::default()
        };
        let id = sessions.open_granted(&account("a"), Some(grant));
        let session = sessions.find(&id).unwrap();
        assert!(sessions.is_alive(&session, now_s() + 40));
        assert!(!sessions.is_alive(&session, now_s() + 60));
        assert!(
            !Sessions::belongs_to(&session, &account("a")),
            "no local account answers for it"
        );
        assert!(!std::fs::read_to_string(&file).unwrap().contains("the-refresh-token"));
        let again = Sessions::new(LONG, Some(file)).find(&id).unwrap();
        let kept = again.granted(|grant| (grant.groups.clone(), grant.refresh_token.clone()));
        assert_eq!(kept, Some((vec!["vision".to_owned()], None)));
        assert_eq!(sessions.close_granted(|grant| grant.subject == "s-2"), 0);
        assert_eq!(sessions.close_granted(|grant| grant.subject == "s-1"), 1);
        assert!(sessions.find(&id).is_none());
    }

    #[test]
    fn session_is_renewed_by_one_at_a_time() {
        let sessions = Sessions::new(LONG, None);
        let session = sessions.find(&sessions.open(&account("a"))).unwrap();
        let first = session.begin_renewal();
        assert!(first.is_some() && session.begin_renewal().is_none());
        drop(first);
        assert!(session.begin_renewal().is_some());
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
