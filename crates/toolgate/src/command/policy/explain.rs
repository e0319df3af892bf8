//! `toolgate policy explain`: what policies decide about one call, offline, by the evaluator of the gateway.
//! Values of arguments are shown only with `--show-values`.

use std::path::{Path, PathBuf};

use ::policy::{Arguments as CallArguments, Bound, Decision, Definition, Facts, Hash, Schema, Stack};
use anyhow::Context as _;
use clap::Args;
use json::{Document, Limits, Location};

use crate::cli::Global;
use crate::exit::{Exit, Usage};

use super::document;
use super::explained::Explained;

const EXAMPLES: &str = "\
Examples:
  toolgate policy explain imaging --tool start_dicom_export_job
  toolgate policy explain base imaging --tool transfer --args '{\"amount\": 120}'
  toolgate policy explain new.json --tool transfer --args @call.json --schema transfer.json

Several policies are stacked in the order given: all must allow.

Exit codes: 0 allowed; 1 denied; 2 wrong usage.";

/// Arguments of `policy explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Files or names of policies, baseline first
    #[arg(value_name = "FILE|NAME", required = true)]
    policies: Vec<String>,
    /// The tool that is called
    #[arg(long)]
    tool: String,
    /// The server that has the tool
    #[arg(long, default_value = "server")]
    server: String,
    /// The grant of the agent
    #[arg(long, default_value = "local")]
    grant: String,
    /// The call's arguments as JSON, or @FILE
    #[arg(long, value_name = "JSON|@FILE")]
    args: Option<String>,
    /// A file with the tool's inputSchema, or with its whole definition
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Show the values that conditions read
    #[arg(long)]
    show_values: bool,
}

/// Explains.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let call = arguments.args.as_deref().map(read_args).transpose()?;
    let files = document::read(global, &arguments.policies)?;
    let policies = files.iter().map(document::load).collect::<Result<Vec<_>, _>>()?;
    let bound = bind(&Stack::new(policies), arguments)?;
    let facts = Facts { grant: &arguments.grant, server: &arguments.server, tool: &arguments.tool };
    let given = call.as_ref().map_or(CallArguments::Absent, |document| CallArguments::Known(document.root()));
    let explanation = bound.explain(&facts, given);
    let explained = Explained {
        facts,
        explanation: &explanation,
        listed: bound.listed(),
        listed_rule: bound.listed_reason(),
        is_schema_known: arguments.schema.is_some(),
        values: call.as_ref().filter(|_| arguments.show_values),
    };
    let output = global.output();
    if output.is_json() {
        output.value(&explained.to_json())?;
    } else {
        for line in explained.to_lines(output) {
            output.line(line)?;
        }
    }
    Ok(match explanation.decision {
        Decision::Allow(_) => Exit::Ok,
        Decision::Deny(_) => Exit::Problems,
    })
}

fn bind(stack: &Stack, arguments: &Arguments) -> anyhow::Result<Bound> {
    // Without a schema every object fits, as for a tool that declares nothing.
    let document = match &arguments.schema {
        Some(path) => read_json(path)?,
        None => scan(b"{\"type\":\"object\"}".to_vec(), "the empty schema")?,
    };
    let root = document.root();
    let schema = Schema::compile(root.get("inputSchema").unwrap_or(root)).map_err(|error| {
        let shown = arguments.schema.as_deref().unwrap_or(Path::new("")).display();
        Usage(format!("`{shown}` cannot be used: {error}; a tool with this schema is quarantined"))
    })?;
    Ok(stack.bind(&Definition {
        server: arguments.server.clone(),
        name: arguments.tool.clone(),
        hash: Hash::of(document.text().as_bytes()),
        input_schema: Some(schema),
    }))
}

fn read_args(text: &str) -> anyhow::Result<Document> {
    match text.strip_prefix('@') {
        Some(path) => read_json(Path::new(path)),
        None => scan(text.as_bytes().to_vec(), "`--args`"),
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
