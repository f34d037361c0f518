use super::{Document, ITEM_LIMIT, Shape, Value};
use crate::read::{Hint, ReadError, SIZE_LIMIT_BYTES, Syntax};

fn document(text: &str) -> Document<'_> {
    Document::parse(text.as_bytes(), Hint::None).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Line and column of the error, and its syntax.
fn error(text: &str, hint: Hint) -> (Syntax, u32, u32) {
    match Document::parse(text.as_bytes(), hint) {
        Err(ReadError::Malformed { syntax, place, .. }) => (syntax, place.line, place.column),
        other => panic!("{text}: {other:?}"),
    }
}

fn first(document: &Document<'_>) -> String {
    document.roots().next().map_or(String::new(), |root| root.to_text(1000))
}

#[test]
fn yaml_and_json_give_the_same_tree() {
    let check = |yaml: &str, json: &str| {
        assert_eq!(first(&document(yaml)), json, "{yaml}");
        assert_eq!(first(&document(json)), json);
    };
    check(
        "a: 1\nb: [x, 'y']\nc: {d: null}\n",
        r#"{"a":1,"b":["x","y"],"c":{"d":null}}"#,
    );
    check("a:\n- true\n- \"true\"\n- ~\n", r#"{"a":[true,"true",null]}"#);
    check(
        "a: |\n  two\n  lines\nb: >-\n  one\n  line\n",
        r#"{"a":"two\nlines\n","b":"one line"}"#,
    );
    check("a: \"\\u00e9\\t\\\"\"\n", "{\"a\":\"é\\t\\\"\"}");
}

#[test]
fn values_know_where_they_begin() {
    let offset = |text: &str, key: &str| {
        let document = document(text);
        document.roots().next().and_then(|root| root.get(key).offset())
    };
    assert_eq!(offset("a: 1\nbä: 2\n", "bä"), Some(10));
    assert_eq!(offset(r#"{"a": 1, "b": "x"}"#, "b"), Some(14));
    assert_eq!(offset("a: 1", "nothing"), None);
}

#[test]
fn errors_have_lines_and_columns() {
    assert_eq!(error("a: [1, 2\nb: 3\n", Hint::None).0, Syntax::Yaml);
    // Where the quote opens that is never closed.
    assert_eq!(error("a: 1\nb: 'x\n", Hint::None), (Syntax::Yaml, 2, 4));
    assert_eq!(error("{\"a\": 1,\n \"b\" 2}", Hint::Json), (Syntax::Json, 2, 6));
    assert_eq!(error("{\"a\": 1,\n \"b\" ]}", Hint::Yaml).0, Syntax::Yaml);
    assert_eq!(error("a:\n\t- 1\n", Hint::None), (Syntax::Yaml, 2, 2));
    assert_eq!(error("a: *nobody\n", Hint::None), (Syntax::Yaml, 1, 4));
    match Document::parse(b"a: 1\nb: \xff", Hint::None) {
        Err(ReadError::Malformed { place, message, .. }) => {
            assert_eq!((place.line, place.column, message.as_str()), (2, 4, "not UTF-8"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn repeated_keys_are_found_and_the_first_counts() {
    let long: String = (0..30).map(|at| format!("k{at}: {at}\n")).collect();
    for text in [
        "a: 1\nb: 2\na: 3\n",
        r#"{"a": 1, "b": 2, "a": 3}"#,
        &format!("a: 1\n{long}a: 3\n"),
    ] {
        let document = document(text);
        let repeated: Vec<&str> = document.repeated().map(|(_, key)| key).collect();
        assert_eq!(repeated, ["a"]);
        let root = document.roots().next().unwrap();
        assert_eq!(root.get("a").text(), "1");
        assert_eq!(root.entries().filter(|(key, _)| *key == "a").count(), 1);
    }
}

#[test]
fn merge_keys_add_what_is_not_there() {
    let merged = document("x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {<<: [*x, *y], a: 0}\n");
    let z = merged.roots().next().unwrap().get("z");
    let entries: Vec<(&str, &str)> = z.entries().map(|(key, value)| (key, value.text())).collect();
    assert_eq!(entries, [("a", "0"), ("b", "2"), ("c", "4")]);
    assert_eq!(z.get("c").text(), "4");
    // In quotes it is a key like any other.
    let quoted = document("z: {'<<': 1}\n");
    assert_eq!(quoted.roots().next().unwrap().get("z").get("<<").text(), "1");
}

#[test]
fn several_documents_are_several_roots() {
    let several = document("---\na: 1\n---\n---\nb: 2\n...\n");
    let texts: Vec<String> = several.roots().map(|root| root.to_text(100)).collect();
    assert_eq!(texts, ["{\"a\":1}", "{\"b\":2}"]);
}

#[test]
fn what_is_too_deep_or_grows_too_much_is_an_error() {
    let deep = |open: &str, close: &str, levels: usize| open.repeat(levels) + "1" + &close.repeat(levels);
    assert!(Document::parse(deep("[", "]", 100).as_bytes(), Hint::Json).is_ok());
    for levels in [101, 1_000_000] {
        assert_eq!(error(&deep("[", "]", levels), Hint::Json).0, Syntax::Json);
        assert_eq!(error(&deep("[", "]", levels), Hint::Yaml).0, Syntax::Yaml);
        assert_eq!(error(&deep("- ", "", levels), Hint::Yaml).0, Syntax::Yaml);
        assert_eq!(error(&deep("{a: ", "}", levels), Hint::Yaml).0, Syntax::Yaml);
    }
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    let (_, line, _) = error(&bomb, Hint::None);
    assert!((6..=8).contains(&line), "stopped in line {line}");
    assert_eq!(error("a: &a\n  b: *a\n", Hint::None), (Syntax::Yaml, 2, 6));
}

#[test]
fn limits_are_told_in_their_own_words() {
    let told = |text: &str, hint: Hint| match Document::parse(text.as_bytes(), hint) {
        Err(ReadError::Malformed { message, place, .. }) => (message, place.line),
        other => panic!("{other:?}"),
    };
    let deep = "[\n".repeat(200);
    for hint in [Hint::Json, Hint::Yaml] {
        assert_eq!(told(&deep, hint), ("nested too deep".to_owned(), 101));
    }
    assert_eq!(told(&"- ".repeat(200), Hint::Yaml).0, "nested too deep");
    let many = "0,\n".repeat(ITEM_LIMIT as usize);
    let (message, line) = told(&format!("[{many}0]"), Hint::Json);
    assert!(message.contains("more keys and values"), "{message}");
    // Where there are too many it stops.
    assert_eq!(line, ITEM_LIMIT);
    let (message, line) = told(&"- 0\n".repeat(ITEM_LIMIT as usize + 9), Hint::Yaml);
    assert!(message.contains("more keys and values"), "{message}");
    assert_eq!(line, ITEM_LIMIT);
    let most = "- 0\n".repeat(ITEM_LIMIT as usize - 1);
    assert!(Document::parse(most.as_bytes(), Hint::Yaml).is_ok());
}

#[test]
fn aliases_are_what_they_stand_for() {
    let aliased = document("a: &x {b: [1, 2]}\nc: *x\nd: &s text\ne: *s\n*s : 1\n");
    let root = aliased.roots().next().unwrap();
    assert_eq!(root.get("c").to_text(100), "{\"b\":[1,2]}");
    assert_eq!(root.get("e").text(), "text");
    assert_eq!(root.get("text").text(), "1");
}

#[test]
fn text_that_is_too_long_is_refused_unread() {
    let long = vec![b' '; SIZE_LIMIT_BYTES + 1];
    assert_eq!(
        Document::parse(&long, Hint::None).err(),
        Some(ReadError::TooLong {
            bytes: SIZE_LIMIT_BYTES + 1
        })
    );
}

#[test]
fn nothing_reads_as_nothing() {
    let document = document("a: ~\n");
    let root = document.roots().next().unwrap();
    let gone: Value<'_> = root.get("x").get("y").get("z");
    assert_eq!(
        (gone.shape(), gone.text(), gone.items().count(), gone.entries().count()),
        (Shape::Nothing, "", 0, 0)
    );
    assert_eq!(root.get("a").shape(), Shape::Nothing);
    assert!(
        super::Document::parse(b"", Hint::None)
            .unwrap()
            .roots()
            .next()
            .is_none()
    );
}
