//! Which policy is learned for grants and servers, and whether it may be: it and all others that bind them must do
//! nothing but name tools. Policies in shadow restrict nothing, and may stand beside it.
//! Must never choose a policy whose restrictions a narrower one would lose.

use std::collections::BTreeSet;

use admin::action::grants::Grants;
use admin::action::policies::Detail;
use anyhow::{Context as _, bail};
use json::{Document, Limits};
use policy::{Format, load_as, normalise};

use crate::cli::Global;
use crate::command::administration::with_client;

/// A policy that can be learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its name.
    pub policy: String,
    /// All grants and servers that it binds.
    pub bindings: Vec<(String, String)>,
    /// Whether it closes what it does not name.
    pub is_default_deny: bool,
}

/// The policy that binds these grants and servers.
///
/// # Errors
/// When there is none, or several, or one of those that bind them says more than names.
pub fn find(global: &Global, named: &[String]) -> anyhow::Result<Subject> {
    let (chosen, policies) = with_client(global, async |client| {
        let grants: Grants = client.get(&["grants"]).await?;
        let chosen = chosen(&grants, named)?;
        let mut policies: Vec<Detail> = Vec::new();
        for name in chosen.iter().flat_map(|stack| &stack.policies).collect::<BTreeSet<_>>() {
            policies.push(client.get(&["policies", name]).await?);
        }
        Ok((chosen, policies))
    })?;
    let mut in_shadow: BTreeSet<&String> = BTreeSet::new();
    for detail in &policies {
        let document = normal(detail)?;
        if document.root().get("mode").is_some() {
            in_shadow.insert(&detail.policy.name);
        } else {
            says_only_names(&detail.policy.name, document.root())?;
        }
    }
    let enforced =
        |stack: &'_ Stacked| stack.policies.iter().rfind(|name| !in_shadow.contains(name)).cloned();
    let mut last: BTreeSet<String> = chosen.iter().filter_map(enforced).collect();
    let policy = last.pop_first().context("no policy binds them, so every call is denied; bind one first")?;
    if let Some(other) = last.first() {
        bail!(
            "they are bound by different policies, `{policy}` and `{other}`; learn one grant or server at a time"
        );
    }
    let detail = policies.iter().find(|detail| detail.policy.name == policy);
    let detail = detail.context("the policy is gone")?;
    if detail.policy.is_baseline {
        bail!("`{policy}` binds every grant; give these a policy of their own first");
    }
    if detail.policy.origin != "file" || detail.format != Format::Json.as_str() {
        bail!("`{policy}` is not a JSON file of the policies folder, and only such a file can be replaced");
    }
    let bindings = detail.bindings.iter().map(|binding| (binding.grant.clone(), binding.server.clone()));
    let is_default_deny = detail.policy.default.as_deref() != Some("allow");
    Ok(Subject { policy, bindings: bindings.collect(), is_default_deny })
}

/// The policies of one grant at one server.
struct Stacked {
    policies: Vec<String>,
}

fn chosen(grants: &Grants, named: &[String]) -> anyhow::Result<Vec<Stacked>> {
    let mut found = Vec::new();
    for name in named {
        let n_before = found.len();
        for grant in &grants.grants {
            let servers = grant.servers.iter().filter(|(server, _)| grant.id == *name || *server == name);
            found.extend(servers.map(|(server, own)| {
                let policies = grant.baseline.iter().chain(own).cloned().collect::<Vec<_>>();
                (grant.id.clone(), server.clone(), own.is_empty(), Stacked { policies })
            }));
        }
        if found.len() == n_before {
            bail!("no grant `{name}` reaches a server, and no grant reaches a server `{name}`");
        }
    }
    if let Some((grant, server, ..)) = found.iter().find(|(_, _, is_closed, _)| *is_closed) {
        bail!("no policy binds `{grant}` at `{server}`, so every call is denied there; bind one first");
    }
    Ok(found.into_iter().map(|(.., stack)| stack).collect())
}

/// The normal form of a policy.
fn normal(detail: &Detail) -> anyhow::Result<Document> {
    let name = &detail.policy.name;
    let format = [Format::Json, Format::Yaml, Format::Toml]
        .into_iter()
        .find(|format| format.as_str() == detail.format);
    let loaded = format.and_then(|format| load_as(format, name, detail.text.clone().into_bytes()).ok());
    let text = loaded.map(|policy| normalise(&policy)).with_context(|| format!("`{name}` does not load"))?;
    Document::scan(text.into_bytes(), &Limits::default()).map_err(|error| anyhow::anyhow!("{error}"))
}

/// Refuses a policy that would lose a restriction.
fn says_only_names(name: &str, root: json::Value<'_>) -> anyhow::Result<()> {
    let is_known = root
        .members()
        .all(|member| matches!(&*member.key.as_cow(), "version" | "default" | "tools" | "tests"));
    let is_bare = |rules: json::Value<'_>| {
        rules.members().all(|member| {
            &*member.key.as_cow() == "action" && member.value.as_str().as_deref() == Some("allow")
        })
    };
    let tools = root.get("tools");
    if !is_known || !tools.is_none_or(|tools| tools.members().all(|tool| is_bare(tool.value))) {
        bail!(
            "`{name}` binds them and says more than which tools are open; what it restricts would be lost. Use `toolgate \
             policy suggest`, and put what it prints beside `{name}`"
        );
    }
    Ok(())
}
