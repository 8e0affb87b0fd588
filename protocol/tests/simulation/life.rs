//! Whole lives, each given by its seed, and what they have to show.

use crate::sabotage::Sabotage;
use crate::world::{Climate, Tally, World};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Steps of all lives together.
const STEPS: u64 = 1_000_000;

/// Steps of one life.
const LIFE: u64 = 20_000;

/// Steps of bad weather, after which all is well for a moment and everything is compared.
const CHAPTER: u64 = 1_500;

fn climate(seed: u64, sabotage: Option<Sabotage>) -> Climate {
    let retention = match seed % 4 {
        0 | 1 => usize::MAX,
        2 => 200,
        _ => 25,
    };
    Climate {
        retention,
        damages: seed % 3 == 1,
        swallows: seed % 5 == 2,
        repeats: seed % 5 == 4,
        sabotage,
    }
}

/// Lives the life of a seed; the sum is over all that happened in it.
fn live(seed: u64, steps: u64, sabotage: Option<Sabotage>) -> (Tally, u64) {
    let mut world = World::new(seed, 2, 2, climate(seed, sabotage));
    let story = catch_unwind(AssertUnwindSafe(|| {
        let mut done = 0;
        while done < steps {
            let chapter = done + CHAPTER;
            while done < chapter {
                world.step();
                done += 1;
            }
            world.settle(&mut done);
        }
    }));
    if let Err(why) = story {
        println!("{:?}\nthe last that happened:\n{}", world.climate, world.trace);
        println!(
            "the failing seed is {seed}: TICKWIRE_SIM_SEED={seed} TICKWIRE_SIM_STEPS={steps} cargo test -p \
             tickwire-protocol --test simulation"
        );
        resume_unwind(why);
    }
    for desk in &world.desks {
        world.tally.losses += desk.losses;
        world.tally.duplicates += desk.duplicates;
        world.tally.applied += desk.applied;
        world.tally.values += desk.values;
    }
    (world.tally, world.trace.sum)
}

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")),
    )
}

fn sum(tallies: &[Tally]) -> Tally {
    tallies.iter().fold(Tally::default(), |a, b| Tally {
        kills: a.kills + b.kills,
        kills_between: a.kills_between + b.kills_between,
        cuts: a.cuts + b.cuts,
        clock_jumps: a.clock_jumps + b.clock_jumps,
        damages: a.damages + b.damages,
        stalls: a.stalls + b.stalls,
        swallowed: a.swallowed + b.swallowed,
        repeated: a.repeated + b.repeated,
        losses: a.losses + b.losses,
        duplicates: a.duplicates + b.duplicates,
        applied: a.applied + b.applied,
        values: a.values + b.values,
        orders: a.orders + b.orders,
    })
}

#[test]
fn a_million_steps_break_no_promise() {
    let steps = variable("TICKWIRE_SIM_STEPS");
    if let Some(seed) = variable("TICKWIRE_SIM_SEED") {
        let (tally, _) = live(seed, steps.unwrap_or(LIFE), None);
        println!("{tally:#?}");
        return;
    }
    let lives = steps.unwrap_or(STEPS).div_ceil(LIFE);
    let next = AtomicU64::new(0);
    let tallies = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(4) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= lives {
                        return;
                    }
                    let (tally, _) = live(seed, LIFE, None);
                    tallies.lock().unwrap().push(tally);
                }
            });
        }
    });
    let tally = sum(&tallies.into_inner().unwrap());
    println!("{tally:#?}");
    if lives >= STEPS / LIFE {
        // Chance has to bring all of it about for this to prove anything.
        let seen = [
            ("kills", tally.kills),
            ("kills between journal and publication", tally.kills_between),
            ("cuts", tally.cuts),
            ("clock jumps", tally.clock_jumps),
            ("damaged journals", tally.damages),
            ("readers that stalled a write", tally.stalls),
            ("frames swallowed", tally.swallowed),
            ("frames repeated", tally.repeated),
            ("losses told", tally.losses),
            ("retries answered as such", tally.duplicates),
        ];
        for (what, times) in seen {
            assert!(times > 3, "only {times} {what}");
        }
        assert!(tally.applied > 50_000 && tally.values > 50_000, "{tally:?}");
    }
}

#[test]
fn a_seed_tells_the_same_story_each_time() {
    let (_, first) = live(3, 5_000, None);
    let (_, again) = live(3, 5_000, None);
    let (_, other) = live(4, 5_000, None);
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[test]
fn every_mistake_of_a_server_is_found() {
    let mut missed = Vec::new();
    for sabotage in Sabotage::ALL {
        let found = (0..30).find(|seed| catch_unwind(|| live(*seed, 6_000, Some(sabotage))).is_err());
        match found {
            Some(seed) => println!("{sabotage:?} is found by seed {seed}"),
            None => missed.push(sabotage),
        }
    }
    assert!(missed.is_empty(), "nothing was seen of {missed:?}");
}
