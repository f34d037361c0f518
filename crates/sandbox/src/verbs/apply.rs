//! Applies a configuration on the server's side: `PATCH` with `application/apply-patch+yaml`.

use std::sync::Arc;

use serde_json::Value;

use crate::decode;
use crate::fields;
use crate::refusal::{Cause, Refusal};
use crate::request::body;
use crate::server::respond::Answer;
use crate::store::Entry;
use crate::verbs::change::Written;
use crate::verbs::{Context, change, create, meta};

/// How often an apply is done anew when somebody else was faster.
const TRIES: u32 = 5;

/// What is applied.
struct Config {
    object: Value,
    /// A key that it has twice.
    twice: Option<String>,
    force: bool,
}

impl Config {
    /// Refuses a key that is there twice, or gives the warning for it, as `fieldValidation` says.
    fn warning(&self, context: &Context) -> Result<Option<String>, Refusal> {
        match (&self.twice, context.query.get("fieldValidation")) {
            (Some(twice), Some("Strict")) => Err(Refusal::bad_request(format!(
                "error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  {twice}"
            ))),
            (twice, None | Some("Warn")) => Ok(twice.clone()),
            _ => Ok(None),
        }
    }
}

/// Applies a configuration to the object in the path, or creates it.
pub(crate) async fn apply(context: &Context, bytes: &[u8]) -> Result<Answer, Refusal> {
    let force = context.query.flag("force");
    let mut tries = 0;
    loop {
        let current = match context.current() {
            Ok(current) => Some(current),
            Err(missing) if context.target.subresource.is_some() => return Err(missing),
            Err(_) => None,
        };
        let read = body::forgiving_yaml(bytes);
        let (object, twice) = read.map_err(|why| Refusal::bad_request(format!("error decoding YAML: {why}")))?;
        check(context, &object)?;
        let config = Config { object, twice, force };
        let seen = current.as_ref().map(|current| current.version);
        let done = match current {
            Some(current) => merge(context, &current, &config).await,
            None => make(context, &config).await,
        };
        match done {
            Err(refusal) if refusal.code == 409 && tries < TRIES && raced(context, seen) => tries += 1,
            done => return done,
        }
    }
}

/// Whether another write came between, so that the conflict is not of the configuration's own making.
fn raced(context: &Context, seen: Option<u64>) -> bool {
    context.current().ok().map(|now| now.version) != seen
}

fn check(context: &Context, config: &Value) -> Result<(), Refusal> {
    if !config.is_object() {
        return Err(Refusal::bad_request(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}",
        ));
    }
    let kind = &context.kind;
    let text = |field: &str| config[field].as_str().unwrap_or_default();
    let (version, name) = (text("apiVersion"), text("kind"));
    if version != kind.api_version(&context.target.version) || name != kind.kind {
        let version = if version.contains('/') {
            version.to_owned()
        } else {
            format!("/{version}")
        };
        return Err(Refusal::bad_request(format!(
            "invalid object type: {version}, Kind={name}"
        )));
    }
    if !config["metadata"]["managedFields"].is_null() {
        return Err(Refusal::bad_request("metadata.managedFields must be nil"));
    }
    Ok(())
}

async fn merge(context: &Context, current: &Arc<Entry>, config: &Config) -> Result<Answer, Refusal> {
    let live = current.value();
    let (mut object, managed) = fields::applied(context, Some(&live), &config.object, config.force)?;
    let twice = config.warning(context)?;
    check_uid(context, &object, meta::text(&live, "uid"))?;
    name_kind(context, &mut object);
    let mut decoded = decode::value(context, object)?;
    decoded.warnings.extend(twice);
    check_name(context, &decoded.value)?;
    let entry = change::store(context, current, decoded.value, Written::Applied(managed)).await?;
    context.object(200, &entry, &decoded.warnings)
}

async fn make(context: &Context, config: &Config) -> Result<Answer, Refusal> {
    create::allowed(context)?;
    let (mut object, managed) = fields::applied(context, None, &config.object, config.force)?;
    let twice = config.warning(context)?;
    check_uid(context, &object, "")?;
    // There is no older version that this one could be about.
    meta::take(&mut object["metadata"], "resourceVersion");
    name_kind(context, &mut object);
    let mut decoded = decode::value(context, object)?;
    decoded.warnings.extend(twice);
    check_name(context, &decoded.value)?;
    let entry = create::store(context, decoded.value, Written::Applied(managed)).await?;
    context.object(201, &entry, &decoded.warnings)
}

/// An object's uid is what the server made it.
fn check_uid(context: &Context, object: &Value, uid: &str) -> Result<(), Refusal> {
    let given = &object["metadata"]["uid"];
    if given.as_str().is_none_or(|given| given.is_empty() || given == uid) {
        return Ok(());
    }
    let cause = Cause::invalid("metadata.uid", given, "field is immutable");
    // The API server finds it twice: once by itself and once among the other metadata.
    Err(Refusal::invalid(&context.kind, context.name(), &[cause.clone(), cause]))
}

fn name_kind(context: &Context, object: &mut Value) {
    object["apiVersion"] = context.kind.api_version(&context.target.version).into();
    object["kind"] = context.kind.kind.as_str().into();
}

fn check_name(context: &Context, value: &Value) -> Result<(), Refusal> {
    let (given, name) = (meta::text(value, "name"), context.name());
    if given == name {
        return Ok(());
    }
    if given.is_empty() {
        let why = format!("the name of the object ({name} based on URL) was undeterminable: name must be provided");
        return Err(Refusal::bad_request(why));
    }
    Err(Refusal::bad_request(format!(
        "the name of the object ({given}) does not match the name on the URL ({name})"
    )))
}
