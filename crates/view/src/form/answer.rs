//! Finds the field of the form that an objection of the cluster is about.
//!
//! Source: field paths of Kubernetes' API validation, as `details.causes[].field` of a 422 has them.

use super::model::{Field, Form, Problem, Workspace};

/// Object that the cluster objected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The volume claim.
    Claim,
    /// The Notebook.
    Notebook,
}

/// Turns an answer's causes (field path, message) and its message into problems, at least one.
pub fn place_causes(sent: Sent, causes: &[(String, String)], message: &str, form: &Form) -> Vec<Problem> {
    let mut out: Vec<Problem> = causes
        .iter()
        .map(|(path, text)| match field_of(sent, path, form) {
            Some(field) => Problem {
                field,
                message: text.clone(),
            },
            None if path.is_empty() => Problem {
                field: Field::Whole,
                message: text.clone(),
            },
            None => Problem {
                field: Field::Whole,
                message: [path.as_str(), ": ", text].concat(),
            },
        })
        .collect();
    if out.is_empty() {
        let field = field_of_message(sent, message, form).unwrap_or(Field::Whole);
        out.push(Problem {
            field,
            message: message.to_owned(),
        });
    }
    out
}

/// The field that a taken name belongs to (409 on create).
impl Sent {
    /// Field that holds the object's name.
    pub fn name_field(self) -> Field {
        match self {
            Self::Claim => Field::VolumeName,
            Self::Notebook => Field::Name,
        }
    }
}

fn field_of(sent: Sent, path: &str, form: &Form) -> Option<Field> {
    let has = |part: &str| path.contains(part);
    let volume = if form.workspace == Workspace::Existing {
        Field::VolumeExisting
    } else {
        Field::VolumeName
    };
    Some(match sent {
        Sent::Claim if has("metadata.name") => Field::VolumeName,
        Sent::Claim if has("storageClassName") => Field::VolumeClass,
        Sent::Claim if has("resources") || has("storage") => Field::VolumeSize,
        Sent::Claim => return None,
        Sent::Notebook if has("metadata.name") || path.ends_with("].name") && has("containers[") => Field::Name,
        Sent::Notebook if has("imagePullPolicy") => Field::PullPolicy,
        Sent::Notebook if has(".image") => Field::Image,
        Sent::Notebook if has("limits") && has("cpu") => {
            if form.own_limits {
                Field::CpuLimit
            } else {
                Field::Cpu
            }
        }
        Sent::Notebook if has("limits") && has("memory") => {
            if form.own_limits {
                Field::MemoryLimit
            } else {
                Field::Memory
            }
        }
        Sent::Notebook if has("requests") && has("cpu") => Field::Cpu,
        Sent::Notebook if has("requests") && has("memory") => Field::Memory,
        Sent::Notebook if has("/gpu") || has("gaudi") => Field::Gpu,
        Sent::Notebook if has("mountPath") => Field::Mount,
        Sent::Notebook if has("volumes[") => volume,
        Sent::Notebook => return None,
    })
}

/// Quotas and admission plugins answer 403 without causes, in fixed words.
fn field_of_message(sent: Sent, message: &str, form: &Form) -> Option<Field> {
    let asked = message.split("requested: ").nth(1)?.split(", used:").next()?;
    let has = |part: &str| asked.contains(part);
    if !message.contains("exceeded quota") {
        return None;
    }
    match sent {
        Sent::Claim if has("storage") => Some(Field::VolumeSize),
        Sent::Claim => None,
        Sent::Notebook if has("cpu") => Some(if has("limits.cpu") && form.own_limits {
            Field::CpuLimit
        } else {
            Field::Cpu
        }),
        Sent::Notebook if has("memory") => Some(Field::Memory),
        Sent::Notebook if has("gpu") => Some(Field::Gpu),
        Sent::Notebook => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Spawner;

    fn check(sent: Sent, path: &str, expect: Field) {
        let form = Form::new(&Spawner::default());
        let problems = place_causes(sent, &[(path.to_owned(), "why".to_owned())], "whole", &form);
        assert_eq!(problems[0].field, expect, "{path}");
    }

    #[test]
    fn field_paths_give_their_fields() {
        check(Sent::Notebook, "metadata.name", Field::Name);
        check(Sent::Notebook, "spec.template.spec.containers[0].name", Field::Name);
        check(Sent::Notebook, "spec.template.spec.containers[0].image", Field::Image);
        check(
            Sent::Notebook,
            "spec.template.spec.containers[0].imagePullPolicy",
            Field::PullPolicy,
        );
        check(
            Sent::Notebook,
            "spec.template.spec.containers[0].resources.requests[cpu]",
            Field::Cpu,
        );
        check(
            Sent::Notebook,
            "spec.template.spec.containers[0].resources.limits.memory",
            Field::Memory,
        );
        check(
            Sent::Notebook,
            "spec.template.spec.containers[0].resources.limits[nvidia.com/gpu]",
            Field::Gpu,
        );
        check(
            Sent::Notebook,
            "spec.template.spec.containers[0].volumeMounts[1].mountPath",
            Field::Mount,
        );
        check(Sent::Claim, "spec.resources[storage]", Field::VolumeSize);
        check(Sent::Claim, "spec.storageClassName", Field::VolumeClass);
        check(Sent::Claim, "metadata.name", Field::VolumeName);
    }

    #[test]
    fn unknown_path_gives_a_note_that_names_it() {
        let form = Form::new(&Spawner::default());
        let problems = place_causes(Sent::Notebook, &[("spec.x".to_owned(), "why".to_owned())], "", &form);
        assert_eq!(
            problems,
            [Problem {
                field: Field::Whole,
                message: "spec.x: why".to_owned()
            }]
        );
    }

    #[test]
    fn exceeded_quota_gives_the_field_asked_for_too_much() {
        let form = Form::new(&Spawner::default());
        let message = "persistentvolumeclaims \"a\" is forbidden: exceeded quota: q, requested: requests.storage=5Gi, \
                       used: requests.storage=96Gi, limited: requests.storage=100Gi";
        assert_eq!(
            place_causes(Sent::Claim, &[], message, &form)[0].field,
            Field::VolumeSize
        );
    }
}
