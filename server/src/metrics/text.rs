//! The counts as text, in the OpenMetrics format that Prometheus reads.

use super::histogram::{Histogram, seconds};
use super::named::Named;
use super::{Metrics, Shared};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use tickwire_protocol::message::JournalState;

/// What is looked at when somebody asks, because it is kept elsewhere anyway.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Open connections.
    pub connections: u32,
    /// Jobs that wait for the engine, and how many may.
    pub queue: (usize, usize),
    /// How the journal is.
    pub journal: JournalState,
    /// Its size on the disk, in bytes.
    pub journal_bytes: u64,
    /// Accounts by where their risk guard stands: normal, paused, stopped.
    pub accounts: [u64; 3],
    /// Whether the desk is ready for clients.
    pub is_ready: bool,
    /// Now, by [`super::micros`].
    pub now: u64,
    /// Memory of the process in RAM, in bytes, where the system tells.
    pub resident_bytes: Option<u64>,
}

/// The text for one scrape.
pub fn render(metrics: &Metrics, reading: Reading) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape {
        metrics: metrics.clone(),
        reading,
    }));
    let mut text = String::with_capacity(16 * 1024);
    prometheus_client::encoding::text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Scrape {
    metrics: Metrics,
    reading: Reading,
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page { encoder };
        let (counts, now) = (&*self.metrics.shared, &self.reading);
        sockets(&mut page, counts, now)?;
        flow(&mut page, counts, now)?;
        journal(&mut page, counts, now)?;
        let [normal, paused, stopped] = now.accounts;
        page.gauges(
            "tickwire_risk_accounts",
            "Accounts by where their risk guard stands",
            "status",
            [("normal", normal), ("soft_pause", paused), ("hard_stop", stopped)],
        )?;
        page.gauge(
            "tickwire_ready",
            "1 while /health/ready answers 200",
            u64::from(now.is_ready),
        )?;
        if let Some(bytes) = now.resident_bytes {
            page.gauge_of(
                "process_resident_memory",
                "Memory of the process in RAM",
                Unit::Bytes,
                bytes,
            )?;
        }
        page.encoder
            .encode_descriptor("tickwire_build", "The release", None, MetricType::Info)?
            .encode_info(&[("version", env!("CARGO_PKG_VERSION"))])
    }
}

fn sockets(page: &mut Page<'_>, counts: &Shared, now: &Reading) -> fmt::Result {
    page.gauge(
        "tickwire_connections",
        "Open connections",
        u64::from(now.connections),
    )?;
    page.counter(
        "tickwire_connections_opened",
        "Connections opened, those included that were not let in",
        &counts.opened,
    )?;
    page.counters(
        "tickwire_connections_closed",
        "Connections that ended, by reason",
        "reason",
        &[(None, &counts.closed)],
    )?;
    page.counters(
        "tickwire_handshakes_refused",
        "Handshakes refused before there was a connection, by reason",
        "reason",
        &[(None, &counts.refused)],
    )?;
    page.counters(
        "tickwire_messages",
        "Frames by direction and type; of those read, the action",
        "type",
        &[
            (Some(("direction", "in")), &counts.received),
            (Some(("direction", "out")), &counts.sent),
        ],
    )?;
    page.counter(
        "tickwire_commands_limited",
        "Commands refused by a rate that the connections of a user share",
        &counts.limited,
    )?;
    page.counter(
        "tickwire_state_values_conflated",
        "Values of state topics overwritten before they were sent to a client",
        &counts.conflated,
    )?;
    page.counter(
        "tickwire_topics_resumed",
        "Lossless topics resumed (RESUMED)",
        &counts.resumed,
    )?;
    page.counter(
        "tickwire_events_replayed",
        "Messages that resumes brought",
        &counts.replayed,
    )?;
    page.counter(
        "tickwire_topics_reset",
        "Lossless topics that could not be resumed, or were lost by a slow client (RESET)",
        &counts.resets,
    )
}

fn flow(page: &mut Page<'_>, counts: &Shared, now: &Reading) -> fmt::Result {
    let (waiting, room) = now.queue;
    page.gauge(
        "tickwire_engine_queue_depth",
        "Jobs that wait for the engine",
        as_u64(waiting),
    )?;
    page.gauge(
        "tickwire_engine_queue_capacity",
        "Jobs that may wait for the engine",
        as_u64(room),
    )?;
    let steps = counts.steps_waiting.load(Ordering::Relaxed).cast_signed().max(0);
    page.gauge(
        "tickwire_commit_steps_waiting",
        "Decisions that wait for the disk",
        steps.cast_unsigned(),
    )?;
    page.counter(
        "tickwire_feed_inputs",
        "Inputs of the feed that the engine took in",
        &counts.ticks,
    )?;
    let fed_at = counts.fed_at.load(Ordering::Relaxed);
    if fed_at > 0 {
        let age = seconds(now.now.saturating_sub(fed_at));
        page.encoder
            .encode_descriptor(
                "tickwire_feed_age",
                "Time since the feed last told anything",
                Some(&Unit::Seconds),
                MetricType::Gauge,
            )?
            .encode_gauge(&age)?;
    }
    page.histogram(
        "tickwire_delivery",
        "From the feed's word to a ticker written to a socket, the rest between two values included",
        &counts.delivery,
    )?;
    page.histogram(
        "tickwire_command",
        "From a command's frame read to its answer written",
        &counts.command,
    )
}

fn journal(page: &mut Page<'_>, counts: &Shared, now: &Reading) -> fmt::Result {
    page.histogram(
        "tickwire_journal_append",
        "Appending and syncing one transaction",
        &counts.append,
    )?;
    page.counter(
        "tickwire_journal_entries",
        "Entries appended by this process",
        &counts.entries,
    )?;
    page.gauge_of(
        "tickwire_journal_size",
        "What the journal takes of the disk",
        Unit::Bytes,
        now.journal_bytes,
    )?;
    let is = |state| u64::from(now.journal == state);
    page.gauges(
        "tickwire_journal_state",
        "1 for the state that the journal is in",
        "state",
        [
            ("live", is(JournalState::Live)),
            ("short", is(JournalState::Short)),
            ("full", is(JournalState::Full)),
            ("down", is(JournalState::Down)),
        ],
    )?;
    let is_halted = matches!(now.journal, JournalState::Full | JournalState::Down);
    page.gauge(
        "tickwire_engine_halted",
        "1 while nothing is decided",
        u64::from(is_halted),
    )
}

fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The page under way.
struct Page<'a> {
    encoder: DescriptorEncoder<'a>,
}

impl Page<'_> {
    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.encoder
            .encode_descriptor(name, help, None, MetricType::Gauge)?
            .encode_gauge(&value)
    }

    fn gauge_of(&mut self, name: &str, help: &str, unit: Unit, value: u64) -> fmt::Result {
        self.encoder
            .encode_descriptor(name, help, Some(&unit), MetricType::Gauge)?
            .encode_gauge(&value)
    }

    fn gauges<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        label: &'static str,
        values: [(&'static str, u64); N],
    ) -> fmt::Result {
        let mut family = self
            .encoder
            .encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (value, number) in values {
            family.encode_family(&[(label, value)])?.encode_gauge(&number)?;
        }
        Ok(())
    }

    fn counter(&mut self, name: &str, help: &str, count: &AtomicU64) -> fmt::Result {
        self.encoder
            .encode_descriptor(name, help, None, MetricType::Counter)?
            .encode_counter::<NoLabelSet, _, u64>(&count.load(Ordering::Relaxed), None)
    }

    /// A counter for each name of each group; a group may have a label of its own.
    fn counters(
        &mut self,
        name: &str,
        help: &str,
        label: &'static str,
        groups: &[(Option<(&'static str, &'static str)>, &Named)],
    ) -> fmt::Result {
        let mut family = self
            .encoder
            .encode_descriptor(name, help, None, MetricType::Counter)?;
        for (group, counts) in groups {
            for (value, count) in counts.read() {
                let labels: Vec<(&str, &str)> = group.iter().copied().chain([(label, value)]).collect();
                family
                    .encode_family(&labels)?
                    .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
            }
        }
        Ok(())
    }

    fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) -> fmt::Result {
        let (sum, count, buckets) = histogram.read();
        self.encoder
            .encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?
            .encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use tickwire_protocol::session::server::Tally;

    fn reading() -> Reading {
        Reading {
            connections: 3,
            queue: (5, 4096),
            journal: JournalState::Short,
            journal_bytes: 8192,
            accounts: [4, 2, 1],
            is_ready: true,
            now: 3_000_000,
            resident_bytes: Some(1_048_576),
        }
    }

    #[test]
    fn what_was_counted_is_told_under_its_name() {
        let metrics = Metrics::default();
        metrics.opened();
        metrics.closed("going_away");
        metrics.sent("MARKET_UPDATE");
        metrics.sent("SOMETHING_NEW");
        metrics.tallied(Tally {
            action: Some("place_order"),
            conflated: 7,
            resumed: 1,
            replayed: 20,
            resets: 2,
        });
        metrics.fed(10, 1_000_000);
        metrics.steps_taken(1);
        metrics.delivered(400);
        metrics.delivered(2_000);
        let text = render(&metrics, reading()).unwrap();
        for line in [
            "tickwire_connections 3",
            "tickwire_connections_opened_total 1",
            "tickwire_connections_closed_total{reason=\"going_away\"} 1",
            "tickwire_connections_closed_total{reason=\"gone\"} 0",
            "tickwire_messages_total{direction=\"out\",type=\"MARKET_UPDATE\"} 1",
            "tickwire_messages_total{direction=\"out\",type=\"other\"} 1",
            "tickwire_messages_total{direction=\"in\",type=\"place_order\"} 1",
            "tickwire_state_values_conflated_total 7",
            "tickwire_topics_resumed_total 1",
            "tickwire_events_replayed_total 20",
            "tickwire_topics_reset_total 2",
            "tickwire_engine_queue_depth 5",
            "tickwire_commit_steps_waiting 0",
            "tickwire_feed_inputs_total 10",
            "tickwire_feed_age_seconds 2.0",
            "tickwire_delivery_seconds_bucket{le=\"0.0005\"} 1",
            "tickwire_delivery_seconds_bucket{le=\"+Inf\"} 2",
            "tickwire_delivery_seconds_count 2",
            "tickwire_journal_size_bytes 8192",
            "tickwire_journal_state{state=\"short\"} 1",
            "tickwire_journal_state{state=\"live\"} 0",
            "tickwire_engine_halted 0",
            "tickwire_risk_accounts{status=\"soft_pause\"} 2",
            "process_resident_memory_bytes 1048576",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} is not in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn no_name_is_told_twice_and_each_says_what_it_is() {
        let text = render(&Metrics::default(), reading()).unwrap();
        let helps: Vec<&str> = text.lines().filter(|line| line.starts_with("# HELP")).collect();
        assert_eq!(helps.iter().collect::<BTreeSet<_>>().len(), helps.len());
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap();
            assert!(
                name.starts_with("tickwire_") || name.starts_with("process_"),
                "{line}"
            );
            assert!(line.rsplit(' ').next().unwrap().parse::<f64>().is_ok(), "{line}");
        }
        assert!(
            !text.contains("tickwire_feed_age"),
            "the feed has told nothing yet"
        );
    }
}
