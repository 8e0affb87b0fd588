//! Each example frame of the older systems' documents, byte for byte, from a message of the desk with its values; and
//! what their clients may say.

mod talk;

use super::*;
use tickwire_protocol::account::{Balance, Dashboard, Position, PositionStatus, Strategy};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{ClientOrderId, Epoch, ExecutionId, OrderId, PositionId, Seq, Symbol};
use tickwire_protocol::log::{LogLevel, LogLine};
use tickwire_protocol::message::{Ack, Data, Message, OrderUpdate, PositionUpdate};
use tickwire_protocol::order::{Execution, Funding, Order, OrderStatus, OrderType, Side, TimeInForce};
use tickwire_protocol::performance::Equity;
use tickwire_protocol::risk::{Risk, RiskCause, RiskLimits, RiskStatus};
use tickwire_protocol::session::server::Outgoing;

macro_rules! golden {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/dialects/golden/", $name, ".json"))
    };
}

/// 2024-01-15T10:30:00.000Z.
const JANUARY: TimestampMs = TimestampMs(1_705_314_600_000);

const INSTRUMENTS: &str = r#"{"type":"INSTRUMENTS","instruments":[
 {"symbol":"BTCUSDT","base":"BTC","quote":"USDT","tick_size":0.01,"step_size":0.00001,"min_quantity":0.00001,
  "max_quantity":9000,"min_notional":5,"taker_fee_rate":0.001,"maker_fee_rate":0.001},
 {"symbol":"BTCUSDT-PERP","base":"BTC","quote":"USDT","tick_size":0.1,"step_size":0.001,"min_quantity":0.001,
  "max_quantity":1000,"min_notional":5,"taker_fee_rate":0.0005,"maker_fee_rate":0.0002,"perpetual":{"spot":"BTCUSDT",
  "max_leverage":50,"default_leverage":5,"maintenance_margin_rate":0.005,"funding_interval_ms":28800000,"funding_rate":0.0001}},
 {"symbol":"ETHUSDT-PERP","base":"ETH","quote":"USDT","tick_size":0.1,"step_size":0.001,"min_quantity":0.001,
  "max_quantity":1000,"min_notional":5,"taker_fee_rate":0.0005,"maker_fee_rate":0.0002,"perpetual":{"spot":"ETHUSDT",
  "max_leverage":50,"default_leverage":5,"maintenance_margin_rate":0.005,"funding_interval_ms":28800000,"funding_rate":0.0001}}]}"#;

fn translator(dialect: Dialect) -> Translator {
    let instruments = Message::decode(INSTRUMENTS).unwrap();
    Translator::new(dialect, "c-3-17".to_owned(), &Frame::new(instruments))
}

fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

fn of(topic: Topic, at: TimestampMs, body: Body) -> Message {
    Message::of(topic, Epoch(1), Seq(1), at, body)
}

/// Without the white space between the parts of the JSON.
fn packed(text: &str) -> String {
    let mut in_text = false;
    let mut before = ' ';
    let keep = |character: &char| {
        if *character == '"' && before != '\\' {
            in_text = !in_text;
        }
        before = *character;
        in_text || !character.is_whitespace()
    };
    text.chars().filter(keep).collect()
}

/// The frame of the document, with the desk's names of things in the place of theirs, is what the message becomes.
#[track_caller]
fn becomes(translator: &mut Translator, message: &Message, golden: &str, named: &[(&str, &str)]) {
    let mut wanted = packed(golden);
    for (theirs, ours) in named {
        assert!(wanted.contains(theirs), "{theirs} is in the document");
        wanted = wanted.replace(theirs, ours);
    }
    assert_eq!(translator.told(message), [wanted]);
}

/// What the client says, and the desk's answer of success to it.
fn answered(translator: &mut Translator, text: &str) -> (String, Vec<String>) {
    let command = translator.incoming(text, 16_384);
    let envelope = Envelope::decode(&command).unwrap();
    let action = envelope.command.action().to_owned();
    let ack = Ack {
        action,
        ..Ack::default()
    };
    let message = Message::plain(envelope.id, JANUARY, Body::Ack(ack));
    let said = translator.outgoing(&Outgoing::Text(message.encode().into()));
    (command, said)
}

fn balance() -> Body {
    Body::AccountBalanceUpdated(Data {
        data: Balance {
            total_balance: number("10000.0"),
            available_balance: number("9500.0"),
            position_value: number("500.0"),
            unrealized_pnl: number("150.0"),
            currency: "USDT".to_owned(),
            margin_balance: number("500.0"),
            used_margin: number("1"),
            order_margin: number("2"),
            maintenance_margin: number("3"),
            leverage: BTreeMap::new(),
        },
    })
}

fn position(id: u64, name: &str) -> Position {
    Position {
        id: PositionId(id),
        symbol: symbol(name),
        side: Side::Buy,
        quantity: number("0.1"),
        entry_price: number("45000.0"),
        current_price: number("46000.0"),
        current_pnl: number("100.0"),
        timestamp: JANUARY,
        status: PositionStatus::Open,
        pnl_pct: number("2.22"),
        notional: number("4600"),
        realized_pnl: number("0"),
        fees: number("0"),
        marked_at: JANUARY,
        leverage: 1,
        initial_margin: number("0"),
        maintenance_margin: number("0"),
        liquidation_price: None,
        funding: number("0"),
        strategy: None,
        position_id: None,
        perp_symbol: None,
        spot_entry_price: None,
        perp_entry_price: None,
        spot_quantity: None,
        perp_quantity: None,
        unrealized_pnl: None,
        funding_collected: None,
    }
}

fn carry() -> Position {
    Position {
        quantity: number("0.1"),
        entry_price: number("45000.00"),
        current_price: number("45100.00"),
        current_pnl: number("50.25"),
        funding: number("12.50"),
        strategy: Some(Strategy::CashAndCarry),
        position_id: Some(PositionId(130)),
        perp_symbol: Some(symbol("BTCUSDT-PERP")),
        spot_entry_price: Some(number("45000.00")),
        perp_entry_price: Some(number("45010.00")),
        spot_quantity: Some(number("0.1")),
        perp_quantity: Some(number("0.1")),
        unrealized_pnl: Some(number("50.25")),
        funding_collected: Some(number("12.50")),
        ..position(130, "BTCUSDT")
    }
}

fn positions(at: TimestampMs, positions: Vec<Position>) -> Message {
    let snapshot = true;
    of(
        Topic::Positions,
        at,
        Body::PositionUpdate(PositionUpdate { positions, snapshot }),
    )
}

fn dashboard() -> Message {
    let data = Dashboard {
        total_value: number("50000"),
        daily_pnl: number("1200"),
        open_positions: 5,
        win_rate: Some(number("58.33")),
    };
    of(Topic::Dashboard, JANUARY, Body::DashboardUpdate(Data { data }))
}

fn equity(total: &str) -> Message {
    let data = Equity {
        total_equity: number(total),
        peak_equity: number("10500.00"),
        current_equity: number(total),
        unrealized_pnl: number("0"),
        drawdown_pct: number("4.76"),
        day_equity: number("10000"),
        daily_loss_pct: number("0"),
        margin_ratio_pct: number("0"),
    };
    of(Topic::Equity, JANUARY, Body::EquityUpdate(Data { data }))
}

#[test]
fn s0_has_the_frames_of_its_document() {
    let mut s0 = translator(Dialect::S0);
    let told = of(Topic::Balance, JANUARY, balance());
    let first = s0.told(&told);
    let golden = golden!("s0_account_balance_updated");
    let wanted = packed(golden).replace("account_balance_updated", "initial_balance");
    assert_eq!(first, [wanted]);
    becomes(&mut s0, &told, golden, &[]);
    let open = positions(JANUARY, vec![position(1, "BTCUSDT")]);
    becomes(&mut s0, &open, golden!("s0_positions_updated"), &[]);
    assert_eq!(
        s0.told(&dashboard()),
        [
            r#"{"type":"initial_status","status":{"total_value":50000,"daily_pnl":1200,"open_positions":5,"win_rate":58.33}}"#
        ]
    );
    assert!(s0.told(&dashboard()).is_empty(), "the status is told once");
    // The table is told whole each time, also where nothing changed: that is its client's heartbeat.
    assert_eq!(s0.told(&open).len(), 1);
}

#[test]
fn s2_has_the_frames_of_its_document() {
    let mut s2 = translator(Dialect::S2);
    let greeting = s2::greeting("Connected to Stable Cash & Carry WebSocket server", JANUARY);
    assert_eq!(greeting, packed(golden!("s2_connection_established")));
    let names = [("uuid-here", "pos-130")];
    becomes(
        &mut s2,
        &positions(JANUARY, vec![carry()]),
        golden!("s2_position_update"),
        &names,
    );
    becomes(&mut s2, &equity("10000.00"), golden!("s2_equity_update"), &[]);
    let risk = Risk {
        status: RiskStatus::SoftPause,
        message: "New position openings stopped. Existing positions remain open.".to_owned(),
        drawdown_pct: number("4.00"),
        daily_loss_pct: number("3.00"),
        cause: RiskCause::Drawdown,
        limits: RiskLimits::default(),
        since: JANUARY,
    };
    let risk = of(Topic::Risk, JANUARY, Body::RiskStatusUpdate(Data { data: risk }));
    becomes(&mut s2, &risk, golden!("s2_risk_status_update"), &[]);
    let line = LogLine {
        level: LogLevel::Info,
        module: "PositionService".to_owned(),
        message: "Position opened successfully".to_owned(),
        timestamp: JANUARY,
    };
    let line = of(Topic::Logs, JANUARY, Body::SystemLog(Data { data: line }));
    becomes(&mut s2, &line, golden!("s2_system_log"), &[]);
}

#[test]
fn s2_tells_a_position_when_it_changes_and_when_it_is_closed() {
    let mut s2 = translator(Dialect::S2);
    let (one, two) = (carry(), position(131, "BTCUSDT-PERP"));
    assert_eq!(
        s2.told(&positions(JANUARY, vec![one.clone(), two.clone()])).len(),
        2
    );
    // Only the valuation got older.
    let older = Position {
        marked_at: JANUARY + 1,
        ..one.clone()
    };
    assert!(s2.told(&positions(JANUARY, vec![older, two.clone()])).is_empty());
    let moved = Position {
        current_pnl: number("101.0"),
        ..two.clone()
    };
    let [told] = s2
        .told(&positions(JANUARY, vec![one.clone(), moved]))
        .try_into()
        .unwrap();
    for part in [
        r#""position_id":"pos-131","symbol":"BTC/USDT:USDT","status":"open""#,
        r#""spot_entry_price":"0","perp_entry_price":"45000.0","spot_quantity":"0","perp_quantity":"0.1""#,
        r#""unrealized_pnl":"101.0""#,
        r#""side":"buy""#,
    ] {
        assert!(told.contains(part), "{told}");
    }
    let [closed] = s2.told(&positions(JANUARY, vec![one])).try_into().unwrap();
    assert!(closed.contains(r#""position_id":"pos-131""#), "{closed}");
    assert!(closed.contains(r#""status":"closed""#), "{closed}");
    assert!(!s2.told(&equity("1.00")).is_empty());
    assert!(s2.told(&equity("1.00")).is_empty(), "told when it changes");
}

#[test]
fn s3_has_the_frames_of_its_document() {
    let mut s3 = translator(Dialect::S3);
    answered(
        &mut s3,
        r#"{"op":"subscribe","args":["order","position","execution"]}"#,
    );
    let order = Order {
        client_order_id: Some(ClientOrderId::new("test-000005").unwrap()),
        filled_quantity: number("0.00"),
        price: Some(number("1145.00")),
        updated_at: TimestampMs(1_672_364_262_444),
        ..Order::accepted(
            OrderId(457),
            symbol("ETHUSDT-PERP"),
            Side::Buy,
            OrderType::Limit,
            number("1.00"),
            JANUARY,
        )
    };
    let update = |order: Order| {
        let order_type = order.order_type;
        of(
            Topic::Orders,
            TimestampMs(1_672_364_262_474),
            Body::OrderUpdate(OrderUpdate { order_type, order }),
        )
    };
    let names = [("fd4300ae-7847-404e-b947-b46980a4d140", "order-457")];
    becomes(&mut s3, &update(order.clone()), golden!("s3_order"), &names);
    let position = Position {
        quantity: number("0.001"),
        entry_price: number("16493.50"),
        current_price: number("16493.50"),
        current_pnl: number("0"),
        realized_pnl: number("0.001"),
        fees: number("0.003"),
        leverage: 10,
        timestamp: TimestampMs(1_672_121_182_216),
        marked_at: TimestampMs(1_672_364_174_449),
        ..position(1, "BTCUSDT-PERP")
    };
    let at = TimestampMs(1_672_364_174_455);
    becomes(
        &mut s3,
        &positions(at, vec![position]),
        golden!("s3_position"),
        &[],
    );
    let [closed] = s3.told(&positions(at, Vec::new())).try_into().unwrap();
    assert!(
        closed.contains(r#""symbol":"BTCUSDT","side":"","size":"0""#),
        "{closed}"
    );
    let execution = Execution {
        id: ExecutionId(812),
        order_id: OrderId(457),
        client_order_id: Some(ClientOrderId::new("test-000005").unwrap()),
        position_id: PositionId(1),
        is_carry: false,
        symbol: symbol("BTCUSDT-PERP"),
        side: Side::Buy,
        quantity: number("0.001"),
        price: number("16493.50"),
        fee: number("0.00989610"),
        fee_currency: "USDT".to_owned(),
        is_maker: false,
        realized_pnl: number("0"),
        timestamp: TimestampMs(1_672_364_174_443),
    };
    let told = of(
        Topic::Executions,
        at,
        Body::ExecutionUpdate(Data { data: execution }),
    );
    let names = [
        ("e0c0c25e-4df9-4cf7-880d-4d7f3cb2c9a7", "exec-812"),
        ("fd4300ae-7847-404e-b947-b46980a4d140", "order-457"),
    ];
    becomes(&mut s3, &told, golden!("s3_execution"), &names);
    for (status, kind, word) in [
        (OrderStatus::New, OrderType::StopMarket, "Untriggered"),
        (OrderStatus::Triggered, OrderType::StopMarket, "Triggered"),
        (OrderStatus::PartiallyFilled, OrderType::Limit, "PartiallyFilled"),
        (OrderStatus::Filled, OrderType::Limit, "Filled"),
        (OrderStatus::Cancelled, OrderType::Limit, "Cancelled"),
        (OrderStatus::Expired, OrderType::Limit, "Cancelled"),
        (OrderStatus::Rejected, OrderType::Limit, "Rejected"),
    ] {
        let order = Order {
            status,
            order_type: kind,
            time_in_force: TimeInForce::Fok,
            ..order.clone()
        };
        let [told] = s3.told(&update(order)).try_into().unwrap();
        let leaves = if status.is_final() { "0" } else { "1.00" };
        for part in [
            format!(r#""orderStatus":"{word}""#),
            format!(r#""leavesQty":"{leaves}""#),
            r#""timeInForce":"FOK""#.to_owned(),
        ] {
            assert!(told.contains(&part), "{told}");
        }
    }
}

#[test]
fn s3_has_a_row_for_each_leg_and_tells_funding_as_an_execution() {
    let mut s3 = translator(Dialect::S3);
    answered(&mut s3, r#"{"op":"subscribe","args":["position","execution"]}"#);
    let [told] = s3.told(&positions(JANUARY, vec![carry()])).try_into().unwrap();
    for part in [
        // 0.1 × (45100 − 45000) of the 50.25 that both have made.
        r#""symbol":"BTCUSDT","side":"Buy","size":"0.1","avgPrice":"45000.00","positionValue":"4500","unrealisedPnl":"10""#,
        r#""symbol":"BTCUSDT","side":"Sell","size":"0.1","avgPrice":"45010.00","positionValue":"4501","unrealisedPnl":"40.25","cumRealisedPnl":"12.5""#,
        r#""category":"spot"},"#,
        r#""category":"linear"}]"#,
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let data = Funding {
        position_id: PositionId(130),
        is_carry: true,
        symbol: symbol("BTCUSDT-PERP"),
        side: Side::Sell,
        quantity: number("0.5"),
        mark_price: number("43260.0"),
        rate: number("0.0001"),
        amount: number("2.163"),
        timestamp: JANUARY,
    };
    let told = of(Topic::Executions, JANUARY, Body::FundingUpdate(Data { data }));
    let [told] = s3.told(&told).try_into().unwrap();
    assert!(
        told.contains(r#""execType":"Funding","execValue":"21630","execFee":"-2.163""#),
        "{told}"
    );
}

#[test]
fn s4_has_the_frame_of_its_document() {
    // The document has the figures in the code of the server.
    let code = include_str!("../../../../tests/dialects/s4_data_source.py");
    for figure in [
        "'total_value': '$50,000.00'",
        "'daily_pnl': '$1,200.00'",
        "'open_positions': 5",
        "'win_rate': '58.3%'",
    ] {
        assert!(code.contains(figure), "{figure}");
        let key = figure.replace(": ", ":").replace('\'', "\"");
        assert!(packed(golden!("s4_dashboard_update")).contains(&key), "{key}");
    }
    let mut s4 = translator(Dialect::S4);
    becomes(&mut s4, &dashboard(), golden!("s4_dashboard_update"), &[]);
    let [told] = s4
        .told(&positions(JANUARY, vec![position(1, "BTCUSDT")]))
        .try_into()
        .unwrap();
    assert!(
        told.starts_with(r#"{"type":"positions_update","data":[{"id":"pos-1","#),
        "{told}"
    );
}
