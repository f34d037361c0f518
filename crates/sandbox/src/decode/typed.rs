//! Holds an object to the schema of a built-in kind, as Go's decoder and defaults do with its structs.
//!
//! Unknown fields go, nulls and empty lists and maps go, quantities become canonical; a value of the wrong type is
//! refused in the words of Go's decoder.

use base64::DecodeError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};

use crate::quantity;
use crate::schema;

/// What normalising needs to know of the place it is at.
struct Place<'a> {
    /// The struct that holds the field, for messages.
    holder: &'a str,
    /// With indices: `spec.containers[0].name`.
    path: String,
    /// Without: `spec.containers.name`.
    plain: String,
}

/// Normalises `value`; fields that the schema does not know are added to `unknown`.
pub(crate) fn normalise(
    name: &'static str,
    schema: &'static Value,
    value: &mut Value,
    path: &str,
    unknown: &mut Vec<String>,
) -> Result<(), String> {
    let place = Place {
        holder: short(name),
        path: path.to_owned(),
        plain: path.to_owned(),
    };
    walk(Some(name), schema, value, &place, unknown)?;
    unknown.sort_unstable();
    Ok(())
}

fn walk(
    name: Option<&'static str>,
    schema: &'static Value,
    value: &mut Value,
    place: &Place<'_>,
    unknown: &mut Vec<String>,
) -> Result<(), String> {
    match name.map(short) {
        Some("Quantity") => return amount(value, place),
        Some("IntOrString") => {
            return match &*value {
                Value::String(_) => Ok(()),
                Value::Number(number) if number.as_i64().is_some_and(|found| i32::try_from(found).is_ok()) => Ok(()),
                Value::Number(number) => Err(misfit(number, place, "int32")),
                _ => Err(wrong(value, place, "intstr.IntOrString")),
            };
        }
        Some("Time" | "MicroTime") => return time(value, place, name.map(short).unwrap_or_default()),
        Some(
            "RawExtension"
            | "FieldsV1"
            | "JSON"
            | "JSONSchemaPropsOrBool"
            | "JSONSchemaPropsOrArray"
            | "JSONSchemaPropsOrStringArray",
        ) => {
            return Ok(());
        }
        _ => {}
    }
    if schema["properties"].is_object() {
        return object(name, schema, value, place, unknown);
    }
    if schema["additionalProperties"].is_object() {
        let Value::Object(map) = value else {
            return Err(wrong(value, place, &go_type(schema)));
        };
        map.retain(|_, one| !one.is_null());
        let (name, inner) = schema::resolve(&schema["additionalProperties"]);
        for (key, one) in map.iter_mut() {
            let at = Place {
                holder: place.holder,
                path: format!("{}.{key}", place.path),
                plain: place.plain.clone(),
            };
            walk(name, inner, one, &at, unknown)?;
        }
        return Ok(());
    }
    match schema["type"].as_str() {
        Some("array") => {
            let Value::Array(list) = value else {
                return Err(wrong(value, place, &go_type(schema)));
            };
            let (name, inner) = schema::resolve(&schema["items"]);
            for (index, one) in list.iter_mut().enumerate() {
                let at = Place {
                    holder: place.holder,
                    path: format!("{}[{index}]", place.path),
                    plain: place.plain.clone(),
                };
                walk(name, inner, one, &at, unknown)?;
            }
            Ok(())
        }
        Some("string") if !value.is_string() => Err(wrong(value, place, "string")),
        Some("string") if schema["format"] == "byte" => bytes(value),
        Some("boolean") if !value.is_boolean() => Err(wrong(value, place, "bool")),
        Some("integer") => integer(value, place, &go_type(schema)),
        _ => Ok(()),
    }
}

fn object(
    name: Option<&'static str>,
    schema: &'static Value,
    value: &mut Value,
    place: &Place<'_>,
    unknown: &mut Vec<String>,
) -> Result<(), String> {
    let full = name.map_or_else(|| "struct".to_owned(), go_name);
    let Value::Object(map) = value else {
        return Err(wrong(value, place, &full));
    };
    let known = &schema["properties"];
    let join = |base: &str, field: &str| {
        if base.is_empty() {
            field.to_owned()
        } else {
            format!("{base}.{field}")
        }
    };
    map.retain(|field, one| {
        if known[field.as_str()].is_null() {
            unknown.push(join(&place.path, field));
            return false;
        }
        !one.is_null()
    });
    let holder = name.map_or("", short);
    for (field, one) in map.iter_mut() {
        let (name, inner) = schema::resolve(&known[field.as_str()]);
        let at = Place {
            holder,
            path: join(&place.path, field),
            plain: join(&place.plain, field),
        };
        walk(name, inner, one, &at, unknown)?;
    }
    // Go leaves out empty lists and maps; objects that are structs stay, as their pointers may mean something.
    map.retain(|field, one| {
        let (_, inner) = schema::resolve(&known[field.as_str()]);
        let empty_map =
            inner["additionalProperties"].is_object() && one.as_object().is_some_and(serde_json::Map::is_empty);
        let empty_list = one.as_array().is_some_and(Vec::is_empty) && field != "rules";
        !empty_map && !empty_list
    });
    for (field, inner) in known.as_object().into_iter().flatten() {
        let wanted = match &inner["default"] {
            Value::String(text) => !text.is_empty(),
            Value::Object(map) => map.is_empty() && field == "resources" && holder == "Container",
            _ => false,
        };
        if wanted && map.get(field).is_none_or(|one| one == "") {
            map.insert(field.clone(), inner["default"].clone());
        }
    }
    Ok(())
}

fn bytes(value: &Value) -> Result<(), String> {
    let text = value.as_str().unwrap_or_default();
    STANDARD.decode(text).map(drop).map_err(|why| {
        let at = match why {
            DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol { offset: at, .. } => at,
            DecodeError::InvalidLength(_) | DecodeError::InvalidPadding => text.len(),
        };
        format!("illegal base64 data at input byte {at}")
    })
}

fn amount(value: &mut Value, place: &Place<'_>) -> Result<(), String> {
    let text = match &*value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err(wrong(value, place, "resource.Quantity")),
    };
    let parsed = quantity::parse(&text).ok_or(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'".to_owned(),
    )?;
    *value = parsed.to_string().into();
    Ok(())
}

fn time(value: &mut Value, place: &Place<'_>, kind: &str) -> Result<(), String> {
    let Value::String(text) = &*value else {
        return Err(wrong(value, place, &format!("v1.{kind}")));
    };
    let layout = if kind == "Time" {
        "2006-01-02T15:04:05Z07:00"
    } else {
        "2006-01-02T15:04:05.000000Z07:00"
    };
    let parsed: jiff::Timestamp = text
        .parse()
        .map_err(|why: jiff::Error| format!("parsing time \"{text}\" as \"{layout}\": {why}"))?;
    if kind == "Time"
        && let Ok(whole) = jiff::Timestamp::from_second(parsed.as_second())
    {
        *value = whole.to_string().into();
    }
    Ok(())
}

/// A number that does not fit would be stored, and no client with types could read the object, nor a list that has it.
fn integer(value: &Value, place: &Place<'_>, kind: &str) -> Result<(), String> {
    let fits = |number: i64| kind != "int32" || i32::try_from(number).is_ok();
    match value {
        Value::Number(number) if number.as_i64().is_some_and(fits) => Ok(()),
        Value::Number(number) => Err(misfit(number, place, kind)),
        _ => Err(wrong(value, place, kind)),
    }
}

fn misfit(number: &Number, place: &Place<'_>, kind: &str) -> String {
    format!(
        "json: cannot unmarshal number {number} into Go struct field {}.{} of type {kind}",
        place.holder, place.plain
    )
}

fn wrong(value: &Value, place: &Place<'_>, kind: &str) -> String {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    format!(
        "json: cannot unmarshal {found} into Go struct field {}.{} of type {kind}",
        place.holder, place.plain
    )
}

/// `Pod` of `io.k8s.api.core.v1.Pod`.
fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// `v1.Pod` of the same.
fn go_name(name: &str) -> String {
    let mut parts = name.rsplit('.');
    let last = parts.next().unwrap_or_default();
    format!("{}.{last}", parts.next().unwrap_or_default())
}

fn go_type(schema: &'static Value) -> String {
    let (name, schema) = schema::resolve(schema);
    if let Some(name) = name {
        return go_name(name);
    }
    match schema["type"].as_str() {
        Some("array") => format!("[]{}", go_type(&schema["items"])),
        Some("object") if schema["additionalProperties"].is_object() => {
            format!("map[string]{}", go_type(&schema["additionalProperties"]))
        }
        Some("integer") => schema["format"].as_str().unwrap_or("int64").to_owned(),
        Some("boolean") => "bool".to_owned(),
        Some(other) => other.to_owned(),
        None => "interface {}".to_owned(),
    }
}
