//! What the ticket's parts share: the quantity typed, the market, the account, and what follows from them.

use crate::derived::{Text, derived};
use leptos::prelude::*;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::market::Instrument;
use tickwire_protocol::message::{LinkState, MarketUpdate};
use tickwire_protocol::money::{Amount, Price, Quantity};
use tickwire_protocol::order::Side;

use super::estimate::{self, Estimate, Held};
use super::outcome::Asked;
use crate::realtime::{UseRealtime, use_feed, use_portfolio, use_realtime, use_ticker};
use crate::selection::{Selection, use_selection};
use crate::widgets::connection::words;

/// The signals of one ticket.
#[derive(Clone, Copy)]
pub struct Ticket {
    /// The desk's connection.
    pub realtime: UseRealtime,
    /// The instrument to trade.
    pub selection: Selection,
    /// The quantity as typed.
    pub typed: RwSignal<String>,
    /// The last order sent from here.
    pub asked: RwSignal<Option<Asked>>,
    /// What can be used.
    pub available: Memo<Option<Amount>>,
    ticker: Memo<Option<MarketUpdate>>,
    held: Memo<Option<Held>>,
    paused: Memo<Option<String>>,
}

impl Ticket {
    /// A ticket for the selected instrument.
    pub fn new() -> Ticket {
        let realtime = use_realtime();
        let selection = use_selection();
        let ticker = use_ticker(selection.symbol);
        let account = use_portfolio();
        let feed = use_feed();
        let positions = realtime.store.positions;
        let held = derived(move || {
            let symbol = selection.symbol.get()?;
            positions.with(|rows| {
                rows.iter().find_map(|row| {
                    row.cell.with(|all| {
                        let held = Held {
                            side: all.side,
                            quantity: all.quantity,
                            entry: all.entry_price,
                        };
                        (all.symbol == symbol).then_some(held)
                    })
                })
            })
        });
        let paused = derived(move || {
            let feed = feed.with(|feed| feed.as_ref().map(|feed| feed.state));
            match realtime.status.link.get() {
                _ if realtime.is_live() && feed.is_none_or(|state| state == LinkState::Live) => None,
                _ if realtime.is_live() => Some("Trading is paused: the market feed is not live.".to_owned()),
                link => Some(["Trading is paused: ", words::of_link(link), "."].concat()),
            }
        });
        Ticket {
            realtime,
            selection,
            typed: RwSignal::new(String::new()),
            asked: RwSignal::new(None),
            available: derived(move || {
                account
                    .balance
                    .with(|all| all.as_ref().map(|all| all.available_balance))
            }),
            ticker,
            held,
            paused,
        }
    }

    /// A word out of the instrument's rules; empty where there is no instrument.
    pub fn word(&self, read: fn(&Instrument) -> String) -> Text {
        let instrument = self.selection.instrument;
        derived(move || instrument.with(|one| one.as_ref().map_or_else(String::new, read)))
    }

    /// The rules of the instrument.
    pub fn rules(&self) -> Option<Instrument> {
        self.selection.instrument.get()
    }

    /// The price that an order of this side would get.
    pub fn price(&self, side: Side) -> Option<Price> {
        self.ticker.with(|ticker| {
            ticker.map(|ticker| match side {
                Side::Buy => ticker.ask,
                Side::Sell => ticker.bid,
            })
        })
    }

    /// When the price was taken in.
    pub fn quoted_at(&self) -> Memo<Option<TimestampMs>> {
        let ticker = self.ticker;
        derived(move || ticker.with(|ticker| ticker.map(|ticker| ticker.received_at)))
    }

    /// The quantity, where it is one above zero.
    pub fn quantity(&self) -> Option<Quantity> {
        let quantity = self
            .typed
            .with(|text| estimate::parse_quantity(text))
            .ok()
            .flatten();
        quantity.filter(|quantity| quantity.is_positive())
    }

    /// What an order of this side would come to.
    pub fn estimate(&self, side: Side) -> Option<Estimate> {
        let (quantity, price, rules) = (self.quantity()?, self.price(side)?, self.rules()?);
        Some(estimate::estimate(
            side,
            quantity,
            price,
            &rules,
            self.available.get()?,
            self.held.get(),
        ))
    }

    /// What is against an order of this side, as a sentence.
    pub fn trouble(&self, side: Side) -> Option<String> {
        if let Some(paused) = self.paused.get() {
            return Some(paused);
        }
        let quantity = match self.typed.with(|text| estimate::parse_quantity(text)) {
            Err(trouble) => return Some(trouble),
            Ok(None) => return Some("Enter a quantity.".to_owned()),
            Ok(Some(quantity)) => quantity,
        };
        let rules = self.rules()?;
        if self.price(side).is_none() {
            return Some("There is no price yet.".to_owned());
        }
        let Some(available) = self.available.get() else {
            return Some("The balance is not known yet.".to_owned());
        };
        let zero = Estimate {
            price: Price::ZERO,
            cost: Amount::ZERO,
            fee: Amount::ZERO,
            available_after: Amount::ZERO,
        };
        let estimate = self.estimate(side).unwrap_or(zero);
        estimate::check(side, quantity, &estimate, &rules, available, self.held.get()).err()
    }

    /// Whether the last order waits for its answer.
    pub fn is_pending(&self) -> bool {
        self.asked.with(|asked| {
            asked
                .as_ref()
                .is_some_and(|asked| asked.answer.with(Option::is_none))
        })
    }
}
