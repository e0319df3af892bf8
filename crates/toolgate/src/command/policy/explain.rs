//! `toolgate policy explain`: what policies decide about one call or message, offline, by the evaluator of the gateway.
//! Values of arguments are shown only with `--show-values`.

use ::policy::{Arguments as CallArguments, Bound, Channel, Decision, Stack};
use admin::action::counters::{Counter, Counters};
use clap::Args;

use crate::cli::Global;
use crate::command::administration::ask_running;
use crate::exit::{Exit, Usage};

use super::call::CallOptions;
use super::document;
use super::explained::{About, Explained};

const EXAMPLES: &str = "\
Examples:
  toolgate policy explain imaging --tool start_dicom_export_job
  toolgate policy explain base imaging --tool transfer --args '{\"amount\": 120}'
  toolgate policy explain new.json --tool transfer --args @call.json --schema transfer.json
  toolgate policy explain new.json --tool transfer --label ops --time 2026-11-20T18:00Z
  toolgate policy explain docs --channel resources --subject file:///srv/docs/a.md
  toolgate policy explain docs --method acme/status

Several policies are stacked in the order given: all must allow. What would have to change for
the opposite answer is told too; each change that is shown was judged by the evaluator.

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
    #[command(flatten)]
    call: CallOptions,
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
            let call = arguments.call.read()?;
            let facts = arguments.call.facts(&call, "");
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
    let call = arguments.call.read()?;
    let known = arguments.call.definition(global, tool)?;
    let bound = stack.bind(&known.definition);
    let facts = arguments.call.facts(&call, tool);
    let given = match &call.arguments {
        Some(document) => CallArguments::Known(document.root()),
        None => CallArguments::Absent,
    };
    let explanation = bound.explain(&facts, given);
    let opposite = bound.opposite(&facts, given);
    let counters = counters(global, arguments, tool, &bound);
    let about = About::Tool {
        counters,
        listed: bound.listed_from(facts.now_ms),
        listed_rule: bound.listed_reason_from(facts.now_ms),
        is_schema_known: known.is_schema_known,
        note: known.note,
        opposite: &opposite,
    };
    let values = call.arguments.as_ref().filter(|_| arguments.show_values);
    show(global, &Explained { facts, explanation: &explanation, about, values })
}

/// How full the limits are, where a gateway runs that knows the grant and the tool.
fn counters(global: &Global, arguments: &Arguments, tool: &str, bound: &Bound) -> Vec<Counter> {
    if bound.limit_specs(None).next().is_none() {
        return Vec::new();
    }
    let path = ["counters", &arguments.call.grant, &arguments.call.server_id, tool];
    let asked = ask_running(global, async |client| Ok(client.get::<Counters>(&path).await?));
    asked.ok().flatten().map(|found| found.counters).unwrap_or_default()
}

fn explain_channel(
    global: &Global,
    arguments: &Arguments,
    stack: &Stack,
    channel: Channel,
) -> anyhow::Result<Exit> {
    let subject = arguments.subject.as_deref();
    let call = arguments.call.read()?;
    let facts = arguments.call.facts(&call, "");
    let explanation = stack.explain_channel(channel, &facts, subject);
    let entry = subject.filter(|_| matches!(channel, Channel::Resources | Channel::Prompts));
    let about = About::Channel {
        channel,
        subject,
        listed: entry.map(|entry| stack.lists_from(channel, entry, facts.now_ms)),
        advertised: stack.may_open_from(channel, facts.now_ms),
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

/// A channel by the key that it has in a document.
fn channel(text: &str) -> Result<Channel, String> {
    let mut channels = Channel::ALL.into_iter().filter(|channel| *channel != Channel::Input);
    channels.find(|channel| channel.as_str() == text).ok_or_else(|| {
        "use one of resources, prompts, completion, sampling, elicitation, roots, tasks".to_owned()
    })
}
