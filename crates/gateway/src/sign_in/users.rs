//! Keeps local users in a TOML file, and notices when somebody changes it.
//!
//! The file is written whole to a neighbour and renamed, with mode 0600. A file that cannot be read
//! any more leaves the last good users in place and a warning in the log.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::sign_in::{
    accounts::{Account, Authenticator},
    identity::{Identity, is_safe_name},
    password,
};

/// Hashing takes about 20 MiB and a core each: only so many at once.
const PARALLEL_CHECKS: usize = 2;

/// One local user as the file has them.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The name by which the cluster's RBAC knows them.
    pub name: String,
    /// Their groups in the cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// argon2id in PHC form.
    pub password: String,
}

/// The file's content.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserFile {
    /// `[[user]]` tables.
    #[serde(default, rename = "user")]
    pub users: Vec<User>,
}

impl User {
    fn account(self) -> Account {
        Account {
            stamp: stamp_of(&self.password),
            identity: Identity {
                user: self.name,
                groups: self.groups,
            },
        }
    }
}

/// Why a users file cannot be used.
#[derive(Debug)]
pub enum UsersError {
    /// It cannot be read or written.
    File(PathBuf, io::Error),
    /// It is not the TOML we expect.
    Form(PathBuf, String),
    /// A user in it breaks a rule.
    User(String, &'static str),
}

impl std::fmt::Display for UsersError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            UsersError::File(path, error) => write!(f, "the users file {} cannot be used: {error}", path.display()),
            UsersError::Form(path, why) => write!(f, "the users file {} cannot be read: {why}", path.display()),
            UsersError::User(name, why) => write!(f, "the user {name:?} {why}"),
        }
    }
}

impl std::error::Error for UsersError {}

impl UserFile {
    /// Reads and checks a file.
    pub fn read(path: &Path) -> Result<UserFile, UsersError> {
        let text = fs::read_to_string(path).map_err(|e| UsersError::File(path.to_owned(), e))?;
        let file: UserFile =
            toml::from_str(&text).map_err(|e| UsersError::Form(path.to_owned(), e.message().to_owned()))?;
        file.check()?;
        Ok(file)
    }

    /// Reads a file, or begins an empty one.
    pub fn read_or_new(path: &Path) -> Result<UserFile, UsersError> {
        if path.exists() {
            UserFile::read(path)
        } else {
            Ok(UserFile::default())
        }
    }

    /// Replaces the file in one step.
    pub fn write(&self, path: &Path) -> Result<(), UsersError> {
        self.check()?;
        let text = toml::to_string(self).map_err(|e| UsersError::Form(path.to_owned(), e.to_string()))?;
        let text = format!("# Written by `flowdeck-gateway user`; passwords are argon2id hashes.\n\n{text}");
        crate::sign_in::saved::replace(path, text.as_bytes()).map_err(|e| UsersError::File(path.to_owned(), e))
    }

    fn check(&self) -> Result<(), UsersError> {
        for (at, user) in self.users.iter().enumerate() {
            let wrong = |why| Err(UsersError::User(user.name.clone(), why));
            if !is_safe_name(&user.name) || user.name.matches('@').count() > 1 {
                return wrong("has a name that is empty, too long, of the cluster's own or not plain ASCII");
            }
            if !user.groups.iter().all(|g| is_safe_name(g)) {
                return wrong("is in a group that is of the cluster's own or not plain ASCII");
            }
            if !password::is_hash(&user.password) {
                return wrong("has a password that is not an argon2id hash");
            }
            if self.users[..at].iter().any(|other| other.name == user.name) {
                return wrong("is there twice");
            }
        }
        Ok(())
    }
}

/// The users of a file, kept in memory and read again when the file changes.
pub struct LocalUsers {
    path: PathBuf,
    seen: Mutex<(Option<(SystemTime, u64)>, UserFile)>,
    checks: Semaphore,
}

impl LocalUsers {
    /// Reads the file for the first time.
    pub fn open(path: &Path) -> Result<LocalUsers, UsersError> {
        let stamp = file_stamp(path);
        let file = UserFile::read(path)?;
        Ok(LocalUsers {
            path: path.to_owned(),
            seen: Mutex::new((stamp, file)),
            checks: Semaphore::new(PARALLEL_CHECKS),
        })
    }

    fn find(&self, name: &str) -> Option<User> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.1.users.iter().find(|user| user.name == name).cloned()
    }
}

impl Authenticator for LocalUsers {
    fn account(&self, user: &str) -> Option<Account> {
        self.find(user).map(User::account)
    }

    fn check_password<'a>(&'a self, user: &'a str, password: &'a str) -> BoxFuture<'a, Option<Account>> {
        Box::pin(async move {
            let stored = self.find(user).map(|user| user.password);
            let (hash, password) = (stored.clone(), password.to_owned());
            let _turn = self.checks.acquire().await.ok()?;
            let check = tokio::task::spawn_blocking(move || password::verify(&password, hash.as_deref()));
            if !check.await.ok()? {
                return None;
            }
            // What was right when it was asked for is not, if the user has a new password since.
            let now = self.find(user)?;
            (Some(&now.password) == stored.as_ref()).then(|| now.account())
        })
    }

    fn refresh(&self) {
        let stamp = file_stamp(&self.path);
        if self.seen.lock().unwrap_or_else(PoisonError::into_inner).0 == stamp {
            return;
        }
        match UserFile::read(&self.path) {
            Ok(file) => {
                *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = (stamp, file);
                tracing::info!("users were read again");
            }
            Err(error) => {
                self.seen.lock().unwrap_or_else(PoisonError::into_inner).0 = stamp;
                tracing::warn!(%error, "the users file changed and cannot be read; the users before stay");
            }
        }
    }
}

fn file_stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let meta = fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

/// A digest that tells one password hash from the next and gives nothing away.
fn stamp_of(hash: &str) -> String {
    Sha256::digest(hash.as_bytes())[..8]
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn old_password_opens_nothing_when_the_new_one_comes_while_it_is_checked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("users.toml");
        let alice = |password: &str| UserFile {
            users: vec![User {
                name: "alice".to_owned(),
                groups: Vec::new(),
                password: password::hash(password).unwrap(),
            }],
        };
        alice("the old one").write(&path).unwrap();
        let users = LocalUsers::open(&path).unwrap();
        assert!(users.check_password("alice", "the old one").await.is_some());
        let turns = users.checks.acquire_many(PARALLEL_CHECKS as u32).await.unwrap();
        let mut check = users.check_password("alice", "the old one");
        assert!(futures::poll!(&mut check).is_pending());
        *users.seen.lock().unwrap() = (None, alice("the new one"));
        drop(turns);
        assert_eq!(check.await, None);
        assert!(users.check_password("alice", "the new one").await.is_some());
    }
}
