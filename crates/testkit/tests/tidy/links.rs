//! Relative links between the documents lead somewhere, headings included.
//!
//! Must never: follow a link to the network.

use crate::tree::{File, Finding, Tree};

fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().filter(|file| file.path.ends_with(".md")).flat_map(|file| in_file(tree, file)).collect()
}

fn in_file(tree: &Tree, file: &File) -> Vec<Finding> {
    let prose = without_code(&file.text);
    let mut findings = Vec::new();
    for (at, _) in prose.match_indices("](") {
        let target =
            prose.get(at + 2..).and_then(|rest| rest.split([')', ' ', '\n']).next()).unwrap_or_default();
        if let Some(problem) = problem(tree, file, target) {
            findings.push(file.finding(at, problem));
        }
    }
    findings
}

fn problem(tree: &Tree, file: &File, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let path = if path.is_empty() { Some(file.path.clone()) } else { resolve(&file.path, path) };
    let Some(path) = path.filter(|path| tree.has(path)) else {
        return Some(format!("link to `{target}` leads nowhere"));
    };
    let linked = tree.files.iter().find(|other| other.path == path && !heading.is_empty());
    let missing = linked.is_some_and(|linked| !headings(&linked.text).contains(&heading.to_owned()));
    missing.then(|| format!("link to `{target}`: `{path}` has no such heading"))
}

/// The path from the root, none when it leaves the repository.
fn resolve(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The headings' anchors, as code hosts make them.
fn headings(text: &str) -> Vec<String> {
    let prose = without_code(text);
    let titles =
        prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let mut anchors: Vec<String> = Vec::new();
    for title in titles {
        let kept = title
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .collect::<String>();
        let anchor = kept.replace(' ', "-");
        let n_same = anchors.iter().filter(|other| **other == anchor).count();
        anchors.push(if n_same == 0 { anchor } else { format!("{anchor}-{n_same}") });
    }
    anchors
}

/// The text with the links in fenced blocks blanked and no `#` there; its length stays.
fn without_code(text: &str) -> String {
    let mut fenced = false;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let fence = line.trim_start().starts_with("```");
        let blank = fenced || fence;
        fenced ^= fence;
        lines.push(if blank { line.replace("](", "  ").replace('#', " ") } else { line.to_owned() });
    }
    lines.concat()
}

#[test]
fn holds_here() {
    crate::tree::assert_none(&check(&Tree::here()));
}

#[test]
fn finds_links_that_lead_nowhere() {
    let tree = Tree::of(&[
        (
            "README.md",
            "[a](docs/a.md) [b](docs/b.md) [c](https://x/y.md)\n[d](docs/a.md#two-words) [e](docs/a.md#none)\n\
             ```\n[f](nowhere)\n```\n[g](docs/) [h](../out.md) [i](#top)\n# Top\n",
        ),
        ("docs/a.md", "# A\n## `Two` words\n[up](../README.md#top)\n"),
    ]);
    crate::tree::assert_found(
        &check(&tree),
        &[
            "README.md:1: link to `docs/b.md` leads nowhere",
            "README.md:2: `docs/a.md` has no such heading",
            "README.md:6: link to `../out.md` leads nowhere",
        ],
    );
}
