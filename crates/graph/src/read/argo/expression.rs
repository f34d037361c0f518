//! Finds the names of tasks in Argo's expressions: `{{tasks.a.outputs.result}}`, and `depends: a.Failed || b`.

/// What an expression refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference<'t> {
    /// An output of a sibling: its name, and the output's (`result`, `status`, a parameter, an artifact).
    Task(&'t str, &'t str),
    /// An input of the template around it.
    Input(&'t str),
}

/// The references inside the double braces of a text.
pub(super) fn references(text: &str) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let inside = &rest[start + 2..];
        let end = inside.find("}}").unwrap_or(inside.len());
        in_braces(&inside[..end], &mut found);
        rest = &inside[end..];
    }
    found
}

fn in_braces<'t>(text: &'t str, found: &mut Vec<Reference<'t>>) {
    let mut at = 0;
    while at < text.len() {
        let word = word(&text[at..]);
        if word.is_empty() {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        at += word.len();
        let begins_path = !text[..at - word.len()].ends_with(['.', '\'', '"']);
        match word {
            "tasks" | "steps" if begins_path => {
                let (name, used) = member(&text[at..]);
                let (output, more) = output(&text[at + used..]);
                if !name.is_empty() {
                    found.push(Reference::Task(name, output));
                }
                at += used + more;
            }
            "inputs" if begins_path => {
                let (_, used) = member(&text[at..]);
                let (name, more) = member(&text[at + used..]);
                if !name.is_empty() {
                    found.push(Reference::Input(name));
                }
                at += used + more;
            }
            _ => {}
        }
    }
}

/// What follows a task's name: `.outputs.parameters.x`, `.outputs.result`, `.status`.
fn output(text: &str) -> (&str, usize) {
    let (first, mut used) = member(text);
    if first != "outputs" {
        return (first, used);
    }
    let (kind, more) = member(&text[used..]);
    used += more;
    if !matches!(kind, "parameters" | "artifacts") {
        return (kind, used);
    }
    let (name, more) = member(&text[used..]);
    (name, used + more)
}

/// The next member of a path, `.name` or `['name']`, and how long it is.
fn member(text: &str) -> (&str, usize) {
    if let Some(rest) = text.strip_prefix('.') {
        let name = word(rest);
        return (name, name.len() + 1);
    }
    for (open, close) in [("['", "']"), ("[\"", "\"]")] {
        if let Some(rest) = text.strip_prefix(open) {
            let end = rest.find(close).unwrap_or(rest.len());
            return (&rest[..end], (end + 4).min(text.len()));
        }
    }
    ("", 0)
}

/// Letters, digits, dashes and underscores from the beginning on.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    &text[..end.unwrap_or(text.len())]
}

/// The tasks that a `depends` names, each once, and on which of their results it asks (`Failed || Skipped`), empty for the
/// usual ones.
pub(super) fn depends(text: &str) -> Vec<(&str, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    let mut at = 0;
    let mut negated = false;
    // Whether what is in the parentheses around is negated, from the outside in: not (a or b) is not a and not b.
    let mut around: Vec<bool> = Vec::new();
    // Between two results of one task stands what was written before the second.
    let mut operator = " || ";
    while at < text.len() {
        let name = word(&text[at..]);
        if name.is_empty() {
            let character = text[at..].chars().next().unwrap_or(' ');
            let inverse = around.last().copied().unwrap_or(false);
            match character {
                '&' => operator = if inverse { " || " } else { " && " },
                '|' => operator = if inverse { " && " } else { " || " },
                '(' => around.push(inverse != std::mem::take(&mut negated)),
                ')' => drop(around.pop()),
                '!' => negated = !negated,
                _ => {}
            }
            at += character.len_utf8();
            continue;
        }
        at += name.len();
        let (result, used) = member(&text[at..]);
        at += used;
        let inverse = around.last().copied().unwrap_or(false);
        let condition = match (negated != inverse, result) {
            (false, result) => result.to_owned(),
            (true, "") => "!Succeeded".to_owned(),
            (true, result) => format!("!{result}"),
        };
        negated = false;
        let place = *places.entry(name).or_insert(found.len());
        match found.get_mut(place) {
            None => found.push((name, condition)),
            Some((_, known)) if known.is_empty() || condition.is_empty() => known.clear(),
            Some((_, known)) => {
                known.push_str(operator);
                known.push_str(&condition);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_braces_are_found() {
        let check = |text, expected: &[Reference<'_>]| assert_eq!(references(text), expected, "{text}");
        check(
            "{{tasks.flip.outputs.result}} == heads",
            &[Reference::Task("flip", "result")],
        );
        check("{{steps.a-1.outputs.parameters.x}}", &[Reference::Task("a-1", "x")]);
        check("{{tasks.a.outputs.artifacts.model}}", &[Reference::Task("a", "model")]);
        check(
            "{{=tasks['a'].outputs.result + inputs.parameters.n}}",
            &[Reference::Task("a", "result"), Reference::Input("n")],
        );
        check("{{inputs.parameters.size}}{{item}}", &[Reference::Input("size")]);
        check("{{tasks.a.status}}", &[Reference::Task("a", "status")]);
        check("{{workflow.parameters.tasks}} tasks.a", &[]);
        check("{{tasks.", &[]);
    }

    #[test]
    fn depends_names_tasks_and_results() {
        let check = |text, expected: &[(&str, &str)]| {
            let found = depends(text);
            let found: Vec<(&str, &str)> = found.iter().map(|(name, result)| (*name, result.as_str())).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("a", &[("a", "")]);
        check(
            "a && (b.Succeeded || b.Failed)",
            &[("a", ""), ("b", "Succeeded || Failed")],
        );
        check(
            "!task-1.Skipped && task_2.AnySucceeded",
            &[("task-1", "!Skipped"), ("task_2", "AnySucceeded")],
        );
        check("!(a.Failed)", &[("a", "!Failed")]);
        check(
            "!(a.Failed || (a.Errored || !b)) && c",
            &[("a", "!Failed && !Errored"), ("b", ""), ("c", "")],
        );
        check("! a.Failed && !(!a.Omitted)", &[("a", "!Failed && Omitted")]);
        check("", &[]);
        check("é && a", &[("a", "")]);
    }
}
