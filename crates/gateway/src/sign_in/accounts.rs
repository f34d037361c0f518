//! Asks where local accounts come from: a file of users, and the sandbox's three.
//!
//! Who signs in at an OpenID provider or at a proxy has no account here: the session's grant or the
//! request's headers say who they are.

use futures::future::BoxFuture;

use crate::sign_in::identity::Identity;

/// An account that exists right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Name and groups.
    pub identity: Identity,
    /// Changes with the account's password: sessions opened under another stamp are over.
    pub stamp: String,
}

/// A place where accounts come from.
pub trait Authenticator: Send + Sync {
    /// The account of this name; asked on every request, so it answers from memory.
    fn account(&self, user: &str) -> Option<Account>;

    /// Checks a password in about the same time whether the user exists or not.
    fn check_password<'a>(&'a self, user: &'a str, password: &'a str) -> BoxFuture<'a, Option<Account>>;

    /// Looks for changes outside the process; called every few seconds.
    fn refresh(&self) {}
}

/// Accounts with fixed names and no passwords: they sign in by link only.
pub struct FixedAccounts {
    accounts: Vec<Account>,
}

impl FixedAccounts {
    /// The sandbox's admin, owner and viewer.
    pub fn of_the_sandbox() -> FixedAccounts {
        let account = |user: &str| Account {
            identity: Identity {
                user: user.to_owned(),
                groups: Vec::new(),
            },
            stamp: "sandbox".to_owned(),
        };
        FixedAccounts {
            accounts: SANDBOX_USERS.iter().map(|user| account(user)).collect(),
        }
    }
}

/// Who lives in the sandbox: an admin, an owner, a viewer.
pub const SANDBOX_USERS: [&str; 3] = ["admin@example.com", "alice@example.com", "victor@example.com"];

impl Authenticator for FixedAccounts {
    fn account(&self, user: &str) -> Option<Account> {
        self.accounts.iter().find(|a| a.identity.user == user).cloned()
    }

    fn check_password<'a>(&'a self, _user: &'a str, _password: &'a str) -> BoxFuture<'a, Option<Account>> {
        Box::pin(std::future::ready(None))
    }
}

/// Several sources; the first that knows a name answers for it.
#[derive(Default)]
pub struct Accounts {
    sources: Vec<Box<dyn Authenticator>>,
}

impl Accounts {
    /// Adds a source behind the ones that are there.
    pub fn push(&mut self, source: impl Authenticator + 'static) {
        self.sources.push(Box::new(source));
    }
}

impl Authenticator for Accounts {
    fn account(&self, user: &str) -> Option<Account> {
        self.sources.iter().find_map(|source| source.account(user))
    }

    fn check_password<'a>(&'a self, user: &'a str, password: &'a str) -> BoxFuture<'a, Option<Account>> {
        Box::pin(async move {
            for source in &self.sources {
                if let Some(account) = source.check_password(user, password).await {
                    return Some(account);
                }
            }
            None
        })
    }

    fn refresh(&self) {
        for source in &self.sources {
            source.refresh();
        }
    }
}
