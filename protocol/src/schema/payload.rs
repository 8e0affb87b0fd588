//! Schemas of whole frames: one flat object of what names the frame, what every frame may have, and what this one has.

use schemars::Schema;
use schemars::transform::{RemoveRefSiblings, ReplacePrefixItems, Transform};
use serde_json::{Map, Value, json};

/// A frame: its name, what it is, its schema.
#[derive(Debug)]
pub(super) struct Frame {
    pub name: &'static str,
    pub about: String,
    pub payload: Value,
    /// The messages that may answer it; none where it is no command.
    pub answers: Vec<&'static str>,
}

/// One object: `verb` is `name`, and the fields of all these objects.
pub(super) fn flat(verb: &str, name: &str, parts: Vec<Schema>) -> Value {
    let mut properties = Map::new();
    let mut required = vec![json!(verb)];
    let mut one_of = None;
    properties.insert(verb.to_owned(), json!({"const": name}));
    for mut part in parts {
        // Definitions are brought to the draft by their generator, parts that are taken out of it are not.
        ReplacePrefixItems::default().transform(&mut part);
        RemoveRefSiblings::default().transform(&mut part);
        if let Some(Value::Object(fields)) = part.remove("properties") {
            properties.extend(fields);
        }
        if let Some(Value::Array(names)) = part.remove("required") {
            required.extend(names);
        }
        one_of = part.remove("oneOf").or(one_of);
    }
    let mut object = json!({"type": "object", "properties": properties, "required": required});
    if let Some(one_of) = one_of {
        object["oneOf"] = one_of;
    }
    object
}

/// Makes these fields of an object required.
pub(super) fn require(object: &mut Value, names: impl IntoIterator<Item = String>) {
    let Some(required) = object["required"].as_array_mut() else {
        return;
    };
    for name in names {
        if !required.iter().any(|known| *known == name) {
            required.push(Value::String(name));
        }
    }
}

/// What a server leaves out it never writes as `null`, and defaults are of interest only to who reads.
pub(super) fn as_written(value: &mut Value) {
    if let Value::Array(items) = value {
        items.iter_mut().for_each(as_written);
    }
    let Value::Object(schema) = value else { return };
    schema.remove("default");
    let required = schema.get("required").cloned().unwrap_or_default();
    let is_required = |name: &String| {
        required
            .as_array()
            .is_some_and(|names| names.iter().any(|known| known == name))
    };
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties
            .iter_mut()
            .filter(|(name, _)| !is_required(name))
            .for_each(|(_, property)| without_null(property));
        // The names in here are fields of frames, whatever they are called.
        properties.values_mut().for_each(as_written);
    }
    for (name, value) in schema {
        if name != "properties" {
            as_written(value);
        }
    }
}

fn without_null(property: &mut Value) {
    if let Some(kinds) = property.get_mut("type").and_then(Value::as_array_mut) {
        kinds.retain(|kind| kind != "null");
        if let [kind] = &kinds[..] {
            property["type"] = kind.clone();
        }
    }
    let Some(choices) = property.get_mut("anyOf").and_then(Value::as_array_mut) else {
        return;
    };
    choices.retain(|choice| choice["type"] != "null");
    if let [choice] = &choices[..] {
        let choice = choice.clone();
        if let Some(fields) = property.as_object_mut() {
            fields.remove("anyOf");
            // Beside a reference nothing else is looked at.
            fields.insert("allOf".to_owned(), json!([choice]));
        }
    }
}
