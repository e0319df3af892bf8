//! Limits whose keys hold values of arguments, and windows of a zone, across restarts.

use crate::common::{Denied, Home, answered, judged, key};
use store::{CalendarUnit, CounterKey, Demand, Refused, Store, Timestamp, Window, Zone};

fn call(home: &Home, store: &Store, key: &CounterKey, window: Window) -> Result<(), Denied> {
    let max_keys = Some(2);
    let demand = Demand { key, amount: 1.into(), max: 1.into(), window, max_keys, index: 4 };
    let reservation = store.reserve(store.next_call(), &[demand]).map_err(Denied::Limit)?;
    let judged = judged();
    let begun = store.begin(reservation, &judged);
    let mut call = home.runtime.block_on(begun).map_err(Denied::Store)?;
    call.written(store.now());
    call.finish(&answered());
    Ok(())
}

#[test]
fn values_and_their_cap_outlive_a_restart() {
    let home = Home::new();
    let window = Window::Sliding { ms: 60_000 };
    let account = |store: &Store, value: &str| key("accounts").of_values(store.digest(value.as_bytes()));
    let mut store = home.open();
    for value in ["[\"a\"]", "[\"b\"]"] {
        call(&home, &store, &account(&store, value), window).unwrap();
    }
    for _ in 0..2 {
        let again = call(&home, &store, &account(&store, "[\"a\"]"), window).unwrap_err();
        assert!(matches!(again, Denied::Limit(Refused::Full { index: 4, .. })), "{again:?}");
        let third = call(&home, &store, &account(&store, "[\"c\"]"), window).unwrap_err();
        assert!(matches!(third, Denied::Limit(Refused::TooManyKeys { index: 4 })), "{third:?}");
        store.close();
        drop(store);
        store = home.open();
    }
    home.clock.advance_ms(86_400_001);
    call(&home, &store, &account(&store, "[\"c\"]"), window).unwrap();
    drop(store);
    assert!(home.lines().iter().all(|line| !line.contains("[\\\"a\\\"]")), "values are in no record");
    home.verify();
}

#[test]
fn days_of_a_zone_outlive_a_restart() {
    let home = Home::new();
    let zone = Zone::named("America/New_York").unwrap();
    let window = Window::Zoned(CalendarUnit::Day, zone);
    let store = home.open();
    call(&home, &store, &key("days"), window).unwrap();
    store.close();
    drop(store);
    let store = home.open();
    // Midnight in New York is five in the morning, UTC.
    let midnight = Timestamp::parse("2026-11-21T05:00Z").unwrap();
    home.clock.advance_ms(midnight.ms_since(store.now()) - 1);
    let refused = call(&home, &store, &key("days"), window).unwrap_err();
    assert!(matches!(refused, Denied::Limit(Refused::Full { retry_after_ms: Some(1), .. })), "{refused:?}");
    home.clock.advance_ms(1);
    call(&home, &store, &key("days"), window).unwrap();
}
