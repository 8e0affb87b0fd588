//! The AsyncAPI document of the protocol is what the desk says: it is up to date and complete, it is what AsyncAPI calls
//! a document, and its schemas take every frame that PROTOCOL.md prints and refuse what the desk could not read.
#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

mod frames;
mod mutants;
mod partials;
mod tables;

use std::collections::BTreeSet;
use std::io::Read as _;
use std::sync::LazyLock;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::Value;

/// The document as the types have it now.
static DOCUMENT: LazyLock<Value> = LazyLock::new(tickwire_protocol::schema::asyncapi);

/// The schema of AsyncAPI 3.0.0 documents, by the AsyncAPI Initiative (Apache-2.0): `schemas/3.0.0-without-$id.json` of
/// the npm package @asyncapi/specs 6.11.1, without its spaces.
const ASYNCAPI_3: &[u8] = include_bytes!("asyncapi-3.0.0.json.gz");

const URL: &str = "http://desk.example/asyncapi.json";

/// The schemas of whole frames.
struct Payloads {
    schemas: Schemas,
    compiler: Compiler,
}

impl Payloads {
    fn new() -> Payloads {
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V7);
        compiler.add_resource(URL, DOCUMENT.clone()).unwrap();
        Payloads {
            schemas: Schemas::new(),
            compiler,
        }
    }

    /// The schema of a message or a command by its name.
    fn of(&mut self, name: &str) -> SchemaIndex {
        let remedy =
            "the document does not have it: a question needs a row in protocol/src/schema/commands.rs";
        assert!(
            !DOCUMENT["components"]["messages"][name].is_null(),
            "{name}: {remedy}"
        );
        let place = format!("{URL}#/components/messages/{name}/payload");
        self.compiler.compile(&place, &mut self.schemas).unwrap()
    }

    fn takes(&self, schema: SchemaIndex, frame: &Value) -> Result<(), String> {
        self.schemas
            .validate(frame, schema)
            .map_err(|error| format!("{error:#}"))
    }
}

#[test]
fn the_file_is_what_the_types_say() {
    let file: Value = serde_json::from_str(tickwire_protocol::ASYNCAPI).unwrap();
    assert!(
        file == *DOCUMENT,
        "protocol/asyncapi.json is out of date: run `cargo xtask asyncapi`"
    );
}

#[test]
fn it_is_an_asyncapi_document() {
    let mut text = String::new();
    flate2::read::GzDecoder::new(ASYNCAPI_3)
        .read_to_string(&mut text)
        .unwrap();
    let definition: Value = serde_json::from_str(&text).unwrap();
    let place = "http://asyncapi.example/3.0.0.json";
    let mut compiler = Compiler::new();
    compiler.set_default_draft(Draft::V7);
    compiler.add_resource(place, definition).unwrap();
    let mut schemas = Schemas::new();
    let schema = compiler.compile(place, &mut schemas).unwrap();
    if let Err(error) = schemas.validate(&DOCUMENT, schema) {
        panic!("{error:#}");
    }
    // It is told from what is none.
    for (at, wrong) in [
        ("/asyncapi", Value::from(3)),
        ("/servers/desk/host", Value::Null),
        ("/operations/place_order/action", Value::from("take")),
        ("/components/messages/ACK/payload", Value::from("none")),
    ] {
        let mut broken = DOCUMENT.clone();
        *broken.pointer_mut(at).unwrap() = wrong;
        assert!(schemas.validate(&broken, schema).is_err(), "{at}");
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_referred_to() {
    let mut named = BTreeSet::new();
    references(&DOCUMENT, &mut named);
    for reference in &named {
        let place = reference.strip_prefix('#').unwrap();
        assert!(DOCUMENT.pointer(place).is_some(), "{reference}");
    }
    let schemas = DOCUMENT["components"]["schemas"].as_object().unwrap();
    let unused: Vec<&String> = schemas
        .keys()
        .filter(|name| !named.contains(&format!("#/components/schemas/{name}")))
        .collect();
    // The reasons of closes are in no frame; the table of close codes is made from them.
    assert_eq!(unused, ["CloseReason"]);
}

fn references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(place) if name == "$ref" => drop(into.insert(place.clone())),
                    value => references(value, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        _ => {}
    }
}
