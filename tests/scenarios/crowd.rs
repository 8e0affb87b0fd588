//! A thousand desks whose server is killed: all come back, each in its own time, and none has missed anything.

use std::time::Duration;

use anyhow::Result;
use tickwire_protocol::topic::Topic;
use tickwire_tests::desk::Desk;
use tickwire_tests::order::Market;
use tickwire_tests::swarm::Swarm;
use tickwire_tests::wire::Wire;

const DESKS: u64 = 1_000;

/// Long enough for two slow cores that carry the server and its thousand clients.
const PATIENCE: Duration = Duration::from_secs(60);

/// A tenth of the window has a tenth of the desks; chance makes it less than three tenths.
const SHARE_MAX: usize = 300;

#[test]
fn a_thousand_desks_come_back_to_a_restarted_server_in_their_own_time_and_miss_nothing() -> Result<()> {
    let mut desk = Desk::start()?;
    let swarm = Swarm::start(desk.address(), DESKS, Topic::Orders, &[Topic::Balance])?;
    swarm.wait_until(PATIENCE, "live", |lived| lived.is_live)?;
    let mut trader = Wire::connect(desk.address())?;
    trader.be_patient();
    let market = Market::of(&mut trader, "BTCUSDT")?;
    let mut place = 0;
    for round in 1..=2_u32 {
        for _ in 0..5 {
            trader.acked(&market.order("buy", market.worth(20)))?;
        }
        // Some of them hear of it now, the others when they are back.
        desk.kill_and_restart()?;
        trader = Wire::connect(desk.address())?;
        trader.be_patient();
        Market::of(&mut trader, "BTCUSDT")?;
        trader.acked(&market.order("buy", market.worth(20)))?;
        place = place.max(trader.subscribe(&["orders"])?[0].seq());
        swarm.wait_until(PATIENCE, "live again", |lived| {
            lived.greetings > round && lived.is_live
        })?;
        swarm.wait_until(PATIENCE, "at the last order", |lived| {
            lived.place.is_some_and(|(_, seq)| seq.0 >= place)
        })?;
        trader.ping()?;
    }

    let lived = swarm.lived();
    for one in &lived {
        assert_eq!(
            (one.out_of_order, one.lost, one.messages),
            (0, 0, place),
            "{one:?}"
        );
    }
    let mut tenths = [0_usize; 10];
    for (delay, window) in lived.iter().filter_map(|one| one.first_delays.first()) {
        assert!(delay <= window, "{delay} ms of {window}");
        let tenth = usize::try_from(delay * 10 / (window + 1))?;
        tenths[tenth] += 1;
    }
    let all: usize = tenths.iter().sum();
    assert!(
        all * 10 >= lived.len() * 9,
        "all of them lost their connection: {all}"
    );
    assert!(
        tenths.iter().all(|share| *share <= SHARE_MAX),
        "in lockstep: {tenths:?}"
    );
    let widest = lived.iter().map(|one| one.window_ms).max().unwrap_or(0);
    assert!(widest >= 500, "a crowd is given more room: {widest} ms");
    Ok(())
}
