//! Signs people in and out at the gateway, and asks who is signed in.

use flowdeck_objects::json::{from_str, quote};

use super::error::Error;
use super::fetch::{self, Call};

/// Who is signed in, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Session {
    /// The user as the cluster knows them, usually an address.
    pub(crate) user: String,
    /// The user's groups.
    pub(crate) groups: Vec<String>,
    /// What the cluster is called; `sandbox` for the built-in one.
    pub(crate) cluster: String,
}

flowdeck_objects::fields!(Session { b"user" => user, b"groups" => groups, b"cluster" => cluster });

/// Who is signed in now; [`Error::SignedOut`] if nobody.
pub(crate) async fn current() -> Result<Session, Error> {
    read(fetch::text(Call::get("/auth/session".to_owned())).await?)
}

/// Signs in with a name and a password. A wrong one is [`Error::Invalid`].
pub(crate) async fn sign_in(user: &str, password: &str) -> Result<Session, Error> {
    let body = object(&[("user", user), ("password", password)]);
    post_for_session("/auth/sign-in", body, "the name or the password is wrong").await
}

/// Signs in with the token of a sign-in link, which works once.
pub(crate) async fn sign_in_with_link(token: &str) -> Result<Session, Error> {
    post_for_session(
        "/auth/link",
        object(&[("token", token)]),
        "the link has been used or is too old",
    )
    .await
}

/// Ends the session at the gateway.
pub(crate) async fn sign_out() -> Result<(), Error> {
    fetch::text(post("/auth/sign-out", "{}".to_owned())).await.map(drop)
}

async fn post_for_session(path: &str, body: String, refused: &str) -> Result<Session, Error> {
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

/// A JSON object of texts.
pub(crate) fn object(pairs: &[(&str, &str)]) -> String {
    let mut out = String::from("{");
    for (key, value) in pairs {
        if out.len() > 1 {
            out.push(',');
        }
        quote(key, &mut out);
        out.push(':');
        quote(value, &mut out);
    }
    out.push('}');
    out
}

fn read(text: String) -> Result<Session, Error> {
    from_str(&text).map_err(|error| Error::Unreadable { message: error.message })
}
