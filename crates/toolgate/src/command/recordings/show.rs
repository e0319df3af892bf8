//! `toolgate recordings show`: one recording, its values only where they are asked for.

use admin::action::recordings::{One, Row, Shown};
use clap::Args;
use json::ObjectWriter;

use crate::cli::Global;
use crate::command::administration::{table, with_client};
use crate::exit::Exit;
use crate::output::{Output, Tone, plain};

/// What `recordings show` does, for its help.
pub const ABOUT: &str = "\
Show one recording, by its number or its call's id.

Values are shown only with `--show-values`, which is recorded in the audit log. Where a value was dropped stands \
`null`, and its place is listed.";

const EXAMPLES: &str = "\
Examples:
  toolgate recordings show 17
  toolgate recordings show 17 --show-values
  toolgate recordings show 5f2c00000000abcd-17 --show-values --json";

/// Arguments of `recordings show`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The recording's number, or the call's id
    id: String,
    /// Show the values of arguments and result
    #[arg(long)]
    show_values: bool,
}

/// Prints.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let one = One { id: arguments.id.clone(), values: arguments.show_values };
    let path = ["recordings", "show"];
    let shown: Shown = with_client(global, async |client| Ok(client.post(&path, Some(&one)).await?))?;
    let output = global.output();
    if output.is_json() {
        output.line(json(&shown)?)?;
    } else {
        print(output, &shown, arguments.show_values)?;
    }
    Ok(Exit::Ok)
}

/// The recording as JSON. The documents stand in it as they were kept: read and written again, numbers could change.
fn json(shown: &Shown) -> anyhow::Result<String> {
    let row = serde_json::to_string(&shown.row)?;
    let mut values = Vec::new();
    let mut writer = ObjectWriter::begin(&mut values);
    writer.raw("arguments", shown.arguments.as_deref().unwrap_or("null"));
    writer.raw("result", shown.result.as_deref().unwrap_or("null"));
    writer.end();
    let values = String::from_utf8(values)?;
    let joined = row.strip_suffix('}').zip(values.strip_prefix('{'));
    Ok(joined.map(|(row, values)| format!("{row},{values}")).unwrap_or(row))
}

fn print(output: Output, shown: &Shown, with_values: bool) -> std::io::Result<()> {
    let Row { seq, call, .. } = &shown.row;
    output.line(output.paint(Tone::Strong, format!("{seq}  {}", plain(call))))?;
    table(&rows(&shown.row)).iter().try_for_each(|line| output.line(format!("  {}", plain(line))))?;
    if !with_values {
        return output.line(output.paint(Tone::Quiet, "  `--show-values` shows the values"));
    }
    for (name, document) in [("arguments", &shown.arguments), ("result", &shown.result)] {
        if let Some(text) = document {
            output.line(format!("  {name}"))?;
            output.line(format!("    {}", plain(text)))?;
        }
    }
    Ok(())
}

fn rows(row: &Row) -> Vec<Vec<String>> {
    let kept = |bytes: Option<u64>| bytes.map_or("none kept".to_owned(), |bytes| format!("{bytes} B"));
    let dropped = |places: &[String]| {
        let place = |place: &String| if place.is_empty() { "all of it".to_owned() } else { place.clone() };
        places.iter().map(place).collect::<Vec<_>>().join(", ")
    };
    let came_out = match row.is_error {
        _ if row.effect == "deny" => format!("denied by {}", row.rule),
        Some(false) => "answered".to_owned(),
        Some(true) => "failed at the server".to_owned(),
        None => "no whole answer came".to_owned(),
    };
    let all = [
        ("time", row.time.clone()),
        ("grant", row.grant.clone()),
        ("labels", row.labels.join(", ")),
        ("server", row.server.clone()),
        ("tool", row.tool.clone()),
        ("definition", row.definition.clone()),
        ("outcome", came_out),
        ("arguments", kept(row.arguments_bytes)),
        ("dropped", dropped(&row.redacted)),
        ("result", kept(row.result_bytes)),
        ("dropped of it", dropped(&row.redacted_result)),
    ];
    let is_there = |(_, value): &(&str, String)| !value.is_empty();
    all.into_iter().filter(is_there).map(|(name, value)| vec![name.to_owned(), value]).collect()
}
