//! Says what a pipeline shows as facts, one a line, columns two spaces apart: the language of the `.expect` files.

use std::collections::BTreeSet;

use flowdeck_graph::{Cache, Dependency, EdgeKind, Items, Node, Phase, Pipeline, Port, Trigger};

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    /// Inputs and outputs.
    pub(crate) ports: bool,
}

/// All facts about a pipeline.
pub(crate) fn facts(pipeline: &Pipeline, scope: Scope) -> BTreeSet<String> {
    let mut out = BTreeSet::from([
        format!("form  {:?}", pipeline.form()),
        format!("pipeline  {}", pipeline.name()),
    ]);
    for node in pipeline.nodes() {
        if node.path() != "root" {
            out.insert(format!("node  {}  {:?}", node.path(), node.kind()));
        }
        about(&mut out, node);
        out.extend(node.edges().map(|edge| edge_fact(node, edge)));
        if scope.ports {
            out.extend(node.inputs().map(|port| port_fact("in", node, port)));
            out.extend(node.outputs().map(|port| port_fact("out", node, port)));
        }
    }
    out.extend(pipeline.faults().iter().map(|fault| format!("fault  {:?}", fault.kind)));
    out
}

fn about(out: &mut BTreeSet<String>, node: Node<'_>) {
    let path = node.path();
    let mut add = |what: &str, value: &str| {
        if !value.is_empty() {
            out.insert(format!("{what}  {path}  {value}"));
        }
    };
    if node.parent().is_some() && node.name() != node.key() {
        add("name", node.name());
    }
    if node.phase() != Phase::Unknown {
        add("phase", &format!("{:?}", node.phase()));
    }
    add("if", node.condition());
    add("depends", node.depends());
    match node.trigger() {
        Trigger::AllCompleted => add("trigger", "AllCompleted"),
        Trigger::Unsaid | Trigger::AllSucceeded | Trigger::Expression => {}
    }
    if node.cache() == Cache::Off {
        add("cache", "Off");
    }
    if let Some(retry) = node.retry() {
        add("retry", if retry.limit.is_empty() { "endless" } else { retry.limit });
    }
    if let Some(iteration) = node.iterator() {
        add(
            "over",
            &match iteration.items {
                Items::Literal(items) => format!("items  {items}"),
                Items::Input(input) => format!("input  {input}"),
                Items::Sequence(sequence) => format!("sequence  {sequence}"),
            },
        );
    }
    if let Some(limit) = node
        .iterator()
        .and_then(|iteration| iteration.parallelism)
        .or(node.parallelism())
    {
        add("parallel", &limit.to_string());
    }
}

fn edge_fact(parent: Node<'_>, edge: Dependency<'_>) -> String {
    let (from, to) = (edge.from().segment(), edge.to().segment());
    let mut fact = format!("edge  {}  {from} -> {to}  {:?}", parent.path(), edge.kind());
    if edge.kind() == EdgeKind::Data {
        fact.push_str(&format!("  {}", edge.output()));
    }
    if !edge.condition().is_empty() {
        fact.push_str(&format!("  if {}", edge.condition()));
    }
    fact
}

fn port_fact(word: &str, node: Node<'_>, port: Port<'_>) -> String {
    let list = if port.is_list() { " list" } else { "" };
    let type_name = Some(port.type_name())
        .filter(|name| !name.is_empty())
        .unwrap_or("untyped");
    format!("{word}  {}  {}  {type_name}{list}", node.path(), port.name())
}
