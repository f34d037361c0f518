//! Holds the reader to serde_json: the same acceptance, the same values.

use super::{Fields, Read, Reader, check, from_slice, from_str, quote, skip};
use crate::{List, Notebook, Object, Pod, StringMap, WatchEvent};
use proptest::prelude::*;
use serde_json::Value;

/// Any document, read by our reader alone.
#[derive(Debug, Default, PartialEq)]
struct Any(Value);

impl super::Value for Any {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read {
        self.0 = match reader.peek()? {
            b'n' => reader.null().map(|_| Value::Null)?,
            b't' | b'f' => reader.truth()?.into(),
            b'"' => reader.text()?.into(),
            b'[' => {
                let mut items: Vec<Any> = Vec::new();
                items.read(reader)?;
                items.into_iter().map(|any| any.0).collect()
            }
            b'{' => {
                let mut map = serde_json::Map::new();
                let mut first = reader.open(b'{', "an object")?;
                while reader.more(b'}', &mut first)? {
                    let key = String::from_utf8(reader.key()?.into_owned()).map_err(|_why| reader.stumble("UTF-8"))?;
                    let mut value = Any::default();
                    value.read(reader)?;
                    map.insert(key, value.0);
                }
                map.into()
            }
            _ => match serde_json::from_slice(reader.number()?) {
                Ok(number) => number,
                Err(_) => return Err(reader.stumble("a number")),
            },
        };
        Ok(())
    }
}

/// Some of each kind of field.
#[derive(Debug, Default, PartialEq)]
struct View {
    text: Option<String>,
    number: i64,
    truth: bool,
    list: Vec<View>,
    map: StringMap,
}

crate::fields!(View { b"text" => text, b"number" => number, b"truth" => truth, b"list" => list, b"map" => map });

/// What the view of a document has to be; `None`: it must be refused.
fn expected(document: &Value) -> Option<View> {
    let Value::Object(map) = document else {
        return document.is_null().then(View::default);
    };
    let mut view = View::default();
    for (key, value) in map {
        match (key.as_str(), value) {
            ("text" | "number" | "truth" | "list" | "map", Value::Null) => {}
            ("text", value) => view.text = Some(value.as_str()?.to_owned()),
            ("number", value) => view.number = value.as_i64()?,
            ("truth", value) => view.truth = value.as_bool()?,
            ("list", value) => view.list = value.as_array()?.iter().map(expected).collect::<Option<_>>()?,
            ("map", value) => {
                for (key, value) in value.as_object()? {
                    let text = match value {
                        Value::Null => String::new(),
                        Value::String(text) => text.clone(),
                        Value::Bool(_) | Value::Number(_) => value.to_string(),
                        _ => return None,
                    };
                    view.map.insert(key, &text);
                }
            }
            _ => {}
        }
    }
    Some(view)
}

fn json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("text"),
        Just("number"),
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
        // Eighths: few digits, which serde_json reads without rounding.
        (-1e6..1e6).prop_map(|float: f64| Value::from((float * 8.0).round() / 8.0)),
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

#[track_caller]
fn same(text: &[u8]) {
    let theirs = match serde_json::from_slice::<Value>(text) {
        Ok(value) => Some(value),
        // JSON sets numbers no bounds (RFC 8259 §6); serde_json's are those of an f64.
        Err(why) if why.to_string().contains("out of range") => return,
        Err(_unreadable) => None,
    };
    let shown = String::from_utf8_lossy(text);
    assert_eq!(check(text).is_ok(), theirs.is_some(), "{shown}");
    assert_eq!(from_slice::<Any>(text).ok().map(|any| any.0), theirs, "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_document_is_read_as_serde_json_reads_it(document in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_vec_pretty(&document) } else { serde_json::to_vec(&document) };
        let text = text.unwrap();
        same(&text);
        prop_assert_eq!(from_slice::<View>(&text).ok(), expected(&document));
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

    #[test]
    fn spoiled_document_is_read_alike(document in json(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = serde_json::to_vec(&document).unwrap();
        let at = at.index(text.len());
        text[at] = byte;
        same(&text);
        // Whatever is skipped or not: what is read here and is JSON has the same values there. Numbers are kept as
        // they are written here and rounded there, so a byte that makes another number tells nothing.
        if b"eE+-.0123456789".contains(&byte) {
            return Ok(());
        }
        if let (Ok(ours), Ok(theirs)) = (from_slice::<View>(&text), serde_json::from_slice::<Value>(&text)) {
            prop_assert_eq!(Some(ours), expected(&theirs));
        }
    }

    #[test]
    fn cut_document_stumbles(document in json(), at in any::<prop::sample::Index>()) {
        let text = serde_json::to_vec(&document).unwrap();
        let cut = at.index(text.len());
        if serde_json::from_slice::<Value>(&text[..cut]).is_err() {
            prop_assert!(from_slice::<View>(&text[..cut]).is_err());
            prop_assert!(check(&text[..cut]).is_err());
        }
    }

    #[test]
    fn quoted_text_is_read_back(text in any::<String>()) {
        let mut out = String::new();
        quote(&text, &mut out);
        prop_assert_eq!(&serde_json::from_str::<String>(&out).unwrap(), &text);
        prop_assert_eq!(from_str::<String>(&out).unwrap(), text);
    }
}

#[test]
fn number_beyond_a_float_is_json_all_the_same() {
    assert!(check(b"[-36E1888]").is_ok());
}

#[test]
fn escapes_are_read() {
    same(br#"{"\u0061":"\ud834\udd1e \" \\ \/ \b\f\n\r\t ","b":"\ud834"}"#);
    same(br#"["\ud834\udd1e","\u00e9\\"]"#);
    same(br#"["\ud834x"]"#);
    same(br#"["\udc00"]"#);
    same(br#"["\x"]"#);
    same(b"[\"\xff\"]");
    same(b"{\"\xff\":1}");
    same(b"[\"a\nb\"]");
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
        "1e+2",
        "1e",
        "1e-",
        ".5",
        "123456789012345678",
        "12345678901234567890",
        "-9223372036854775808",
        "+1",
        "0x1",
        "--1",
    ] {
        same(number.as_bytes());
        same(format!("[{number}]").as_bytes());
    }
    assert_eq!(from_str::<i64>("-9223372036854775808").unwrap(), i64::MIN);
    for number in ["9223372036854775808", "-9223372036854775809", "1.0", "1e3", "\"1\""] {
        assert!(from_str::<i64>(number).is_err(), "{number}");
    }
    assert!(from_str::<u16>("65536").is_err() && from_str::<u32>("-1").is_err());
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
        same(text.as_bytes());
    }
}

#[test]
fn depth_has_a_limit() {
    for depth in [127, 128, 100_000] {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(check(text.as_bytes()).is_ok(), depth == 127);
    }
    let deep = r#"{"list":["#.repeat(1000);
    assert!(from_str::<View>(&deep).is_err());
}

#[test]
fn later_of_two_keys_wins() {
    let view: View = from_str(r#"{"text":"a","text":"b","number":1,"number":2,"list":[{},{}],"list":[{}]}"#).unwrap();
    assert_eq!((view.text.as_deref(), view.number, view.list.len()), (Some("b"), 2, 1));
}

#[test]
fn stumble_says_what_and_where() {
    let error = from_str::<View>(r#"{"number": "x"}"#).unwrap_err();
    assert_eq!(error.message, "expected a value, found a string at byte 11");
    assert!(View::default().field(b"nothing").is_none());
}

#[test]
fn recorded_pages_are_read_whole() {
    fn check<T: Object + PartialEq + std::fmt::Debug>(items: &str) {
        let page = format!(
            r#"{{"kind":"L","metadata":{{"resourceVersion":"7","continue":"x","remainingItemCount":3}},"items":{items}}}"#
        );
        let list = List::<T>::parse(page.as_bytes()).unwrap();
        let items: Vec<T> = from_str(items).unwrap();
        assert!(!items.is_empty() && list.warnings.is_empty());
        assert_eq!(
            (list.resource_version.as_str(), list.next.as_str(), list.remaining),
            ("7", "x", Some(3))
        );
        assert_eq!(list.items, items);
        let frame = r#"{"type":"MODIFIED","object":{}}"#;
        assert!(matches!(
            WatchEvent::<T>::parse(frame.as_bytes()),
            Ok(WatchEvent::Change(..))
        ));
    }
    check::<Pod>(include_str!("../../../../bench/parse/shapes/pods.json"));
    check::<Notebook>(include_str!("../../../../bench/parse/shapes/notebooks.json"));
}
