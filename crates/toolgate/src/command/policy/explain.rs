//! `toolgate policy explain`: what policies decide about one call or message, offline, by the evaluator of the gateway.
//! Values of arguments are shown only with `--show-values`.

use std::path::{Path, PathBuf};

use ::policy::{
    Arguments as CallArguments, Bound, Channel, Decision, Definition, Facts, Hash, Schema, Stack,
};
use anyhow::Context as _;
use clap::Args;
use json::{Document, Limits, Location};

use crate::cli::Global;
use crate::exit::{Exit, Usage};

use super::document;
use super::explained::{About, Explained};

const EXAMPLES: &str = "\
Examples:
  toolgate policy explain imaging --tool start_dicom_export_job
  toolgate policy explain base imaging --tool transfer --args '{\"amount\": 120}'
  toolgate policy explain new.json --tool transfer --args @call.json --schema transfer.json
  toolgate policy explain docs --channel resources --subject file:///srv/docs/a.md
  toolgate policy explain docs --method acme/status

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
    #[arg(long, required_unless_present_any = ["channel", "method"], conflicts_with_all = ["channel", "method"])]
    tool: Option<String>,
    /// The channel that is used instead of a tool
    #[arg(long, value_parser = channel, conflicts_with = "method")]
    channel: Option<Channel>,
    /// The URI, the name of the prompt or the mode of elicitation; without it the channel as a whole
    #[arg(long, value_name = "TEXT", requires = "channel")]
    subject: Option<String>,
    /// The method outside the protocol that is used instead of a tool
    #[arg(long, value_name = "NAME")]
    method: Option<String>,
    /// The server that has the tool
    #[arg(long, default_value = "server")]
    server: String,
    /// The grant of the agent
    #[arg(long, default_value = "local")]
    grant: String,
    /// The call's arguments as JSON, or @FILE
    #[arg(long, value_name = "JSON|@FILE", requires = "tool")]
    args: Option<String>,
    /// A file with the tool's inputSchema, or with its whole definition
    #[arg(long, value_name = "FILE", requires = "tool")]
    schema: Option<PathBuf>,
    /// Show the values that conditions read
    #[arg(long)]
    show_values: bool,
}

/// Explains.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let files = document::read(global, &arguments.policies)?;
    let policies = files.iter().map(document::load).collect::<Result<Vec<_>, _>>()?;
    let stack = Stack::new(policies);
    let tool = arguments.tool.as_deref();
    match (tool, arguments.channel, &arguments.method) {
        (Some(tool), ..) => explain_call(global, arguments, &stack, tool),
        (None, Some(channel), _) => explain_channel(global, arguments, &stack, channel),
        (None, None, Some(method)) => {
            let facts = arguments.facts("");
            let explanation = stack.explain_method(&facts, method);
            show(
                global,
                &Explained { facts, explanation: &explanation, about: About::Method(method), values: None },
            )
        }
        (None, None, None) => Err(Usage("name a `--tool`, a `--channel` or a `--method`".to_owned()).into()),
    }
}

fn explain_call(global: &Global, arguments: &Arguments, stack: &Stack, tool: &str) -> anyhow::Result<Exit> {
    let call = arguments.args.as_deref().map(read_args).transpose()?;
    let bound = bind(stack, arguments, tool)?;
    let facts = arguments.facts(tool);
    let given = call.as_ref().map_or(CallArguments::Absent, |document| CallArguments::Known(document.root()));
    let explanation = bound.explain(&facts, given);
    let about = About::Tool {
        listed: bound.listed(),
        listed_rule: bound.listed_reason(),
        is_schema_known: arguments.schema.is_some(),
    };
    let values = call.as_ref().filter(|_| arguments.show_values);
    show(global, &Explained { facts, explanation: &explanation, about, values })
}

fn explain_channel(
    global: &Global,
    arguments: &Arguments,
    stack: &Stack,
    channel: Channel,
) -> anyhow::Result<Exit> {
    let subject = arguments.subject.as_deref();
    let facts = arguments.facts("");
    let explanation = stack.explain_channel(channel, &facts, subject);
    let entry = subject.filter(|_| matches!(channel, Channel::Resources | Channel::Prompts));
    let about = About::Channel {
        channel,
        subject,
        listed: entry.map(|entry| stack.lists(channel, entry)),
        advertised: stack.may_open(channel),
    };
    show(global, &Explained { facts, explanation: &explanation, about, values: None })
}

fn show(global: &Global, explained: &Explained<'_>) -> anyhow::Result<Exit> {
    let output = global.output();
    if output.is_json() {
        output.value(&explained.to_json())?;
    } else {
        for line in explained.to_lines(output) {
            output.line(line)?;
        }
    }
    Ok(match explained.explanation.decision {
        Decision::Allow(_) => Exit::Ok,
        Decision::Deny(_) => Exit::Problems,
    })
}

impl Arguments {
    fn facts<'a>(&'a self, tool: &'a str) -> Facts<'a> {
        Facts::new(&self.grant, &self.server, tool)
    }
}

/// A channel by the key that it has in a document.
fn channel(text: &str) -> Result<Channel, String> {
    let mut channels = Channel::ALL.into_iter().filter(|channel| *channel != Channel::Input);
    channels.find(|channel| channel.as_str() == text).ok_or_else(|| {
        "use one of resources, prompts, completion, sampling, elicitation, roots, tasks".to_owned()
    })
}

fn bind(stack: &Stack, arguments: &Arguments, tool: &str) -> anyhow::Result<Bound> {
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
    let hash = Hash::of(document.text().as_bytes());
    Ok(stack.bind(&Definition::new(arguments.server.clone(), tool.to_owned(), hash, Some(schema))))
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
