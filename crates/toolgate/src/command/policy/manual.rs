//! `toolgate policy manual`: what the language has, from the registry that the evaluator uses.
//! It says only what this version enforces.

use ::policy::registry::{Page, pages};
use clap::Args;
use serde_json::{Value, json};

use crate::cli::Global;
use crate::config::suggest;
use crate::exit::{Exit, Usage};
use crate::output::{Output, Tone};

const EXAMPLES: &str = "\
Examples:
  toolgate policy manual               every operator and key, in one line each
  toolgate policy manual path_under    one word, with an example
  toolgate policy manual window        a word of several places: all of them

The same as a page: docs/policy-reference.md.

Exit codes: 0 done; 2 there is no such word.";

/// Arguments of `policy manual`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// An operator, a key or a value; without it all of them
    word: Option<String>,
}

/// Prints.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let (output, pages) = (global.output(), pages());
    let Some(word) = &arguments.word else {
        list(output, &pages)?;
        return Ok(Exit::Ok);
    };
    let found: Vec<&Page> = pages.iter().filter(|page| page.word == word).collect();
    if found.is_empty() {
        let meant = suggest::closest(word, pages.iter().map(|page| page.word));
        let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        let message =
            format!("the language has no `{word}`, `toolgate policy manual` lists what it has{meant}");
        return Err(Usage(message).into());
    }
    for (index, page) in found.into_iter().enumerate() {
        if output.is_json() {
            output.value(&page_json(page))?;
        } else {
            show(output, page, index > 0)?;
        }
    }
    Ok(Exit::Ok)
}

fn list(output: Output, pages: &[Page]) -> anyhow::Result<()> {
    let mut title = "";
    for page in pages {
        if output.is_json() {
            output.value(&page_json(page))?;
            continue;
        }
        if page.title != title {
            title = page.title;
            output.line(output.paint(Tone::Strong, title))?;
        }
        output.line(format!("  {:<16} {}", page.word, page.doc))?;
    }
    Ok(())
}

fn show(output: Output, page: &Page, is_further: bool) -> anyhow::Result<()> {
    if is_further {
        output.line("")?;
    }
    let of = output.paint(Tone::Quiet, format!("({})", page.title));
    output.line(format!("{} {of}", output.paint(Tone::Strong, page.word)))?;
    output.line(format!("  {}", page.doc))?;
    if let Some(value) = page.value {
        output.line(format!("  value: {value}"))?;
    }
    if let Some(errors) = page.errors {
        output.line(format!("  an error when: {errors}"))?;
    }
    output.line("  example:")?;
    for line in page.example.lines() {
        output.line(format!("    {line}"))?;
    }
    Ok(())
}

fn page_json(page: &Page) -> Value {
    json!({
        "word": page.word,
        "place": page.title,
        "doc": page.doc,
        "value": page.value,
        "errors": page.errors,
        "example": page.example,
    })
}
