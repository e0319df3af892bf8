//! Gives a new server the tools that it listed in an earlier run, so that refusals need not start it.
//! A restored list must never count as fresh: before a call is forwarded, the server is asked again.

use gateway::definitions::Tool;
use gateway::upstream::Server;
use gateway::{Gateway, World};
use json::{Document, Limits};
use std::sync::Arc;
use store::config::Definition;

/// Restores the lists of the servers that `present` does not have.
pub(crate) async fn restore(gateway: &Gateway, present: &World, next: &World) {
    for server in next.servers() {
        if present.server(&server.id).is_none_or(|old| !Arc::ptr_eq(old, server)) {
            restore_one(gateway, server).await;
        }
    }
}

async fn restore_one(gateway: &Gateway, server: &Server) {
    match gateway.store.config().definitions(&server.id).await {
        Ok(stored) => {
            let current = stored.into_iter().filter(|tool| tool.is_current);
            let tools: Vec<Arc<Tool>> = current.filter_map(|tool| read(&server.id, tool)).collect();
            if !tools.is_empty() {
                server.definitions.restore(tools);
            }
        }
        // Without it every name is unknown until the server lists its tools.
        Err(error) => {
            tracing::warn!(server.id = %server.id, %error, "the stored list of tools could not be read")
        }
    }
}

/// The tool of a row; nothing when the row is not what was once written there.
fn read(server: &str, stored: Definition) -> Option<Arc<Tool>> {
    let Definition { name, hash, canonical, .. } = stored;
    let document = Document::scan(canonical.into_bytes(), &Limits::default()).ok();
    let tool = document.and_then(|document| Tool::read(server, document.root()).ok());
    let tool = tool.filter(|tool| *tool.name == *name && tool.definition.hash.to_string() == hash);
    if tool.is_none() {
        tracing::warn!(server.id = server, "a stored definition is damaged and was left out");
    }
    tool.map(Arc::new)
}
