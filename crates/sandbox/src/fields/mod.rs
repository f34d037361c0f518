//! Who owns which fields: keeps `metadata.managedFields`, and applies configurations on the server's side.
//!
//! `element` and `set` are paths, `types` the kinds' make-up, `compare`, `merge` and `prune` what can be done with objects
//! and paths, `write` the rules of update and apply. Here they meet a request.

mod check;
mod compare;
mod element;
mod last_applied;
#[cfg(test)]
mod laws;
mod managed;
mod merge;
mod prune;
mod set;
mod types;
mod write;

use http::header::USER_AGENT;
use serde_json::{Map, Value};

pub(crate) use crate::fields::managed::Managed;
use crate::fields::managed::{Manager, Operation, is_reset};
use crate::fields::set::Set;
use crate::fields::types::Type;
use crate::fields::write::{Conflicts, Rules};
use crate::refusal::{Cause, Refusal};
use crate::verbs::{Context, meta};

/// The longest name of a manager.
const NAME_LENGTH: usize = 128;
/// Who owned all that was there before the first apply, when nobody was known to.
const BEFORE: &str = "before-first-apply";
/// What a server gives a new object beyond its defaults: nobody owns that, unless the client asked for it.
const GIVEN: &[(&str, &[&[&str]])] = &[
    ("namespaces", &[&["spec", "finalizers"]]),
    (
        "services",
        &[
            &["spec", "clusterIP"],
            &["spec", "clusterIPs"],
            &["spec", "ipFamilies"],
            &["spec", "ipFamilyPolicy"],
        ],
    ),
];

/// What `fieldManager` may not say.
pub(crate) fn manager_causes(context: &Context) -> Vec<Cause> {
    let name = context.query.get("fieldManager").unwrap_or_default();
    let mut causes = Vec::new();
    if name.len() > NAME_LENGTH {
        causes.push(Cause::too_long("fieldManager", NAME_LENGTH));
    }
    for (at, c) in name.char_indices().filter(|(_, c)| c.is_control()) {
        let code = u32::from(c);
        let quoted: String = name
            .chars()
            .map(|c| {
                if c.is_control() {
                    format!("\\x{:02x}", u32::from(c))
                } else {
                    c.to_string()
                }
            })
            .collect();
        causes.push(Cause {
            reason: "FieldValueInvalid",
            field: "fieldManager".to_owned(),
            message: format!("Invalid value: \"{quoted}\": invalid character U+{code:04X} (at position {at})"),
        });
    }
    causes
}

/// Refuses options, `CreateOptions` or `UpdateOptions`, with a wrong `fieldManager`.
pub(crate) fn check_manager(context: &Context, options: &str) -> Result<(), Refusal> {
    let causes = manager_causes(context);
    if causes.is_empty() {
        Ok(())
    } else {
        Err(Refusal::invalid_options(options, &causes))
    }
}

/// The managers of a new object; `asked` is the object without defaults, `value` with them.
pub(crate) fn created(context: &Context, asked: &Value, value: &Value, given: Option<&Value>) -> Managed {
    let mut rules = rules(context);
    let kind = &context.kind;
    if let Some((_, paths)) = GIVEN.iter().find(|(shelf, _)| *shelf == kind.shelf()) {
        let not_asked = Set::of_fields(paths).difference(&compare::paths_of(asked, rules.of));
        rules.hidden = rules.hidden.union(&not_asked);
    }
    let known = given.and_then(Managed::parse).unwrap_or_default();
    let empty = nothing(context, rules.of);
    rules.updated(known, updater(context, &user_of(context)), &empty, value)
}

/// The managers of a changed object. Where there are none, they are not begun: that is for the first apply.
pub(crate) fn updated(
    context: &Context,
    old: &Value,
    new: &Value,
    known: Option<&Value>,
    given: Option<&Value>,
) -> Managed {
    let is_sub = context.target.subresource.is_some();
    let given = given.filter(|_| !is_sub);
    if given.is_some_and(is_reset) {
        return Managed::default();
    }
    let said = given.and_then(Managed::parse).filter(|said| !said.is_empty());
    let managed = said.or_else(|| Managed::parse(known?)).unwrap_or_default();
    if managed.is_empty() {
        return managed;
    }
    let rules = rules(context);
    rules.updated(managed, updater(context, &user_of(context)), old, new)
}

/// The object and its managers after `config` was applied to `live`, or to nothing.
pub(crate) fn applied(
    context: &Context,
    live: Option<&Value>,
    config: &Value,
    force: bool,
) -> Result<(Value, Managed), Refusal> {
    let rules = rules(context);
    let wanted = without_type(config);
    let wrong = check::check(&wanted, rules.of);
    if !wrong.is_empty() {
        return Err(Refusal::untyped_patch(&described(context, config, &wrong)));
    }
    let empty = nothing(context, rules.of);
    let mut live = live.unwrap_or(&empty).clone();
    let known = meta::take(&mut live["metadata"], "managedFields");
    let mut managed = known.as_ref().and_then(Managed::parse).unwrap_or_default();
    if managed.is_empty() {
        managed = rules.updated(managed, updater(context, BEFORE), &empty, &live);
    }
    let name = context.query.get("fieldManager").unwrap_or_default();
    let sub = context.target.subresource.as_deref().unwrap_or_default();
    let manager = Manager::new(name, Operation::Apply, &rules.version, sub);
    let done = match rules.applied(managed.clone(), &manager, &live, &wanted, force) {
        Err(conflicts) if name == last_applied::KUBECTL => {
            let left = conflicts.outside(&last_applied::still_applied(&live, rules.of));
            if left.0.is_empty() {
                rules.applied(managed, &manager, &live, &wanted, true)
            } else {
                Err(left)
            }
        }
        done => done,
    };
    let (mut object, managed) = done.map_err(|conflicts| refusal(&conflicts))?;
    if name == last_applied::KUBECTL {
        last_applied::refresh(&mut object, config);
    }
    Ok((object, managed))
}

/// Writes the managers into an object.
pub(crate) fn put(managed: &Managed, value: &mut Value) {
    if managed.is_empty() {
        meta::take(&mut value["metadata"], "managedFields");
    } else {
        value["metadata"]["managedFields"] = managed.to_wire();
    }
}

/// Whether an object's managers are these, whenever they wrote.
pub(crate) fn are_known(managed: &Managed, known: Option<&Value>) -> bool {
    known.and_then(Managed::parse).unwrap_or_default().is_like(managed)
}

fn rules(context: &Context) -> Rules<'_> {
    let version = &context.target.version;
    Rules {
        of: Type::of_kind(&context.kind, version),
        hidden: hidden(context),
        version: context.kind.api_version(version),
        now: (context.target.subresource.as_deref() != Some("scale")).then(meta::now),
    }
}

/// The fields that a path cannot set: `status` beside its sub-resource, all but `status` in it.
///
/// Source: `GetResetFields` of the strategies in pkg/registry (v1.36).
fn hidden(context: &Context) -> Set {
    let kind = &context.kind;
    match context.target.subresource.as_deref() {
        Some("status") if kind.custom => Set::of_fields(&[&["metadata"], &["spec"]]),
        Some("status") => match kind.shelf() {
            "pods" => Set::of_fields(&[
                &["spec"],
                &["metadata", "deletionTimestamp"],
                &["metadata", "ownerReferences"],
            ]),
            "deployments.apps" => Set::of_fields(&[&["spec"], &["metadata", "labels"]]),
            _ => Set::of_fields(&[&["spec"]]),
        },
        _ if kind.status => Set::of_fields(&[&["status"]]),
        _ => Set::default(),
    }
}

/// An object that nobody has written to yet.
fn nothing(context: &Context, of: Type<'_>) -> Value {
    if context.kind.custom {
        Value::Object(Map::new())
    } else {
        of.unset()
    }
}

/// What an object of a kind of Go has besides its metadata when nothing is set, as members of a JSON object.
pub(crate) fn empty_parts(context: &Context) -> String {
    let kind = &context.kind;
    let mut empty = nothing(context, Type::of_kind(kind, &context.target.version));
    meta::take(&mut empty, "metadata");
    let parts = empty.as_object().into_iter().flatten();
    parts
        .map(|(name, value)| format!(",{}:{value}", Value::from(name.as_str())))
        .collect()
}

fn updater(context: &Context, name: &str) -> Manager {
    let version = context.kind.api_version(&context.target.version);
    let sub = context.target.subresource.as_deref().unwrap_or_default();
    Manager::new(name, Operation::Update, &version, sub)
}

/// The manager's name: `fieldManager`, or else the first part of the User-Agent.
fn user_of(context: &Context) -> String {
    if let Some(name) = context.query.get("fieldManager") {
        return name.to_owned();
    }
    let agent = context.headers.get(USER_AGENT).map(|agent| agent.as_bytes());
    let agent = String::from_utf8_lossy(agent.unwrap_or_default());
    let first = agent.split('/').next().unwrap_or_default();
    let mut name = String::new();
    for c in first.chars().filter(|c| !c.is_control()) {
        if name.len() + c.len_utf8() > NAME_LENGTH {
            break;
        }
        name.push(c);
    }
    name
}

fn without_type(config: &Value) -> Value {
    let mut wanted = config.clone();
    meta::take(&mut wanted, "apiVersion");
    meta::take(&mut wanted, "kind");
    wanted
}

fn described(context: &Context, config: &Value, wrong: &[String]) -> String {
    let text = |field: &str| meta::text(config, field);
    let (namespace, name) = (text("namespace"), text("name"));
    let kind = &context.kind;
    let (group, version) = (&kind.group, &context.target.version);
    let why = if let [one] = wrong {
        one.clone()
    } else {
        let lines: Vec<String> = wrong.iter().map(|line| format!("  {line}")).collect();
        format!("errors:\n{}", lines.join("\n"))
    };
    format!(
        "failed to create typed patch object ({namespace}/{name}; {group}/{version}, Kind={}): {why}",
        kind.kind
    )
}

fn refusal(conflicts: &Conflicts) -> Refusal {
    Refusal::apply_conflict(conflicts.message(), &conflicts.causes())
}
