//! Finds out who asks: the admin token, and whom it speaks for.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::refusal::Refusal;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) user: String,
    pub(crate) uid: Option<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) extra: Vec<(String, Vec<String>)>,
}

impl Identity {
    /// Whether RBAC lets everything pass.
    pub(crate) fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == "system:masters")
    }
}

/// The identity behind a request, or 401.
pub(crate) fn identify(headers: &HeaderMap, token: &str) -> Result<Identity, Refusal> {
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if !given.is_some_and(|given| same(given.trim().as_bytes(), token.as_bytes())) {
        return Err(Refusal::unauthorized());
    }
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let groups = headers
        .get_all("impersonate-group")
        .iter()
        .filter_map(|value| value.to_str().ok().map(str::to_owned));
    let mut groups: Vec<String> = groups.collect();
    let Some(user) = text("impersonate-user") else {
        let uid = text("impersonate-uid").unwrap_or_default();
        let extra = extra(headers);
        if !groups.is_empty() || !uid.is_empty() || !extra.is_empty() {
            return Err(Refusal::bad_request(format!(
                "requested &user.DefaultInfo{{Name:\"\", UID:{uid:?}, Groups:{}, Extra:{}}} without impersonating a user name",
                go_list(&groups),
                go_map(&extra)
            )));
        }
        let groups = vec!["system:masters".to_owned(), "system:authenticated".to_owned()];
        return Ok(Identity {
            user: "system:admin".to_owned(),
            uid: None,
            groups,
            extra: Vec::new(),
        });
    };
    if let Some((namespace, _)) = user
        .strip_prefix("system:serviceaccount:")
        .and_then(|rest| rest.split_once(':'))
        && groups.is_empty()
    {
        groups = vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{namespace}"),
        ];
    }
    let all = if user == "system:anonymous" {
        "system:unauthenticated"
    } else {
        "system:authenticated"
    };
    if !groups.iter().any(|group| group == all) {
        groups.push(all.to_owned());
    }
    Ok(Identity {
        user,
        uid: text("impersonate-uid"),
        groups,
        extra: extra(headers),
    })
}

fn extra(headers: &HeaderMap) -> Vec<(String, Vec<String>)> {
    let mut extra: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in headers {
        if let (Some(key), Ok(value)) = (name.as_str().strip_prefix("impersonate-extra-"), value.to_str()) {
            let key = crate::request::path::decode(key);
            match extra.iter_mut().find(|(known, _)| *known == key) {
                Some((_, values)) => values.push(value.to_owned()),
                None => extra.push((key, vec![value.to_owned()])),
            }
        }
    }
    extra
}

/// A list as Go prints it with `%#v`.
fn go_list(list: &[String]) -> String {
    if list.is_empty() {
        return "[]string(nil)".to_owned();
    }
    let quoted: Vec<String> = list.iter().map(|one| format!("{one:?}")).collect();
    format!("[]string{{{}}}", quoted.join(", "))
}

fn go_map(map: &[(String, Vec<String>)]) -> String {
    if map.is_empty() {
        return "map[string][]string(nil)".to_owned();
    }
    let pairs: Vec<String> = map
        .iter()
        .map(|(key, list)| format!("{key:?}:{}", go_list(list)))
        .collect();
    format!("map[string][]string{{{}}}", pairs.join(", "))
}

/// Compares in a time that does not depend on where the first difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}
