//! `toolgate grant create`: makes a grant and prints its token, this once.
//! The token must never go anywhere but standard output.

use std::collections::BTreeMap;

use admin::action::grants::{Created, NewGrant};
use admin::action::status::Status;
use clap::Args;
use store::Timestamp;
use store::clock::Clock;

use crate::cli::Global;
use crate::command::administration::{warn, with_client};
use crate::config::quantity::duration_ms;
use crate::exit::{Exit, Usage};
use crate::output::Tone;

/// What `grant create` does, for its help.
pub const ABOUT: &str = "\
Create a grant and print its token, this once.

The token is kept as a hash only. For each server the grant names the policies that must all allow a call; a server \
without a policy denies everything.";

const EXAMPLES: &str = "\
Examples:
  toolgate grant create radiology --server imaging=imaging
  toolgate grant create laptop --server github=read-only,no-secrets --expires 30d
  TOKEN=$(toolgate grant create ci --server github=ci --quiet)    nothing but the token";

/// Arguments of `grant create`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Its id: lower-case letters, digits and `-`; it is in every audit record
    id: String,
    /// A server that it reaches, and the policies that must all allow; may be repeated
    #[arg(long = "server", value_name = "ID=POLICY[,POLICY]", value_parser = reach)]
    servers: Vec<(String, Vec<String>)>,
    /// A label for people; may be repeated
    #[arg(long = "label", value_name = "TEXT")]
    labels: Vec<String>,
    /// When it ends: a date or time in UTC, or a duration from now such as `30d`
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    /// Make no token: for `wrap` on this machine only
    #[arg(long)]
    no_token: bool,
    /// Print the token alone
    #[arg(long, short, conflicts_with = "no_token")]
    quiet: bool,
}

/// Creates and prints.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let now_ms = Clock::System.wall_ns() / 1_000_000;
    let new = new_grant(arguments, now_ms)?;
    let (created, mcp): (Created, Option<String>) = with_client(global, async |client| {
        let created = client.post(&["grants"], Some(&new)).await?;
        // From here on nothing may fail: the token is told once.
        let status = client.get::<Status>(&["status"]).await.ok();
        Ok((created, status.and_then(|status| status.endpoints.mcp)))
    })?;
    let output = global.output();
    if output.is_json() {
        output.value(&created)?;
        return Ok(Exit::Ok);
    }
    match (&created.token, arguments.quiet) {
        (Some(token), true) => output.line(token)?,
        (Some(token), false) => {
            output.line(format!("created the grant `{}`", arguments.id))?;
            output.line(format!("  token  {}", output.paint(Tone::Strong, token)))?;
            if let Some(mcp) = &mcp {
                urls(mcp, &new).into_iter().try_for_each(|url| output.line(format!("  url    {url}")))?;
            }
            output.line("it is shown this once; agents send it as `Authorization: Bearer TOKEN`")?;
        }
        (None, _) => output.line(format!("created the grant `{}`, without a token", arguments.id))?,
    }
    warn(output, &created.warnings);
    Ok(Exit::Ok)
}

/// Where its agent connects: to all servers at once, or to each by itself.
fn urls(mcp: &str, new: &NewGrant) -> Vec<String> {
    let all = (new.servers.len() > 1).then(|| format!("{mcp} for all of them"));
    all.into_iter().chain(new.servers.keys().map(|server| format!("{mcp}/{server}"))).collect()
}

fn new_grant(arguments: &Arguments, now_ms: u64) -> Result<NewGrant, Usage> {
    let mut servers = BTreeMap::new();
    for (server, policies) in &arguments.servers {
        if servers.insert(server.clone(), policies.clone()).is_some() {
            let message = format!("`--server {server}=…` is given twice; list its policies with commas");
            return Err(Usage(message));
        }
    }
    Ok(NewGrant {
        id: arguments.id.clone(),
        labels: arguments.labels.clone(),
        expires: arguments.expires.as_deref().map(|text| expiry(text, now_ms)),
        servers,
        without_token: arguments.no_token,
    })
}

/// A duration counts from now; everything else is left to the gateway to read.
fn expiry(text: &str, now_ms: u64) -> String {
    match duration_ms(text) {
        Ok(ms) => Timestamp::from_ms(now_ms).plus_ms(ms).to_string(),
        Err(_) => text.to_owned(),
    }
}

/// `ID=POLICY,POLICY`, or `ID` for a server where nothing is allowed yet.
fn reach(text: &str) -> Result<(String, Vec<String>), String> {
    let (server, policies) = text.split_once('=').unwrap_or((text, ""));
    if server.is_empty() {
        return Err("write `ID=POLICY`".to_owned());
    }
    let policies = policies.split(',').filter(|policy| !policy.is_empty()).map(str::to_owned);
    Ok((server.to_owned(), policies.collect()))
}

#[cfg(test)]
mod tests {
    use super::{expiry, reach};

    #[test]
    fn reaches() {
        for (text, server, policies) in [
            ("a=p", "a", &["p"][..]),
            ("a=p,q", "a", &["p", "q"]),
            ("a", "a", &[]),
            ("a=", "a", &[]),
            ("a=p,,q,", "a", &["p", "q"]),
        ] {
            let (found, list) = reach(text).unwrap();
            assert_eq!(
                (found.as_str(), list.as_slice()),
                (server, policies.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>().as_slice())
            );
        }
        assert!(reach("=p").is_err());
    }

    #[test]
    fn a_duration_counts_from_now() {
        assert_eq!(expiry("1h", 1_795_180_455_000), "2026-11-20T14:14:15.000Z");
        assert_eq!(expiry("2027-01-31", 1_795_180_455_000), "2027-01-31");
    }
}
