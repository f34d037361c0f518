//! Tells from the schema of a kind how its objects are made up: which lists are maps or sets, what is one value.
//!
//! The built-in kinds' schemas carry `x-kubernetes-list-type`, `-map-keys` and `-map-type` as the API server published
//! them; those of custom kinds carry what their definition says. Without a schema maps are taken field by field, lists whole.
//!
//! Source: k8s.io/kube-openapi pkg/schemaconv (2026-03), which makes the API server's own types from the same schemas.

use serde_json::{Map, Value};

use crate::fields::element::Element;
use crate::registry::Kind;
use crate::schema;

/// What is known of a value before it is seen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Type<'a> {
    /// Nothing: maps grow field by field, lists are one value.
    Deduced,
    /// Nothing, and it is one value whatever it is.
    Whole,
    /// A schema; `atomic` is the word of the field that refers to it.
    Schema {
        schema: &'a Value,
        atomic: Option<bool>,
        open: bool,
    },
    /// The object itself: `metadata` is the same for all kinds.
    Object { schema: Option<&'a Value> },
}

/// How a value is made up.
pub(crate) enum Form<'a> {
    /// It is one value.
    Leaf,
    /// It has fields.
    Map,
    /// It is a list whose items have identities.
    List(Items<'a>),
}

/// How the items of a list are told apart.
#[derive(Clone, Copy)]
pub(crate) struct Items<'a> {
    /// The keys of a list of maps; `None` for a set.
    keys: Option<&'a Vec<Value>>,
    item: Type<'a>,
}

impl<'a> Type<'a> {
    /// The type of a kind's objects, in one of its versions.
    pub(crate) fn of_kind(kind: &'a Kind, version: &str) -> Self {
        if kind.custom {
            let version = kind.version(version);
            Self::Object {
                schema: version.and_then(|version| version.schema.as_deref()),
            }
        } else {
            match schema::of(kind) {
                Some((_, schema)) => Self::of_schema(schema, false),
                None => Self::Deduced,
            }
        }
    }

    fn of_schema(schema: &'a Value, open: bool) -> Self {
        let (found, name) = follow(schema);
        match name.and_then(|name| name.rsplit('.').next()) {
            Some("RawExtension") => return Self::Whole,
            Some("Quantity") => return Self::Deduced,
            _ => {}
        }
        let own = schema["x-kubernetes-map-type"].as_str();
        let atomic = own.map(|kind| kind == "atomic").filter(|_| name.is_some());
        let open = open || found["x-kubernetes-preserve-unknown-fields"] == true;
        Self::Schema {
            schema: found,
            atomic,
            open,
        }
    }

    /// How a value of this type is made up; the value decides where the schema leaves it open.
    pub(crate) fn form(self, value: &Value) -> Form<'a> {
        let (schema, atomic) = match self {
            Self::Whole => return Form::Leaf,
            Self::Object { .. } => return Form::Map,
            Self::Deduced => {
                return if value.is_object() || value.is_null() {
                    Form::Map
                } else {
                    Form::Leaf
                };
            }
            Self::Schema { schema, atomic, .. } => (schema, atomic),
        };
        let kind = match schema["type"].as_str() {
            Some(kind) => kind,
            None if value.is_object() || value.is_null() => "object",
            None if value.is_array() => "array",
            None => "",
        };
        match kind {
            "object" if atomic.unwrap_or(schema["x-kubernetes-map-type"] == "atomic") => Form::Leaf,
            "object" => Form::Map,
            "array" => self.list(schema).map_or(Form::Leaf, Form::List),
            _ => Form::Leaf,
        }
    }

    fn list(self, schema: &'a Value) -> Option<Items<'a>> {
        let keys = match schema["x-kubernetes-list-type"].as_str() {
            Some("map") => Some(schema["x-kubernetes-list-map-keys"].as_array()?),
            Some("set") => None,
            _ => return None,
        };
        let open = matches!(self, Self::Schema { open: true, .. });
        Some(Items {
            keys,
            item: Self::of_schema(&schema["items"], open),
        })
    }

    /// The type of a field, and whether the schema names it; no type when there can be no such field.
    pub(crate) fn field(self, name: &str) -> (Option<Self>, bool) {
        match self {
            Self::Whole => (Some(Self::Whole), false),
            Self::Deduced => (Some(Self::Deduced), false),
            Self::Object { .. } if name == "metadata" => match schema::named(schema::OBJECT_META) {
                Some((_, schema)) => (Some(Self::of_schema(schema, false)), true),
                None => (Some(Self::Deduced), true),
            },
            Self::Object { schema: None } => (Some(Self::Deduced), false),
            Self::Object { schema: Some(schema) } => Self::of_schema(schema, false).field(name),
            Self::Schema { schema, open, .. } => {
                let known = &schema["properties"][name];
                let other = &schema["additionalProperties"];
                let is_free = schema["properties"].as_object().is_none_or(Map::is_empty);
                if !known.is_null() {
                    (Some(Self::of_schema(known, open)), true)
                } else if other.is_object() {
                    (Some(Self::of_schema(other, open)), false)
                } else if *other == true || (other.is_null() && (open || is_free)) {
                    (Some(Self::Deduced), false)
                } else {
                    (None, false)
                }
            }
        }
    }

    /// The type one step further, and whether the schema names that step.
    pub(crate) fn step(self, element: &Element) -> (Self, bool) {
        match (element, self) {
            (Element::Field(name), _) => {
                let (inner, named) = self.field(name);
                (inner.unwrap_or(Self::Deduced), named)
            }
            (_, Self::Schema { schema, open, .. }) if schema["items"].is_object() => {
                (Self::of_schema(&schema["items"], open), false)
            }
            _ => (Self::Deduced, false),
        }
    }

    /// The type of the items of a list that is one value.
    pub(crate) fn item(self) -> Self {
        match self {
            Self::Schema { schema, open, .. } if schema["items"].is_object() => Self::of_schema(&schema["items"], open),
            _ => Self::Whole,
        }
    }

    /// The schema's word for the type of one value: `string`, `integer` …
    pub(crate) fn scalar(self) -> Option<&'a str> {
        match self {
            Self::Schema { schema, .. } => schema["type"].as_str(),
            _ => None,
        }
    }

    /// The `format` of one value.
    pub(crate) fn format(self) -> Option<&'a str> {
        match self {
            Self::Schema { schema, .. } => schema["format"].as_str(),
            _ => None,
        }
    }

    /// What a field is before anybody has set it, in a struct of Go: structs are there, lists and numbers are null.
    pub(crate) fn unset(self) -> Value {
        let Self::Schema { schema, .. } = self else {
            return Value::Object(Map::new());
        };
        let mut map = Map::new();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let (found, _) = follow(field);
            let is_struct = field["default"].is_object() && found["properties"].is_object();
            let required = schema["required"]
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one == name));
            if is_struct {
                map.insert(name.clone(), Self::of_schema(field, false).unset());
            } else if required {
                map.insert(name.clone(), Value::Null);
            }
        }
        Value::Object(map)
    }
}

impl<'a> Items<'a> {
    /// The type of each item.
    pub(crate) fn item(self) -> Type<'a> {
        self.item
    }

    /// The identity of an item, or why it has none.
    pub(crate) fn identify(self, item: &Value) -> Result<Element, String> {
        let Some(keys) = self.keys else {
            return match item {
                Value::Null => Err("set items cannot be null".to_owned()),
                Value::Object(_) => Err("non-map element expected".to_owned()),
                scalar => Ok(Element::value(scalar)),
            };
        };
        let Value::Object(map) = item else {
            return Err(if item.is_null() {
                "associative list with keys may not have a null element".to_owned()
            } else {
                "associative list with keys may not have non-map elements".to_owned()
            });
        };
        let mut found = Map::new();
        for key in keys.iter().filter_map(Value::as_str) {
            if let Some(value) = map.get(key).or_else(|| self.default_of(key)) {
                found.insert(key.to_owned(), value.clone());
            }
        }
        if found.is_empty() {
            let keys: Vec<String> = keys.iter().map(Value::to_string).collect();
            return Err(format!(
                "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
                keys.join(" ")
            ));
        }
        Ok(Element::key(&found))
    }

    fn default_of(self, key: &str) -> Option<&'a Value> {
        match self.item {
            Type::Schema { schema, .. } => Some(&schema["properties"][key]["default"]).filter(|found| !found.is_null()),
            _ => None,
        }
    }
}

/// Follows a reference: what it leads to, and its name.
fn follow(schema: &Value) -> (&Value, Option<&str>) {
    let reference = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str());
    let name = reference.and_then(|reference| reference.rsplit('/').next());
    match name.and_then(schema::named) {
        Some((_, found)) => (found, name),
        None => (schema, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_published_schemas_say_how_lists_merge() {
        let pod = Kind::new("", "pods", "Pod", true);
        let spec = Type::of_kind(&pod, "v1").field("spec").0.expect("a spec");
        let form = |name: &str| {
            let (inner, named) = spec.field(name);
            assert!(named, "{name}");
            inner.expect("a type").form(&json!([]))
        };
        let Form::List(containers) = form("containers") else {
            panic!("containers are a list of maps")
        };
        assert_eq!(
            containers
                .identify(&json!({"name": "a", "image": "b"}))
                .map(|key| key.wire()),
            Ok(r#"k:{"name":"a"}"#.to_owned())
        );
        assert!(matches!(form("tolerations"), Form::Leaf));
        assert!(matches!(form("nodeSelector"), Form::Leaf));
        let ports = containers.item().field("ports").0.expect("ports").form(&json!([]));
        let Form::List(ports) = ports else {
            panic!("ports are a list of maps")
        };
        assert_eq!(
            ports.identify(&json!({"containerPort": 80})).map(|key| key.to_string()),
            Ok(r#"[containerPort=80,protocol="TCP"]"#.to_owned()),
            "the protocol has a default"
        );
        assert!(ports.identify(&json!(1)).is_err());
        assert!(spec.field("no").0.is_none());
    }

    #[test]
    fn a_struct_of_go_has_parts_before_they_are_set() {
        let set = Kind::new("apps", "deployments", "Deployment", true);
        let unset = Type::of_kind(&set, "v1").unset();
        assert!(unset["spec"]["template"]["spec"].is_object(), "{unset}");
        assert_eq!(unset["spec"].get("replicas"), None, "{unset}");
    }
}
