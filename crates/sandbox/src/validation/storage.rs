//! Checks claims and storage classes.

use serde_json::Value;

use crate::quantity;
use crate::refusal::Cause;

const CLAIM_WORDS: &str =
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/// What is wrong with a LimitRange: its bounds must leave room.
pub(super) fn limit_range(value: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let nano = |amount: &Value| amount.as_str().and_then(quantity::parse).map(quantity::Quantity::nano);
    for (index, limit) in value["spec"]["limits"].as_array().into_iter().flatten().enumerate() {
        for (resource, least) in limit["min"].as_object().into_iter().flatten() {
            for (field, words) in [
                ("max", "max"),
                ("defaultRequest", "default request"),
                ("default", "default"),
            ] {
                let other = &limit[field][resource];
                if let (Some(low), Some(high)) = (nano(least), nano(other))
                    && low > high
                {
                    let at = if field == "max" { "min" } else { field };
                    let shown = if field == "defaultRequest" { other } else { least };
                    let (least, other) = (least.as_str().unwrap_or_default(), other.as_str().unwrap_or_default());
                    let why = format!("min value {least} is greater than {words} value {other}");
                    causes.push(Cause::invalid(
                        format!("spec.limits[{index}].{at}[{resource}]"),
                        shown,
                        &why,
                    ));
                }
            }
        }
    }
    causes
}

/// What is wrong with a claim.
pub(super) fn claim(value: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let modes = value["spec"]["accessModes"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if modes.is_empty() {
        causes.push(Cause::required(
            "spec.accessModes",
            "at least 1 access mode is required",
        ));
    }
    for mode in modes
        .iter()
        .filter(|mode| !mode.as_str().is_some_and(|mode| MODES.contains(&mode)))
    {
        causes.push(Cause::unsupported("spec.accessModes", mode, &MODES));
    }
    let size = &value["spec"]["resources"]["requests"]["storage"];
    match size.as_str().and_then(quantity::parse) {
        None => causes.push(Cause::required("spec.resources[storage]", "")),
        Some(amount) if amount.nano() <= 0 => causes.push(Cause::invalid(
            "spec.resources[storage]",
            size,
            "must be greater than zero",
        )),
        Some(_) => {}
    }
    causes
}

/// What of a claim may not change: all but its size, which may only grow.
pub(super) fn claim_update(old: &Value, value: &Value) -> Vec<Cause> {
    let fixed = |claim: &Value| {
        let mut spec = claim["spec"].clone();
        spec["resources"] = Value::Null;
        spec["volumeAttributesClassName"] = Value::Null;
        // The binder sets the volume's name, once; a class may be set where there was none.
        if old["spec"]["volumeName"].is_null() {
            spec["volumeName"] = Value::Null;
        }
        if old["spec"]["storageClassName"].is_null() {
            spec["storageClassName"] = Value::Null;
        }
        spec
    };
    let mut causes = Vec::new();
    let size = |claim: &Value| {
        claim["spec"]["resources"]["requests"]["storage"]
            .as_str()
            .and_then(quantity::parse)
            .map(quantity::Quantity::nano)
    };
    let bound = old["status"]["phase"] == "Bound";
    if fixed(old) != fixed(value) || (!bound && old["spec"]["resources"] != value["spec"]["resources"]) {
        causes.push(Cause::forbidden("spec", CLAIM_WORDS));
    }
    if bound && size(value) < size(old) {
        causes.push(Cause::forbidden(
            "spec.resources.requests.storage",
            "field can not be less than status.capacity",
        ));
    }
    causes
}

/// What is wrong with a storage class.
pub(super) fn class(value: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    if value["provisioner"].as_str().unwrap_or_default().is_empty() {
        causes.push(Cause::required("provisioner", ""));
    }
    causes
}

/// What of a storage class may not change.
pub(super) fn class_update(old: &Value, value: &Value) -> Vec<Cause> {
    let fields = ["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"];
    let changed = fields.iter().filter(|field| old[**field] != value[**field]);
    changed
        .map(|field| Cause::forbidden(*field, &format!("updates to {field} are forbidden.")))
        .collect()
}
