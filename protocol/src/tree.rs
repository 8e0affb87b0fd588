//! JSON read into a tree first, and types read from the tree.
//!
//! It reads what a server says, and the browser carries it: reading from a tree takes half the code that reading from the
//! text takes, because all that JSON is about is in one function and not in one for each type. It knows what messages are
//! made of and refuses all else: enums have no fields, and there are no numbers but whole ones and exact decimals.

mod scan;

use crate::{json, money};
use serde::de::{self, DeserializeSeed, Deserializer, Error as _, Unexpected, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::slice;

/// A JSON value. Numbers are kept as they are written.
#[derive(Debug)]
pub(crate) enum Tree<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<Tree<'a>>),
    /// Each name, always a text, and its value.
    Object(Vec<(Tree<'a>, Tree<'a>)>),
}

impl<'a> Tree<'a> {
    /// Reads a text that holds one JSON value and nothing else.
    pub(crate) fn read(text: &'a str) -> Result<Tree<'a>, TreeError> {
        scan::whole(text)
    }

    /// The text in a field of an object.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        let Tree::Object(fields) = self else { return None };
        match value_of(fields, name)? {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    fn wrong(&self, expected: &str) -> TreeError {
        let found = match self {
            Tree::Null => "null",
            Tree::Bool(_) => "a boolean",
            Tree::Number(number) => number,
            Tree::Text(text) => text,
            Tree::List(_) => "a list",
            Tree::Object(_) => "an object",
        };
        TreeError::custom(format_args!("expected {expected} and found {found}"))
    }

    fn text(&self) -> Result<&str, TreeError> {
        match self {
            Tree::Text(text) => Ok(text),
            _ => Err(self.wrong("a text")),
        }
    }

    fn number<T: std::str::FromStr>(&self) -> Result<T, TreeError> {
        match self {
            Tree::Number(number) => number.parse().ok(),
            _ => None,
        }
        .ok_or_else(|| self.wrong("a whole number"))
    }

    fn items(&self) -> Result<Items<'_, 'a>, TreeError> {
        match self {
            Tree::List(items) => Ok(Items(items.iter())),
            _ => Err(self.wrong("a list")),
        }
    }

    fn fields(&self) -> Result<Fields<'_, 'a>, TreeError> {
        match self {
            Tree::Object(fields) => Ok(Fields {
                rest: fields.iter(),
                value: &Tree::Null,
            }),
            _ => Err(self.wrong("an object")),
        }
    }
}

fn value_of<'t, 'a>(fields: &'t [(Tree<'a>, Tree<'a>)], name: &str) -> Option<&'t Tree<'a>> {
    let named = |(key, _): &&(Tree<'_>, Tree<'_>)| matches!(key, Tree::Text(key) if key == name);
    fields.iter().find(named).map(|(_, value)| value)
}

/// Why a text is no JSON, or not what it should be. As small as can be: it passes through all that is read.
#[derive(Debug)]
pub(crate) struct TreeError(Box<Reason>);

#[derive(Debug)]
struct Reason(String);

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.0)
    }
}

impl std::error::Error for TreeError {}

impl de::Error for TreeError {
    fn custom<T: fmt::Display>(message: T) -> TreeError {
        TreeError(Box::new(Reason(json::shortened(&message.to_string()))))
    }

    /// Without what was found, which may be anything: to print that takes the printing of floating point.
    fn invalid_type(_: Unexpected<'_>, expected: &dyn de::Expected) -> TreeError {
        TreeError::custom(format_args!("expected {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn de::Expected) -> TreeError {
        TreeError::custom(format_args!("expected {expected}"))
    }

    /// What [`Tree`] makes of a field that is not there.
    fn invalid_length(place: usize, expected: &dyn de::Expected) -> TreeError {
        TreeError::custom(format_args!(
            "{expected} expected, number {place} (from 0) is missing"
        ))
    }
}

/// Numbers by their sign: the types of this crate check the range.
macro_rules! whole_numbers {
    ($($method:ident as $type:ty => $visit:ident,)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
            visitor.$visit(self.number::<$type>()?)
        }
    )+};
}

impl<'de> Deserializer<'de> for &Tree<'_> {
    type Error = TreeError;

    whole_numbers! {
        deserialize_u8 as u64 => visit_u64,
        deserialize_u16 as u64 => visit_u64,
        deserialize_u32 as u64 => visit_u64,
        deserialize_u64 as u64 => visit_u64,
        deserialize_i8 as i64 => visit_i64,
        deserialize_i16 as i64 => visit_i64,
        deserialize_i32 as i64 => visit_i64,
        deserialize_i64 as i64 => visit_i64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, TreeError> {
        Err(TreeError::custom("a message has no such type"))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        match self {
            Tree::Bool(flag) => visitor.visit_bool(*flag),
            _ => Err(self.wrong("a boolean")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        match self {
            Tree::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, TreeError> {
        match self {
            Tree::Number(number) if name == money::EXACT => visitor.visit_str(number),
            Tree::Text(number) if name == money::EXACT => visitor.visit_str(number),
            _ => Err(self.wrong("a number")),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        let mut items = self.items()?;
        let value = visitor.visit_seq(&mut items)?;
        if items.0.len() > 0 {
            return Err(self.wrong("fewer items"));
        }
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, TreeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        visitor.visit_map(self.fields()?)
    }

    /// By the order of its fields: what serde derives for that is straight on, where for names in any order it is a loop
    /// with a place to keep each field in. (Its list of names holds aliases too: no message may have one.)
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TreeError> {
        let Tree::Object(fields) = self else {
            return Err(self.wrong("an object"));
        };
        visitor.visit_seq(Named {
            fields,
            names: names.iter(),
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TreeError> {
        visitor.visit_enum(Variant(self))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple_struct
    }
}

struct Items<'t, 'a>(slice::Iter<'t, Tree<'a>>);

impl<'de> de::SeqAccess<'de> for &mut Items<'_, '_> {
    type Error = TreeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, TreeError> {
        match self.0.next() {
            Some(item) => seed.deserialize(item).map(Some),
            None => Ok(None),
        }
    }
}

/// The fields of a struct in its own order. One that is not there is skipped: serde takes its default, or fails.
struct Named<'t, 'a> {
    fields: &'t [(Tree<'a>, Tree<'a>)],
    names: slice::Iter<'static, &'static str>,
}

impl<'t, 'a> Named<'t, 'a> {
    fn next(&mut self) -> Option<&'t Tree<'a>> {
        let name = self.names.next()?;
        value_of(self.fields, name)
    }
}

impl<'de> de::SeqAccess<'de> for Named<'_, '_> {
    type Error = TreeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, TreeError> {
        match self.next() {
            Some(value) => seed.deserialize(value).map(Some),
            None => Ok(None),
        }
    }
}

struct Fields<'t, 'a> {
    rest: slice::Iter<'t, (Tree<'a>, Tree<'a>)>,
    value: &'t Tree<'a>,
}

impl<'de> de::MapAccess<'de> for Fields<'_, '_> {
    type Error = TreeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, TreeError> {
        match self.rest.next() {
            Some((name, value)) => {
                self.value = value;
                seed.deserialize(name).map(Some)
            }
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, TreeError> {
        seed.deserialize(self.value)
    }
}

/// The name of a variant.
struct Variant<'t, 'a>(&'t Tree<'a>);

impl<'de> de::EnumAccess<'de> for Variant<'_, '_> {
    type Error = TreeError;
    type Variant = NoFields;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, NoFields), TreeError> {
        Ok((seed.deserialize(self.0)?, NoFields))
    }
}

/// What a variant has beside its name.
struct NoFields;

impl<'de> de::VariantAccess<'de> for NoFields {
    type Error = TreeError;

    fn unit_variant(self) -> Result<(), TreeError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, TreeError> {
        Err(TreeError::custom("a variant has no fields"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, TreeError> {
        Err(TreeError::custom("a variant has no fields"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, TreeError> {
        Err(TreeError::custom("a variant has no fields"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize as _;
    use serde::de::IgnoredAny;

    /// Written back without spaces.
    fn written(tree: &Tree<'_>) -> String {
        let joined = |items: Vec<String>| items.join(",");
        match tree {
            Tree::Null => "null".to_owned(),
            Tree::Bool(flag) => flag.to_string(),
            Tree::Number(number) => (*number).to_owned(),
            Tree::Text(text) => serde_json::to_string(text).unwrap(),
            Tree::List(items) => format!("[{}]", joined(items.iter().map(written).collect())),
            Tree::Object(fields) => {
                let field =
                    |(name, value): &(Tree<'_>, Tree<'_>)| format!("{}:{}", written(name), written(value));
                format!("{{{}}}", joined(fields.iter().map(field).collect()))
            }
        }
    }

    #[test]
    fn numbers_and_texts_are_kept_as_they_are() {
        let text = "{\"a\" : [1.50, -0,1e-7 ,\n9007199254740993.10],\"b\":\"\\u00e4\\\"\\\\\",\"c\":{},\"d\":[],\"e\":[null,true,false]}";
        let tree = Tree::read(text).unwrap();
        assert_eq!(
            written(&tree),
            "{\"a\":[1.50,-0,1e-7,9007199254740993.10],\"b\":\"ä\\\"\\\\\",\"c\":{},\"d\":[],\"e\":[null,true,false]}"
        );
        assert_eq!(tree.text_of("b"), Some("ä\"\\"));
        assert_eq!(tree.text_of("a"), None);
        assert_eq!(tree.text_of("z"), None);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Tree::read(&nested(scan::DEPTH_MAX)).is_ok());
        assert!(Tree::read(&nested(100_000)).is_err());
    }

    #[test]
    fn what_it_reads_has_the_types_of_what_is_there() {
        fn read<T: for<'de> serde::Deserialize<'de>>(text: &str) -> Result<T, String> {
            T::deserialize(&Tree::read(text).unwrap()).map_err(|e| e.to_string())
        }
        assert_eq!(read::<(u32, i64)>("[4294967295,-1]"), Ok((u32::MAX, -1)));
        assert_eq!(
            read::<Vec<Option<bool>>>("[true,null]"),
            Ok(vec![Some(true), None])
        );
        for bad in [
            "[4294967296,-1]",
            "[-1,-1]",
            "[1.0,1]",
            "[1]",
            "[1,1,1]",
            "[\"1\",1]",
            "{}",
        ] {
            assert!(read::<(u32, i64)>(bad).is_err(), "{bad}");
        }
        for bad in ["1", "null", "[]", "{}", "true"] {
            assert!(read::<String>(bad).is_err(), "{bad}");
        }
    }

    #[derive(serde::Deserialize, Debug, PartialEq)]
    struct Row {
        first: u32,
        #[serde(default)]
        second: Option<u32>,
        #[serde(rename = "3rd")]
        third: String,
    }

    #[test]
    fn fields_are_found_by_name_wherever_they_stand() {
        let read = |text: &str| Row::deserialize(&Tree::read(text).unwrap()).map_err(|e| e.to_string());
        let row = |second| Row {
            first: 1,
            second,
            third: "x".to_owned(),
        };
        assert_eq!(
            read(r#"{"3rd":"x","second":2,"other":[{}],"first":1}"#),
            Ok(row(Some(2)))
        );
        assert_eq!(read(r#"{"first":1,"3rd":"x"}"#), Ok(row(None)));
        assert_eq!(read(r#"{"first":1,"second":null,"3rd":"x"}"#), Ok(row(None)));
        for bad in [
            r#"{"first":1,"second":2}"#,
            r#"{"second":2,"3rd":"x"}"#,
            r#"{"first":1,"third":"x"}"#,
            r#"[1,2,"x"]"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn reasons_name_what_was_found_and_stay_short() {
        let reason = |text: &str| Tree::read(text).unwrap_err().to_string();
        assert_eq!(reason("{\"a\":}"), "expected a value and found '}'");
        assert_eq!(
            reason("[1"),
            "expected `,` or the end of the object or list and found the end of the text"
        );
        let long = format!("\"{}\"", "x".repeat(10_000));
        assert!(Tree::read(&long).unwrap().wrong("a list").to_string().len() < 400);
    }

    proptest! {
        #[test]
        fn it_takes_for_json_what_serde_json_does(text in "[{}\\[\\]:, \"\\\\a0-9eE+.truefalsn\u{1}-]{0,12}") {
            prop_assert_eq!(
                Tree::read(&text).is_ok(),
                serde_json::from_str::<IgnoredAny>(&text).is_ok(),
                "{}", text
            );
        }

        #[test]
        fn it_reads_what_serde_json_reads(text in value()) {
            let tree = Tree::read(&text).unwrap();
            let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            prop_assert_eq!(read(&written(&tree)), read(&text));
        }
    }

    /// The text of any JSON value.
    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?",
            any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let field = (any::<String>(), inner.clone());
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(|items| format!("[ {} ]", items.join(" , "))),
                prop::collection::vec(field, 0..4).prop_map(|fields| {
                    let field = |(name, value): &(String, String)| {
                        format!("{} : {value}", serde_json::to_string(name).unwrap())
                    };
                    format!(
                        "{{ {} }}",
                        fields.iter().map(field).collect::<Vec<_>>().join(" , ")
                    )
                }),
            ]
        })
    }
}
