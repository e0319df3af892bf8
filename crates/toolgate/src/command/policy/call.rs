//! One call as a command line describes it: the tool and its definition, the arguments, and every fact that rules read.
//! What is not said is not guessed but the time, which is now.

use std::path::{Path, PathBuf};

use ::policy::{Category, Classes, Definition, Facts, Hash, Risk, Schema};
use anyhow::Context as _;
use clap::Args;
use json::{Document, Limits, Location};
use store::Timestamp;
use store::clock::Clock;

use super::definitions::ToolOptions;
use crate::cli::Global;
use crate::exit::Usage;

/// The options that describe a call besides its tool.
#[derive(Debug, Args)]
pub struct CallOptions {
    /// The server that has the tool
    #[arg(long = "server", value_name = "ID", default_value = "server")]
    pub server_id: String,
    /// The grant of the agent
    #[arg(long, value_name = "ID", default_value = "local")]
    pub grant: String,
    /// A label of the grant; may be repeated
    #[arg(long = "label", value_name = "LABEL")]
    labels: Vec<String>,
    /// When the call is made, in UTC (`2026-11-20T13:00Z`) [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    time: Option<Timestamp>,
    /// The call's arguments as JSON, or @FILE
    #[arg(long, value_name = "JSON|@FILE", requires = "tool")]
    pub args: Option<String>,
    /// The client's answers in a further round of the call, as JSON, or @FILE
    #[arg(long, value_name = "JSON|@FILE", requires = "tool")]
    input: Option<String>,
    /// A file with the tool's inputSchema, or with its whole definition
    #[arg(long, value_name = "FILE", requires = "tool", conflicts_with = "tools")]
    schema: Option<PathBuf>,
    /// What the server says of the tool, as JSON, or @FILE; a definition has it already
    #[arg(long, value_name = "JSON|@FILE", requires = "tool")]
    annotations: Option<String>,
    /// What the tool may do: read, write, execute, destructive or financial; may be repeated
    #[arg(long = "category", value_name = "CATEGORY", value_parser = category, requires = "tool")]
    categories: Vec<Category>,
    /// How bad a call may be: low, medium, high or critical; may be repeated. One of both counts as accepted
    #[arg(long = "risk", value_name = "RISK", value_parser = risk, requires = "tool")]
    risks: Vec<Risk>,
    #[command(flatten)]
    tools: ToolOptions,
}

/// A call, read.
pub struct Call {
    /// The arguments, where there are any.
    pub arguments: Option<Document>,
    answers: Option<Document>,
    now_ms: u64,
}

/// A definition and what is to be said of it.
pub struct Known {
    /// The definition.
    pub definition: Definition,
    /// Whether it has a schema that somebody gave.
    pub is_schema_known: bool,
    /// Where it is from, or why it is not known.
    pub note: Option<String>,
}

impl CallOptions {
    /// Reads what the options name.
    ///
    /// # Errors
    /// What is no JSON, or cannot be read.
    pub fn read(&self) -> anyhow::Result<Call> {
        let read =
            |text: &Option<String>, name| text.as_deref().map(|text| read_value(text, name)).transpose();
        let now = || Timestamp::from_ms(Clock::System.wall_ns() / 1_000_000);
        Ok(Call {
            arguments: read(&self.args, "`--args`")?,
            answers: read(&self.input, "`--input`")?,
            now_ms: self.time.unwrap_or_else(now).as_ms(),
        })
    }

    /// The facts of the call.
    pub fn facts<'a>(&'a self, call: &'a Call, tool: &'a str) -> Facts<'a> {
        let facts = Facts::new(&self.grant, &self.server_id, tool).at(call.now_ms);
        let facts = if self.labels.is_empty() { facts } else { facts.labelled(&self.labels) };
        facts.answered(call.answers.as_ref().map(Document::root))
    }

    /// The tool's definition: of the file that is named, else of those that are known, else one that takes everything.
    ///
    /// # Errors
    /// Where a file cannot be read, or is no schema that can be used.
    pub fn definition(&self, global: &Global, tool: &str) -> anyhow::Result<Known> {
        let mut known = match &self.schema {
            Some(path) => self.of_file(path, tool)?,
            None => self.of_list(global, tool)?,
        };
        if let Some(text) = &self.annotations {
            let annotations = read_value(text, "`--annotations`")?;
            known.definition = known.definition.annotated(Some(annotations.root()));
        }
        if !self.categories.is_empty() || !self.risks.is_empty() {
            let classes = Classes::plausible(self.categories.clone(), self.risks.clone());
            known.definition = known.definition.classed(match (&*self.categories, &*self.risks) {
                ([category], [risk]) => classes.frozen(*category, *risk),
                _ => classes,
            });
        }
        Ok(known)
    }

    fn of_file(&self, path: &Path, tool: &str) -> anyhow::Result<Known> {
        let document = read_json(path)?;
        let root = document.root();
        let schema = Schema::compile(root.get("inputSchema").unwrap_or(root)).map_err(|error| {
            let shown = path.display();
            Usage(format!("`{shown}` cannot be used: {error}; a tool with this schema is quarantined"))
        })?;
        let annotations = root.get("inputSchema").and_then(|_| root.get("annotations"));
        let definition = self.bare(tool, &document, schema).annotated(annotations);
        Ok(Known { definition, is_schema_known: true, note: None })
    }

    fn of_list(&self, global: &Global, tool: &str) -> anyhow::Result<Known> {
        let listed = self.tools.find(global)?;
        let mine = |name: &str, server: &str| name == tool && server == self.server_id;
        let found = listed.as_ref().and_then(|listed| {
            listed.current().find(|one| mine(&one.definition.name, &one.definition.server))
        });
        if let (Some(found), Some(listed)) = (found, &listed) {
            let note = Some(format!("the definition of the tool is from {}", listed.origin));
            let is_schema_known = found.definition.input_schema.is_some();
            return Ok(Known { definition: found.definition.clone(), is_schema_known, note });
        }
        let server = &self.server_id;
        let is_server_known = |listed: &&super::definitions::Known| {
            listed.current().any(|one| one.definition.server == *server)
        };
        let note = listed.as_ref().filter(is_server_known).map(|listed| {
            format!(
                "server `{server}` does not list `{tool}` in {}; a call would be denied as unknown",
                listed.origin
            )
        });
        // Without a schema every object fits, as for a tool that declares nothing.
        let document = scan(b"{\"type\":\"object\"}".to_vec(), "the empty schema")?;
        let schema = Schema::compile(document.root()).context("the empty schema")?;
        Ok(Known { definition: self.bare(tool, &document, schema), is_schema_known: false, note })
    }

    fn bare(&self, tool: &str, document: &Document, schema: Schema) -> Definition {
        let hash = Hash::of(document.text().as_bytes());
        Definition::new(self.server_id.clone(), tool.to_owned(), hash, Some(schema))
    }
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text)
        .ok_or_else(|| "write a date (`2026-11-20`) or a time in UTC (`2026-11-20T13:00Z`)".to_owned())
}

fn category(text: &str) -> Result<Category, String> {
    let found = Category::ALL.into_iter().find(|category| category.as_str() == text);
    found.ok_or_else(|| "use one of read, write, execute, destructive, financial".to_owned())
}

fn risk(text: &str) -> Result<Risk, String> {
    let found = Risk::ALL.into_iter().find(|risk| risk.as_str() == text);
    found.ok_or_else(|| "use one of low, medium, high, critical".to_owned())
}

fn read_value(text: &str, name: &str) -> anyhow::Result<Document> {
    match text.strip_prefix('@') {
        Some(path) => read_json(Path::new(path)),
        None => scan(text.as_bytes().to_vec(), name),
    }
}

fn read_json(path: &Path) -> anyhow::Result<Document> {
    let shown = format!("`{}`", path.display());
    let text = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    scan(text, &shown)
}

fn scan(text: Vec<u8>, name: &str) -> anyhow::Result<Document> {
    Document::scan(text.clone(), &Limits::default()).map_err(|error| {
        let place = Location::of(&text, error.offset);
        Usage(format!("{name} is not JSON: {} at {place}", error.kind)).into()
    })
}
