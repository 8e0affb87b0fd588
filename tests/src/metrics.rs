//! What `/metrics` says, as numbers by their names and labels.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::http::get;

/// Numbers by the text before them, such as `tickwire_messages_total{direction="in",type="ping"}`.
#[derive(Debug)]
pub struct Scrape {
    numbers: BTreeMap<String, f64>,
    /// The whole text.
    pub text: String,
}

impl Scrape {
    /// Asks the desk.
    pub fn of(address: SocketAddr) -> Result<Scrape> {
        let answer = get(address, "/metrics", &[])?;
        anyhow::ensure!(answer.status == 200, "/metrics answers {}", answer.status);
        let text = answer.text();
        let lines = text
            .lines()
            .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()));
        let numbers = lines
            .map(|line| {
                let (name, number) = line
                    .rsplit_once(' ')
                    .with_context(|| format!("{line:?} has a number"))?;
                Ok((
                    name.to_owned(),
                    number.parse().with_context(|| format!("{line:?}"))?,
                ))
            })
            .collect::<Result<_>>()?;
        Ok(Scrape { numbers, text })
    }

    /// The number of this name and labels; 0 where it is not told.
    pub fn number(&self, name: &str) -> f64 {
        self.numbers.get(name).copied().unwrap_or_default()
    }

    /// Of a histogram, what so large a share of the values since an earlier scrape did not exceed: the upper bound of a
    /// bucket. Zero where there was none.
    pub fn quantile_since(&self, before: &Scrape, histogram: &str, share: f64) -> f64 {
        let prefix = format!("{histogram}_bucket{{le=\"");
        let mut buckets: Vec<(f64, f64)> = self
            .numbers
            .iter()
            .filter_map(|(name, count)| {
                let bound = name.strip_prefix(&prefix)?.strip_suffix("\"}")?;
                let bound = if bound == "+Inf" {
                    f64::INFINITY
                } else {
                    bound.parse().ok()?
                };
                Some((bound, count - before.number(name)))
            })
            .collect();
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        let wanted = buckets.last().map_or(0.0, |(_, all)| all * share);
        let found = buckets.iter().find(|(_, count)| wanted > 0.0 && *count >= wanted);
        found.map_or(0.0, |(bound, _)| *bound)
    }

    /// Whether it is told.
    pub fn has(&self, name: &str) -> bool {
        self.numbers.contains_key(name)
    }
}

/// Asks again and again until the number is as wanted.
pub fn wait_until(address: SocketAddr, name: &str, wanted: impl Fn(f64) -> bool) -> Result<Scrape> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let scrape = Scrape::of(address)?;
        let number = scrape.number(name);
        if wanted(number) {
            return Ok(scrape);
        }
        if Instant::now() >= deadline {
            bail!("{name} is {number}:\n{}", scrape.text);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
