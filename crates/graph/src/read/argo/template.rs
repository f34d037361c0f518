//! Finds templates by name and says what kind of work one describes.

use std::collections::HashMap;

use super::super::document::Value;
use crate::model::Kind;

/// The templates of a Workflow, and those of other objects that its status keeps.
pub(super) struct Templates<'d> {
    own: HashMap<&'d str, Value<'d>>,
    stored: HashMap<&'d str, Value<'d>>,
}

/// What a task does.
#[derive(Clone)]
pub(super) struct Called<'d> {
    /// A name for the template that is the same wherever it is called; empty for an inline one.
    pub(super) name: String,
    /// The template, or nothing if it is not here.
    pub(super) template: Value<'d>,
    /// The object whose templates its own tasks name: `namespaced/other`; empty for this Workflow.
    pub(super) scope: String,
    /// Whether it names another object: nobody is to blame if it is not here.
    pub(super) elsewhere: bool,
}

impl<'d> Templates<'d> {
    pub(super) fn new(root: Value<'d>, spec: Value<'d>) -> Self {
        let stored = root.get("status").get("storedTemplates");
        Self {
            own: spec
                .get("templates")
                .items()
                .map(|template| (template.get("name").text(), template))
                // What has no name can't be called: a task that names nothing would call itself in it.
                .filter(|(name, _)| !name.is_empty())
                .collect(),
            stored: stored.entries().collect(),
        }
    }

    /// A template of this Workflow by its name.
    pub(super) fn named(&self, name: &str, nothing: Value<'d>) -> Called<'d> {
        Called {
            name: name.to_owned(),
            template: self.own.get(name).copied().unwrap_or(nothing),
            scope: String::new(),
            elsewhere: false,
        }
    }

    /// What a task, step or hook calls: an inline template, one of another object, or one of the same object.
    pub(super) fn called(&self, task: Value<'d>, scope: &str) -> Called<'d> {
        let inline = task.get("inline");
        if inline.is_some() {
            return Called {
                name: String::new(),
                template: inline,
                scope: scope.to_owned(),
                elsewhere: false,
            };
        }
        let reference = task.get("templateRef");
        let name = task.get("template").text();
        let scope = match (reference.is_some(), reference.get("clusterScope").truth()) {
            (false, _) => scope.to_owned(),
            (true, Some(true)) => format!("cluster/{}", reference.get("name").text()),
            (true, _) => format!("namespaced/{}", reference.get("name").text()),
        };
        let name = match reference.is_some() {
            true => reference.get("template").text(),
            false => name,
        };
        if scope.is_empty() {
            return self.named(name, task.nothing());
        }
        let name = format!("{scope}/{name}");
        Called {
            template: self.stored.get(name.as_str()).copied().unwrap_or(task.nothing()),
            name: name.trim_start_matches("namespaced/").to_owned(),
            scope,
            elsewhere: true,
        }
    }

    /// The templates of this Workflow that none of its templates calls: where a WorkflowTemplate without an entrypoint
    /// may be begun.
    pub(super) fn beginnings(&self, spec: Value<'d>) -> Vec<&'d str> {
        let mut called = std::collections::HashSet::new();
        for template in spec.get("templates").items() {
            for task in tasks(template) {
                called.insert(task.get("template").text());
            }
        }
        spec.get("templates")
            .items()
            .map(|template| template.get("name").text())
            .filter(|name| !called.contains(name))
            .collect()
    }
}

/// The tasks or steps of a template, in order.
fn tasks(template: Value<'_>) -> Vec<Value<'_>> {
    let mut tasks: Vec<Value<'_>> = template.get("dag").get("tasks").items().collect();
    for group in template.get("steps").items() {
        tasks.extend(steps_of(group));
    }
    tasks
}

/// The steps that run side by side: a list, an object that holds one, or a single step.
pub(super) fn steps_of(group: Value<'_>) -> Vec<Value<'_>> {
    let inside = group.get("steps");
    if inside.is_some() {
        return inside.items().collect();
    }
    match group.get("name").is_some() {
        true => vec![group],
        false => group.items().collect(),
    }
}

/// What kind of work a template describes, by the one key that says so; one without a value only where no other does.
pub(super) fn kind(template: Value<'_>) -> Kind {
    let mut without = Kind::Unknown;
    for (key, value) in template.entries() {
        let kind = match key {
            "container" => Kind::Task,
            "script" => Kind::Script,
            "resource" => Kind::Resource,
            "suspend" => Kind::Suspend,
            "http" => Kind::Http,
            "plugin" => Kind::Plugin,
            "data" => Kind::Data,
            "containerSet" => Kind::ContainerSet,
            "dag" => Kind::Dag,
            "steps" => Kind::Steps,
            _ => continue,
        };
        if value.is_some() {
            return kind;
        }
        without = kind;
    }
    without
}

/// The image of the container that does the work.
pub(super) fn image(template: Value<'_>) -> &str {
    match template.get("container").get("image").text() {
        "" => template.get("script").get("image").text(),
        image => image,
    }
}
