//! `tickwire journal export`: entries for other programs. Numbers are written digit by digit as the journal has them.

use super::{CliError, open};
use crate::config::DataFolder;
use crate::journal::{Entry, JournalError, JournalReader};
use clap::{Args, ValueEnum};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use tickwire_engine::event::{Event, Fact};
use tickwire_protocol::id::Seq;
use tickwire_protocol::topic::Topic;

/// In what form entries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A header, then a row for each event of one topic: what a spreadsheet reads.
    Csv,
    /// Whole entries, one JSON object a line.
    Jsonl,
}

/// Options of `tickwire journal export`.
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    folder: DataFolder,
    /// In what form
    #[arg(long, value_enum)]
    format: Format,
    /// Only events of this topic: orders, executions, risk or alerts [default: executions as CSV, all as JSON]
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// File to write, which must not be there yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What every row begins with.
const PLACES: [&str; 5] = ["seq", "topic_seq", "account", "at", "kind"];

/// The columns of executions, so that a table without rows has them too. Funding has its own beside them.
const OF_EXECUTIONS: [&str; 17] = [
    "id",
    "order_id",
    "client_order_id",
    "position_id",
    "is_carry",
    "symbol",
    "side",
    "quantity",
    "price",
    "fee",
    "fee_currency",
    "is_maker",
    "realized_pnl",
    "mark_price",
    "rate",
    "amount",
    "timestamp",
];

/// Writes the entries that are asked for.
pub(super) fn export(args: &ExportArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let topic = match &args.topic {
        Some(name) => Some(lossless(name)?),
        None if args.format == Format::Csv => Some(Topic::Executions),
        None => None,
    };
    let journal = open(&args.folder)?;
    let Some(file) = &args.out else {
        return write(&journal, args.format, topic, &mut BufWriter::new(out));
    };
    let mut file = BufWriter::new(File::create_new(file)?);
    write(&journal, args.format, topic, &mut file)?;
    file.into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .sync_all()?;
    Ok(())
}

fn lossless(name: &str) -> Result<Topic, CliError> {
    let topics = [Topic::Orders, Topic::Executions, Topic::Risk, Topic::Alerts];
    let topic = name.parse().ok().filter(|topic| topics.contains(topic));
    topic.ok_or_else(|| {
        CliError::Usage(format!(
            "the journal has no topic {name:?}; it has orders, executions, risk and alerts"
        ))
    })
}

fn write(
    journal: &JournalReader,
    format: Format,
    topic: Option<Topic>,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    match format {
        Format::Jsonl => each(journal, topic, |entry| write_json(entry, out))?,
        Format::Csv => {
            let mut columns: Vec<String> = match topic {
                Some(Topic::Executions) => OF_EXECUTIONS.map(str::to_owned).to_vec(),
                _ => Vec::new(),
            };
            // Columns first: which there are is known when all rows have been seen.
            each(journal, topic, |entry| {
                for (name, _) in told(&entry.event)?.fields {
                    if !columns.contains(&name) {
                        columns.push(name);
                    }
                }
                Ok(())
            })?;
            let header: Vec<&str> = PLACES
                .into_iter()
                .chain(columns.iter().map(String::as_str))
                .collect();
            writeln!(out, "{}", header.join(","))?;
            each(journal, topic, |entry| write_row(entry, &columns, out))?;
        }
    }
    Ok(out.flush()?)
}

/// Hands each entry of a topic to `visit`. Damage ends it with an error: half a table must not pass for a whole one.
fn each(
    journal: &JournalReader,
    topic: Option<Topic>,
    mut visit: impl FnMut(&Entry) -> io::Result<()>,
) -> Result<(), CliError> {
    let mut stopped = None;
    let scan = journal.scan(None, |entry| {
        if topic.is_some() && entry.event.fact.topic() != topic {
            return Ok(());
        }
        visit(&entry).map_err(|error| {
            let reason = error.to_string();
            stopped = Some(error);
            reason
        })
    });
    if let Some(error) = stopped {
        return Err(CliError::Output(error));
    }
    match scan?.damage {
        None => Ok(()),
        Some(damage) => Err(CliError::Journal(JournalError::Damaged {
            seq: damage.seq,
            reason: damage.reason,
        })),
    }
}

#[derive(Serialize)]
struct Line<'a> {
    seq: Seq,
    decision: Seq,
    topic: Option<Topic>,
    topic_seq: Option<Seq>,
    event: &'a Event,
}

fn write_json(entry: &Entry, out: &mut dyn Write) -> io::Result<()> {
    let line = Line {
        seq: entry.seq,
        decision: entry.decision,
        topic: entry.event.fact.topic(),
        topic_seq: entry.topic_seq,
        event: &entry.event,
    };
    serde_json::to_writer(&mut *out, &line)?;
    writeln!(out)
}

fn write_row(entry: &Entry, columns: &[String], out: &mut dyn Write) -> io::Result<()> {
    let told = told(&entry.event)?;
    let event = &entry.event;
    write!(out, "{},", entry.seq)?;
    if let Some(seq) = entry.topic_seq {
        write!(out, "{seq}")?;
    }
    write!(out, ",{},{},{}", event.account, event.at.0, told.kind)?;
    for column in columns {
        let value = told.fields.iter().find(|(name, _)| name == column);
        write!(out, ",{}", value.map_or(String::new(), |(_, value)| cell(value)))?;
    }
    writeln!(out)
}

/// What an event tells: the kind of fact, and its fields in order.
struct Told {
    kind: String,
    fields: Vec<(String, Box<RawValue>)>,
}

fn told(event: &Event) -> io::Result<Told> {
    let text = serde_json::to_string::<Fact>(&event.fact)?;
    let Fields(mut fact) = serde_json::from_str(&text)?;
    let (kind, content) = fact
        .pop()
        .ok_or_else(|| io::Error::other("an event without a fact"))?;
    let Fields(fields) = serde_json::from_str(content.get())?;
    Ok(Told { kind, fields })
}

/// The members of a JSON object in their order, each as it is written.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fields, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A JSON value as a cell: text without its quotes, numbers as they are, what has parts as JSON. Quoted after RFC 4180.
fn cell(value: &RawValue) -> String {
    let text = match serde_json::from_str::<Option<String>>(value.get()) {
        Ok(text) => text.unwrap_or_default(),
        Err(_) => value.get().to_owned(),
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_a_number_keeps_its_digits() {
        let cell = |json: &str| cell(&RawValue::from_string(json.to_owned()).unwrap());
        assert_eq!(cell("43250.500000001234567890"), "43250.500000001234567890");
        assert_eq!(cell("null"), "");
        assert_eq!(cell("true"), "true");
        assert_eq!(cell(r#""buy""#), "buy");
        assert_eq!(cell(r#""a,b \"c\"""#), r#""a,b ""c""""#);
        assert_eq!(cell(r#"{"a":1,"b":2}"#), r#""{""a"":1,""b"":2}""#);
    }
}
