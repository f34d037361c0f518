//! Signs people in and out at the gateway, and asks who is signed in and which ways there are.

use flowdeck_objects::json::{Value, from_str, quote};

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

/// The ways of signing in that the gateway has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ways {
    /// With a name and a password.
    pub(crate) password: bool,
    /// At a provider, which is called so; empty if there is none.
    pub(crate) oidc: String,
}

flowdeck_objects::fields!(Ways { b"password" => password, b"oidc" => oidc });

/// Where the gateway sends whoever signs in at the provider.
pub(crate) const AT_PROVIDER: &str = "/auth/oidc/start?to=";

#[derive(Default)]
struct Onward {
    redirect: String,
}

flowdeck_objects::fields!(Onward { b"redirect" => redirect });

/// The ways of signing in.
pub(crate) async fn ways() -> Result<Ways, Error> {
    read(fetch::text(Call::get("/auth/ways".to_owned())).await?)
}

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

/// Ends the session at the gateway; where to go so that the provider forgets the person too, or nowhere.
pub(crate) async fn sign_out() -> Result<String, Error> {
    let text = fetch::text(post("/auth/sign-out", "{}".to_owned())).await?;
    Ok(if text.is_empty() {
        text
    } else {
        read::<Onward>(text)?.redirect
    })
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

fn read<T: Value + Default>(text: String) -> Result<T, Error> {
    from_str(&text).map_err(|error| Error::Unreadable { message: error.message })
}
