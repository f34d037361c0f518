//! Gets one object, lists many: by pages, at a version, by selectors.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::refusal::{Cause, Refusal};
use crate::request::query::Query;
use crate::selectors::Selection;
use crate::server::respond::Answer;
use crate::store::{Entry, Page, PageQuery};
use crate::verbs::{Context, render};

const EXPIRED: &str = "The provided continue parameter is too old to display a consistent list result. You can start a new \
    list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. \
    Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between \
    the time the first chunk was returned and now may show up in the list.";

/// The name that `fieldSelector=metadata.name=x` asks for: rights to that one object are enough then.
pub(crate) fn single_name(query: &Query) -> Option<String> {
    Selection::parse("", &[], None, query.get("fieldSelector"))
        .ok()?
        .single_name()
        .map(str::to_owned)
}

/// `GET` of one object.
pub(crate) fn get(context: &Context) -> Result<Answer, Refusal> {
    if let Some(asked) = version_number(&context.query)? {
        refuse_future(context, asked)?;
    }
    context.object(200, &*context.current()?, &[])
}

/// `GET` of a collection.
pub(crate) fn list(context: &Context) -> Result<Answer, Refusal> {
    let (page, token) = page(context)?;
    render::list(context, &page, token)
}

/// The selectors of the request.
pub(crate) fn selection(context: &Context) -> Result<Selection, Refusal> {
    let custom = context
        .version()
        .map(|version| version.selectable.as_slice())
        .unwrap_or_default();
    let query = &context.query;
    Selection::parse(
        context.kind.shelf(),
        custom,
        query.get("labelSelector"),
        query.get("fieldSelector"),
    )
}

fn page(context: &Context) -> Result<(Page, Option<String>), Refusal> {
    let query = &context.query;
    let selection = selection(context)?;
    query.integer("timeoutSeconds")?;
    let limit = query
        .integer("limit")?
        .filter(|limit| *limit > 0)
        .and_then(|limit| usize::try_from(limit).ok());
    let asked = version_number(query)?;
    let token = query.get("continue").map(token_of).transpose()?;
    check_match(query, asked, token.is_some())?;
    let at = match (&token, asked, query.get("resourceVersionMatch")) {
        (Some((version, _)), ..) => *version,
        (None, Some(asked), Some("Exact")) => Some(asked),
        _ => None,
    };
    if let Some(asked) = asked {
        refuse_future(context, asked)?;
    }
    let takes = |entry: &Entry| selection.takes(entry);
    let wanted = PageQuery {
        namespace: context.target.namespace.as_deref(),
        after: token.as_ref().map(|(_, after)| after.as_str()),
        at,
        limit,
        filter: if selection.is_all() { None } else { Some(&takes) },
    };
    let shelf = context.kind.shelf();
    let Some(page) = context.api.store.page(shelf, &wanted) else {
        return Err(match &token {
            Some((_, after)) => Refusal::expired(EXPIRED).with_continue(token_for(None, after)),
            None => Refusal::expired("The resourceVersion for the provided list is too old."),
        });
    };
    let next = page.more.then(|| page.entries.last()).flatten().map(|last| {
        let inconsistent = token.as_ref().is_some_and(|(version, _)| version.is_none());
        token_for((!inconsistent).then_some(page.version), &last.key)
    });
    Ok((page, next))
}

/// The rules of "resourceVersion and resourceVersionMatch" for lists.
///
/// Source: `validateListOptions` in k8s.io/apimachinery pkg/apis/meta/internalversion/validation (v0.36).
fn check_match(query: &Query, asked: Option<u64>, continued: bool) -> Result<(), Refusal> {
    if continued && asked.is_some_and(|version| version > 0) {
        return Err(Refusal::bad_request(
            "specifying resource version is not allowed when using continue",
        ));
    }
    let field = "resourceVersionMatch";
    let forbidden = |why: &str| Some(Cause::forbidden(field, why));
    let cause = match query.get(field) {
        _ if query.get("sendInitialEvents").is_some() => Some(Cause::forbidden(
            "sendInitialEvents",
            "sendInitialEvents is forbidden for list",
        )),
        None => None,
        Some(_) if continued => forbidden("resourceVersionMatch is forbidden when continue is provided"),
        Some(_) if asked.is_none() => forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided"),
        Some("Exact") if asked == Some(0) => {
            forbidden("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"")
        }
        Some("Exact" | "NotOlderThan") => None,
        Some(other) => Some(Cause::unsupported(field, &other.into(), &["Exact", "NotOlderThan"])),
    };
    cause.map_or(Ok(()), |cause| Err(Refusal::invalid_options("ListOptions", &[cause])))
}

/// `resourceVersion` as a number.
pub(crate) fn version_number(query: &Query) -> Result<Option<u64>, Refusal> {
    let Some(text) = query.get("resourceVersion") else {
        return Ok(None);
    };
    let parsed = text.parse().map(Some);
    parsed.map_err(|why: std::num::ParseIntError| {
        tracing::trace!(%why, "not a version");
        let why = format!("strconv.ParseUint: parsing \"{text}\": invalid syntax");
        let message = format!("resourceVersion: Invalid value: \"{text}\": {why}");
        if query.flag("watch") {
            Refusal::new(500, "", message)
        } else {
            Refusal::bad_request(message)
        }
    })
}

/// A version that was never given out: as a lagging API server says it.
pub(crate) fn refuse_future(context: &Context, asked: u64) -> Result<(), Refusal> {
    let current = context.api.store.version();
    if asked > current {
        Err(Refusal::too_large_version(asked, current))
    } else {
        Ok(())
    }
}

/// A continue token: opaque to clients, as in Kubernetes base64 of a small JSON object.
fn token_for(version: Option<u64>, last: &str) -> String {
    let version = version.map_or(json!(-1), |version| json!(version));
    URL_SAFE_NO_PAD.encode(json!({"v": "meta.k8s.io/v1", "rv": version, "start": format!("{last}\u{0}")}).to_string())
}

fn token_of(text: &str) -> Result<(Option<u64>, String), Refusal> {
    let parse = || {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
        let value: Value = serde_json::from_slice(&bytes).ok()?;
        let start = value["start"].as_str()?.trim_end_matches('\u{0}').to_owned();
        Some((value["rv"].as_u64(), start))
    };
    parse().ok_or_else(|| Refusal::bad_request("continue key is not valid: encoded continue key is not valid"))
}
