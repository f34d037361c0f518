//! Reads a CustomResourceDefinition into a served kind.

use std::sync::Arc;

use serde_json::Value;

use crate::registry::kind::{Column, Kind, Scale, Version};

/// The kind that a definition describes.
pub(crate) fn from_definition(definition: &Value) -> Kind {
    let spec = &definition["spec"];
    let names = &spec["names"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut kind = Kind::new(
        &text(&spec["group"]),
        &text(&names["plural"]),
        &text(&names["kind"]),
        spec["scope"] == "Namespaced",
    );
    if let Some(singular) = names["singular"].as_str() {
        kind.singular = singular.to_owned();
    }
    if let Some(list) = names["listKind"].as_str() {
        kind.list_kind = list.to_owned();
    }
    kind.short_names = texts(&names["shortNames"]);
    kind.categories = texts(&names["categories"]);
    kind.custom = true;
    let versions = spec["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    kind.status = versions
        .iter()
        .any(|version| version["subresources"]["status"].is_object());
    kind.scale = versions
        .iter()
        .find_map(|version| scale(&version["subresources"]["scale"]));
    kind.versions = versions.iter().map(|found| version(&kind, found)).collect();
    kind.versions.sort_by_key(|version| priority(&version.name));
    kind
}

fn version(kind: &Kind, version: &Value) -> Version {
    let name = version["name"].as_str().unwrap_or_default().to_owned();
    let deprecated = version["deprecated"] == true;
    let warning = version["deprecationWarning"].as_str().map(str::to_owned);
    let default = || format!("{}/{name} {} is deprecated", kind.group, kind.kind);
    Version {
        served: version["served"] == true,
        schema: version["schema"]["openAPIV3Schema"]
            .is_object()
            .then(|| Arc::new(version["schema"]["openAPIV3Schema"].clone())),
        columns: version["additionalPrinterColumns"]
            .as_array()
            .into_iter()
            .flatten()
            .map(column)
            .collect(),
        selectable: version["selectableFields"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|field| {
                field["jsonPath"]
                    .as_str()
                    .map(|path| path.trim_start_matches('.').to_owned())
            })
            .collect(),
        warning: deprecated.then(|| warning.unwrap_or_else(default)),
        name,
    }
}

fn column(column: &Value) -> Column {
    let text = |key: &str| column[key].as_str().unwrap_or_default().to_owned();
    Column {
        name: text("name"),
        kind: text("type"),
        format: text("format"),
        description: text("description"),
        priority: column["priority"].as_i64().unwrap_or(0),
        path: text("jsonPath"),
    }
}

fn scale(scale: &Value) -> Option<Scale> {
    Some(Scale {
        spec: scale["specReplicasPath"].as_str()?.to_owned(),
        status: scale["statusReplicasPath"].as_str()?.to_owned(),
        selector: scale["labelSelectorPath"].as_str().map(str::to_owned),
    })
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_str().map(str::to_owned))
        .collect()
}

/// Orders versions as Kubernetes does: v2, v1, v1beta2, v1beta1, v1alpha1, then anything else by name.
fn priority(name: &str) -> (u8, std::cmp::Reverse<u64>, std::cmp::Reverse<u64>, String) {
    let parsed = || {
        let rest = name.strip_prefix('v')?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let major: u64 = rest[..digits].parse().ok()?;
        let (stage, minor) = match &rest[digits..] {
            "" => (0, 0),
            tail if tail.starts_with("beta") => (1, tail[4..].parse().ok()?),
            tail if tail.starts_with("alpha") => (2, tail[5..].parse().ok()?),
            _ => return None,
        };
        Some((stage, std::cmp::Reverse(major), std::cmp::Reverse(minor), String::new()))
    };
    parsed().unwrap_or_else(|| (3, std::cmp::Reverse(0), std::cmp::Reverse(0), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_stability() {
        let mut names = vec!["v1alpha1", "v10", "foo", "v1beta1", "v2", "v1beta2", "v1"];
        names.sort_by_key(|name| priority(name));
        assert_eq!(names, ["v10", "v2", "v1", "v1beta2", "v1beta1", "v1alpha1", "foo"]);
    }
}
