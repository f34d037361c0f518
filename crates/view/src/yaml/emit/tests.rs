use super::*;
use proptest::prelude::*;
use serde_json::Value;

fn check(json: &str, expect: &str) {
    let yaml = to_yaml(json, Options::default()).unwrap();
    assert_eq!(yaml, expect, "{json}");
}

#[test]
fn object_gives_block_style() {
    check(
        r#"{"kind":"Notebook","metadata":{"name":"a","labels":{},"managedFields":[{"x":1}]},
            "spec":{"list":[{"name":"x","args":["--port","8080"]},"plain",[1,[2]]],"num":1.50,"e":null,"t":true}}"#,
        "\
kind: Notebook
metadata:
  name: a
  labels: {}
spec:
  list:
  - name: x
    args:
    - \"--port\"
    - \"8080\"
  - plain
  - [1,[2]]
  num: 1.50
  e: null
  t: true
",
    );
}

#[test]
fn only_managed_fields_give_an_empty_map() {
    check(r#"{"metadata":{"managedFields":[]}}"#, "metadata: {}\n");
    check("{}", "{}\n");
    check("[]", "[]\n");
    check("\"a: b\"", "\"a: b\"\n");
}

#[test]
fn texts_that_look_like_something_else_are_quoted() {
    for text in [
        "no",
        "Null",
        "1.5",
        "0x1f",
        "2026-11-24T13:34:00Z",
        "12:30",
        "",
        " a",
        "a: b",
        "a #b",
        "-",
        "1e3",
        "~",
    ] {
        let json = serde_json::to_string(&serde_json::json!({ "k": text })).unwrap();
        let yaml = to_yaml(&json, Options::default()).unwrap();
        assert!(yaml.starts_with("k: \""), "{text}: {yaml}");
    }
    for text in ["500m", "1Gi", "a:b", "ghcr.io/a/b:v1", "it's", "a#b", "/home/jovyan"] {
        check(&serde_json::json!({ "k": text }).to_string(), &format!("k: {text}\n"));
    }
}

#[test]
fn long_texts_give_blocks() {
    check(
        r#"{"a":"x\n  y\n\nz\n","b":["p\nq"]}"#,
        "a: |\n  x\n    y\n\n  z\nb:\n- |-\n  p\n  q\n",
    );
}

#[test]
fn secret_values_are_masked() {
    check(
        r#"{"kind":"Secret","metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","a":"b"}},
            "data":{"password":"c2VjcmV0"},"stringData":{"p":"secret"}}"#,
        "\
kind: Secret
metadata:
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: \"••••••\"
    a: b
data:
  password: \"••••••\"
stringData:
  p: \"••••••\"
",
    );
    check(
        r#"{"kind":"ConfigMap","data":{"a":"b"}}"#,
        "kind: ConfigMap\ndata:\n  a: b\n",
    );
}

#[test]
fn deep_input_gives_json_below_the_limit() {
    let deep = [r#"{"a":"#.repeat(100), "1".to_owned(), "}".repeat(100)].concat();
    assert!(to_yaml(&deep, Options::default()).unwrap().contains("{\"a\":{"));
}

#[test]
fn broken_json_gives_an_error() {
    assert!(to_yaml("{\"a\":", Options::default()).is_err());
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9.:/# -]{0,12}",
        "\\PC{0,8}",
        "[ a\\n\\t]{0,10}",
        prop::sample::select(vec![
            "true",
            "null",
            "1",
            "0o7",
            "1_000",
            "2026-01-01",
            "y",
            "---",
            "...",
            "a\n",
            "\n",
            "x:\ny",
            "|",
            "12e",
            "1:2",
            "0b1"
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((any_text(), inner), 0..5).prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn yaml_reads_back_as_the_same_object(value in any_json()) {
        let options = Options { hide_managed_fields: false, mask_secrets: false };
        let yaml = to_yaml(&value.to_string(), options).unwrap();
        let read: Value = serde_saphyr::from_str(&yaml).map_err(|error| TestCaseError::fail(format!("{error}\n{yaml}")))?;
        prop_assert_eq!(&read, &value, "{}", yaml);
    }
}
