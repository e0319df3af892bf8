//! Counters: how full the limits of a grant's calls of one tool are now.
//! Only for reading: nothing is reserved, and no value of an argument is told.

use crate::failure::{Failure, FailureKind};
use crate::registry::Registry;
use gateway::stage::obligations;
use json::Decimal;
use policy::{Facts, LimitDemand, LimitSpec};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The limits of one tool for one grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// In the order in which they are asked.
    pub counters: Vec<Counter>,
}

/// One limit and what its counter holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// The policy that states the limit.
    pub policy: String,
    /// The rule.
    pub rule: String,
    /// The counter's name.
    pub counter: String,
    /// What is counted.
    pub unit: String,
    /// Over which time.
    pub window: String,
    /// Per what.
    pub scope: String,
    /// The most that a window may hold.
    pub max: String,
    /// What it holds; nothing where there is a counter for each value of an argument, or no sum.
    pub used: Option<String>,
    /// What calls have reserved that have not ended.
    pub in_flight: Option<String>,
    /// When the first of it leaves the window.
    pub frees_at: Option<String>,
}

impl Registry {
    /// How full the limits are that calls of this tool by this grant meet.
    ///
    /// # Errors
    /// Where there is no such grant, server or tool, or the counters have failed.
    pub fn counters(&self, grant: &str, server: &str, tool: &str) -> Result<Counters, Failure> {
        let missing = |what: String| Failure::new(FailureKind::NotThere, what);
        let gateway = self.gateway();
        let world = gateway.world();
        let found = world.server(server).and_then(|server| gateway.access(grant, server));
        let unreached = || missing(format!("grant `{grant}` does not reach a server `{server}`"));
        let (_, reach) = found.ok_or_else(unreached)?;
        let unlisted = || missing(format!("server `{server}` lists no tool `{tool}` that is known"));
        let listed = reach.server.definitions.get(tool).ok_or_else(unlisted)?;
        let facts = Facts::new(grant, server, tool);
        let bound = reach.bind(&listed);
        let counters = bound
            .limit_specs(Some(gateway.now_ms()))
            .map(|spec| self.counter(spec, &facts))
            .collect::<Result<_, _>>()?;
        Ok(Counters { counters })
    }

    fn counter(&self, spec: &Arc<LimitSpec>, facts: &Facts<'_>) -> Result<Counter, Failure> {
        let mut shown = Counter {
            policy: spec.policy.to_string(),
            rule: spec.rule.to_string(),
            counter: spec.counter.to_string(),
            unit: spec.unit.to_string(),
            window: spec.window.to_string(),
            scope: spec.scope.as_str().to_owned(),
            max: spec.max.to_string(),
            used: None,
            in_flight: None,
            frees_at: None,
        };
        let one = LimitDemand { spec: Arc::clone(spec), amount: Decimal::ONE, values: None };
        let store = &self.gateway().store;
        let key = obligations::key(&one, facts, |values| store.digest(values));
        let demand = obligations::demand((0, (&one, &key))).ok();
        // Of a counter for each value of an argument nobody can say which is meant.
        let Some(demand) = demand.filter(|_| spec.scope.arguments().is_empty()) else { return Ok(shown) };
        let failed = "the counters have failed; the gateway's log tells why";
        let state = store.ledger().state(&key, demand.window, store.now());
        let state = state.map_err(|_| Failure::new(FailureKind::Unavailable, failed))?;
        shown.used = state.used.map(|used| used.to_string());
        shown.in_flight = Some(state.in_flight.to_string());
        shown.frees_at = state.frees_at.map(|at| at.to_string());
        Ok(shown)
    }
}
