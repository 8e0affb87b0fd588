//! Flat JSON objects put together field by field, so that a frame's head and body can be joined without a copy of both
//! in one struct, and without serde's `flatten`, which loses exact numbers.

use serde::Serialize;

/// Characters of a reason, before and after what is left out of a longer one.
const REASON_START: usize = 100;
const REASON_END: usize = 250;

/// The reason of a JSON error in words, without the line and column, which mean nothing in a one-line frame. A value that
/// it repeats is cut short in its middle: what was expected instead comes last.
pub fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    shortened(text.rfind(" at line ").map_or(text.as_str(), |end| &text[..end]))
}

/// A reason, cut short in its middle where it is too long.
pub(crate) fn shortened(text: &str) -> String {
    let length = text.chars().count();
    if length <= REASON_START + REASON_END {
        return text.to_owned();
    }
    let start = text.chars().take(REASON_START);
    let end = text.chars().skip(length - REASON_END);
    start.chain(['…']).chain(end).collect()
}

/// A JSON object being written.
#[derive(Debug)]
pub struct Object {
    text: String,
}

impl Default for Object {
    fn default() -> Object {
        Object::new()
    }
}

impl Object {
    /// An object without fields.
    pub fn new() -> Object {
        Object {
            text: String::from("{"),
        }
    }

    /// Adds one field.
    pub fn put<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        self.comma();
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\":");
        self.text.push_str(&to_json(value));
    }

    /// Adds all fields of a value that serialises to an object.
    pub fn put_all<T: Serialize + ?Sized>(&mut self, value: &T) {
        let object = to_json(value);
        let fields = object
            .trim_start_matches('{')
            .strip_suffix('}')
            .unwrap_or_default();
        if !fields.is_empty() {
            self.comma();
            self.text.push_str(fields);
        }
    }

    /// Ends the object.
    pub fn finish(mut self) -> String {
        self.text.push('}');
        self.text
    }

    fn comma(&mut self) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
    }
}

/// The JSON text of a value of this crate.
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value)
        .expect("the types of this crate have string keys only and never fail to serialise")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Body {
        a: u8,
        b: &'static str,
    }

    #[derive(Serialize)]
    struct Empty {}

    #[test]
    fn fields_are_joined() {
        let mut object = Object::new();
        object.put("type", "X");
        object.put_all(&Empty {});
        object.put_all(&Body { a: 1, b: "}" });
        object.put("c", &[1, 2]);
        assert_eq!(object.finish(), r#"{"type":"X","a":1,"b":"}","c":[1,2]}"#);
        assert_eq!(Object::new().finish(), "{}");
    }
}
