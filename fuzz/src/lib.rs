//! What any bytes may do to the desk: nothing but be answered. Each function here is one target, and panics where a promise
//! is broken. They run under libFuzzer (`cargo xtask fuzz`, `cargo fuzz run`), and for a moment in every test run, under
//! proptest (`engine/tests/fuzz.rs`, which includes this file).
#![forbid(unsafe_code)]

use std::sync::Arc;

use tickwire_engine::{Action, Done, Engine, EngineConfig, Input, MarketInput, Request};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Command, Envelope};
use tickwire_protocol::frame::Frame;
use tickwire_protocol::id::{AccountId, Epoch, Seq, Symbol};
use tickwire_protocol::limits::Limits;
use tickwire_protocol::market::{Instrument, Perpetual, Quote, Tick, Trade, VenueRules};
use tickwire_protocol::message::{ConnectionEstablished, LinkState, Message, Outcome};
use tickwire_protocol::money::Price;
use tickwire_protocol::order::Side;
use tickwire_protocol::risk::RiskLimits;
use tickwire_protocol::session::server::{Board, EngineAnswer, Incoming, NotKept, Outgoing, Server};
use tickwire_protocol::topic::Topic;

/// Bytes of an answer that refuses: it does not repeat what it was sent.
const REFUSAL_BYTES_MAX: usize = 2_000;

/// Any bytes are a command, which survives being written and read again, or are refused in a sentence.
pub fn command(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match Envelope::decode(text) {
        Ok(envelope) => {
            let again = Envelope::decode(&envelope.encode());
            assert_eq!(again.as_ref(), Ok(&envelope), "{text:?}");
        }
        Err(bad) => {
            let length = bad.refusal.message.len();
            assert!((10..REFUSAL_BYTES_MAX).contains(&length), "{text:?}: {length}");
        }
    }
}

/// Any bytes are a message, which survives being written and read again, or an error.
pub fn message(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(message) = Message::decode(text) {
        let again = Message::decode(&message.encode());
        assert_eq!(again.ok().as_ref(), Some(&message), "{text:?}");
    }
}

/// Any lines are what a client sends to a small desk: those that start with `{` as frames, others move the market. Whatever
/// comes of it, the server's machine answers, and cash is conserved to the last digit.
pub fn desk(data: &[u8]) {
    let mut desk = Desk::new();
    // As many frames as a conversation of interest has.
    for line in data.split(|byte| *byte == b'\n').take(64) {
        match std::str::from_utf8(line) {
            Ok(text) if text.trim_start().starts_with('{') => desk.say(text),
            _ => desk.tick(line),
        }
        desk.assert_conserved();
    }
}

const ACCOUNT: AccountId = AccountId(1);
const START: i64 = 1_765_357_200_000;

/// What the state of the desk is for a connection that only sends instructions.
struct Bare;

impl Board for Bare {
    fn state(&self, _topic: Topic, _since: Option<Seq>) -> Option<Arc<Frame>> {
        None
    }

    fn head(&self, _topic: Topic) -> (Epoch, Seq) {
        (Epoch(1), Seq(0))
    }

    fn events(&self, _topic: Topic, _after: Seq, _max: usize) -> Result<Vec<Arc<Frame>>, NotKept> {
        Ok(Vec::new())
    }

    fn has_symbol(&self, symbol: Symbol) -> bool {
        instruments().iter().any(|instrument| instrument.symbol == symbol)
    }

    fn answer(&self, _question: &Command) -> Option<Arc<Frame>> {
        None
    }
}

struct Desk {
    engine: Engine,
    server: Server,
    now: TimestampMs,
}

impl Desk {
    fn new() -> Desk {
        let config = EngineConfig {
            instruments: instruments(),
            currency: "USDT".to_owned(),
            rules: VenueRules::default(),
            risk: RiskLimits::default(),
        };
        let now = TimestampMs(START);
        // Whoever floods is refused, which is tested elsewhere.
        let limits = Limits {
            commands_per_second: 1_000_000,
            command_burst: 1_000_000,
            ..Limits::default()
        };
        let greeting = ConnectionEstablished {
            protocol: tickwire_protocol::PROTOCOL_VERSION,
            server: "0".to_owned(),
            session: "c-1".to_owned(),
            epoch: Epoch(1),
            server_time: now,
            account: ACCOUNT,
            account_kind: "paper".to_owned(),
            market: "sim".to_owned(),
            limits,
            user: None,
            message: "Connected".to_owned(),
        };
        let mut desk = Desk {
            engine: Engine::new(config).expect("the configuration is sound"),
            server: Server::new(greeting, now),
            now,
        };
        let deposit = number("100000");
        desk.engine.handle(Input::Market(MarketInput::Link {
            state: LinkState::Live,
            at: now,
        }));
        desk.engine.handle(Input::Request(Request {
            account: ACCOUNT,
            at: now,
            action: Action::OpenAccount { deposit },
        }));
        desk.tick(b"2");
        desk
    }

    /// A client's frame, and all that follows from it.
    fn say(&mut self, text: &str) {
        self.now = self.now + 250;
        self.server.handle(self.now, Incoming::Text(text), &Bare);
        for _ in 0..2 {
            let mut out = Vec::new();
            self.server.poll(self.now, &Bare, &mut out);
            for outgoing in out {
                if let Some(text) = outgoing.text() {
                    let text = std::str::from_utf8(&text).expect("JSON is UTF-8");
                    Message::decode(text).expect("a client can read what the server sends");
                }
                if let Outgoing::Engine(instruction) = outgoing {
                    let answer = self.decide(Action::Instruct(*instruction));
                    self.server.handle(self.now, Incoming::Answered(answer), &Bare);
                }
            }
        }
        assert!(
            self.server.wants_input(),
            "the connection is stuck after {text:?}"
        );
    }

    fn decide(&mut self, action: Action) -> EngineAnswer {
        let decision = self.engine.handle(Input::Request(Request {
            account: ACCOUNT,
            at: self.now,
            action,
        }));
        match decision.answer.expect("a request is answered") {
            Ok(Done::Reported(report)) => Ok(report),
            Ok(Done::AccountOpened { .. }) => panic!("no instruction opens an account"),
            Err(refusal) => Err((refusal, Outcome::NotExecuted)),
        }
    }

    /// Every market goes to where the first byte says, up to a third away from its middle.
    fn tick(&mut self, line: &[u8]) {
        self.now = self.now + 1_000;
        let step = i64::from(line.first().copied().unwrap_or(50)) - 50;
        let ticks = ["BTCUSDT", "BTCUSDT-PERP"].map(|name| {
            let price = |above: i64| -> Price { number(&(100 + step / 7 + above).to_string()) };
            Tick {
                symbol: symbol(name),
                quote: Quote {
                    bid: price(0),
                    ask: price(1),
                },
                trade: Some(Trade {
                    price: price(i64::from(step % 2 == 0)),
                    quantity: number("5"),
                    taker_side: Side::Buy,
                }),
                exchange_time: self.now,
                received_at: self.now,
            }
        });
        self.engine
            .handle(Input::Market(MarketInput::Ticks(ticks.to_vec())));
        self.engine.handle(Input::Timer(self.now));
    }

    fn assert_conserved(&self) {
        let view = self.engine.account(ACCOUNT).expect("the account is open");
        let (portfolio, balance) = (view.portfolio(), view.balance());
        let (cash, open) = (balance.total_balance, balance.unrealized_pnl);
        assert_eq!(
            cash + open + portfolio.fees,
            portfolio.deposits + portfolio.realized_pnl + portfolio.funding + open,
            "cash is not conserved"
        );
        assert_eq!(portfolio.balance, portfolio.deposits + portfolio.total_pnl);
    }
}

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).expect("a name of the configuration")
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().expect("a number of the configuration")
}

fn instruments() -> Vec<Instrument> {
    let spot = Instrument {
        symbol: symbol("BTCUSDT"),
        base: "BTC".to_owned(),
        quote: "USDT".to_owned(),
        tick_size: number("0.01"),
        step_size: number("0.001"),
        min_quantity: number("0.001"),
        max_quantity: number("1000"),
        min_notional: number("1"),
        taker_fee_rate: number("0.001"),
        maker_fee_rate: number("0.0002"),
        perpetual: None,
    };
    let perpetual = Instrument {
        symbol: symbol("BTCUSDT-PERP"),
        perpetual: Some(Perpetual {
            spot: spot.symbol,
            max_leverage: 50,
            default_leverage: 10,
            maintenance_margin_rate: number("0.005"),
            funding_interval_ms: 28_800_000,
            funding_rate: number("0.0001"),
        }),
        ..spot.clone()
    };
    vec![spot, perpetual]
}
