//! Patches an object: JSON patch, merge patch, strategic merge patch for built-in kinds; applies are in `apply`.

use serde_json::Value;

use crate::decode;
use crate::fields;
use crate::merging;
use crate::refusal::{Cause, Refusal};
use crate::request::body;
use crate::server::respond::Answer;
use crate::store::Entry;
use crate::verbs::change::Written;
use crate::verbs::{Context, apply, change, meta};

/// The media type of JSON patches.
pub(super) const JSON: &str = "application/json-patch+json";
/// The media type of server-side apply.
const APPLY: &str = "application/apply-patch+yaml";

/// How often a patch without a version is applied anew when somebody else was faster.
const TRIES: u32 = 5;

/// `PATCH` of an object or a sub-resource.
pub(crate) async fn patch(context: &Context, bytes: &[u8]) -> Result<Answer, Refusal> {
    let media = body::media_type(&context.headers);
    check_media(context, &media)?;
    let applies = media == APPLY;
    check_options(context, applies)?;
    if applies {
        return apply::apply(context, bytes).await;
    }
    let mut tries = Tries::default();
    loop {
        let current = context.current()?;
        let mut object = current.value();
        object["apiVersion"] = context.kind.api_version(&context.target.version).into();
        object["kind"] = context.kind.kind.as_str().into();
        let patched = patched(context, &media, object, bytes)?;
        let given = meta::text(&patched, "name");
        if given != context.name() {
            let name = context.name();
            return Err(Refusal::bad_request(format!(
                "the name of the object ({given}) does not match the name on the URL ({name})"
            )));
        }
        let outcome = patched.clone();
        let decoded = decode::value(context, patched).map_err(|why| why.of_patch(&outcome))?;
        match change::store(context, &current, decoded.value, Written::Updated).await {
            Ok(entry) => return context.object(200, &entry, &decoded.warnings),
            Err(refusal) if tries.another(context, &current, &refusal) => {}
            Err(refusal) => return Err(refusal),
        }
    }
}

/// How often a patch was applied already.
#[derive(Default)]
pub(super) struct Tries(u32);

impl Tries {
    /// Whether to apply it anew: the conflict comes from a write of another, not from a version in the patch itself.
    pub(super) fn another(&mut self, context: &Context, seen: &Entry, refusal: &Refusal) -> bool {
        let raced = || context.current().is_ok_and(|now| now.version != seen.version);
        let another = refusal.code == 409 && self.0 < TRIES && raced();
        self.0 += u32::from(another);
        another
    }
}

pub(super) fn check_media(context: &Context, media: &str) -> Result<(), Refusal> {
    let custom = context.kind.custom;
    match media {
        JSON | "application/merge-patch+json" => Ok(()),
        "application/strategic-merge-patch+json" if !custom => Ok(()),
        APPLY => Ok(()),
        _ => Err(Refusal::unsupported_media(format!(
            "415: Unsupported Media Type\n\nAvailable representations: application/json-patch+json, application/merge-patch+json{}, {APPLY}",
            if custom {
                ""
            } else {
                ", application/strategic-merge-patch+json"
            }
        ))),
    }
}

/// The rules of `PatchOptions` about managers.
///
/// Source: `ValidatePatchOptions` in k8s.io/apimachinery pkg/apis/meta/v1/validation (v0.36).
fn check_options(context: &Context, applies: bool) -> Result<(), Refusal> {
    let query = &context.query;
    let mut causes = Vec::new();
    if applies && query.get("fieldManager").is_none() {
        causes.push(Cause::required("fieldManager", "is required for apply patch"));
    }
    if !applies && query.get("force").is_some() {
        causes.push(Cause::forbidden("force", "may not be specified for non-apply patch"));
    }
    causes.extend(fields::manager_causes(context));
    if causes.is_empty() {
        Ok(())
    } else {
        Err(Refusal::invalid_options("PatchOptions", &causes))
    }
}

/// The object with a JSON patch, a merge patch or a strategic merge patch applied.
pub(super) fn patched(context: &Context, media: &str, mut object: Value, bytes: &[u8]) -> Result<Value, Refusal> {
    if media == JSON {
        let patch: json_patch::Patch = serde_json::from_slice(bytes).map_err(|why| {
            let why = match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
                Some(b'{') => "json: cannot unmarshal object into Go value of type jsonpatch.Patch".to_owned(),
                _ => why.to_string(),
            };
            Refusal::bad_request(format!("error decoding patch: {why}"))
        })?;
        json_patch::patch(&mut object, &patch).map_err(|why| {
            tracing::debug!(%why, "a patch that does not fit");
            Refusal::unprocessable("the server rejected our request due to an error in our request")
        })?;
        return Ok(object);
    }
    let patch: Value =
        serde_json::from_slice(bytes).map_err(|why| Refusal::bad_request(format!("error decoding patch: {why}")))?;
    if !patch.is_object() {
        return Err(Refusal::bad_request("error decoding patch: the patch is not an object"));
    }
    if media == "application/merge-patch+json" {
        json_patch::merge(&mut object, &patch);
        return Ok(object);
    }
    merging::strategic(&context.kind, &mut object, patch)?;
    Ok(object)
}
