//! From what is filled in to the command, or to the sentence that says what is against it: the server's rules, with the
//! numbers, before the click.

use rust_decimal::Decimal;
use tickwire_protocol::command::{Instruction, OpenCarry, PlaceOco, PlaceOrder};
use tickwire_protocol::money::{Price, Quantity, Ratio};
use tickwire_protocol::order::{Exit, OrderType, Side, TimeInForce};

use super::estimate::{Outlook, World, floor_to_step};
use super::form::{Field, Form, Kind, Unit, parse_moment};
use crate::format;

/// What becomes of the form for one side.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// How much; zero where that is not known.
    pub quantity: Quantity,
    /// What it would come to, as far as that is known.
    pub outlook: Option<Outlook>,
    /// The command, or what is against it.
    pub order: Result<Instruction, String>,
}

impl Verdict {
    /// Nothing but a sentence.
    pub fn against(sentence: String) -> Verdict {
        Verdict {
            quantity: Quantity::ZERO,
            outlook: None,
            order: Err(sentence),
        }
    }
}

/// Judges the form for one side.
pub fn decide(form: &Form, side: Side, world: &World) -> Verdict {
    let judge = Judge { form, side, world };
    let typed = match form.number(Field::Quantity) {
        Ok(Some(typed)) => typed,
        Ok(None) => return Verdict::against("Enter a quantity.".to_owned()),
        Err(sentence) => return Verdict::against(sentence),
    };
    let (price, is_maker) = match judge.fill() {
        Ok(fill) => fill,
        Err(sentence) => return Verdict::against(sentence),
    };
    let quantity = if form.in_quote {
        let base = typed.checked_div(price.get()).unwrap_or_default();
        floor_to_step(base, &world.rules)
    } else {
        Quantity::new(typed)
    };
    let outlook = world.outlook(side, quantity, price, is_maker);
    Verdict {
        quantity,
        outlook: Some(outlook),
        order: judge.order(quantity, &outlook),
    }
}

/// Whether an order is one that a slip makes dear, and is asked about before it is sent.
pub fn is_dear(form: &Form, side: Side, world: &World, verdict: &Verdict) -> bool {
    let opens = world.reduced(side, verdict.quantity) < verdict.quantity && !form.reduce_only;
    let cost = verdict.outlook.map_or(Decimal::ZERO, |all| all.cost.get());
    let is_large = form.kind == Kind::Market && cost * Decimal::TWO > world.equity.get();
    opens && (is_large || world.leverage > 10)
}

/// What an order makes or loses at its take-profit and its stop-loss, in the quote currency and in percent of its cost;
/// for the side that the prices are meant for.
pub fn results(form: &Form, verdicts: &[Verdict; 2], world: &World) -> String {
    if !form.is_entry() {
        return String::new();
    }
    let mut text = String::new();
    for (side, verdict) in [Side::Buy, Side::Sell].into_iter().zip(verdicts) {
        let Some(outlook) = verdict.outlook else { continue };
        let judge = Judge { form, side, world };
        let Ok((take_profit, stop_loss)) = judge.exits(outlook.price) else {
            continue;
        };
        let opposite = side.opposite();
        for (name, exit) in [(" at take profit ", take_profit), (" at stop loss ", stop_loss)] {
            let Some(exit) = exit else { continue };
            let (price, is_maker) = match (exit.price, judge.stop_of(outlook.price, &exit)) {
                (Some(price), _) => (price, true),
                (None, stop) => (world.slipped(opposite, stop), false),
            };
            let result = world.result(side, verdict.quantity, &outlook, price, is_maker);
            let percent = format::percent(result.percent_of(outlook.cost).get());
            let result = format::signed(result.get(), format::MONEY_SCALE);
            let start = if text.is_empty() { "After fees:" } else { " ·" };
            text += &[start, name, &result, " (", &percent, ")"].concat();
        }
        if !text.is_empty() {
            break;
        }
    }
    text
}

/// The command that opens a cash-and-carry position, or what is against it.
pub fn carry(form: &Form, spot: &World, perpetual: &World) -> Verdict {
    let verdict = decide(
        &Form {
            kind: Kind::Market,
            reduce_only: false,
            bracket: false,
            ..form.clone()
        },
        Side::Buy,
        spot,
    );
    let Verdict {
        quantity,
        outlook: Some(outlook),
        order: Ok(_),
    } = &verdict
    else {
        return verdict;
    };
    let quantity = *quantity;
    let short = Judge {
        form: &Form::default(),
        side: Side::Sell,
        world: perpetual,
    };
    let sold = perpetual.outlook(
        Side::Sell,
        quantity,
        perpetual.slipped(Side::Sell, perpetual.bid),
        false,
    );
    let needed = outlook.margin + outlook.fee + sold.margin + sold.fee;
    let order = if needed > spot.available {
        Err(short.too_dear(needed.get()))
    } else {
        short.size(quantity).map(|()| {
            Instruction::OpenCarry(OpenCarry {
                client_order_id: None,
                symbol: perpetual.rules.symbol,
                quantity,
            })
        })
    };
    Verdict { order, ..verdict }
}

struct Judge<'a> {
    form: &'a Form,
    side: Side,
    world: &'a World,
}

type Exits = (Option<Exit>, Option<Exit>);

impl Judge<'_> {
    /// The price that the order would be filled at, and whether it would rest until then.
    fn fill(&self) -> Result<(Price, bool), String> {
        let (side, world) = (self.side, self.world);
        let at_market = |price| (world.slipped(side, price), false);
        Ok(match self.form.kind {
            Kind::Market => at_market(world.touch(side)),
            Kind::Limit => {
                let price = self.needed(Field::Price)?;
                // What a limit order takes at once it gets at the market's price.
                match beyond(side, price, world.touch(side)) {
                    true => (price, true),
                    false => (world.touch(side), false),
                }
            }
            Kind::Stop | Kind::StopLimit | Kind::TakeProfit => {
                let trigger = self.trigger()?;
                match self.price(Field::Price)? {
                    Some(price) => (price, beyond(side, price, trigger)),
                    None if self.form.kind == Kind::StopLimit => return Err(self.enter(Field::Price)),
                    None => at_market(trigger),
                }
            }
            Kind::TrailingStop => {
                let (trail, from) = (self.trail()?, self.price(Field::Activation)?);
                at_market(self.stop_at(from.unwrap_or(world.last), &trail))
            }
            Kind::Oco => {
                let (_, stop_loss) = self.exits(world.last)?;
                let stop_loss = stop_loss.ok_or_else(|| self.enter(Field::StopLoss))?;
                match stop_loss.price {
                    Some(price) => (price, true),
                    None => at_market(self.stop_of(world.last, &stop_loss)),
                }
            }
        })
    }

    fn order(&self, quantity: Quantity, outlook: &Outlook) -> Result<Instruction, String> {
        let (form, side, world) = (self.form, self.side, self.world);
        self.size(quantity)?;
        let reduced = world.reduced(side, quantity);
        if form.reduce_only && reduced.is_zero() {
            let word = if side == Side::Buy { "short" } else { "long" };
            let symbol = world.rules.symbol.as_str();
            return Err(["There is no ", word, " position in ", symbol, " to reduce."].concat());
        }
        if let Some(risk) = &world.risk {
            // Only a market order that is all reduction is sure to open nothing.
            if !(form.reduce_only || form.kind == Kind::Market && reduced == quantity) {
                return Err([risk, " Reduce-only orders are possible."].concat());
            }
        }
        let (time_in_force, expires_at) = self.working_time()?;
        if !form.reduce_only && reduced != quantity {
            self.value(outlook)?;
        }
        if form.kind == Kind::Oco {
            let (take_profit, stop_loss) = self.exits(world.last)?;
            let take_profit = take_profit.ok_or_else(|| self.enter(Field::TakeProfit))?;
            let stop_loss = stop_loss.ok_or_else(|| self.enter(Field::StopLoss))?;
            return Ok(Instruction::PlaceOco(PlaceOco {
                client_order_id: None,
                symbol: world.rules.symbol,
                side,
                quantity,
                take_profit,
                stop_loss,
                reduce_only: form.reduce_only,
                time_in_force,
                expires_at,
            }));
        }
        let (take_profit, stop_loss) = self.exits(outlook.price)?;
        if form.is_entry() && take_profit.is_none() && stop_loss.is_none() {
            return Err("Enter a take profit or a stop loss, or take the tick away.".to_owned());
        }
        let post_only = form.post_only && form.kind.can_be_post_only();
        if post_only && matches!(time_in_force, TimeInForce::Ioc | TimeInForce::Fok) {
            return Err("A post-only order rests: it cannot be IOC or FOK.".to_owned());
        }
        if post_only && form.kind == Kind::Limit && !outlook.is_maker {
            let (word, best) = match side {
                Side::Buy => ("below the best ask of ", world.ask),
                Side::Sell => ("above the best bid of ", world.bid),
            };
            return Err(["A post-only order must lie ", word, &self.written(best), "."].concat());
        }
        let trail = if form.kind == Kind::TrailingStop {
            self.trail()?
        } else {
            Exit::default()
        };
        let price = self.price(Field::Price)?;
        Ok(Instruction::PlaceOrder(PlaceOrder {
            order_type: match form.kind {
                Kind::Limit => OrderType::Limit,
                Kind::Stop => OrderType::StopMarket,
                Kind::StopLimit => OrderType::StopLimit,
                Kind::TakeProfit if price.is_some() => OrderType::TakeProfitLimit,
                Kind::TakeProfit => OrderType::TakeProfitMarket,
                Kind::TrailingStop => OrderType::TrailingStop,
                Kind::Market | Kind::Oco => OrderType::Market,
            },
            price,
            trigger_price: self.price(Field::Trigger)?,
            trail_distance: trail.trail_distance,
            trail_percent: trail.trail_percent,
            activation_price: self.price(Field::Activation)?,
            time_in_force,
            expires_at,
            post_only,
            reduce_only: form.reduce_only,
            take_profit,
            stop_loss,
            ..PlaceOrder::market(world.rules.symbol, side, quantity)
        }))
    }

    /// Whether the instrument trades such a quantity.
    fn size(&self, quantity: Quantity) -> Result<(), String> {
        let rules = &self.world.rules;
        let (rule, allowed) = if quantity < rules.min_quantity {
            ("The least quantity is ", rules.min_quantity)
        } else if quantity > rules.max_quantity {
            ("The largest quantity is ", rules.max_quantity)
        } else if !quantity.is_multiple_of(rules.step_size) {
            ("The quantity must be a multiple of ", rules.step_size)
        } else {
            return Ok(());
        };
        Err([rule, &format::quantity(allowed.get()), " ", &rules.base, "."].concat())
    }

    /// Whether what opens a position is worth enough and can be paid.
    fn value(&self, outlook: &Outlook) -> Result<(), String> {
        let (rules, available) = (&self.world.rules, self.world.available);
        if outlook.cost < rules.min_notional {
            let (least, cost) = (money(rules.min_notional.get()), money(outlook.cost.get()));
            let least = [&least, " ", &rules.quote].concat();
            return Err([
                "An order must be worth at least ",
                &least,
                "; this one is worth ",
                &cost,
                ".",
            ]
            .concat());
        }
        if outlook.available_after.is_negative() {
            return Err(self.too_dear((available - outlook.available_after).get()));
        }
        Ok(())
    }

    fn too_dear(&self, needed: Decimal) -> String {
        let available = money(self.world.available.get());
        let quote = &self.world.rules.quote;
        [
            "This needs ",
            &money(needed),
            " ",
            quote,
            " with the fee; ",
            &available,
            " is available.",
        ]
        .concat()
    }

    fn working_time(&self) -> Result<(TimeInForce, Option<tickwire_protocol::clock::TimestampMs>), String> {
        let time = self.form.time_in_force();
        if time != TimeInForce::Gtd {
            return Ok((time, None));
        }
        let at = parse_moment(self.form.text(Field::Expires))
            .ok_or_else(|| "Enter when the order expires.".to_owned())?;
        if at <= self.world.now {
            let now = self.world.now.utc_clock();
            return Err(["The expiry has passed: it is ", &now, " UTC."].concat());
        }
        Ok((time, Some(at)))
    }

    /// A trigger on the side of the market that its kind waits for.
    fn trigger(&self) -> Result<Price, String> {
        let trigger = self.needed(Field::Trigger)?;
        let name = Field::Trigger.name();
        self.lies(name, trigger, self.world.last, self.form.kind == Kind::TakeProfit)
    }

    /// The exits that are filled in, for an entry (or a pair) at `entry`; of an order of the ticket's side, a pair's legs
    /// are its own and a bracket's are those of the position.
    fn exits(&self, entry: Price) -> Result<Exits, String> {
        let take_profit = match self.price(Field::TakeProfit)? {
            Some(price) => Some(Exit {
                price: Some(self.leg("take profit", price, entry, true)?),
                ..Exit::default()
            }),
            None => None,
        };
        let figure = self.form.number(Field::StopLoss)?;
        let stop_loss = match (figure, self.form.stop_loss) {
            (None, _) => None,
            (Some(_), Unit::Price) => {
                let price = self.needed(Field::StopLoss)?;
                Some(Exit {
                    trigger_price: Some(self.leg("stop loss", price, entry, false)?),
                    price: self.price(Field::StopLossLimit)?,
                    ..Exit::default()
                })
            }
            (Some(figure), unit) => Some(self.behind(Field::StopLoss, figure, unit)?),
        };
        Ok((take_profit, stop_loss))
    }

    /// An exit on its side of the entry. A pair's legs go the ticket's way, a bracket's the other way.
    fn leg(&self, name: &str, price: Price, entry: Price, is_better: bool) -> Result<Price, String> {
        let judge = Judge {
            side: self.leg_side(),
            ..*self
        };
        judge.lies(name, price, entry, is_better)
    }

    fn leg_side(&self) -> Side {
        match self.form.kind {
            Kind::Oco => self.side,
            _ => self.side.opposite(),
        }
    }

    /// A price that must lie on one side of another: for a sell, the better one is above.
    fn lies(&self, name: &str, price: Price, than: Price, is_better: bool) -> Result<Price, String> {
        let is_above = (self.side == Side::Sell) == is_better;
        if price != than && (price > than) == is_above {
            return Ok(price);
        }
        let way = if is_above {
            " must lie above "
        } else {
            " must lie below "
        };
        Err(["The ", name, way, &self.written(than), "."].concat())
    }

    /// The trailing stop's own distance.
    fn trail(&self) -> Result<Exit, String> {
        let figure = self.form.number(Field::Trail)?;
        let figure = figure.ok_or_else(|| self.enter(Field::Trail))?;
        self.behind(Field::Trail, figure, self.form.unit(Field::Trail))
    }

    /// An exit that stays behind the best price.
    fn behind(&self, field: Field, figure: Decimal, unit: Unit) -> Result<Exit, String> {
        if unit == Unit::Percent {
            if figure <= Decimal::ZERO || figure >= Decimal::ONE_HUNDRED {
                return Err(["The ", field.name(), " must lie between 0 and 100 %."].concat());
            }
            return Ok(Exit {
                trail_percent: Some(Ratio::new(figure)),
                ..Exit::default()
            });
        }
        Ok(Exit {
            trail_distance: self.on_tick(field, figure)?,
            ..Exit::default()
        })
    }

    /// Where an exit would trigger, were `best` the best price seen.
    fn stop_of(&self, best: Price, exit: &Exit) -> Price {
        let judge = Judge {
            side: self.leg_side(),
            ..*self
        };
        exit.trigger_price.unwrap_or_else(|| judge.stop_at(best, exit))
    }

    /// Where a trailing stop of the ticket's side would trigger.
    fn stop_at(&self, best: Price, trail: &Exit) -> Price {
        let percent = trail.trail_percent.unwrap_or_default();
        let part = Price::new(best.get() * percent.get() / Decimal::ONE_HUNDRED);
        let distance = trail.trail_distance.unwrap_or(part);
        match self.side {
            Side::Buy => best + distance,
            Side::Sell => best - distance,
        }
    }

    fn needed(&self, field: Field) -> Result<Price, String> {
        self.price(field)?.ok_or_else(|| self.enter(field))
    }

    fn enter(&self, field: Field) -> String {
        let article = if matches!(field, Field::Activation) {
            "an "
        } else {
            "a "
        };
        ["Enter ", article, field.name(), "."].concat()
    }

    fn price(&self, field: Field) -> Result<Option<Price>, String> {
        match self.form.number(field)? {
            Some(number) => self.on_tick(field, number),
            None => Ok(None),
        }
    }

    /// A price that the instrument has, or the nearest one in a sentence.
    fn on_tick(&self, field: Field, number: Decimal) -> Result<Option<Price>, String> {
        let (price, tick) = (Price::new(number), self.world.rules.tick_size);
        let name = field.name();
        if !price.is_positive() {
            return Err(["The ", name, " must be above zero."].concat());
        }
        if price.is_multiple_of(tick) {
            return Ok(Some(price));
        }
        let nearest = to_tick(number, tick);
        let sentence = [
            "The ",
            name,
            " must be a multiple of ",
            &format::quantity(tick.get()),
            ": the nearest is ",
            &self.written(nearest),
            ".",
        ];
        Err(sentence.concat())
    }

    fn written(&self, price: Price) -> String {
        format::number(price.get(), self.world.rules.price_scale())
    }
}

/// The nearest price that is a multiple of the tick.
pub fn to_tick(price: Decimal, tick: Price) -> Price {
    let ticks = price.checked_div(tick.get()).unwrap_or_default();
    Price::new(ticks.round() * tick.get())
}

/// Whether a limit price lies on the waiting side of another price: it would rest.
fn beyond(side: Side, price: Price, other: Price) -> bool {
    match side {
        Side::Buy => price < other,
        Side::Sell => price > other,
    }
}

fn money(amount: Decimal) -> String {
    format::number(amount, format::MONEY_SCALE)
}

#[cfg(test)]
mod tests;
