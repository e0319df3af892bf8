//! What stands at the top of a document, or under one server.

use super::flow::labels_tree;
use super::rules::{rules_tree, selected_tree};
use super::tree::{Tree, text};
use crate::section::Section;

/// Adds the keys of a section.
pub(super) fn push_section(members: &mut Vec<(&'static str, Tree)>, section: &Section) {
    if !section.hide.is_empty() {
        members.push(("hide", Tree::Array(section.hide.iter().map(|hidden| text(&hidden.name)).collect())));
    }
    members.extend(section.all_tools.as_ref().map(|rules| ("all_tools", rules_tree(rules))));
    if !section.tools.is_empty() {
        let tools = section.tools.iter().map(|(name, rules)| {
            let tree = if section.is_exact(name) { rules_tree(rules) } else { selected_tree(rules) };
            (name.to_string(), tree)
        });
        members.push(("tools", Tree::Object(tools.collect())));
    }
    if !section.labels.is_empty() {
        members.push(("labels", labels_tree(&section.labels)));
    }
    for key in ["categories", "risk"] {
        let stated = section.classes.iter().filter(|(class, _)| class.keys().0 == key);
        let trees: Vec<_> =
            stated.map(|(class, rules)| (class.keys().1.to_owned(), selected_tree(rules))).collect();
        if !trees.is_empty() {
            members.push((key, Tree::Object(trees)));
        }
    }
}
