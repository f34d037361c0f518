//! Says in a few words what a node waits for, how it goes, and what a loop goes over.

use std::collections::BTreeSet;

use flowdeck_graph::{Cache, Items, Kind, Node, NodeId, Phase, Trigger};

use crate::glyph;

/// Under which condition a node runs, in words: of branches only what the ones before leave open.
pub(crate) fn condition_of(node: Node<'_>) -> String {
    if node.condition().is_empty() {
        return String::new();
    }
    let words = condition(node.condition());
    if node.parent().is_none_or(|parent| parent.kind() != Kind::Branches) {
        return format!("if {words}");
    }
    // KFP writes an `elif` as the negation of each condition before it, and its own.
    let own: Vec<&str> = words.split(" and ").filter(|part| !part.starts_with("not (")).collect();
    match (own.is_empty(), own.len() < words.split(" and ").count()) {
        (true, _) => "else".to_owned(),
        (false, true) => format!("else if {}", own.join(" and ")),
        (false, false) => format!("if {words}"),
    }
}

/// A condition as a person would write it: `inputs.parameter_values['pipelinechannel--flip-Output'] == 'heads'` is
/// `flip-Output == 'heads'`, and `{{steps.flip.outputs.result}} == heads` is `flip.result == heads`.
pub(crate) fn condition(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = split_first(rest, &["inputs.parameter_values['", "inputs.parameters['"]) {
        out.push_str(before);
        let Some((name, after)) = after.split_once("']") else {
            out.push_str(after);
            return out;
        };
        out.push_str(channel(name));
        rest = [".int_value", ".double_value", ".string_value"]
            .iter()
            .find_map(|kind| after.strip_prefix(kind))
            .unwrap_or(after);
    }
    out.push_str(rest);
    negated(&unwrapped(&unbraced(&out), "int("))
        .replace("&&", " and ")
        .replace("||", " or ")
        .replace("  ", " ")
}

/// The text with `not` for an exclamation mark that is no part of `!=`.
fn negated(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('!') {
        out.push_str(before);
        out.push_str(if after.starts_with('=') { "!" } else { "not " });
        rest = after;
    }
    out + rest
}

/// An input's name without what KFP puts before it.
fn channel(name: &str) -> &str {
    name.trim_start_matches("pipelinechannel--")
        .trim_start_matches("pipelineparam--")
}

/// The text without calls of a function that only changes a type.
fn unwrapped(text: &str, call: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(call) {
        out.push_str(before);
        let (inner, after) = after.split_once(')').unwrap_or((after, ""));
        out.push_str(inner);
        rest = after;
    }
    out + rest
}

fn split_first<'t>(text: &'t str, any: &[&str]) -> Option<(&'t str, &'t str)> {
    any.iter()
        .filter_map(|pattern| text.split_once(pattern))
        .min_by_key(|(before, _)| before.len())
}

/// Argo's expressions without their braces and without the words that are always there.
fn unbraced(text: &str) -> String {
    let mut out = text.replace("{{", "").replace("}}", "");
    for always in [
        "tasks.",
        "steps.",
        "outputs.parameters.",
        "outputs.",
        "inputs.parameters.",
        "workflow.parameters.",
        "workflow.",
    ] {
        out = out.replace(always, "");
    }
    out.trim().to_owned()
}

/// What a loop goes over, and how many rounds at once; empty if it is not said.
pub(crate) fn iterator(node: Node<'_>) -> String {
    let Some(iteration) = node.iterator() else {
        return String::new();
    };
    let over = match iteration.items {
        Items::Literal(items) => match items_of(items) {
            Some(1) => "for 1 item".to_owned(),
            Some(count) => format!("for each of {count} items"),
            None => format!("for each of {items}"),
        },
        Items::Input(input) => format!("for each of {}", unbraced(channel(input))),
        Items::Sequence(sequence) => format!(
            "for numbers: {}",
            sequence.replace(['{', '}', '"'], "").replace(',', ", ")
        ),
    };
    match iteration.parallelism.or_else(|| node.parallelism()) {
        Some(1) => format!("{over}, one at a time"),
        Some(limit) => format!("{over}, {limit} at once"),
        None => over,
    }
}

/// How many items a JSON list has: commas outside strings and brackets.
fn items_of(list: &str) -> Option<usize> {
    let inner = list.trim().strip_prefix('[')?.strip_suffix(']')?;
    if inner.trim().is_empty() {
        return Some(0);
    }
    let (mut depth, mut quoted, mut escaped, mut count) = (0_i32, false, false, 1);
    for c in inner.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            ',' if depth == 0 => count += 1,
            _ => {}
        }
    }
    Some(count)
}

/// The second line of a node: how it goes, or in a pipeline that does not run what decides how it will.
pub(crate) fn now(node: Node<'_>, clock: i64) -> String {
    let mut parts = Vec::new();
    if let Some((_, word)) = glyph::phase(node.phase()) {
        let took = duration(node, clock);
        match node.phase() {
            Phase::Succeeded if !took.is_empty() => parts.push(took),
            Phase::Running if !took.is_empty() => parts.push(format!("{word} {took}")),
            Phase::Failed | Phase::Error if !node.message().is_empty() => parts.push(node.message().to_owned()),
            Phase::Pending | Phase::Suspended | Phase::Omitted if !node.message().is_empty() => {
                parts.push(node.message().to_owned());
            }
            Phase::Cached if !took.is_empty() => parts.push(format!("{took} · {word}")),
            _ => parts.push(word.to_owned()),
        }
        if node.phase().is_final() || node.phase() == Phase::Running {
            return parts.join(" · ");
        }
    }
    parts.extend(rules(node));
    let (_, word) = glyph::kind(node.kind());
    if parts.is_empty() && !word.is_empty() {
        parts.push(word.to_owned());
    }
    let template = unnumbered(node.template().trim_start_matches("comp-"));
    if parts.is_empty() && template != unnumbered(node.name()) {
        parts.push(template.to_owned());
    }
    parts.join(" · ")
}

/// What decides whether, how often and how a node runs, whatever the run is like.
pub(crate) fn rules(node: Node<'_>) -> Vec<String> {
    let mut parts = vec![condition_of(node), iterator(node)];
    if conditions_before(node) > 1 {
        parts.push(format!("if {}", condition(node.depends())));
    }
    parts.extend(policies(node));
    parts.retain(|words| !words.is_empty());
    parts
}

/// How many of the edges to a node are followed on certain results only.
pub(crate) fn conditions_before(node: Node<'_>) -> usize {
    node.parent().map_or(0, |parent| {
        let before = parent.edges().filter(|edge| edge.to().id() == node.id());
        before.filter(|edge| !edge.condition().is_empty()).count()
    })
}

/// What a node that has not begun waits for, by name if it is one.
pub(crate) fn waits(node: Node<'_>) -> Option<String> {
    let edges = node.parent()?.edges().filter(|edge| edge.to().id() == node.id());
    let open: BTreeSet<NodeId> = edges
        .map(|edge| edge.from())
        .filter(|before| !before.phase().is_final())
        .map(|before| before.id())
        .collect();
    match (open.len(), open.first()) {
        (1, Some(one)) => {
            let before = node.parent()?.children().find(|before| before.id() == *one)?;
            Some(format!("waits for {}", before.name()))
        }
        (0, _) => None,
        (count, _) => Some(format!("waits for {count}")),
    }
}

/// A name without the numbers that KFP puts behind it to make it unique.
fn unnumbered(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((before, number)) if number.bytes().all(|c| c.is_ascii_digit()) => unnumbered(before),
        _ => name,
    }
}

fn policies(node: Node<'_>) -> Vec<String> {
    let mut parts = Vec::new();
    if node.trigger() == Trigger::AllCompleted && node.kind() != Kind::ExitTask {
        parts.push("in any case".to_owned());
    }
    if let Some(retry) = node.retry() {
        parts.push(match retry.limit {
            "" => "tried until it works".to_owned(),
            limit => format!("up to {} retries", unbraced(limit)),
        });
    }
    if node.cache() == Cache::Off {
        parts.push("never cached".to_owned());
    }
    if node.is_daemoned() {
        parts.push("in the background".to_owned());
    }
    parts
}

/// How long it took or has taken so far, or nothing.
fn duration(node: Node<'_>, clock: i64) -> String {
    let Some(started) = node.started() else {
        return String::new();
    };
    let end = node.finished().map_or(clock, |finished| finished.ms());
    let seconds = (end - started.ms()).max(0) / 1000;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_as_a_person_writes_them() {
        let check = |raw, expect| assert_eq!(condition(raw), expect, "{raw}");
        check(
            "inputs.parameter_values['pipelinechannel--flip-Output'] == 'heads'",
            "flip-Output == 'heads'",
        );
        check("int(inputs.parameter_values['pipelinechannel--a']) > 3", "a > 3");
        check(
            "inputs.parameters['pipelineparam--n-Output'].int_value != 10",
            "n-Output != 10",
        );
        check("!(inputs.parameter_values['x'] == 1) && true", "not (x == 1) and true");
        check("{{tasks.flip.outputs.result}} == heads", "flip.result == heads");
        check("Failed || !Succeeded", "Failed or not Succeeded");
        check("inputs.parameter_values['never ends", "never ends");
    }

    #[test]
    fn items_are_counted_at_the_top_only() {
        let check = |list, expect| assert_eq!(items_of(list), expect, "{list}");
        check("[]", Some(0));
        check("[1]", Some(1));
        check(r#"[{"a": 1, "b": [2, 3]}, "x, \"y", 4]"#, Some(3));
        check("{{item}}", None);
    }
}
