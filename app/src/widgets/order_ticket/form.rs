//! What is filled in: plain data that every part of the ticket reads, and which fields an order type asks for.

use rust_decimal::Decimal;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::order::TimeInForce;

/// What kind of order is placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// At once.
    #[default]
    Market,
    /// At a price or better.
    Limit,
    /// At market, once the price went against the position.
    Stop,
    /// At a price, once the price went against the position.
    StopLimit,
    /// At market or at a price, once the price went in favour of the position.
    TakeProfit,
    /// At market, once the price turned by a distance.
    TrailingStop,
    /// A take-profit and a stop-loss, of which one cancels the other.
    Oco,
}

impl Kind {
    /// All of them with their names, in the order of the choice.
    pub const ALL: [(Kind, &'static str); 7] = [
        (Kind::Market, "Market"),
        (Kind::Limit, "Limit"),
        (Kind::Stop, "Stop"),
        (Kind::StopLimit, "Stop limit"),
        (Kind::TakeProfit, "Take profit"),
        (Kind::TrailingStop, "Trailing stop"),
        (Kind::Oco, "OCO"),
    ];

    /// How long it can work. A market order is done at once.
    pub const fn times_in_force(self) -> &'static [TimeInForce] {
        match self {
            Kind::Market => &[],
            Kind::Limit => &[
                TimeInForce::Gtc,
                TimeInForce::Ioc,
                TimeInForce::Fok,
                TimeInForce::Gtd,
            ],
            _ => &[TimeInForce::Gtc, TimeInForce::Gtd],
        }
    }

    /// Whether it can be told to rest only.
    pub const fn can_be_post_only(self) -> bool {
        matches!(self, Kind::Limit | Kind::StopLimit)
    }

    /// Whether it can be the entry of a bracket.
    pub const fn can_be_entry(self) -> bool {
        matches!(self, Kind::Market | Kind::Limit | Kind::Stop | Kind::StopLimit)
    }
}

/// A field that is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// How much: of the base currency, or of the quote currency.
    Quantity,
    /// The limit price.
    Price,
    /// The trigger price.
    Trigger,
    /// How far a trailing stop stays behind.
    Trail,
    /// From which price on it follows.
    Activation,
    /// When the order expires.
    Expires,
    /// The price that takes the profit.
    TakeProfit,
    /// What limits the loss.
    StopLoss,
    /// The limit price of what limits the loss.
    StopLossLimit,
}

impl Field {
    /// Its name in a form, and in sentences.
    pub const fn name(self) -> &'static str {
        match self {
            Field::Quantity => "quantity",
            Field::Price => "price",
            Field::Trigger => "trigger price",
            Field::Trail => "trail",
            Field::Activation => "activation price",
            Field::Expires => "expiry",
            Field::TakeProfit => "take profit",
            Field::StopLoss => "stop loss",
            Field::StopLossLimit => "stop-loss limit",
        }
    }

    /// Its label.
    pub const fn label(self) -> &'static str {
        match self {
            Field::Quantity => "Quantity",
            Field::Price => "Price",
            Field::Trigger => "Trigger price",
            Field::Trail => "Trail",
            Field::Activation => "Activation (optional)",
            Field::Expires => "Expires at (UTC)",
            // In a bracket and in an OCO the profit is taken by a limit order.
            Field::TakeProfit => "Take profit (limit order)",
            Field::StopLoss => "Stop loss",
            Field::StopLossLimit => "Stop-loss limit (optional)",
        }
    }
}

/// What a figure of a stop means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// A price.
    #[default]
    Price,
    /// A distance from the best price, as a difference of prices.
    Distance,
    /// The same in percent of it.
    Percent,
}

/// Everything that is filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// What kind of order.
    pub kind: Kind,
    /// What is typed, in the order of [`Field`].
    pub(super) texts: [String; 9],
    /// Whether the quantity is one of the quote currency.
    pub in_quote: bool,
    /// Whether the trail is a difference of prices instead of a percentage.
    pub trail_by_distance: bool,
    /// What the stop-loss figure means.
    pub stop_loss: Unit,
    /// How long the order is to work; [`Form::time_in_force`] is what it does.
    pub wanted_time: TimeInForce,
    /// Only rest.
    pub post_only: bool,
    /// Only reduce a position.
    pub reduce_only: bool,
    /// Whether the entry has exits.
    pub bracket: bool,
}

impl Form {
    /// What is typed into a field.
    pub fn text(&self, field: Field) -> &str {
        &self.texts[field as usize]
    }

    /// Types into a field.
    pub fn put(&mut self, field: Field, text: String) {
        self.texts[field as usize] = text;
    }

    /// Turns to another kind of order. The quantity stays; what was a price of the last kind is none of this one.
    pub fn turn_to(&mut self, kind: Kind) {
        let quantity = std::mem::take(&mut self.texts[Field::Quantity as usize]);
        self.clear();
        self.put(Field::Quantity, quantity);
        self.kind = kind;
    }

    /// Empties all fields: prices and quantities of one market mean nothing in another.
    pub fn clear(&mut self) {
        self.texts = Default::default();
    }

    /// How long the order works, of what its kind can.
    pub fn time_in_force(&self) -> TimeInForce {
        let can = self.kind.times_in_force().contains(&self.wanted_time);
        if can { self.wanted_time } else { TimeInForce::Gtc }
    }

    /// What the figure of the trail or the stop-loss means.
    pub fn unit(&self, field: Field) -> Unit {
        match field {
            Field::Trail if self.trail_by_distance => Unit::Distance,
            Field::Trail => Unit::Percent,
            Field::StopLoss => self.stop_loss,
            _ => Unit::Price,
        }
    }

    /// Whether the order is the entry of a bracket.
    pub fn is_entry(&self) -> bool {
        self.bracket && self.kind.can_be_entry() && !self.reduce_only
    }

    /// Whether the order asks for a field.
    pub fn shows(&self, field: Field) -> bool {
        let kind = self.kind;
        match field {
            Field::Quantity => true,
            Field::Price => matches!(kind, Kind::Limit | Kind::StopLimit | Kind::TakeProfit),
            Field::Trigger => matches!(kind, Kind::Stop | Kind::StopLimit | Kind::TakeProfit),
            Field::Trail | Field::Activation => kind == Kind::TrailingStop,
            Field::Expires => self.time_in_force() == TimeInForce::Gtd,
            Field::TakeProfit | Field::StopLoss => kind == Kind::Oco || self.is_entry(),
            Field::StopLossLimit => kind == Kind::Oco && self.stop_loss == Unit::Price,
        }
    }

    /// The label of a field, as the order has it.
    pub fn label(&self, field: Field) -> &'static str {
        match field {
            Field::Price if self.kind == Kind::TakeProfit => "Limit price (optional)",
            Field::Price if self.kind == Kind::StopLimit => "Limit price",
            _ => field.label(),
        }
    }

    /// The number in a field; `None` where nothing is typed, or the order does not ask for it.
    pub fn number(&self, field: Field) -> Result<Option<Decimal>, String> {
        if self.shows(field) {
            parse_number(self.text(field), field.name())
        } else {
            Ok(None)
        }
    }
}

/// Reads a number as people type it: `0.1`, `0,1`, `1,234.5`, with blanks. Nothing typed is `None`. `1,234` could be
/// either, and is refused: between the two lies a factor of a thousand.
pub fn parse_number(text: &str, name: &str) -> Result<Option<Decimal>, String> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if plain.is_empty() {
        return Ok(None);
    }
    let plain = match plain.split_once(',') {
        Some((whole, rest)) if !rest.contains([',', '.']) => {
            let groups = rest.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
            if groups && !whole.contains('.') {
                let both = [whole, rest, " or ", whole, ".", rest].concat();
                return Err(["The ", name, " can be read in two ways: write ", &both, "."].concat());
            }
            plain.replace(',', if whole.contains('.') { "" } else { "." })
        }
        _ => plain.replace(',', ""),
    };
    let is_plain = plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = is_plain.then(|| tickwire_protocol::money::parse_decimal(&plain).ok());
    number
        .flatten()
        .map(Some)
        .ok_or_else(|| ["The ", name, " must be a number such as 0.1."].concat())
}

/// Reads what a date-time field holds, `2025-12-10T09:00` or with seconds, as UTC.
pub fn parse_moment(text: &str) -> Option<TimestampMs> {
    let mut parts = text.split(['-', 'T', ':']).map(|part| part.parse::<i64>().ok());
    let mut next = || parts.next().flatten();
    let (year, month, day, hour, minute) = (next()?, next()?, next()?, next()?, next()?);
    // Days since the epoch in the proleptic Gregorian calendar, years beginning in March so that a leap day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, month) = (year.div_euclid(400), (month + 9) % 12);
    let year = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + year * 365 + year / 4 - year / 100 + day_of_year - 719_468;
    Some(TimestampMs(((days * 24 + hour) * 60 + minute) * 60_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_comma_or_point() {
        for (text, expected) in [
            ("0.1", "0.1"),
            ("0,1", "0.1"),
            ("0,123", "0.123"),
            ("1234,567", "1234.567"),
            (" 1 234.5 ", "1234.5"),
            ("1,234.5", "1234.5"),
            ("1,234,567", "1234567"),
            (".5", "0.5"),
        ] {
            let number = parse_number(text, "quantity").unwrap().unwrap();
            assert_eq!(number, expected.parse().unwrap(), "{text}");
        }
        assert_eq!(parse_number("  ", "quantity"), Ok(None));
        for text in ["-1", "1e3", "abc", "1.2.3", ".", "1_0"] {
            let sentence = "The price must be a number such as 0.1.";
            assert_eq!(parse_number(text, "price").unwrap_err(), sentence, "{text}");
        }
    }

    #[test]
    fn a_number_that_can_be_read_in_two_ways_is_refused() {
        assert_eq!(
            parse_number("61,234", "price").unwrap_err(),
            "The price can be read in two ways: write 61234 or 61.234."
        );
    }

    #[test]
    fn moments_are_read_as_utc() {
        for (text, expected) in [
            ("2025-12-10T09:00", 1_765_357_200_000),
            ("2025-12-10T09:00:59", 1_765_357_200_000),
            ("1970-01-01T00:00", 0),
            ("2024-02-29T23:59", 1_709_251_140_000),
            ("2000-03-01T00:00", 951_868_800_000),
        ] {
            assert_eq!(parse_moment(text), Some(TimestampMs(expected)), "{text}");
        }
        for text in ["", "2025-12-10", "soon"] {
            assert_eq!(parse_moment(text), None, "{text}");
        }
    }

    #[test]
    fn each_kind_asks_for_its_fields_only() {
        use Field::*;
        let shown = |form: &Form| -> Vec<Field> {
            let all = [
                Quantity,
                Expires,
                Trigger,
                Price,
                Trail,
                Activation,
                TakeProfit,
                StopLoss,
                StopLossLimit,
            ];
            all.into_iter().filter(|field| form.shows(*field)).collect()
        };
        let of = |kind| Form {
            kind,
            ..Form::default()
        };
        for (kind, expected) in [
            (Kind::Market, vec![Quantity]),
            (Kind::Limit, vec![Quantity, Price]),
            (Kind::Stop, vec![Quantity, Trigger]),
            (Kind::StopLimit, vec![Quantity, Trigger, Price]),
            (Kind::TakeProfit, vec![Quantity, Trigger, Price]),
            (Kind::TrailingStop, vec![Quantity, Trail, Activation]),
            (Kind::Oco, vec![Quantity, TakeProfit, StopLoss, StopLossLimit]),
        ] {
            assert_eq!(shown(&of(kind)), expected, "{kind:?}");
        }
        let mut entry = of(Kind::Market);
        entry.bracket = true;
        assert_eq!(shown(&entry), [Quantity, TakeProfit, StopLoss]);
        entry.reduce_only = true;
        assert_eq!(shown(&entry), [Quantity], "what reduces is no entry");
        let mut dated = of(Kind::Limit);
        dated.wanted_time = TimeInForce::Gtd;
        assert_eq!(shown(&dated), [Quantity, Expires, Price]);
        dated.kind = Kind::Market;
        assert_eq!(shown(&dated), [Quantity], "a market order is done at once");
        dated.kind = Kind::Stop;
        dated.wanted_time = TimeInForce::Ioc;
        assert_eq!(dated.time_in_force(), TimeInForce::Gtc, "a stop waits");
    }

    #[test]
    fn another_kind_takes_over_the_quantity_and_no_price() {
        let mut form = Form::default();
        form.put(Field::Quantity, "0.1".to_owned());
        form.put(Field::Price, "61000".to_owned());
        form.turn_to(Kind::TakeProfit);
        assert_eq!((form.text(Field::Quantity), form.text(Field::Price)), ("0.1", ""));
        assert_eq!(form.kind, Kind::TakeProfit);
    }

    #[test]
    fn what_is_hidden_is_not_read() {
        let mut form = Form::default();
        form.put(Field::Price, "nonsense".to_owned());
        assert_eq!(form.number(Field::Price), Ok(None));
        form.kind = Kind::Limit;
        assert!(form.number(Field::Price).is_err());
    }
}
