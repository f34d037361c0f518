//! Does what is asked of a resource: one file a verb.

pub(crate) mod apply;
pub(crate) mod change;
pub(crate) mod collection;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod meta;
pub(crate) mod patch;
pub(crate) mod read;
pub(crate) mod render;
pub(crate) mod scale;
pub(crate) mod special;
pub(crate) mod watch;

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use hyper::body::Incoming;

use crate::fields;
use crate::logs;
use crate::refusal::{Cause, Refusal};
use crate::registry::{Kind, Version};
use crate::request::body;
use crate::request::identity::Identity;
use crate::request::path::Target;
use crate::request::query::Query;
use crate::server::api::Api;
use crate::server::respond::{self, Answer};
use crate::store::Entry;

/// One request for a resource, already allowed.
pub(crate) struct Call {
    pub(crate) api: Arc<Api>,
    pub(crate) identity: Identity,
    pub(crate) kind: Arc<Kind>,
    pub(crate) target: Target,
    pub(crate) query: Query,
    pub(crate) verb: &'static str,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Incoming,
}

/// The parts of a call that remain when its body has been read.
pub(crate) struct Context {
    pub(crate) api: Arc<Api>,
    pub(crate) identity: Identity,
    pub(crate) kind: Arc<Kind>,
    pub(crate) target: Target,
    pub(crate) query: Query,
    pub(crate) verb: &'static str,
    pub(crate) headers: HeaderMap,
}

impl Context {
    /// The namespace, empty when the kind is cluster-wide or all are meant.
    pub(crate) fn namespace(&self) -> &str {
        self.target.namespace.as_deref().unwrap_or_default()
    }

    /// The name in the path.
    pub(crate) fn name(&self) -> &str {
        self.target.name.as_deref().unwrap_or_default()
    }

    /// The key in the store.
    pub(crate) fn key(&self) -> String {
        self.kind.key(self.namespace(), self.name())
    }

    /// The object in the path.
    pub(crate) fn current(&self) -> Result<Arc<Entry>, Refusal> {
        let found = self.api.store.get(self.kind.shelf(), &self.key());
        found.ok_or_else(|| Refusal::not_found(&self.kind, self.name()))
    }

    /// The version that is asked for.
    pub(crate) fn version(&self) -> Result<&Version, Refusal> {
        self.kind
            .version(&self.target.version)
            .ok_or_else(Refusal::no_such_resource)
    }

    /// Whether nothing is to be stored; other values than `All` are refused.
    pub(crate) fn dry_run(&self) -> Result<bool, Refusal> {
        match self.query.get("dryRun") {
            None => Ok(false),
            Some("All") => Ok(true),
            Some(other) => {
                let cause = Cause::unsupported("dryRun", &serde_json::json!([other]), &["All"]);
                Err(Refusal::invalid_options(self.options(), &[cause]))
            }
        }
    }

    /// What the API server calls the options in the query.
    fn options(&self) -> &'static str {
        match self.verb {
            "create" => "CreateOptions",
            "update" => "UpdateOptions",
            "patch" => "PatchOptions",
            _ => "DeleteOptions",
        }
    }

    /// Refuses words of the query that mean nothing.
    fn check_options(&self) -> Result<(), Refusal> {
        let mut causes = fields::manager_causes(self);
        match self.query.get("fieldValidation") {
            None | Some("Ignore" | "Strict" | "Warn") => {}
            Some(other) => causes.push(Cause::unsupported(
                "fieldValidation",
                &other.into(),
                &["", "Ignore", "Strict", "Warn"],
            )),
        }
        if causes.is_empty() {
            Ok(())
        } else {
            Err(Refusal::invalid_options(self.options(), &causes))
        }
    }

    /// The object as an answer, with the version's and the decoder's warnings.
    pub(crate) fn object(&self, code: u16, entry: &Entry, warnings: &[String]) -> Result<Answer, Refusal> {
        let mut answer = render::one(self, code, entry)?;
        if let Some(warning) = self.version().ok().and_then(|version| version.warning.as_deref()) {
            respond::warn(&mut answer, warning);
        }
        for warning in warnings {
            respond::warn(&mut answer, warning);
        }
        Ok(answer)
    }
}

/// Answers a call.
pub(crate) async fn answer(call: Call) -> Result<Answer, Refusal> {
    let Call {
        api,
        identity,
        kind,
        target,
        query,
        verb,
        headers,
        body: incoming,
    } = call;
    let context = Context {
        api,
        identity,
        kind,
        target,
        query,
        verb,
        headers,
    };
    let bytes = if matches!(verb, "get" | "list" | "watch") {
        Bytes::new()
    } else {
        body::read(incoming).await?
    };
    if matches!(verb, "create" | "update") {
        context.check_options()?;
    }
    let subresource = context.target.subresource.clone();
    match (verb, subresource.as_deref()) {
        ("get", None) => read::get(&context),
        ("list", None) => read::list(&context),
        ("watch", None) => watch::watch(context),
        ("create", None) if context.target.name.is_none() => create::create(&context, &bytes).await,
        ("update", None) => change::update(&context, &bytes).await,
        ("patch", None) => patch::patch(&context, &bytes).await,
        ("delete", None) => delete::delete(&context, &bytes).await,
        ("deletecollection", None) => collection::delete(&context, &bytes).await,
        (_, Some("status")) if context.kind.status => match verb {
            "get" => read::get(&context),
            "update" => change::update(&context, &bytes).await,
            "patch" => patch::patch(&context, &bytes).await,
            _ => Err(Refusal::method_not_allowed()),
        },
        (_, Some("scale")) if context.kind.scale.is_some() => scale::answer(&context, verb, &bytes).await,
        ("get", Some("log")) if context.kind.shelf() == "pods" => logs::answer(&context),
        ("create", Some("binding")) if context.kind.shelf() == "pods" => special::bind(&context, &bytes).await,
        ("create", Some("eviction")) if context.kind.shelf() == "pods" => special::evict(&context, &bytes).await,
        ("update", Some("finalize")) if context.kind.shelf() == "namespaces" => {
            special::finalize(&context, &bytes).await
        }
        (_, Some("log" | "binding" | "eviction" | "finalize")) | ("create", None) => Err(Refusal::method_not_allowed()),
        _ => Err(Refusal::no_such_resource()),
    }
}
