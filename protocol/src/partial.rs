//! What changed between two values of a state topic, and a value put together again from that.
//!
//! Both work on the texts of frames, so that numbers stay as they are written and a field that this release does not
//! know is carried along. Fields of the frame and of its `data` or `portfolio` are told one by one, `positions` row by
//! row; whatever is deeper is told whole. A field that is `null` or absent now is told as `null`, which are the same to a reader.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Fields that every frame has, whether they changed or not.
pub(crate) const HEAD: [&str; 5] = ["timestamp", "topic", "ep", "seq", "symbol"];

/// Objects whose fields are told one by one.
pub(crate) const OBJECTS: [&str; 2] = ["data", "portfolio"];

/// The list whose rows are told one by one, and what names a row.
pub(crate) const ROWS: &str = "positions";
pub(crate) const ROW: &str = "id";

/// What tells such a frame from a whole one, and what names the rows that are gone.
pub(crate) const PARTIAL: &str = "partial";
pub(crate) const REMOVED: &str = "removed";

/// The place of the frame that it changes.
pub(crate) const SINCE: &str = "since";

/// The frame that makes `new` of `base`, two frames of one state topic. Nothing where it cannot be told by what changed:
/// rows that change places, or frames of different types.
pub fn changes(base: &str, new: &str) -> Option<String> {
    let (base, new) = (Fields::read(base)?, Fields::read(new)?);
    if base.get("type")? != new.get("type")? {
        return None;
    }
    let mut out = Writer::new();
    out.put("type", new.get("type")?);
    out.put(PARTIAL, "true");
    if let Some(seq) = base.get("seq") {
        out.put(SINCE, seq);
    }
    for (name, value) in &new.0 {
        let before = base.get(name);
        match (name.as_ref(), before) {
            ("type", _) => {}
            (name, _) if HEAD.contains(&name) => out.put(name, value.get()),
            (ROWS, Some(before)) => {
                let (rows, removed) = changed_rows(before, value.get())?;
                out.put(ROWS, &rows);
                if let Some(removed) = removed {
                    out.put(REMOVED, &removed);
                }
            }
            (name, Some(before)) if OBJECTS.contains(&name) => {
                let mut object = Writer::new();
                changed_fields(&Fields::read(before)?, &Fields::read(value.get())?, &mut object);
                out.put(name, &object.finish());
            }
            (name, before) => {
                if before != Some(value.get()) {
                    out.put(name, value.get());
                }
            }
        }
    }
    out.put_gone(&base, &new);
    Some(out.finish())
}

/// The whole frame that a partial one makes of `base`. Nothing where one of them is no frame of a state topic, or where the
/// partial one changes another than `base`.
pub fn whole(base: &str, partial: &str) -> Option<String> {
    let (base, partial) = (Fields::read(base)?, Fields::read(partial)?);
    if partial.get(SINCE) != base.get("seq") {
        return None;
    }
    let mut out = Writer::new();
    for (name, before) in &base.0 {
        let Some(value) = partial.get(name) else {
            out.put(name, before.get());
            continue;
        };
        if name == ROWS {
            out.put(ROWS, &joined_rows(before.get(), value, partial.get(REMOVED))?);
        } else if OBJECTS.contains(&name.as_ref()) {
            out.put(name, &joined(&Fields::read(before.get())?, &Fields::read(value)?));
        } else {
            out.put_some(name, value);
        }
    }
    for (name, value) in &partial.0 {
        if base.get(name).is_none() && ![PARTIAL, REMOVED, SINCE].contains(&name.as_ref()) {
            out.put_some(name, value.get());
        }
    }
    Some(out.finish())
}

/// The topic of a frame that tells only what changed.
pub fn topic_of_partial(frame: &str) -> Option<Cow<'_, str>> {
    if !frame.contains("\"partial\":true") {
        return None;
    }
    let fields = Fields::read(frame)?;
    if fields.get(PARTIAL) != Some("true") {
        return None;
    }
    let (_, topic) = fields.0.into_iter().find(|(name, _)| name == "topic")?;
    serde_json::from_str::<Text<'_>>(topic.get())
        .ok()
        .map(|text| text.0)
}

fn changed_fields(base: &Fields<'_>, new: &Fields<'_>, out: &mut Writer) {
    for (name, value) in &new.0 {
        if base.get(name) != Some(value.get()) {
            out.put(name, value.get());
        }
    }
    out.put_gone(base, new);
}

fn joined(base: &Fields<'_>, changed: &Fields<'_>) -> String {
    let mut out = Writer::new();
    for (name, before) in &base.0 {
        out.put_some(name, changed.get(name).unwrap_or(before.get()));
    }
    for (name, value) in &changed.0 {
        if base.get(name).is_none() {
            out.put_some(name, value.get());
        }
    }
    out.finish()
}

/// The rows that are new or changed, each with its name, and the names of those that are gone.
fn changed_rows(base: &str, new: &str) -> Option<(String, Option<String>)> {
    let (base, new) = (read_rows(base)?, read_rows(new)?);
    let find = |rows: &[Fields<'_>], name: &str| rows.iter().position(|row| row.get(ROW) == Some(name));
    let mut rows = List::new();
    let mut last = 0;
    for row in &new {
        let name = row.get(ROW)?;
        let Some(place) = find(&base, name) else {
            last = base.len();
            rows.put(&joined(row, &Fields(Vec::new())));
            continue;
        };
        // Rows stay in their order and new ones follow: what is put together again has no other.
        if place < last {
            return None;
        }
        last = place;
        let mut out = Writer::new();
        out.put(ROW, name);
        let head = out.0.len();
        changed_fields(&base[place], row, &mut out);
        if out.0.len() > head {
            rows.put(&out.finish());
        }
    }
    let mut removed = List::new();
    for row in &base {
        let name = row.get(ROW)?;
        if find(&new, name).is_none() {
            removed.put(name);
        }
    }
    Some((rows.finish(), removed.some()))
}

fn joined_rows(base: &str, changed: &str, removed: Option<&str>) -> Option<String> {
    let (base, changed) = (read_rows(base)?, read_rows(changed)?);
    let removed: Vec<&RawValue> = match removed {
        Some(removed) => serde_json::from_str(removed).ok()?,
        None => Vec::new(),
    };
    let mut rows = List::new();
    for row in &base {
        let name = row.get(ROW)?;
        if removed.iter().any(|gone| gone.get() == name) {
            continue;
        }
        match changed.iter().find(|change| change.get(ROW) == Some(name)) {
            Some(change) => rows.put(&joined(row, change)),
            None => rows.put(&joined(row, &Fields(Vec::new()))),
        }
    }
    for row in &changed {
        if !base.iter().any(|before| before.get(ROW) == row.get(ROW)) {
            rows.put(&joined(row, &Fields(Vec::new())));
        }
    }
    Some(rows.finish())
}

fn read_rows(text: &str) -> Option<Vec<Fields<'_>>> {
    serde_json::from_str(text).ok()
}

/// The fields of an object in their order, each value as it is written.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    fn read(text: &'a str) -> Option<Fields<'a>> {
        serde_json::from_str(text).ok()
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.get())
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fields<'de>, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
            fields.push((name.0, value));
        }
        Ok(Fields(fields))
    }
}

/// A text that is borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// An object being written from values that are JSON already.
struct Writer(String);

impl Writer {
    fn new() -> Writer {
        Writer("{".to_owned())
    }

    fn put(&mut self, name: &str, value: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&crate::json::to_json(name));
        self.0.push(':');
        self.0.push_str(value);
    }

    /// Leaves out what says that the field is gone.
    fn put_some(&mut self, name: &str, value: &str) {
        if value != "null" {
            self.put(name, value);
        }
    }

    /// Fields that were there and are no more.
    fn put_gone(&mut self, base: &Fields<'_>, new: &Fields<'_>) {
        for (name, before) in &base.0 {
            if new.get(name).is_none() && before.get() != "null" {
                self.put(name, "null");
            }
        }
    }

    fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A list being written from values that are JSON already.
struct List(String);

impl List {
    fn new() -> List {
        List("[".to_owned())
    }

    fn put(&mut self, value: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(value);
    }

    fn some(self) -> Option<String> {
        (self.0.len() > 1).then(|| self.finish())
    }

    fn finish(mut self) -> String {
        self.0.push(']');
        self.0
    }
}
