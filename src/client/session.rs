//! Signs people in and out at the gateway, and asks who is signed in.

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::fetch::{self, Call};

/// Who is signed in, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Session {
    /// The user as the cluster knows them, usually an address.
    pub(crate) user: String,
    /// The user's groups.
    pub(crate) groups: Vec<String>,
    /// What the cluster is called; `sandbox` for the built-in one.
    pub(crate) cluster: String,
}

/// Who is signed in now; [`Error::SignedOut`] if nobody.
pub(crate) async fn current() -> Result<Session, Error> {
    read(fetch::text(Call::get("/auth/session".to_owned())).await?)
}

/// Signs in with a name and a password. A wrong one is [`Error::Invalid`].
pub(crate) async fn sign_in(user: &str, password: &str) -> Result<Session, Error> {
    #[derive(Serialize)]
    struct Body<'a> {
        user: &'a str,
        password: &'a str,
    }
    post_for_session(
        "/auth/sign-in",
        &Body { user, password },
        "the name or the password is wrong",
    )
    .await
}

/// Signs in with the token of a sign-in link, which works once.
pub(crate) async fn sign_in_with_link(token: &str) -> Result<Session, Error> {
    #[derive(Serialize)]
    struct Body<'a> {
        token: &'a str,
    }
    post_for_session("/auth/link", &Body { token }, "the link has been used or is too old").await
}

/// Ends the session at the gateway.
pub(crate) async fn sign_out() -> Result<(), Error> {
    fetch::text(post("/auth/sign-out", "{}".to_owned())).await.map(drop)
}

async fn post_for_session(path: &str, body: &impl Serialize, refused: &str) -> Result<Session, Error> {
    let body = serde_json::to_string(body).map_err(|error| Error::Unreadable {
        message: error.to_string(),
    })?;
    match fetch::text(post(path, body)).await {
        Ok(text) => read(text),
        Err(Error::SignedOut) => Err(Error::Invalid {
            message: refused.to_owned(),
            causes: Vec::new(),
        }),
        Err(error) => Err(error),
    }
}

fn post(path: &str, body: String) -> Call {
    Call::write("POST", path.to_owned(), "application/json", body)
}

fn read(text: String) -> Result<Session, Error> {
    serde_json::from_str(&text).map_err(|error| Error::Unreadable {
        message: error.to_string(),
    })
}
