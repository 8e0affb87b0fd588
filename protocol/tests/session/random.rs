//! Whole lives drawn by chance: outages of every kind while orders are placed, values change and topics come and go.
//! What must always hold is checked frame by frame in `notes` and `wire`, the rest once all is quiet.

use crate::dice::Dice;
use crate::pair::Pair;
use crate::samples;
use tickwire_protocol::command::{Command, GetOrders};
use tickwire_protocol::id::{ClientOrderId, CommandId, Seq};
use tickwire_protocol::message::Outcome;
use tickwire_protocol::session::client::Input;
use tickwire_protocol::session::server::Board;
use tickwire_protocol::topic::Topic;

const LIVES: u64 = 80;
const CHANGES_A_LIFE: u32 = 60;

struct Life {
    pair: Pair,
    dice: Dice,
    orders: Vec<(CommandId, ClientOrderId)>,
    questions: Vec<CommandId>,
    wanted: [(Topic, bool); 3],
}

impl Life {
    fn new(seed: u64, (retention, kept): (usize, u64)) -> Life {
        let mut pair = Pair::live(seed);
        pair.board.retention = retention;
        pair.board.kept = kept;
        let mut dice = Dice::new(seed ^ 0xABCD);
        pair.skew = 0;
        pair.latency = (1, dice.between(1, 150));
        let wanted = [
            (samples::ticker(), true),
            (Topic::Dashboard, false),
            (Topic::Alerts, false),
        ];
        Life {
            pair,
            dice,
            orders: Vec::new(),
            questions: Vec::new(),
            wanted,
        }
    }

    fn change(&mut self, loses_journal: bool) {
        let pair = &mut self.pair;
        match self.dice.between(0, 19) {
            0 => pair.cut(),
            1 => pair.half_open(),
            2 => {
                pair.enter_black_hole();
                pair.run(self.dice.between(0, 20_000));
                pair.black_hole = false;
            }
            3 => {
                pair.kill_server();
                pair.run(self.dice.between(0, 8_000));
                if loses_journal && self.dice.chance(50) {
                    pair.board.lose_logs();
                }
                pair.start_server();
            }
            4..=6 => {
                let name = format!("o-{}", self.orders.len());
                let id = pair.place_order(&name);
                self.orders.push((id, ClientOrderId::new(&name).unwrap()));
                if self.dice.chance(30) {
                    pair.run(self.dice.between(0, 40));
                    pair.cut();
                }
            }
            7 => {
                let questions = [
                    Command::GetPositions,
                    Command::GetOrders(GetOrders::default()),
                    Command::GetRisk,
                    Command::GetAlerts,
                ];
                let question = usize::try_from(self.dice.between(0, 3)).unwrap();
                self.questions.push(pair.request(questions[question].clone()));
            }
            8 | 9 => {
                let (topic, wanted) = &mut self.wanted[usize::try_from(self.dice.between(0, 2)).unwrap()];
                *wanted = !*wanted;
                if *wanted {
                    if *topic == Topic::Alerts {
                        // The page has what was said so far, or some of it.
                        let (ep, head) = pair.board.head(Topic::Alerts);
                        let head = i64::try_from(head.0).unwrap();
                        let seq = Seq(self.dice.between(0, head).unsigned_abs());
                        pair.start_from(*topic, ep, seq);
                    }
                    pair.subscribe(*topic)
                } else {
                    pair.unsubscribe(*topic)
                }
            }
            10 => pair.tell(Input::Wake),
            11 => pair.tell(Input::Hidden(self.dice.chance(50))),
            12 => pair.tell(Input::Offline),
            13 => (0..self.dice.between(1, 60)).for_each(|_| pair.publish(Topic::Alerts)),
            14 => {
                // The desk goes back to a place that it has been at.
                if let Some((ep, last)) = pair.notes.lossless.get(&Topic::Orders).and_then(|f| f.last) {
                    let last = i64::try_from(last.0).unwrap();
                    let seq = Seq(self.dice.between((last - 50).max(0), last).unsigned_abs());
                    pair.start_from(Topic::Orders, ep, seq);
                }
            }
            15 | 16 => (0..self.dice.between(1, 60)).for_each(|_| pair.publish_order()),
            _ => {
                for topic in [
                    samples::ticker(),
                    samples::candles(),
                    Topic::Dashboard,
                    Topic::Portfolio,
                ] {
                    (0..self.dice.between(0, 4)).for_each(|_| pair.set(topic));
                }
            }
        }
        let pause = if self.dice.chance(20) { 5_000 } else { 200 };
        self.pair.run(self.dice.between(0, pause));
    }

    fn finish(&mut self) {
        self.pair.settle();
        let pair = &self.pair;
        for (topic, wanted) in self.wanted {
            let wire = &pair.conns[&pair.current.unwrap()].wire;
            assert_eq!(
                wire.is_subscribed(topic),
                wanted,
                "I7: the last word on {topic} counts"
            );
        }
        for id in &self.questions {
            assert!(pair.notes.answers.contains_key(id), "I8: {id}");
        }
        for (id, order) in &self.orders {
            let times = pair.engine.executed.get(order).copied().unwrap_or(0);
            match &pair.notes.answers[id] {
                Ok(_) => assert_eq!(times, 1, "{order} is said to be executed"),
                Err(error) if error.outcome == Some(Outcome::NotExecuted) => assert_eq!(times, 0, "{order}"),
                Err(_) => assert!(times <= 1),
            }
        }
    }
}

/// Lives one life for each seed and returns how many losses were told.
fn live_through(
    seeds: impl Iterator<Item = u64>,
    retention: (usize, u64),
    loses_journal: bool,
    check: fn(&Life),
) -> u32 {
    let mut losses = 0;
    for seed in seeds {
        let run = std::panic::AssertUnwindSafe(|| {
            let mut life = Life::new(seed, retention);
            (0..CHANGES_A_LIFE).for_each(|_| life.change(loses_journal));
            life.finish();
            check(&life);
            life.pair
                .notes
                .lossless
                .values()
                .map(|followed| followed.lost)
                .sum::<u32>()
        });
        match std::panic::catch_unwind(run) {
            Ok(lost) => losses += lost,
            Err(why) => {
                println!("the failing seed is {seed}");
                std::panic::resume_unwind(why);
            }
        }
    }
    losses
}

#[test]
fn within_retention_nothing_is_ever_lost_repeated_or_out_of_order() {
    let losses = live_through(1..LIVES, (1_000_000, 0), false, nothing_missed);
    assert_eq!(losses, 0, "all of it was at hand");
}

/// Every message of every topic that was followed came, from the first on.
fn nothing_missed(life: &Life) {
    for (topic, followed) in &life.pair.notes.lossless {
        assert!(
            followed.first.is_none_or(|first| first == Seq(1)),
            "{topic} was followed from the start"
        );
        assert_eq!(
            followed.applied,
            followed.last.map_or(0, |(_, seq)| seq.0),
            "{topic}"
        );
    }
}

#[test]
fn what_is_no_longer_at_hand_is_fetched_and_nothing_is_lost_either() {
    let losses = live_through(2_000..2_000 + LIVES / 2, (20, u64::MAX), false, nothing_missed);
    assert_eq!(losses, 0, "all of it was kept");
}

#[test]
fn what_can_be_fetched_only_in_part_is_told_as_lost() {
    let losses = live_through(3_000..3_000 + LIVES / 3, (20, 60), true, |_| {});
    assert!(
        losses > 10,
        "chance has to lose something for this to prove anything: {losses}"
    );
}

#[test]
fn past_retention_the_loss_is_told_and_the_rest_goes_on_without_a_gap() {
    let losses = live_through(1_000..1_000 + LIVES / 3, (40, 0), true, |_| {});
    assert!(
        losses > 10,
        "chance has to lose something for this to prove anything: {losses}"
    );
}
