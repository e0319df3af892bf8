//! A time that meets all demands on hours, minutes, weekdays and dates. In one zone every day is looked at, so that a
//! proof holds for all of them; several zones are searched for an example only.

use jiff::civil::{Date, DateTime, Time, date};

use super::Solved;
use crate::analysis::ask::{Ask, Asked};
use crate::analysis::store::Clock;
use crate::datum::Datum;
use crate::fact::Fact;
use crate::input::{Input, Tool};
use crate::path::{Found, Path, Source};
use crate::truth::Truth;
use crate::zone::{self, Zone};

/// 2026-11-20, a Friday, 12:00 UTC: where nothing is asked of the time.
pub(super) const SOME_TIME_MS: u64 = 1_795_176_000_000;
/// Calls are taken to be made in these years.
const FIRST_YEAR: i16 = 2020;
const LAST_YEAR: i16 = 2059;
/// Times that are tried.
const MAX_TRIED: usize = 20_000;

/// Demands on the time of a call.
type Demands<'a> = [(&'a Path, Ask<'a>)];

/// A time, in milliseconds of Unix time.
pub(super) fn solve(demands: &Demands<'_>, clock: Clock) -> Solved<u64> {
    if demands.is_empty() {
        return Solved::Found(clock.near(SOME_TIME_MS));
    }
    let mut zones: Vec<Option<&Zone>> = Vec::new();
    for (path, _) in demands {
        if !zones.iter().any(|zone| name(*zone) == name(path.zone())) {
            zones.push(path.zone());
        }
    }
    let mut parts = Vec::new();
    for zone in &zones {
        let own: Vec<_> =
            demands.iter().copied().filter(|(path, _)| name(path.zone()) == name(*zone)).collect();
        let Some(part) = Part::of(&own, clock) else { return Solved::Impossible };
        parts.push(part);
    }
    let found = parts.iter().zip(zones).find_map(|(part, zone)| part.find(zone, demands, clock));
    found.map_or(
        Solved::GaveUp("the demands on the time mix zones, or meet a change of the clock"),
        Solved::Found,
    )
}

fn name(zone: Option<&Zone>) -> &str {
    zone.map_or("UTC", Zone::name)
}

/// The days, hours and minutes that demands in one zone leave.
struct Part {
    days: Vec<Date>,
    hours: Vec<i8>,
    minutes: Vec<i8>,
}

impl Part {
    /// Nothing where none are left.
    fn of(demands: &Demands<'_>, clock: Clock) -> Option<Self> {
        let small = |fact, end: i8| -> Vec<i8> {
            let holds = |number: &i8| holds(demands, fact, Datum::Number(*number));
            (0..end).filter(holds).collect()
        };
        let asks_dates =
            clock != Clock::ANY || demands.iter().any(|(path, _)| path.source() == Source::Fact(Fact::Date));
        let is_left = |day: &Date| {
            let weekday = zone::weekday(day.to_datetime(Time::midnight()));
            holds(demands, Fact::Weekday, Datum::Text(weekday))
                && (!asks_dates || holds(demands, Fact::Date, Datum::Date(*day)))
        };
        let days: Vec<Date> = days(asks_dates).filter(is_left).collect();
        let part = Self { days, hours: small(Fact::Hour, 24), minutes: small(Fact::Minute, 60) };
        let is_any = !part.days.is_empty() && !part.hours.is_empty() && !part.minutes.is_empty();
        is_any.then_some(part)
    }

    /// A time of these that meets all demands.
    fn find(&self, zone: Option<&Zone>, demands: &Demands<'_>, clock: Clock) -> Option<u64> {
        let times = self.minutes.iter().flat_map(|minute| {
            self.hours.iter().flat_map(move |hour| self.days.iter().map(move |day| (*day, *hour, *minute)))
        });
        times.take(MAX_TRIED).find_map(|(day, hour, minute)| {
            let civil = DateTime::from_parts(day, Time::new(hour, minute, 0, 0).ok()?);
            let now_ms = Zone::instant(zone, civil)?;
            (clock.has(now_ms) && is_met(demands, now_ms)).then_some(now_ms)
        })
    }
}

/// All days of the years in which calls are made; where no dates are asked for, every weekday in winter and summer.
fn days(asks_dates: bool) -> impl Iterator<Item = Date> {
    let all = date(FIRST_YEAR, 1, 1).series(jiff::ToSpan::day(1)).take_while(|day| day.year() <= LAST_YEAR);
    let summer = date(2026, 7, 6).series(jiff::ToSpan::day(1)).take(7);
    let winter = date(2026, 11, 16).series(jiff::ToSpan::day(1)).take(7);
    let (all, week) = if asks_dates { (Some(all), None) } else { (None, Some(winter.chain(summer))) };
    all.into_iter().flatten().chain(week.into_iter().flatten())
}

/// Whether a value of a fact meets the demands on that fact.
fn holds(demands: &Demands<'_>, fact: Fact, value: Datum<'_>) -> bool {
    let mut own = demands.iter().filter(|(path, _)| path.source() == Source::Fact(fact));
    own.all(|(_, ask)| ask.want.met(judge(ask, value)))
}

fn judge(ask: &Ask<'_>, value: Datum<'_>) -> Truth {
    let tool = Tool::default();
    match ask.asked {
        Asked::Check(check) => check.judge(Found::Value(value), Input::of_tool(&tool), ask.sense),
        Asked::OneOf(kinds) => Truth::from_bool(kinds.has(crate::analysis::kind::Kinds::of_datum(value))),
        Asked::Countable { .. } | Asked::Element(_) => Truth::Error,
    }
}

fn is_met(demands: &Demands<'_>, now_ms: u64) -> bool {
    demands.iter().all(|(path, ask)| {
        let Some(civil) = Zone::civil(path.zone(), now_ms) else { return false };
        let Source::Fact(fact) = path.source() else { return false };
        let value = match fact {
            Fact::Hour => Datum::Number(civil.hour()),
            Fact::Minute => Datum::Number(civil.minute()),
            Fact::Weekday => Datum::Text(zone::weekday(civil)),
            Fact::Date => Datum::Date(civil.date()),
            Fact::GrantId | Fact::GrantLabels | Fact::ServerId | Fact::ToolName => return false,
        };
        ask.want.met(judge(ask, value))
    })
}
