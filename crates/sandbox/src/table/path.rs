//! Follows the JSON paths of printer columns: `.a.b[0].c`, `.list[?(@.type=="Ready")].status`, `.a.b\.c`.

use serde_json::Value;

/// What is at the path.
pub(super) fn find(value: &Value, path: &str) -> Option<Value> {
    let mut at = value;
    let mut rest = path.trim_start_matches('.');
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let end = if inside.starts_with('?') {
                inside.find(")]")? + 1
            } else {
                inside.find(']')?
            };
            at = select(at, &inside[..end])?;
            rest = inside[end + 1..].trim_start_matches('.');
            continue;
        }
        let (field, tail) = field(rest);
        at = at.get(&field)?;
        rest = tail;
    }
    (!at.is_null()).then(|| at.clone())
}

fn field(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => name.extend(chars.next().map(|(_, escaped)| escaped)),
            '.' => return (name, &text[at + 1..]),
            '[' => return (name, &text[at..]),
            _ => name.push(c),
        }
    }
    (name, "")
}

fn select<'a>(value: &'a Value, inside: &str) -> Option<&'a Value> {
    if let Ok(index) = inside.parse::<usize>() {
        return value.get(index);
    }
    if inside == "*" {
        return value.as_array()?.first();
    }
    if let Some(quoted) = inside.strip_prefix(['\'', '"']) {
        return value.get(quoted.trim_end_matches(['\'', '"']));
    }
    let test = inside.strip_prefix("?(@.")?.strip_suffix(')')?;
    let (field, wanted) = test.split_once("==")?;
    let wanted = wanted.trim().trim_matches(['"', '\'']);
    value
        .as_array()?
        .iter()
        .find(|one| find(one, field.trim()).is_some_and(|found| found == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_are_followed() {
        let value = json!({"a": {"b.c": 1, "l": [{"type": "X", "s": "no"}, {"type": "Ready", "s": "yes"}]}});
        for (path, expect) in [
            (".a.b\\.c", Some(json!(1))),
            (".a.l[0].s", Some(json!("no"))),
            (".a.l[?(@.type==\"Ready\")].s", Some(json!("yes"))),
            (".a.x", None),
            (".a['b.c']", Some(json!(1))),
        ] {
            assert_eq!(find(&value, path), expect, "{path}");
        }
    }
}
