//! What an import will do with each entry: the ids that servers get, and what is left alone and why.
//! It decides from what was read and starts nothing.

use std::collections::BTreeSet;

use crate::config::name;

use super::entry::{Entry, Kind, Launch};

/// An entry that can be wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The entry.
    pub entry: Entry,
    /// What it starts, as written.
    pub launch: Launch,
    /// The server's id, which is the policy's name as well.
    pub id: String,
}

/// What to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// To be started and wrapped.
    pub candidates: Vec<Candidate>,
    /// Names of entries that stay as they are, and why.
    pub left_alone: Vec<(String, String)>,
}

/// Plans an import of the wanted entries, or of all. `taken` are ids that others have already.
///
/// # Errors
/// Names a wanted entry that is not there.
pub fn plan(entries: Vec<Entry>, wanted: &[String], taken: &BTreeSet<String>) -> Result<Plan, String> {
    if let Some(missing) = wanted.iter().find(|wanted| !entries.iter().any(|entry| entry.name() == *wanted)) {
        let names: Vec<&str> = entries.iter().map(Entry::name).collect();
        return Err(format!("there is no entry `{missing}`; there are: {}", names.join(", ")));
    }
    let mut taken = taken.clone();
    taken.extend(entries.iter().filter_map(|entry| match &entry.kind {
        Kind::Wrapped { server } => server.clone(),
        Kind::Stdio(_) | Kind::LeftAlone(_) => None,
    }));
    let mut plan = Plan::default();
    for entry in entries {
        let name = entry.name().to_owned();
        if !wanted.is_empty() && !wanted.contains(&name) {
            continue;
        }
        match entry.kind.clone() {
            Kind::Stdio(launch) => {
                let id = free_id(&name, &taken);
                taken.insert(id.clone());
                plan.candidates.push(Candidate { entry, launch, id });
            }
            Kind::Wrapped { .. } => plan.left_alone.push((name, "it is wrapped already".to_owned())),
            Kind::LeftAlone(reason) => plan.left_alone.push((name, reason)),
        }
    }
    Ok(plan)
}

fn free_id(name: &str, taken: &BTreeSet<String>) -> String {
    let id = name::to_id(name);
    if !taken.contains(&id) {
        return id;
    }
    let mut number = 2_u32;
    loop {
        let end = format!("-{number}");
        let mut start = id.clone();
        start.truncate(32 - end.len());
        let numbered = format!("{start}{end}");
        if !taken.contains(&numbered) {
            return numbered;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::plan;
    use crate::init::entry::{Entry, Kind, Launch};
    use std::collections::BTreeSet;

    fn entry(name: &str, kind: Kind) -> Entry {
        Entry { path: vec!["mcpServers".to_owned(), name.to_owned()], kind }
    }

    fn stdio(name: &str) -> Entry {
        let launch = Launch { command: vec!["npx".to_owned()], env: Default::default(), cwd: None };
        entry(name, Kind::Stdio(launch))
    }

    #[test]
    fn ids_are_valid_and_unique_among_everything_known() {
        let wrapped = entry("old", Kind::Wrapped { server: Some("git-hub".to_owned()) });
        let entries = vec![stdio("GitHub"), stdio("github"), wrapped, stdio("git hub"), stdio("imaging")];
        let plan = plan(entries, &[], &BTreeSet::from(["imaging".to_owned()])).unwrap();
        let ids: Vec<&str> = plan.candidates.iter().map(|candidate| candidate.id.as_str()).collect();
        assert_eq!(ids, ["github", "github-2", "git-hub-2", "imaging-2"]);
        assert_eq!(plan.left_alone, [("old".to_owned(), "it is wrapped already".to_owned())]);
    }

    #[test]
    fn only_wanted_entries_are_taken_and_a_missing_one_is_named() {
        let entries = vec![stdio("a"), stdio("b")];
        let chosen = plan(entries.clone(), &["b".to_owned()], &BTreeSet::new()).unwrap();
        assert_eq!(chosen.candidates.len(), 1);
        let error = plan(entries, &["c".to_owned()], &BTreeSet::new()).unwrap_err();
        assert_eq!(error, "there is no entry `c`; there are: a, b");
    }
}
