//! Makes a pipeline of an Argo Workflow's templates: each task with the template that it calls inside it.

use std::collections::HashMap;

use super::component::{self, Component};
use super::expression::{Reference, depends, references};
use super::ports;
use super::template::{Called, Templates, image, kind, steps_of};
use crate::model::{
    Builder, Cache, DEPTH_LIMIT, EdgeKind, EdgeRecord, FaultKind, Form, Kind, Loop, Name, Pipeline, Record,
    TEXT_LIMIT_BYTES, Trigger,
};
use crate::read::document::{Document, Value};
use crate::read::form;

/// Edges between two step groups that are drawn one by one; where there are more, they meet in a [`Kind::Join`].
pub(super) const EDGES_WITHOUT_JOIN: usize = 50;

/// Reads the templates.
pub(super) fn read(document: &Document<'_>, root: Value<'_>, spec: Value<'_>) -> Pipeline {
    let meta = root.get("metadata");
    let annotations = meta.get("annotations");
    let is_kfp = annotations
        .entries()
        .chain(meta.get("labels").entries())
        .any(|(key, _)| is_of_kfp(key));
    let mut reader = Reader {
        templates: Templates::new(root, spec),
        defaults: spec.get("templateDefaults"),
        builder: Builder::new(if is_kfp { Form::KfpV1 } else { Form::ArgoSpec }),
        todo: Vec::new(),
        components: HashMap::new(),
        input_types: HashMap::new(),
    };
    form::repeated_keys(document, &mut reader.builder);
    reader.whole(root, spec);
    reader.builder.finish(document.source())
}

fn is_of_kfp(key: &str) -> bool {
    key.starts_with("pipelines.kubeflow.org/kfp_sdk_version") || key.starts_with("pipelines.kubeflow.org/pipeline_spec")
}

struct Reader<'d> {
    templates: Templates<'d>,
    defaults: Value<'d>,
    builder: Builder,
    todo: Vec<Inside<'d>>,
    /// KFP v1's components by where the templates made of them lie.
    components: HashMap<u32, Component>,
    /// The types of the whole's inputs, as KFP v1 has them.
    input_types: HashMap<Name, Name>,
}

/// A template that is still to be gone into.
struct Inside<'d> {
    node: u32,
    depth: u32,
    called: Called<'d>,
}

impl<'d> Reader<'d> {
    fn whole(&mut self, root: Value<'d>, spec: Value<'d>) {
        let meta = root.get("metadata");
        let name = name_of(root);
        let annotations = meta.get("annotations");
        let described = annotations.get("workflows.argoproj.io/description").text();
        self.builder.node(0).name = self.builder.names.add(name);
        self.builder.node(0).offset = spec.offset();
        self.builder.node(0).parallelism = parallelism(spec);
        self.builder.description = self.builder.names.add(described);
        self.kfp_words(annotations.get("pipelines.kubeflow.org/pipeline_spec").text());
        ports::add(&mut self.builder, 0, spec.nothing(), spec.get("arguments"));
        for port in &mut self.builder.ports {
            port.type_name = self.input_types.get(&port.name).copied().unwrap_or_default();
        }
        self.begin(spec);
        self.go_inside();
        self.hooks_of_all(spec);
    }

    /// KFP v1 keeps the pipeline's name, description and inputs as JSON in an annotation.
    fn kfp_words(&mut self, json: &str) {
        let Some(document) = component::json(json) else {
            return;
        };
        if let Some(words) = document.roots().next() {
            let name = words.get("name").text();
            if !name.is_empty() {
                self.builder.node(0).name = self.builder.names.add(name);
            }
            self.builder.description = self.builder.names.add(words.get("description").text());
            for (name, kind) in component::typed(words.get("inputs")) {
                let (name, kind) = (self.builder.name(name), self.builder.name(&kind));
                self.input_types.insert(name, kind);
            }
        }
    }

    /// What KFP v1 shows instead of a task's name: the name that its author gave it, or that of its component.
    fn shown(&mut self, template: Value<'d>, name: &str) -> Name {
        let annotations = template.get("metadata").get("annotations");
        let given = annotations.get("pipelines.kubeflow.org/task_display_name").text();
        if !given.is_empty() {
            return self.builder.name(given);
        }
        match self.component(template).map(|component| component.name) {
            None | Some(Name::EMPTY) => self.builder.name(name),
            Some(known) => known,
        }
    }

    /// The component that a template was made of; its annotations are read once, however often it is called.
    fn component(&mut self, template: Value<'d>) -> Option<&Component> {
        let at = template.offset().filter(|_| self.builder.form == Form::KfpV1)?;
        let builder = &mut self.builder;
        Some(
            self.components
                .entry(at)
                .or_insert_with(|| Component::of(builder, template)),
        )
    }

    /// The entrypoint's template is the whole; where it does one thing, that is inside it.
    fn begin(&mut self, spec: Value<'d>) {
        let entrypoint = spec.get("entrypoint");
        if !entrypoint.is_some() {
            for name in self.templates.beginnings(spec) {
                let called = self.templates.named(name, spec.nothing());
                self.add(0, 0, name, called, spec.nothing());
            }
            return;
        }
        let called = self.templates.named(entrypoint.text(), spec.nothing());
        let is_group = matches!(kind(called.template), Kind::Dag | Kind::Steps);
        if !is_group {
            self.add(0, 0, entrypoint.text(), called, entrypoint);
            return;
        }
        let template = self.builder.names.add(&called.name);
        let record = self.builder.node(0);
        record.kind = kind(called.template);
        record.template = template;
        // Both limits hold.
        record.parallelism = [record.parallelism, parallelism(called.template)]
            .into_iter()
            .flatten()
            .min();
        self.todo.push(Inside {
            node: 0,
            depth: 0,
            called,
        });
    }

    fn go_inside(&mut self) {
        while let Some(inside) = self.todo.pop().filter(|_| !self.builder.is_full()) {
            self.template(&inside);
        }
    }

    fn template(&mut self, inside: &Inside<'d>) {
        let template = inside.called.template;
        for group in [template.get("dag").get("tasks"), template.get("steps")] {
            if group.is_some() && group.items().next().is_none() {
                let message = "tasks or steps that are no list, or an empty one".to_owned();
                self.builder.fault(FaultKind::Shape, group.offset(), message);
            }
        }
        let mut siblings = HashMap::new();
        let mut added = Vec::new();
        for task in template.get("dag").get("tasks").items() {
            match self.task(inside, task, &mut siblings) {
                Some(node) => added.push((node, task)),
                None => break,
            }
        }
        for &(node, task) in &added {
            self.dependencies(node, task, &siblings);
        }
        let mut before: Vec<u32> = Vec::new();
        let mut steps = Vec::new();
        for (at, group) in template.get("steps").items().enumerate() {
            let mut here = Vec::new();
            for step in steps_of(group) {
                let Some(node) = self.task(inside, step, &mut siblings) else {
                    break;
                };
                here.push(node);
                steps.push((node, step));
            }
            join(&mut self.builder, inside.node, at, &before, &here);
            if !here.is_empty() {
                before = here;
            }
        }
        added.append(&mut steps);
        for (node, task) in added {
            self.data(node, task, &siblings);
        }
        self.containers(inside.node, template);
        let named = template.get("outputs");
        for part in ["parameters", "artifacts"] {
            for output in named.get(part).items() {
                let from = output.get("valueFrom").get("parameter").text();
                self.check(from, output, &siblings);
            }
        }
        self.builder.worked(template.steps());
    }

    /// Lists the names of tasks in an expression that are not there.
    fn check(&mut self, text: &str, at: Value<'d>, siblings: &HashMap<&'d str, u32>) {
        self.builder.worked(text.len() as u64);
        for reference in references(text) {
            if let Reference::Task(name, _) = reference
                && !siblings.contains_key(name)
            {
                let message = format!("no task {name:?} to take an output from");
                self.builder.fault(FaultKind::Dangling, at.offset(), message);
            }
        }
    }

    fn task(&mut self, inside: &Inside<'d>, task: Value<'d>, siblings: &mut HashMap<&'d str, u32>) -> Option<u32> {
        let name = task.get("name").text();
        let called = self.templates.called(task, &inside.called.scope);
        let node = self.add(inside.node, inside.depth, name, called, task)?;
        if siblings.insert(name, node).is_some() {
            let message = format!("the task {name:?} is there twice");
            self.builder.fault(FaultKind::Duplicate, task.offset(), message);
        }
        self.hooks(inside, node, name, task)?;
        Some(node)
    }

    /// Adds what a task calls, to be gone into later.
    fn add(&mut self, parent: u32, depth: u32, name: &str, called: Called<'d>, task: Value<'d>) -> Option<u32> {
        if self.builder.is_full() {
            return None;
        }
        let template = called.template;
        let mut record = Record {
            key: self.builder.name(name),
            name: self.shown(template, name),
            template: self.builder.name(&called.name),
            image: self.builder.name(image(template)),
            condition: self.builder.name(task.get("when").text()),
            depends: self.builder.name(task.get("depends").text()),
            offset: task.offset(),
            kind: kind(template),
            parallelism: parallelism(template),
            ..Record::default()
        };
        if !record.depends.is_empty() {
            record.trigger = Trigger::Expression;
        }
        self.policies(&mut record, template);
        self.over(&mut record, task);
        let mut goes_on = matches!(record.kind, Kind::Dag | Kind::Steps | Kind::ContainerSet);
        if !template.is_some() {
            record.kind = Kind::Gap;
            if !called.elsewhere {
                let message = format!("the template {:?} is not there", called.name);
                self.builder.fault(FaultKind::Dangling, task.offset(), message);
            }
        } else if goes_on && (depth >= DEPTH_LIMIT || self.is_within(parent, record.template)) {
            record.kind = Kind::Recursion;
            goes_on = false;
        } else if record.over != Loop::None {
            record.kind = Kind::Loop;
        } else if goes_on && !record.condition.is_empty() {
            record.kind = Kind::Condition;
        } else if self.builder.form == Form::KfpV1 && goes_on && called.name.starts_with("exit-handler-") {
            record.kind = Kind::ExitHandler;
        }
        let node = self.builder.add(parent, record)?;
        let first = self.builder.ports.len();
        ports::add(&mut self.builder, node, template, task.get("arguments"));
        self.component(template);
        if let Some(component) = template.offset().and_then(|at| self.components.get(&at)) {
            component.type_ports(&mut self.builder.ports[first..]);
        }
        self.builder.worked(task.steps());
        if goes_on {
            self.todo.push(Inside {
                node,
                depth: depth + 1,
                called,
            });
        }
        Some(node)
    }

    /// Whether a template is among those around a node. One without a name can't call itself.
    fn is_within(&self, node: u32, template: Name) -> bool {
        let mut at = node;
        loop {
            let record = &self.builder.nodes[at as usize];
            if record.template == template && !template.is_empty() {
                return true;
            }
            if at == 0 {
                return false;
            }
            at = record.parent;
        }
    }

    fn policies(&mut self, record: &mut Record, template: Value<'d>) {
        let of_containers = template.get("containerSet").get("retryStrategy");
        let retry = match template.get("retryStrategy") {
            own if own.is_some() => own,
            _ if of_containers.is_some() => of_containers,
            _ => self.defaults.get("retryStrategy"),
        };
        if retry.is_some() && template.is_some() {
            record.retried = true;
            // A container set calls it `retries`.
            let limits = [retry.get("limit"), retry.get("retries")];
            let limit = limits.into_iter().find(|limit| limit.is_some()).map_or("", Value::text);
            record.retry_limit = self.builder.name(limit);
            record.retry_policy = self.builder.name(retry.get("retryPolicy").text());
            record.retry_backoff = self.builder.name(retry.get("backoff").get("duration").text());
        }
        record.daemoned = template.get("daemon").truth() == Some(true);
        let meta = template.get("metadata");
        let staleness = meta
            .get("annotations")
            .get("pipelines.kubeflow.org/max_cache_staleness");
        let enabled = meta.get("labels").get("pipelines.kubeflow.org/enable_caching").truth();
        record.cache = match enabled {
            _ if template.get("memoize").is_some() => Cache::On,
            // KFP v1: a result that may be no days old is never taken.
            _ if staleness.text() == "P0D" => Cache::Off,
            Some(true) => Cache::On,
            Some(false) => Cache::Off,
            None => Cache::Unsaid,
        };
    }

    fn over(&mut self, record: &mut Record, task: Value<'d>) {
        let (items, parameter, sequence) = (task.get("withItems"), task.get("withParam"), task.get("withSequence"));
        let mut name = |value: Value<'d>| self.builder.names.add(&value.to_text(TEXT_LIMIT_BYTES));
        record.over = if items.is_some() {
            Loop::Literal(name(items))
        } else if parameter.text().contains("{{") {
            Loop::Input(name(parameter))
        } else if parameter.is_some() {
            Loop::Literal(name(parameter))
        } else if sequence.is_some() {
            Loop::Sequence(name(sequence))
        } else {
            return;
        };
        record.item = self.builder.name("item");
    }

    /// `dependencies` and `depends`.
    fn dependencies(&mut self, node: u32, task: Value<'d>, siblings: &HashMap<&'d str, u32>) {
        for name in task.get("dependencies").items() {
            self.order((name.text(), name), node, siblings, "");
        }
        let expression = task.get("depends");
        for (name, condition) in depends(expression.text()) {
            self.order((name, expression), node, siblings, &condition);
        }
    }

    fn order(&mut self, from: (&str, Value<'d>), to: u32, siblings: &HashMap<&'d str, u32>, condition: &str) {
        let (name, at) = from;
        let Some(&from) = siblings.get(name) else {
            let message = format!("no task {name:?} to wait for");
            self.builder.fault(FaultKind::Dangling, at.offset(), message);
            return;
        };
        let condition = self.builder.name(condition);
        self.builder.edges.push(EdgeRecord {
            from,
            to,
            condition,
            ..EdgeRecord::default()
        });
    }

    /// What a task takes from its siblings: by arguments, by its condition, by the items of its loop.
    fn data(&mut self, node: u32, task: Value<'d>, siblings: &HashMap<&'d str, u32>) {
        let arguments = task.get("arguments");
        for argument in arguments
            .get("parameters")
            .items()
            .chain(arguments.get("artifacts").items())
        {
            let input = argument.get("name").text();
            for key in ["value", "from", "fromExpression"] {
                self.taken(argument.get(key), input, key == "fromExpression", node, siblings);
            }
            let from = argument.get("valueFrom");
            self.taken(from.get("expression"), input, true, node, siblings);
            self.taken(from.get("parameter"), input, false, node, siblings);
        }
        for key in ["when", "withParam"] {
            self.taken(task.get(key), key, false, node, siblings);
        }
        let sequence = task.get("withSequence");
        for key in ["count", "start", "end"] {
            self.taken(sequence.get(key), "withSequence", false, node, siblings);
        }
    }

    fn taken(&mut self, text: Value<'d>, input: &str, bare: bool, to: u32, siblings: &HashMap<&'d str, u32>) {
        let braced;
        let expression = match bare && text.is_some() {
            true => {
                braced = format!("{{{{={}}}}}", text.text());
                &braced
            }
            false => text.text(),
        };
        self.builder.worked(expression.len() as u64);
        for reference in references(expression) {
            let Reference::Task(name, output) = reference else {
                continue;
            };
            let Some(&from) = siblings.get(name) else {
                let message = format!("no task {name:?} to take an output from");
                self.builder.fault(FaultKind::Dangling, text.offset(), message);
                continue;
            };
            let edge = EdgeRecord {
                from,
                to,
                kind: EdgeKind::Data,
                output: self.builder.name(output),
                input: self.builder.name(input),
                condition: Name::EMPTY,
            };
            if from != to {
                self.builder.edges.push(edge);
            }
        }
    }

    /// Hooks of a task are its siblings, called as in a status: `task.hooks.name`, `task.onExit`.
    fn hooks(&mut self, inside: &Inside<'d>, node: u32, name: &str, task: Value<'d>) -> Option<()> {
        let on_exit = task.get("onExit").text();
        if !on_exit.is_empty() {
            let called = self.templates.named(on_exit, task.nothing());
            self.hook(
                (inside.node, inside.depth),
                node,
                format!("{name}.onExit"),
                called,
                task.get("onExit"),
            )?;
        }
        for (key, hook) in task.get("hooks").entries() {
            let called = self.templates.called(hook, &inside.called.scope);
            let key = hook_name(name, key);
            self.hook((inside.node, inside.depth), node, key, called, hook)?;
        }
        Some(())
    }

    fn hook(
        &mut self,
        (parent, depth): (u32, u32),
        after: u32,
        key: String,
        called: Called<'d>,
        hook: Value<'d>,
    ) -> Option<u32> {
        let node = self.add(parent, depth, &key, called, hook)?;
        let condition = self.builder.name(hook.get("expression").text());
        let record = self.builder.node(node);
        record.kind = match key.ends_with("onExit") {
            true => Kind::ExitTask,
            false => Kind::Hook,
        };
        if !condition.is_empty() {
            record.condition = condition;
        }
        if after != 0 {
            self.builder.edges.push(EdgeRecord {
                from: after,
                to: node,
                ..EdgeRecord::default()
            });
        }
        Some(node)
    }

    /// What runs at the end of the whole, and its hooks.
    fn hooks_of_all(&mut self, spec: Value<'d>) {
        let ends = sinks(&self.builder, 0);
        let mut hooks = Vec::new();
        let on_exit = spec.get("onExit");
        if on_exit.is_some() {
            let called = self.templates.named(on_exit.text(), spec.nothing());
            hooks.push(("onExit".to_owned(), called, on_exit));
        }
        for (key, hook) in spec.get("hooks").entries() {
            hooks.push((hook_name("", key), self.templates.called(hook, ""), hook));
        }
        for (key, called, hook) in hooks {
            let is_exit = key == "onExit";
            let Some(node) = self.hook((0, 0), 0, key, called, hook) else {
                return;
            };
            if is_exit {
                join(&mut self.builder, 0, usize::MAX, &ends, &[node]);
            }
        }
        self.go_inside();
    }

    /// The containers of a container set.
    fn containers(&mut self, node: u32, template: Value<'d>) {
        let containers = template.get("containerSet").get("containers");
        let mut siblings = HashMap::new();
        let mut added = Vec::new();
        for container in containers.items() {
            let name = container.get("name").text();
            let record = Record {
                kind: Kind::Container,
                key: self.builder.name(name),
                name: self.builder.name(name),
                image: self.builder.name(container.get("image").text()),
                offset: container.offset(),
                ..Record::default()
            };
            let Some(at) = self.builder.add(node, record) else {
                return;
            };
            siblings.insert(name, at);
            added.push((at, container));
        }
        for (at, container) in added {
            self.dependencies(at, container, &siblings);
        }
    }
}

/// A hook's key: `exit` is what older Workflows call `onExit`.
fn hook_name(task: &str, hook: &str) -> String {
    let dot = if task.is_empty() { "" } else { "." };
    match hook {
        "exit" => format!("{task}{dot}onExit"),
        hook => format!("{task}{dot}hooks.{hook}"),
    }
}

/// A Workflow's name, or what its name will begin with.
pub(super) fn name_of(root: Value<'_>) -> &str {
    let meta = root.get("metadata");
    match meta.get("name").text() {
        "" => meta.get("generateName").text().trim_end_matches('-'),
        name => name,
    }
}

/// How many at once at most: KFP v1 writes 0 where there is no limit.
fn parallelism(of: Value<'_>) -> Option<u32> {
    of.get("parallelism").number().filter(|&limit| limit > 0)
}

/// What is directly inside a node and has nothing after it; hooks count as nothing.
pub(super) fn sinks(builder: &Builder, parent: u32) -> Vec<u32> {
    let is_hook = |at: u32| matches!(builder.nodes[at as usize].kind, Kind::Hook | Kind::ExitTask);
    let edges = builder.edges.iter().filter(|edge| !is_hook(edge.to));
    let followed: std::collections::HashSet<u32> = edges.map(|edge| edge.from).collect();
    let inside = builder
        .nodes
        .iter()
        .enumerate()
        .skip(1)
        .filter(|(_, record)| record.parent == parent);
    inside
        .map(|(at, _)| crate::graph::index(at))
        .filter(|at| !followed.contains(at) && !is_hook(*at))
        .collect()
}

/// Edges of order from each of one group to each of the next, through a [`Kind::Join`] where there would be many.
pub(super) fn join(builder: &mut Builder, parent: u32, at: usize, before: &[u32], after: &[u32]) {
    let order = |from: u32, to: u32| EdgeRecord {
        from,
        to,
        ..EdgeRecord::default()
    };
    if before.len().saturating_mul(after.len()) <= EDGES_WITHOUT_JOIN || before.len() == 1 || after.len() == 1 {
        for &from in before {
            builder.edges.extend(after.iter().map(|&to| order(from, to)));
        }
        return;
    }
    let record = Record {
        kind: Kind::Join,
        key: builder.name(&format!("[{at}]")),
        ..Record::default()
    };
    if let Some(node) = builder.add(parent, record) {
        builder.edges.extend(before.iter().map(|&from| order(from, node)));
        builder.edges.extend(after.iter().map(|&to| order(node, to)));
    }
}
