//! What the ticket's parts share: the form, the market, the account, and what follows from them for either side.

use std::collections::BTreeMap;

use crate::derived::{Text, derived, react};
use leptos::prelude::*;
use tickwire_protocol::account::Position;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Command, Instruction};
use tickwire_protocol::id::Symbol;
use tickwire_protocol::market::Instrument;
use tickwire_protocol::message::{LinkState, MarketUpdate};
use tickwire_protocol::money::{Amount, Price};
use tickwire_protocol::order::Side;

use super::decide::{self, Verdict};
use super::estimate::{Held, World};
use super::form::Form;
use super::known;
use super::outcome::Asked;
use crate::realtime::{UseRealtime, use_feed, use_portfolio, use_realtime, use_ticker};
use crate::selection::{Selection, use_selection};
use crate::widgets::connection::words;

/// The leverages that the owner has set.
pub type Leverages = BTreeMap<Symbol, u32>;

/// The signals of one ticket.
#[derive(Clone, Copy)]
pub struct Ticket {
    /// The desk's connection.
    pub realtime: UseRealtime,
    /// The instrument to trade.
    pub selection: Selection,
    /// What is filled in.
    pub form: RwSignal<Form>,
    /// The last command sent from here.
    pub asked: RwSignal<Option<Asked>>,
    /// What the order is judged by; absent where a price or the balance is not known.
    pub world: Memo<Option<World>>,
    /// What becomes of the form when buying and when selling.
    pub verdicts: Memo<[Verdict; 2]>,
    /// What can be used.
    pub available: Memo<Option<Amount>>,
    ticker: Memo<Option<MarketUpdate>>,
    paused: Memo<Option<String>>,
}

impl Ticket {
    /// A ticket for the selected instrument.
    pub fn new() -> Ticket {
        let realtime = use_realtime();
        let selection = use_selection();
        let form = RwSignal::new(Form::default());
        let ticker = use_ticker(selection.symbol);
        let account = use_portfolio();
        let feed = use_feed();
        let risk = known::use_risk_sentence();
        let paused = derived(move || {
            if !realtime.may_act {
                return Some("You are logged in as a viewer, who sees and cannot act.".to_owned());
            }
            let feed = feed.with(|feed| feed.as_ref().map(|feed| feed.state));
            match realtime.status.link.get() {
                _ if realtime.is_live() && feed.is_none_or(|state| state == LinkState::Live) => None,
                _ if realtime.is_live() => Some("Trading is paused: the market feed is not live.".to_owned()),
                link => Some(["Trading is paused: ", words::of_link(link), "."].concat()),
            }
        });
        let available = derived(move || {
            account
                .balance
                .with(|all| all.as_ref().map(|all| all.available_balance))
        });
        let world = derived(move || {
            let rules = selection.instrument.get()?;
            let ticker = ticker.get()?;
            let position = position_in(realtime, rules.symbol);
            account.balance.with(|balance| {
                let balance = balance.as_ref()?;
                Some(World {
                    leverage: leverage_of(&rules, position.as_ref(), &balance.leverage),
                    venue: known::venue_rules(&realtime.store).unwrap_or_default(),
                    bid: ticker.bid,
                    ask: ticker.ask,
                    last: ticker.price,
                    mark: ticker.mark_price.unwrap_or(ticker.price),
                    available: balance.available_balance,
                    equity: balance.margin_balance,
                    maintenance: balance.maintenance_margin,
                    held: position.map(|all| Held {
                        side: all.side,
                        quantity: all.quantity,
                        entry: all.entry_price,
                        maintenance: all.maintenance_margin,
                    }),
                    risk: risk.get(),
                    now: realtime.status.moment().now.unwrap_or(TimestampMs(0)),
                    rules,
                })
            })
        });
        let verdicts = derived(move || {
            [Side::Buy, Side::Sell].map(|side| {
                form.with(|form| {
                    world.with(|world| match world {
                        Some(world) => decide::decide(form, side, world),
                        None => Verdict::against(missing(ticker, selection)),
                    })
                })
            })
        });
        // What was typed for one market would be another order in the next.
        let turned_to = StoredValue::new(selection.symbol.get_untracked());
        react(move || {
            let symbol = selection.symbol.get();
            if turned_to.get_value() != symbol {
                turned_to.set_value(symbol);
                form.update(Form::clear);
            }
        });
        Ticket {
            realtime,
            selection,
            form,
            asked: RwSignal::new(None),
            world,
            verdicts,
            available,
            ticker,
            paused,
        }
    }

    /// A word out of the instrument's rules; empty where there is no instrument.
    pub fn word(&self, read: fn(&Instrument) -> String) -> Text {
        let instrument = self.selection.instrument;
        derived(move || instrument.with(|one| one.as_ref().map_or_else(String::new, read)))
    }

    /// A property of the form.
    pub fn of_form<T: PartialEq + Send + Sync + 'static>(&self, read: fn(&Form) -> T) -> Memo<T> {
        let form = self.form;
        derived(move || form.with(read))
    }

    /// The rules of the instrument.
    pub fn rules(&self) -> Option<Instrument> {
        self.selection.instrument.get()
    }

    /// The market of the instrument.
    pub fn ticker(&self) -> Option<MarketUpdate> {
        self.ticker.get()
    }

    /// The last price.
    pub fn last_price(&self) -> Option<Price> {
        self.ticker.with(|ticker| ticker.map(|ticker| ticker.price))
    }

    /// When the price was taken in.
    pub fn quoted_at(&self) -> Memo<Option<TimestampMs>> {
        let ticker = self.ticker;
        derived(move || ticker.with(|ticker| ticker.map(|ticker| ticker.received_at)))
    }

    /// A figure of what becomes of the form for one side.
    pub fn verdict<T>(&self, side: Side, read: impl FnOnce(&Verdict) -> T) -> T {
        let place = usize::from(side == Side::Sell);
        self.verdicts.with(|both| read(&both[place]))
    }

    /// What is against an order of this side, as a sentence.
    pub fn trouble(&self, side: Side) -> Option<String> {
        self.paused()
            .or_else(|| self.verdict(side, |verdict| verdict.order.as_ref().err().cloned()))
    }

    /// Why nothing at all can be sent.
    pub fn paused(&self) -> Option<String> {
        self.paused.get()
    }

    /// Sends a command; its outcome is told in the ticket.
    pub fn send(&self, instruction: Instruction) {
        if let Some(rules) = self.selection.instrument.get_untracked() {
            let answer = self.realtime.send(Command::Instruct(instruction));
            self.asked.set(Some(Asked { rules, answer }));
        }
    }

    /// Whether the last command waits for its answer.
    pub fn is_pending(&self) -> bool {
        self.asked.with(|asked| {
            asked
                .as_ref()
                .is_some_and(|asked| asked.answer.with(Option::is_none))
        })
    }
}

/// The position in an instrument; the legs of a cash-and-carry position are not it.
pub fn position_in(realtime: UseRealtime, symbol: Symbol) -> Option<Position> {
    realtime.store.positions.with(|rows| {
        rows.iter().find_map(|row| {
            row.cell
                .with(|all| (all.symbol == symbol && all.strategy.is_none()).then(|| all.clone()))
        })
    })
}

/// The leverage of an instrument: that of its position, else what its owner set, else its own; 1 for spot.
pub fn leverage_of(rules: &Instrument, held: Option<&Position>, set: &Leverages) -> u32 {
    let Some(perpetual) = rules.perpetual else {
        return 1;
    };
    held.map(|held| held.leverage)
        .or(set.get(&rules.symbol).copied())
        .unwrap_or(perpetual.default_leverage)
}

fn missing(ticker: Memo<Option<MarketUpdate>>, selection: Selection) -> String {
    let sentence = if selection.symbol.with(Option::is_none) {
        "There is no market to trade."
    } else if ticker.with(Option::is_none) {
        "There is no price yet."
    } else {
        "The balance is not known yet."
    };
    sentence.to_owned()
}
