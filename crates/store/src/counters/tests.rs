//! Counters against a reference that remembers everything.

use crate::counters::{Counter, CounterKey, Demand, Ledger, Refused, Reservation, Table};
use crate::id::CallId;
use crate::time::{DAY_MS, HOUR_MS, Timestamp};
use crate::window::{CalendarUnit, Window};
use json::Decimal;
use proptest::prelude::*;
use std::sync::Arc;

const START: u64 = 1_795_180_251_007;

fn key(name: &str) -> CounterKey {
    CounterKey::new("p", Some("s"), name, "calls", &["g"])
}

fn demand<'a>(key: &'a CounterKey, amount: u64, max: u64, window: Window) -> Demand<'a> {
    Demand { key, amount: Decimal::from(amount), max: Decimal::from(max), window, max_keys: None, index: 0 }
}

fn sliding(ms: u64) -> Window {
    Window::Sliding { ms }
}

fn at(ms: u64) -> Timestamp {
    Timestamp::from_ms(START + ms)
}

/// A ledger at a time that only it knows.
struct Clocked {
    ledger: Arc<Ledger>,
    now_ms: u64,
    n_calls: u64,
}

impl Clocked {
    fn new() -> Self {
        Self { ledger: Ledger::new(Table::default()), now_ms: 0, n_calls: 0 }
    }

    fn reserve(&mut self, demands: &[Demand<'_>]) -> Result<Reservation, Refused> {
        self.n_calls += 1;
        let peeked = self.ledger.peek(demands, at(self.now_ms));
        let reserved = self.ledger.reserve(CallId::new(1, self.n_calls), demands, at(self.now_ms));
        assert_eq!(peeked.err(), reserved.as_ref().err().copied(), "peek and reserve agree");
        reserved
    }

    fn use_up(&mut self, demands: &[Demand<'_>]) -> Result<(), Refused> {
        let mut reservation = self.reserve(demands)?;
        reservation.held.settle(at(self.now_ms), at(self.now_ms));
        Ok(())
    }
}

fn full(retry_after_ms: u64) -> Result<(), Refused> {
    Err(Refused::Full { index: 0, retry_after_ms: Some(retry_after_ms) })
}

#[test]
fn ten_a_minute() {
    let (mut clocked, key) = (Clocked::new(), key("c"));
    let demands = [demand(&key, 1, 10, sliding(60_000))];
    for n in 0..10 {
        clocked.now_ms = n * 1000;
        clocked.use_up(&demands).unwrap();
    }
    assert_eq!(clocked.use_up(&demands), full(51_001));
    clocked.now_ms = 60_000;
    assert_eq!(clocked.use_up(&demands), full(1));
    clocked.now_ms = 60_001;
    assert_eq!(clocked.use_up(&demands), Ok(()));
    assert_eq!(clocked.use_up(&demands), full(1000));
}

#[test]
fn what_is_in_flight_does_not_age() {
    let (mut clocked, key) = (Clocked::new(), key("c"));
    let demands = [demand(&key, 1, 1, sliding(1000))];
    let mut reservation = clocked.reserve(&demands).unwrap();
    clocked.now_ms = 50_000;
    assert_eq!(clocked.use_up(&demands), full(1001));
    reservation.held.settle(at(50_000), at(50_000));
    clocked.now_ms = 51_000;
    assert_eq!(clocked.use_up(&demands), full(1));
    clocked.now_ms = 51_001;
    assert_eq!(clocked.use_up(&demands), Ok(()));
}

#[test]
fn what_is_dropped_is_given_back() {
    let (mut clocked, key) = (Clocked::new(), key("c"));
    let demands = [demand(&key, 1, 1, sliding(1000))];
    drop(clocked.reserve(&demands).unwrap());
    drop(clocked.reserve(&demands).unwrap());
}

#[test]
fn all_or_none() {
    let (mut clocked, a, b) = (Clocked::new(), key("a"), key("b"));
    let full_b = [demand(&b, 1, 1, sliding(1000))];
    clocked.use_up(&full_b).unwrap();
    let both = [demand(&a, 1, 1, sliding(1000)), demand(&b, 1, 1, sliding(1000))];
    assert_eq!(clocked.use_up(&both), full(1001));
    assert_eq!(clocked.use_up(&both[..1]), Ok(()), "nothing of the refused call was kept");
}

#[test]
fn the_retry_time_is_that_of_the_whole_call() {
    let (mut clocked, a, b) = (Clocked::new(), key("a"), key("b"));
    let both = [demand(&a, 1, 1, sliding(1000)), demand(&b, 1, 1, sliding(9000))];
    clocked.use_up(&both).unwrap();
    assert_eq!(clocked.use_up(&both), full(9001));
    let never = [demand(&a, 1, 1, sliding(1000)), demand(&b, 2, 1, sliding(9000))];
    assert_eq!(clocked.use_up(&never), Err(Refused::Full { index: 0, retry_after_ms: None }));
}

#[test]
fn a_call_adds_to_a_key_once() {
    let (mut clocked, key) = (Clocked::new(), key("c"));
    let two_limits = [demand(&key, 1, 2, sliding(1000)), demand(&key, 1, 3, sliding(60_000))];
    clocked.use_up(&two_limits).unwrap();
    clocked.use_up(&two_limits).unwrap();
    assert_eq!(clocked.use_up(&two_limits), full(1001));
    clocked.now_ms = 1001;
    clocked.use_up(&two_limits).unwrap();
    clocked.now_ms = 5000;
    let refused = clocked.use_up(&two_limits);
    assert_eq!(refused, full(55_001));
    let differ = [demand(&key, 1, 9, sliding(1000)), demand(&key, 2, 9, sliding(1000))];
    assert_eq!(clocked.use_up(&differ), Err(Refused::Uncountable { index: 0 }));
}

#[test]
fn amounts_are_exact_and_never_negative() {
    let (mut clocked, key) = (Clocked::new(), key("c"));
    let of = |amount: &str, max: &str| Demand {
        key: &key,
        amount: Decimal::parse(amount).unwrap(),
        max: Decimal::parse(max).unwrap(),
        window: sliding(1000),
        max_keys: None,
        index: 7,
    };
    for _ in 0..3 {
        clocked.use_up(&[of("0.1", "0.3")]).unwrap();
    }
    assert!(matches!(clocked.use_up(&[of("1e-30", "0.3")]), Err(Refused::Full { index: 7, .. })));
    assert_eq!(clocked.use_up(&[of("0", "0.3")]), Ok(()));
    assert_eq!(clocked.use_up(&[of("-1", "0.3")]), Err(Refused::Uncountable { index: 7 }));
    let too_long = of("1e-38", "99999999999999999999999999999999999999");
    clocked.use_up(&[of("99999", "99999999999999999999999999999999999999")]).unwrap();
    assert_eq!(clocked.use_up(&[too_long]), Err(Refused::Uncountable { index: 7 }));
}

#[test]
fn calendar_windows_begin_anew_on_the_boundary() {
    let (mut clocked, key) = (Clocked::new(), key("c"));
    let to_next_minute = 60_000 - START % 60_000;
    let demands = [demand(&key, 1, 2, Window::Calendar(CalendarUnit::Minute))];
    clocked.use_up(&demands).unwrap();
    let mut reservation = clocked.reserve(&demands).unwrap();
    assert_eq!(clocked.use_up(&demands), full(to_next_minute));
    clocked.now_ms = to_next_minute - 1;
    assert_eq!(clocked.use_up(&demands), full(1));
    clocked.now_ms = to_next_minute;
    clocked.use_up(&demands).unwrap();
    assert_eq!(clocked.use_up(&demands), full(60_000), "what is in flight counts in the next minute too");
    reservation.held.settle(at(to_next_minute - 1), at(clocked.now_ms));
    clocked.use_up(&demands).unwrap();
}

#[test]
fn history_outlives_a_change_of_window_or_maximum() {
    let (mut clocked, key) = (Clocked::new(), key("c"));
    for _ in 0..5 {
        clocked.use_up(&[demand(&key, 1, 10, sliding(60_000))]).unwrap();
    }
    clocked.now_ms = 2 * HOUR_MS;
    clocked.use_up(&[demand(&key, 1, 1, sliding(60_000))]).unwrap();
    let day = [demand(&key, 1, 6, sliding(DAY_MS))];
    assert_eq!(clocked.use_up(&day), full(DAY_MS - 2 * HOUR_MS + 1));
    assert_eq!(clocked.use_up(&[demand(&key, 1, 7, sliding(DAY_MS))]), Ok(()));
}

#[test]
fn many_units_are_refused_early_at_most_by_one_part_and_never_late() {
    let (mut clocked, key) = (Clocked::new(), key("c"));
    let window_ms = 64_000;
    let demands = [demand(&key, 1, 3000, sliding(window_ms))];
    for n in 0..3000 {
        clocked.now_ms = n * 10;
        clocked.use_up(&demands).unwrap();
    }
    let Err(Refused::Full { retry_after_ms: Some(retry_after_ms), .. }) = clocked.use_up(&demands) else {
        panic!("3000 are in the window")
    };
    let first_free = window_ms + 1;
    let retry_at = clocked.now_ms + retry_after_ms;
    assert!((first_free..=first_free + 1000).contains(&retry_at), "{retry_at}");
    clocked.now_ms = retry_at - 1;
    assert!(clocked.use_up(&demands).is_err());
    clocked.now_ms = retry_at;
    let n_passed = (0..3000).take_while(|_| clocked.use_up(&demands).is_ok()).count() as u64;
    let n_free = (0..3000).filter(|n| n * 10 + window_ms < retry_at).count() as u64;
    assert!((1..=n_free).contains(&n_passed), "{n_passed} of {n_free}");
}

#[test]
fn memory_is_bounded_per_counter_and_idle_counters_go() {
    let mut clocked = Clocked::new();
    for n in 0..1000 {
        let key = key(&n.to_string());
        clocked.use_up(&[demand(&key, 1, 10, sliding(1000))]).unwrap();
    }
    let held_key = key("held");
    let held = clocked.reserve(&[demand(&held_key, 1, 10, sliding(1000))]).unwrap();
    let sweep = |ms| (0..20).for_each(|_| clocked.ledger.sweep(at(ms)));
    sweep(DAY_MS);
    assert_eq!(clocked.ledger.n_counters(), 1001);
    sweep(DAY_MS + 1);
    assert_eq!(clocked.ledger.n_counters(), 1, "the one in flight stays");
    drop(held);
    sweep(DAY_MS + 1);
    assert_eq!(clocked.ledger.n_counters(), 0);
    let again = key("0");
    assert_eq!(clocked.use_up(&[demand(&again, 1, 1, sliding(1000))]), Ok(()));
}

#[test]
fn ten_thousand_at_once_against_a_hundred() {
    let (ledger, key) = (Ledger::new(Table::default()), key("c"));
    let reserved: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..10_u64)
            .map(|thread| {
                let (ledger, key) = (&ledger, &key);
                scope.spawn(move || {
                    let demands = [demand(key, 1, 100, sliding(60_000))];
                    let calls = (0..1000).map(|n| CallId::new(thread, n));
                    let reserved: Vec<_> =
                        calls.filter_map(|call| ledger.reserve(call, &demands, at(0)).ok()).collect();
                    let n_reserved = reserved.len();
                    for mut reservation in reserved {
                        reservation.held.settle(at(0), at(0));
                    }
                    n_reserved
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(reserved, 100);
}

/// Remembers every unit for ever.
#[derive(Default)]
struct Reference {
    in_flight: Vec<u64>,
    settled: Vec<(Timestamp, u64)>,
}

impl Reference {
    fn used(&self, window: Window, now: Timestamp) -> u64 {
        let counts = |settled: &&(Timestamp, u64)| match window {
            Window::Sliding { ms } => now.as_ms() - settled.0.as_ms() <= ms,
            Window::Calendar(_) | Window::Zoned(..) => settled.0 >= window.start(now),
        };
        let settled: u64 = self.settled.iter().filter(counts).map(|(_, amount)| amount).sum();
        settled + self.in_flight.iter().sum::<u64>()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Reserve { key: usize, amount: u64, window: usize, max: u64 },
    Settle { n: usize },
    GiveBack { n: usize },
    Wait { ms: u64 },
    Sweep,
}

fn windows() -> [Window; 8] {
    let zone = |name| crate::zone::Zone::named(name).unwrap();
    [
        Window::Sliding { ms: 1000 },
        Window::Sliding { ms: 60_000 },
        Window::Sliding { ms: 900_000 },
        Window::Calendar(CalendarUnit::Minute),
        Window::Calendar(CalendarUnit::Hour),
        Window::Calendar(CalendarUnit::Month),
        Window::Zoned(CalendarUnit::Hour, zone("Australia/Lord_Howe")),
        Window::Zoned(CalendarUnit::Day, zone("America/New_York")),
    ]
}

fn step(n_keys: usize, n_windows: usize, max_wait_ms: u64) -> impl Strategy<Value = Step> {
    let reserve = (0..n_keys, 0..4_u64, 0..n_windows, 0..12_u64)
        .prop_map(|(key, amount, window, max)| Step::Reserve { key, amount, window, max });
    prop_oneof![
        8 => reserve,
        8 => (0..100_usize).prop_map(|n| Step::Settle { n }),
        1 => (0..100_usize).prop_map(|n| Step::GiveBack { n }),
        4 => (0..max_wait_ms).prop_map(|ms| Step::Wait { ms }),
        1 => Just(Step::Sweep),
    ]
}

/// Plays steps against both; `exact` asks for equality, else only that no maximum is exceeded.
fn play(steps: Vec<Step>, factor: u64, exact: bool) {
    let keys = [key("a"), key("b")];
    let mut references = [Reference::default(), Reference::default()];
    let mut clocked = Clocked::new();
    let mut open: Vec<(usize, u64, Reservation)> = Vec::new();
    for step in steps {
        let now = at(clocked.now_ms);
        match step {
            Step::Reserve { key, amount, window, max } => {
                let (window, max) = (windows()[window], max * factor);
                let fits = references[key].used(window, now) + amount <= max;
                match clocked.reserve(&[demand(&keys[key], amount, max, window)]) {
                    Ok(reservation) => {
                        assert!(fits, "exceeded {max} in {window:?}");
                        references[key].in_flight.push(amount);
                        open.push((key, amount, reservation));
                    }
                    Err(Refused::Full { retry_after_ms, .. }) => {
                        assert!(!(fits && exact), "refused early: {max} in {window:?}");
                        assert_eq!(retry_after_ms.is_none(), amount > max);
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            Step::Settle { n } if !open.is_empty() => {
                let (key, amount, mut reservation) = open.remove(n % open.len());
                reservation.held.settle(now, now);
                let flying = &mut references[key].in_flight;
                flying.remove(flying.iter().position(|other| *other == amount).unwrap());
                references[key].settled.push((now, amount));
            }
            Step::GiveBack { n } if !open.is_empty() => {
                let (key, amount, reservation) = open.remove(n % open.len());
                drop(reservation);
                let flying = &mut references[key].in_flight;
                flying.remove(flying.iter().position(|other| *other == amount).unwrap());
            }
            Step::Settle { .. } | Step::GiveBack { .. } => {}
            Step::Wait { ms } => clocked.now_ms += ms,
            Step::Sweep => clocked.ledger.sweep(now),
        }
    }
}

#[test]
fn a_busy_counter_stays_small() {
    let mut counter = Counter::default();
    counter.note_window(sliding(60_000));
    counter.note_window(Window::Calendar(CalendarUnit::Day));
    let mut most = 0;
    for n in 0..200_000 {
        let now = at(n * 700);
        assert!(counter.reserve(Decimal::ONE));
        counter.settle(Decimal::ONE, now, now);
        most = most.max(counter.settled().count());
    }
    assert!(most < 1000, "{most}");
}

/// Each refusal names the first moment at which the same call passes.
fn check_retry_times(steps: &[(u64, u64)], window: Window, max: u64) -> Result<(), TestCaseError> {
    let (mut clocked, key) = (Clocked::new(), key("c"));
    for (wait_ms, amount) in steps {
        clocked.now_ms += wait_ms;
        let demands = [demand(&key, *amount, max, window)];
        let Err(refused) = clocked.use_up(&demands) else { continue };
        let Refused::Full { retry_after_ms, .. } = refused else { panic!("{refused}") };
        let Some(retry_after_ms) = retry_after_ms else { continue };
        let ledger = &clocked.ledger;
        prop_assert!(ledger.peek(&demands, at(clocked.now_ms + retry_after_ms - 1)).is_err());
        prop_assert!(ledger.peek(&demands, at(clocked.now_ms + retry_after_ms)).is_ok());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exact_up_to_256_units(steps in prop::collection::vec(step(2, windows().len(), 30_000), 0..250)) {
        play(steps, 1, true);
    }

    #[test]
    fn the_retry_time_is_true(
        steps in prop::collection::vec((0..3000_u64, 1..4_u64), 1..200),
        window in 0..windows().len(),
        max in 1..40_u64,
    ) {
        check_retry_times(&steps, windows()[window], max)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    // About a thousand units lie in a window, and several windows pass.
    #[test]
    fn never_exceeded_with_many_units(steps in prop::collection::vec(step(1, 1, 4), 8000..12_000)) {
        play(steps, 150, false);
    }

    #[test]
    fn never_exceeded_with_many_units_and_several_windows(
        steps in prop::collection::vec(step(1, 3, 200), 6000..8000)
    ) {
        play(steps, 150, false);
    }

    #[test]
    fn never_exceeded_with_many_units_and_calendar_windows(
        steps in prop::collection::vec(step(2, windows().len(), 3000), 4000..6000)
    ) {
        play(steps, 50, false);
    }
}

/// A key of a family: of the account with this number.
fn account(name: &str, n: u64) -> CounterKey {
    let digest = crate::audit::AuditKey::from_secret(&[7; 32]).digest(n.to_string().as_bytes());
    key(name).of_values(digest)
}

#[test]
fn a_family_has_as_many_keys_as_it_may_and_forgets_idle_ones() {
    let mut clocked = Clocked::new();
    let (accounts, others): (Vec<_>, Vec<_>) = (0..6).map(|n| (account("c", n), account("d", n))).unzip();
    let of = |key| [Demand { max_keys: Some(3), ..demand(key, 1, 2, sliding(60_000)) }];
    for account in accounts.iter().take(3) {
        clocked.use_up(&of(account)).unwrap();
    }
    let too_many = Err(Refused::TooManyKeys { index: 0 });
    assert_eq!(clocked.use_up(&of(&accounts[3])), too_many);
    assert_eq!(clocked.ledger.n_counters(), 3, "a refused key is not kept");
    clocked.use_up(&of(&accounts[0])).unwrap();
    assert_eq!(clocked.use_up(&of(&accounts[0])), full(60_001), "each has a limit of its own");
    clocked.use_up(&of(&others[3])).unwrap();
    clocked.use_up(&[demand(&key("c"), 1, 2, sliding(60_000))]).unwrap();
    clocked.now_ms = DAY_MS;
    assert_eq!(clocked.use_up(&of(&accounts[3])), too_many, "history is kept for a day");
    clocked.now_ms = DAY_MS + 1001;
    clocked.use_up(&of(&accounts[3])).unwrap();
    clocked.use_up(&of(&accounts[4])).unwrap();
}

#[test]
fn a_key_in_flight_is_never_forgotten() {
    let mut clocked = Clocked::new();
    let (one, two) = (account("c", 1), account("c", 2));
    let of = |key| [Demand { max_keys: Some(1), ..demand(key, 1, 1, sliding(60_000)) }];
    let reservation = clocked.reserve(&of(&one)).unwrap();
    clocked.now_ms = 3 * DAY_MS;
    assert_eq!(clocked.use_up(&of(&two)), Err(Refused::TooManyKeys { index: 0 }));
    drop(reservation);
    clocked.now_ms += 1000;
    clocked.use_up(&of(&two)).unwrap();
}

#[test]
fn zoned_windows_begin_anew_where_the_zone_says_so() {
    let (mut clocked, key) = (Clocked::new(), key("c"));
    let berlin = crate::zone::Zone::named("Europe/Berlin").unwrap();
    let demands = [demand(&key, 1, 1, Window::Zoned(CalendarUnit::Day, berlin))];
    // Midnight in Berlin is 23:00 UTC in winter, 22:00 in summer.
    let of_start = |text: &str| Timestamp::parse(text).unwrap().as_ms() - START;
    clocked.use_up(&demands).unwrap();
    assert_eq!(clocked.use_up(&demands), full(of_start("2026-11-20T23:00Z")));
    clocked.now_ms = of_start("2026-11-20T23:00Z");
    clocked.use_up(&demands).unwrap();
    clocked.now_ms = of_start("2027-03-28T21:59Z");
    clocked.use_up(&demands).unwrap();
    assert_eq!(clocked.use_up(&demands), full(60_000), "the day of 23 hours");
    clocked.now_ms = of_start("2027-03-28T22:00Z");
    clocked.use_up(&demands).unwrap();
}

#[test]
fn the_state_of_a_window_is_what_counts_in_it() {
    let (key, window) = (key("shown"), sliding(1_000));
    let mut clocked = Clocked::new();
    let state = |clocked: &Clocked| clocked.ledger.state(&key, window, at(clocked.now_ms)).unwrap();
    assert_eq!((state(&clocked).used, state(&clocked).frees_at), (Some(Decimal::ZERO), None));
    clocked.use_up(&[demand(&key, 2, 9, window)]).unwrap();
    clocked.now_ms = 600;
    clocked.use_up(&[demand(&key, 3, 9, window)]).unwrap();
    let held = clocked.reserve(&[demand(&key, 1, 9, window)]).unwrap();
    let full = state(&clocked);
    assert_eq!((full.used, full.in_flight), (Some(Decimal::from(5)), Decimal::from(1)));
    let frees_at = full.frees_at.unwrap();
    clocked.now_ms = frees_at.ms_since(at(0));
    assert_eq!(state(&clocked).used, Some(Decimal::from(3)), "at {frees_at} the first has left");
    drop(held);
    assert_eq!(state(&clocked).in_flight, Decimal::ZERO);
}
