//! Sends each request where it belongs: health, discovery, reviews or a resource; rights are checked here, once.

use std::sync::Arc;

use http::{Method, Request};
use hyper::body::Incoming;

use crate::discovery;
use crate::openapi;
use crate::rbac::{self, Attributes};
use crate::refusal::Refusal;
use crate::request::body;
use crate::request::identity::{Identity, identify};
use crate::request::path::{self, Target};
use crate::request::query::Query;
use crate::reviews;
use crate::server::api::Api;
use crate::server::respond::{self, Answer};
use crate::verbs::{self, Call};

/// Answers one request.
pub(crate) async fn answer(api: &Arc<Api>, request: Request<Incoming>) -> Answer {
    match path_only(api, request.uri().path()) {
        Some(answer) => answer,
        None => authenticated(api, request)
            .await
            .unwrap_or_else(|refusal| respond::refusal(&refusal)),
    }
}

fn path_only(api: &Api, path: &str) -> Option<Answer> {
    match path {
        "/healthz" | "/livez" | "/readyz" => Some(if api.stop.is_cancelled() {
            respond::text(503, "shutting down")
        } else {
            respond::text(200, "ok")
        }),
        _ => None,
    }
}

async fn authenticated(api: &Arc<Api>, request: Request<Incoming>) -> Result<Answer, Refusal> {
    let identity = identify(request.headers(), &api.token)?;
    let path = request.uri().path().to_owned();
    if let Some(faults) = &api.faults {
        if path == "/sandbox/faults" && identity.is_master() {
            return order_fault(faults, request).await;
        }
        let whole = request
            .uri()
            .path_and_query()
            .map_or(path.as_str(), |whole| whole.as_str());
        if let Some(wrong) = faults.answer(whole) {
            return Ok(wrong);
        }
    }
    match path::parse(&path) {
        Some(target) => resource(api, identity, target, request).await,
        None => other(api, &identity, &path, &request),
    }
}

async fn order_fault(faults: &crate::server::faults::Faults, request: Request<Incoming>) -> Result<Answer, Refusal> {
    match *request.method() {
        Method::POST => faults
            .order(&body::read(request.into_body()).await?)
            .map_err(|why| Refusal::bad_request(format!("not a fault: {why}")))?,
        Method::DELETE => faults.clear(),
        _ => return Err(Refusal::method_not_allowed()),
    }
    Ok(respond::json(
        200,
        &serde_json::json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}),
    ))
}

fn other(api: &Api, identity: &Identity, path: &str, request: &Request<Incoming>) -> Result<Answer, Refusal> {
    let verb = request.method().as_str().to_ascii_lowercase();
    if !api.rights.current(&api.store).allows_path(identity, &verb, path) {
        let message = format!("forbidden: User \"{}\" cannot {verb} path \"{path}\"", identity.user);
        let mut refusal = Refusal::new(403, "Forbidden", message);
        refusal.retry_after = None;
        return Err(refusal);
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Err(Refusal::method_not_allowed());
    }
    let query = Query::parse(request.uri().query().unwrap_or_default());
    if let Some(rest) = path.strip_prefix("/openapi/") {
        return openapi::answer(api, rest, request.headers());
    }
    drop(query);
    discovery::answer(api, path, request.headers())
        .ok_or_else(|| Refusal::new(404, "NotFound", "404 page not found"))
        .or_else(|_| Ok(respond::text(404, "404 page not found\n")))
}

async fn resource(
    api: &Arc<Api>,
    identity: Identity,
    target: Target,
    request: Request<Incoming>,
) -> Result<Answer, Refusal> {
    let query = Query::parse(request.uri().query().unwrap_or_default());
    let verb = verb(request.method(), &target, &query)?;
    let single = verbs::read::single_name(&query);
    let attributes = Attributes {
        verb,
        group: &target.group,
        resource: &target.resource,
        subresource: target.subresource.as_deref().unwrap_or_default(),
        namespace: namespace_of(&target),
        name: target.name.as_deref().or(single.as_deref()).unwrap_or_default(),
    };
    if !api.rights.current(&api.store).allows(&identity, &attributes) {
        return Err(rbac::forbidden(&identity, &attributes));
    }
    let (parts, incoming) = request.into_parts();
    if let Some(review) = reviews::find(&target) {
        if verb != "create" {
            return Err(Refusal::method_not_allowed());
        }
        let bytes = body::read(incoming).await?;
        return reviews::answer(api, &identity, review, &target, &parts.headers, &bytes);
    }
    let kind = api
        .registry
        .find(&target.group, &target.version, &target.resource)
        .ok_or_else(Refusal::no_such_resource)?;
    if kind.namespaced && target.namespace.is_none() && target.name.is_none() && verb == "create" {
        return Err(Refusal::method_not_allowed());
    }
    if kind.namespaced != target.namespace.is_some() && (target.name.is_some() || !kind.namespaced || verb == "create")
    {
        return Err(Refusal::no_such_resource());
    }
    let call = Call {
        api: Arc::clone(api),
        identity,
        kind,
        target,
        query,
        verb,
        headers: parts.headers,
        body: incoming,
    };
    verbs::answer(call).await
}

/// The namespace as RBAC sees it: that of a namespace object is its own name.
fn namespace_of(target: &Target) -> &str {
    match &target.namespace {
        Some(namespace) => namespace,
        None if target.group.is_empty() && target.resource == "namespaces" => {
            target.name.as_deref().unwrap_or_default()
        }
        None => "",
    }
}

fn verb(method: &Method, target: &Target, query: &Query) -> Result<&'static str, Refusal> {
    let named = target.name.is_some();
    Ok(match *method {
        Method::GET if target.watches => "watch",
        _ if target.watches => return Err(Refusal::method_not_allowed()),
        Method::GET if named => "get",
        Method::GET if query.flag("watch") => "watch",
        Method::GET => "list",
        Method::POST => "create",
        Method::PUT if named => "update",
        Method::PATCH if named => "patch",
        Method::DELETE if named => "delete",
        Method::DELETE => "deletecollection",
        _ => return Err(Refusal::method_not_allowed()),
    })
}
