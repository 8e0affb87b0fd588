//! The messages of the document: what the server writes.

use super::partials;
use super::payload::{Frame, as_written, flat, require};
use super::settings;
use crate::message::{Body, Head};
use schemars::JsonSchema;
use serde_json::{Map, Value};

/// Answers to a subscription, which are nothing without the place that they tell.
const PLACED: [&str; 3] = ["SUBSCRIBED", "RESUMED", "RESET"];

/// All messages, and the schemas that they refer to.
pub(super) fn all() -> (Vec<Frame>, Map<String, Value>) {
    let mut generator = settings().for_serialize().into_generator();
    let mut head = Head::json_schema(&mut generator);
    // What they are is said where they refer to: not again in each message.
    if let Some(Value::Object(fields)) = head.get_mut("properties") {
        fields
            .values_mut()
            .filter_map(Value::as_object_mut)
            .for_each(|field| drop(field.remove("description")));
    }
    let mut frames: Vec<Frame> = Body::schemas(&mut generator)
        .into_iter()
        .map(|(kind, about, body)| {
            let mut payload = flat("type", kind, vec![head.clone(), body]);
            if kind == "ERROR" {
                // Here, and nowhere else, it is written as `null`.
                require(&mut payload, ["id".to_owned()]);
            }
            as_written(&mut payload);
            if PLACED.contains(&kind) {
                require(&mut payload, ["topic", "ep", "seq"].map(str::to_owned));
            }
            Frame {
                name: kind,
                about: about.to_owned(),
                payload,
                answers: Vec::new(),
            }
        })
        .collect();
    let mut schemas = generator.take_definitions(true);
    schemas.values_mut().for_each(as_written);
    frames.extend(partials::all(&frames, &schemas));
    (frames, schemas)
}
