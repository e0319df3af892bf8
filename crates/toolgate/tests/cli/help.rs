//! Help texts and completions.

use crate::run::Place;

/// Every subcommand, the hidden one included.
const COMMANDS: &[&str] = &[
    "",
    "demo",
    "up",
    "wrap",
    "server",
    "server list",
    "server show",
    "server add",
    "server remove",
    "grant",
    "grant list",
    "grant show",
    "grant create",
    "grant token",
    "grant revoke",
    "audit",
    "audit tail",
    "audit query",
    "audit export",
    "audit verify",
    "audit head",
    "recordings",
    "recordings list",
    "recordings show",
    "recordings purge",
    "recordings stats",
    "status",
    "init",
    "doctor",
    "policy",
    "policy list",
    "policy show",
    "policy lint",
    "policy diff",
    "policy explain",
    "policy prove",
    "policy fmt",
    "policy import",
    "policy export",
    "completions",
    "sample-server",
];

#[test]
fn help_texts() {
    let place = Place::new();
    for command in COMMANDS {
        let mut arguments: Vec<&str> = command.split_whitespace().collect();
        arguments.push("--help");
        let ran = place.run(&arguments);
        assert_eq!(ran.code, Some(0), "{command}");
        let name = if command.is_empty() { "top".to_owned() } else { command.replace(' ', "_") };
        insta::assert_snapshot!(format!("help_{name}"), ran.stdout);
    }
}

#[test]
fn every_shell_gets_a_completion_script() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = place.run(&["completions", shell]);
        assert_eq!((ran.code, ran.stdout.contains("toolgate")), (Some(0), true), "{shell}");
    }
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_right() {
    let place = Place::new();
    for arguments in [&[][..], &["unknown"], &["init", "--client", "emacs"], &["completions", "cmd"]] {
        let ran = place.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}");
        assert!(
            ran.stderr.contains("Usage:") || ran.stderr.contains("--help"),
            "{arguments:?}\n{}",
            ran.stderr
        );
    }
}

#[test]
fn colours_come_only_when_asked_for_without_a_terminal() {
    let place = Place::new();
    place.write(&place.work(".mcp.json"), "{\"mcpServers\": {}}");
    assert!(!place.run(&["init"]).stdout.contains('\u{1b}'));
    assert!(place.run(&["init", "--color", "always"]).stdout.contains('\u{1b}'));
    assert!(!place.run(&["init", "--color", "always", "--json"]).stdout.contains('\u{1b}'));
}
