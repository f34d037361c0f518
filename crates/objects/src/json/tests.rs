//! Holds the reader to serde_json: the same value, or a stumble.

use super::{from_slice, skip};
use crate::{List, Notebook, Object, Pod, StringMap};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

/// Some of each kind of field, and more than one that skips.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct View {
    text: Option<String>,
    number: Option<i64>,
    float: Option<f64>,
    truth: bool,
    list: Vec<Option<View>>,
    map: StringMap,
}

fn json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("text"),
        Just("number"),
        Just("float"),
        Just("truth"),
        Just("list"),
        Just("map"),
        Just("other"),
        Just("ä\"\\")
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(|float: f64| Value::from(float)),
        ".{0,80}".prop_map(Value::from),
        "[\"\\\\{}\\[\\], ä𝄞\n\u{1}]{0,90}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 120, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Structs of ours don't come as lists.
fn same_unless_stumbled<T: for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug>(text: &[u8]) {
    if let Ok(ours) = from_slice::<T>(text) {
        assert_eq!(
            Some(ours),
            serde_json::from_slice::<T>(text).ok(),
            "{}",
            String::from_utf8_lossy(text)
        );
    }
}

fn same<T: for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug>(text: &[u8]) {
    let ours = from_slice::<T>(text).ok();
    let theirs = serde_json::from_slice::<T>(text).ok();
    assert_eq!(ours, theirs, "{}", String::from_utf8_lossy(text));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_document_is_read_as_serde_json_reads_it(document in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_vec_pretty(&document) } else { serde_json::to_vec(&document) };
        let text = text.unwrap();
        same_unless_stumbled::<View>(&text);
        same::<Value>(&text);
        same_unless_stumbled::<Vec<View>>(&text);
    }

    #[test]
    fn container_ends_where_serde_json_says(document in json(), after in "[\\]}\" ]{0,70}") {
        let text = serde_json::to_string(&document).unwrap();
        if text.starts_with(['{', '[']) {
            let longer = text.clone() + &after;
            prop_assert_eq!(skip::container_end(longer.as_bytes(), 0), Some(text.len()));
            prop_assert_eq!(skip::container_end(&text.as_bytes()[..text.len() - 1], 0), None);
        }
    }

    /// A document with a byte changed may be read otherwise only where the byte lies in something skipped.
    #[test]
    fn spoiled_document_is_read_alike_or_not_at_all(document in json(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = serde_json::to_vec(&document).unwrap();
        let at = at.index(text.len());
        text[at] = byte;
        if let (Ok(ours), Ok(theirs)) = (from_slice::<View>(&text), serde_json::from_slice::<View>(&text)) {
            prop_assert_eq!(ours, theirs);
        }
        // Nothing is skipped in this type, so what is read here is read there.
        if from_slice::<Value>(&text).is_ok() {
            prop_assert!(serde_json::from_slice::<Value>(&text).is_ok());
        }
    }

    #[test]
    fn cut_document_stumbles(document in json(), at in any::<prop::sample::Index>()) {
        let text = serde_json::to_vec(&document).unwrap();
        let cut = at.index(text.len());
        if serde_json::from_slice::<Value>(&text[..cut]).is_err() {
            prop_assert!(from_slice::<View>(&text[..cut]).is_err());
        }
    }
}

#[test]
fn escapes_are_read() {
    same::<Value>(br#"{"\u0061":"\ud834\udd1e \" \\ \/ \b\f\n\r\t ","b":"\ud834"}"#);
    same::<Value>(br#"["\ud834\udd1e","\u00e9\\"]"#);
    same::<Value>(br#"["\ud834x"]"#);
    same::<Value>(br#"["\x"]"#);
    same::<Value>(b"[\"\xff\"]");
    same::<Value>(b"[\"a\nb\"]");
}

#[test]
fn numbers_are_read() {
    for number in [
        "0",
        "-0",
        "01",
        "-",
        "1.",
        "1.5e3",
        "123456789012345678",
        "12345678901234567890",
        "-9223372036854775808",
        "+1",
        "1e999",
    ] {
        same::<Value>(number.as_bytes());
        same::<Vec<f64>>(format!("[{number}]").as_bytes());
    }
}

#[test]
fn commas_are_wanted() {
    for text in [
        "[1,]",
        "[1 2]",
        "[,1]",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{,}",
        "[1}",
        "{\"a\":1]",
        "1 2",
        "",
    ] {
        same::<Value>(text.as_bytes());
    }
}

#[test]
fn recorded_pages_take_the_quick_way() {
    fn check<T: Object + for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug>(items: &str) {
        let page = format!(
            r#"{{"kind":"L","metadata":{{"resourceVersion":"7","continue":"x","remainingItemCount":3}},"items":{items}}}"#
        );
        let quick = T::quick_list(page.as_bytes()).expect("the quick way reads it");
        let items: Vec<T> = serde_json::from_str(items).unwrap();
        assert_eq!(
            quick,
            List {
                resource_version: "7".into(),
                next: "x".into(),
                remaining: Some(3),
                items,
                warnings: vec![]
            }
        );
        let frame = format!(
            r#"{{"type":"MODIFIED","object":{}}}"#,
            &page[page.find("[{").unwrap() + 1..page.len() - 2]
        );
        assert_eq!(T::quick_change(frame.as_bytes()).is_some(), quick.items.len() == 1);
    }
    check::<Pod>(include_str!("../../../../bench/parse/shapes/pods.json"));
    check::<Notebook>(include_str!("../../../../bench/parse/shapes/notebooks.json"));
}
