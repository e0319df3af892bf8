//! A policy's key `methods` takes only methods that the protocol does not have: what the two crates know of each other's
//! words never drifts apart.

#[cfg(test)]
mod drift {
    use mcp::methods::{Channel, METHODS, Method};

    /// Why a document may not name a method under `methods`; nothing when it may.
    fn refusal(method: &str) -> Option<String> {
        let document = serde_json::json!({
            "version": "1", "default": "deny", "methods": { method: { "action": "allow" } },
        });
        let problems = policy::load("p", document.to_string().into_bytes()).err()?;
        problems.first().map(|problem| problem.message.clone())
    }

    fn key(method: &Method) -> Option<&'static str> {
        match method.channel {
            _ if method.always_open => None,
            Channel::Tools => Some("tools"),
            Channel::Resources => Some("resources"),
            Channel::Prompts => Some("prompts"),
            Channel::Completion => Some("completion"),
            Channel::Tasks => Some("tasks"),
            Channel::Sampling => Some("sampling"),
            Channel::Elicitation => Some("elicitation"),
            Channel::Roots => Some("roots"),
            Channel::Lifecycle | Channel::Utility | Channel::Logging | Channel::Subscriptions => None,
        }
    }

    #[test]
    fn methods_of_the_protocol_are_ruled_by_their_own_keys() {
        for method in METHODS {
            let refusal = refusal(method.name).unwrap_or_default();
            let expected =
                key(method).map_or("always open".to_owned(), |key| format!("under the key `{key}`"));
            assert!(refusal.contains(&expected), "{}: {refusal}", method.name);
        }
        assert_eq!(refusal("acme/status"), None);
    }
}
