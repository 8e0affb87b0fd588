//! Fields that an instruction does not know. A misspelt `take_profit` must not place an order that nothing protects, nor a
//! misspelt `symbol` cancel the orders of all instruments, so they are refused by name.
//!
//! The action, the id and the body share one object, so serde's own `deny_unknown_fields` would refuse the first two.

use crate::error::{ErrorCode, Refusal};
use crate::order::Exit;
use serde::de::value::Error;
use serde::de::{Deserialize, Deserializer, IgnoredAny, Visitor};
use serde::forward_to_deserialize_any;
use std::collections::BTreeMap;

/// What every command may have beside its body.
const HEAD: [&str; 4] = ["action", "type", "op", "id"];

/// Characters of an unknown name that are repeated.
const SHOWN_MAX: usize = 40;

type Fields = BTreeMap<String, IgnoredAny>;

/// The exits of a bracket or a pair: objects within the body.
#[derive(serde::Deserialize)]
struct Exits {
    take_profit: Option<Fields>,
    stop_loss: Option<Fields>,
}

/// Refuses a frame that has a field beyond those of the body of its action.
pub(super) fn check<'a, T: Deserialize<'a>>(text: &'a str) -> Result<(), Refusal> {
    let body = names::<T>();
    let fields: Fields = super::body(text)?;
    known(&fields, "", body, &HEAD)?;
    if body.contains(&"take_profit") {
        let exits: Exits = super::body(text)?;
        for (of, exit) in [
            ("take_profit.", exits.take_profit),
            ("stop_loss.", exits.stop_loss),
        ] {
            known(&exit.unwrap_or_default(), of, names::<Exit>(), &[])?;
        }
    }
    Ok(())
}

fn known(fields: &Fields, of: &str, body: &[&str], head: &[&str]) -> Result<(), Refusal> {
    let is_known = |field: &&String| body.contains(&field.as_str()) || head.contains(&field.as_str());
    let Some(unknown) = fields.keys().find(|field| !is_known(field)) else {
        return Ok(());
    };
    let shown: String = unknown.chars().take(SHOWN_MAX).collect();
    let known = body.join("`, `");
    let message = format!(
        "unknown field `{of}{}`, expected one of `{known}`",
        shown.escape_debug()
    );
    Err(Refusal::new(ErrorCode::InvalidField, message))
}

/// The fields of a struct, by the names that its `Deserialize` asks for; none of anything else.
fn names<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // It always fails: there is nothing to read, only the question is of interest.
    let _ = T::deserialize(Asked(&mut names));
    names
}

/// Remembers which fields it was asked for.
struct Asked<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("nothing is read here"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{AmendOrder, CancelAllOrders, PlaceOrder};

    #[test]
    fn the_names_are_those_of_the_struct() {
        assert_eq!(names::<CancelAllOrders>(), ["symbol"]);
        assert!(names::<PlaceOrder>().contains(&"take_profit"));
        assert!(!names::<AmendOrder>().contains(&"symbol"));
        assert_eq!(names::<String>(), [""; 0]);
    }
}
