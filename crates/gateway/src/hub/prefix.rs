//! What stands before the names of a server's tools where there are several: its alias, or its id.
//! Two servers must never have the same.

use crate::declared::ServerSpec;
use crate::world::Problem;

/// Behind a prefix stands one server: an alias is never another server's alias or id.
pub fn check(specs: &[ServerSpec], problems: &mut Vec<Problem>) {
    for (n, spec) in specs.iter().enumerate() {
        let Some(alias) = &spec.alias else { continue };
        if !is_prefix(alias) {
            problems.push(Problem(format!(
                "the alias `{alias}` of server `{}` must be 1 to 32 lower-case letters, digits and `-`, beginning \
                 with a letter or digit",
                spec.id
            )));
        }
        let is_taken = |(m, other): (usize, &ServerSpec)| {
            let has_alias = m < n && other.alias.as_ref() == Some(alias);
            m != n && (has_alias || other.id == *alias)
        };
        if let Some((_, other)) = specs.iter().enumerate().find(|known| is_taken(*known)) {
            problems.push(Problem(format!(
                "the alias `{alias}` of server `{}` is the server `{}` already; give each its own",
                spec.id, other.id
            )));
        }
    }
}

/// Whether a text can stand before a tool's name: it has no `_`, so that the first `__` ends it.
fn is_prefix(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 32 && text.starts_with(is_plain) && text.chars().all(|c| is_plain(c) || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declared::Transport;
    use std::collections::BTreeMap;

    #[test]
    fn an_alias_stands_for_one_server() {
        let build = |servers: &[(&str, Option<&str>)]| {
            let transport = Transport::Stdio { command: vec!["x".into()], env: BTreeMap::new(), cwd: None };
            let spec = |(id, alias): &(&str, Option<&str>)| ServerSpec {
                alias: alias.map(str::to_owned),
                ..ServerSpec::new(*id, transport.clone())
            };
            let servers: Vec<_> = servers.iter().map(spec).collect();
            let mut problems = Vec::new();
            check(&servers, &mut problems);
            problems.len()
        };
        assert_eq!(build(&[("a", Some("x")), ("b", Some("y")), ("c", None)]), 0);
        assert_eq!(build(&[("a", Some("a"))]), 0, "its own id changes nothing");
        for (servers, n_problems) in [
            ([("a", Some("x")), ("b", Some("x"))], 1),
            ([("a", Some("b")), ("b", None)], 1),
            ([("a", None), ("b", Some("a"))], 1),
            // Even where the other is not called by its id.
            ([("a", Some("b")), ("b", Some("c"))], 1),
            ([("a", Some("x_y")), ("b", Some(""))], 2),
        ] {
            assert_eq!(build(&servers), n_problems, "{servers:?}");
        }
    }
}
