//! Renews sessions by their refresh token, ahead of time, and ends those that the provider no longer upholds.
//!
//! A provider that cannot be reached, or whose new key cannot be asked for just now, is asked again until
//! the grant is over; then the session is too.

use std::{sync::Arc, time::Duration};

use crate::{
    server::Gateway,
    sign_in::{
        oidc::{Fault, Oidc, Tokens},
        sessions::{Grant, Session, now_s},
    },
};

/// Asked again after the longer one, or halfway to the grant's end, where the provider did not answer.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(5)];
/// How long a renewal is good for that names neither a time nor a person.
const UNNAMED_LIFE_S: u64 = 30;

/// Begins to renew the sessions that are due. Called every few seconds.
pub fn renew_due(gateway: &Arc<Gateway>) {
    let now = now_s();
    for session in gateway.sessions.all() {
        let is_due = |grant: &mut Grant| grant.refresh_token.is_some() && grant.due_s <= now;
        if session.granted(is_due) != Some(true) {
            continue;
        }
        if let Some(renewal) = session.begin_renewal() {
            let gateway = Arc::clone(gateway);
            tokio::spawn(async move {
                let _renewal = renewal;
                if let Some(oidc) = &gateway.oidc {
                    tokio::select! {
                        () = keep_renewing(&gateway, oidc, &session) => {}
                        () = gateway.stop.cancelled() => {}
                    }
                }
            });
        }
    }
}

/// Asks until there is an answer, or nothing left to ask for.
async fn keep_renewing(gateway: &Gateway, oidc: &Oidc, session: &Session) {
    loop {
        // So many at once: after a restart of the provider all of them are due.
        let Ok(turn) = oidc.renewals.acquire().await else {
            return;
        };
        // It may have waited for long.
        let token = session.granted(|grant| grant.refresh_token.clone()).flatten();
        let Some(token) = token.filter(|_| !session.is_over()) else {
            return;
        };
        let pause = renew(gateway, oidc, session, &token).await;
        drop(turn);
        match pause {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return,
        }
    }
}

/// Asks once; after which time to ask again, if there was no answer.
async fn renew(gateway: &Gateway, oidc: &Oidc, session: &Session, token: &str) -> Option<Duration> {
    match fresh(gateway, oidc, session, token).await {
        Ok(fresh) => {
            session.granted(|grant| *grant = fresh);
            gateway.sessions.changed();
            None
        }
        Err(Fault::Refused(why)) => {
            tracing::info!(%why, "the provider ended a session");
            gateway.sessions.close(session);
            None
        }
        Err(fault) => {
            tracing::warn!(%fault, "a session could not be renewed; it is tried again");
            let until = session.granted(|grant| grant.until_s).flatten();
            let left = until.map_or(u64::MAX, |until| until.saturating_sub(now_s()));
            let [shortest, longest] = PAUSES;
            Some(Duration::from_secs(left / 2).clamp(shortest, longest))
        }
    }
}

/// The grant as the provider gives it now.
async fn fresh(gateway: &Gateway, oidc: &Oidc, session: &Session, token: &str) -> Result<Grant, Fault> {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let answer = oidc.provider.tokens(&form).await?;
    // Each may work once: whatever follows, the next try needs the new one.
    if let Some(next) = &answer.refresh_token {
        session.granted(|grant| grant.refresh_token = Some(next.clone()));
    }
    let refused = |why: &str| Err(Fault::Refused(why.to_owned()));
    let Some(before) = session.granted(|grant| grant.clone()) else {
        return refused("it was not granted by the provider");
    };
    // A provider that does not rotate refresh tokens leaves the one before.
    let tokens = Tokens {
        refresh_token: answer.refresh_token.or_else(|| Some(token.to_owned())),
        ..answer
    };
    let Some(id_token) = &tokens.id_token else {
        // The person is still welcome; nothing new is said of them.
        let life = tokens.expires_in.filter(|&secs| secs > 0).unwrap_or(UNNAMED_LIFE_S);
        return Ok(Grant {
            refresh_token: tokens.refresh_token,
            until_s: Some(now_s().saturating_add(life)),
            due_s: now_s().saturating_add((life * 3 / 4).max(1)),
            ..before
        });
    };
    let claims = oidc.check_id_token(id_token, None).await?;
    let (account, grant) = oidc.granted(&claims, &tokens)?;
    let same = grant.subject == before.subject && account.identity.user == session.user;
    if !same || account.identity.check(&gateway.config.system_names).is_err() {
        return refused("the renewed token is somebody else's");
    }
    Ok(Grant {
        // Not every provider names its session again.
        sid: grant.sid.clone().or(before.sid),
        ..grant
    })
}
