//! What a client is given in the place of a server's opaque values: cursors, states of rounds, ids of tasks.
//! No such value of a server may reach a client as it is where the client would have to give it back.

use crate::reach::Reach;
use crate::route::{Route, Withheld};
use crate::stage::round;
use crate::stage::task::{self, Client, Related, Role};
use mcp::era::Era;
use mcp::reply::Reply;
use mcp::rewrite::ReplyHandles;
use mcp::rounds::Abilities;
use mcp::tasks;
use std::sync::Arc;

/// What the client gets where the server's result may not be passed on.
const TASK_CLOSED: &str =
    "the server answered with a task, which is closed by policy or was not asked for; do not retry";
const TASK_ASKS: &str = "the task waits for input that is closed by policy; cancel it";

/// What is put into one message.
#[derive(Debug, Default)]
pub struct Given {
    /// Members of its result to set, with raw values.
    pub set: Vec<(&'static str, String)>,
    task_id: Option<Arc<str>>,
    task_ids: Option<String>,
    related: Related,
}

impl Given {
    /// The edits of it.
    #[must_use]
    pub fn handles(&self) -> ReplyHandles<'_> {
        ReplyHandles {
            task_id: self.task_id.as_deref(),
            related_task: self.related.edit(),
            task_ids: self.task_ids.as_deref(),
        }
    }

    /// What is put into the reply to a request.
    ///
    /// # Errors
    /// [`Withheld`] where the reply must not be passed on.
    pub fn in_reply(route: &Route, reply: &Reply) -> Result<Self, Withheld> {
        let client = route.client();
        let mut given = Self { related: client.related(reply), ..Self::default() };
        let Some(result) = reply.result() else { return Ok(given) };
        let kind = result.get("resultType").and_then(|kind| kind.as_str());
        let is_modern = route.version.era() == Era::Modern;
        match (&route.task, kind.as_deref()) {
            (_, Some("input_required")) => given.set.push(("requestState", round::keep(route, reply)?)),
            (Role::Tell(found), _) => given.tell(route, &found.id, &found.task, reply)?,
            (Role::List, _) => given.set.extend(own_tasks(client, reply)),
            (Role::Begin(tool), Some("task")) if is_modern => given.begin(route, tool, reply)?,
            (Role::Begin(_) | Role::None, Some("task")) if is_modern => {
                return Err(Withheld::Instead(TASK_CLOSED));
            }
            (Role::Begin(tool), _) if !is_modern && tasks::of_result(reply).is_some() => {
                given.begin(route, tool, reply)?
            }
            // Questions that are not declared as such are nobody's to answer.
            (Role::Begin(_) | Role::None, _) if is_modern && result.get("inputRequests").is_some() => {
                return Err(Withheld::Instead(round::INPUT_CLOSED));
            }
            (Role::Begin(_) | Role::None, _) => {}
        }
        given.set.extend(route.shown(reply)?);
        Ok(given)
    }

    /// The reply is a new task.
    fn begin(&mut self, route: &Route, tool: &str, reply: &Reply) -> Result<(), Withheld> {
        let reach = route.present_reach().ok_or(Withheld::Instead(TASK_CLOSED))?;
        let may = route.version.era() == Era::Legacy || route.abilities.tasks;
        if !may || task::judge(&reach, &route.grant, tool).is_err() {
            return Err(Withheld::Instead(TASK_CLOSED));
        }
        let id = tasks::of_result(reply).and_then(tasks::id).ok_or(Withheld::Broken)?;
        let found = route.client().begin(tool, &id, route.tokens()).ok_or(Withheld::Broken)?;
        self.related = route.client().related(reply);
        self.tell(route, &found.id, &found.task, reply)
    }

    /// The reply tells of a task, or only acknowledges.
    fn tell(
        &mut self,
        route: &Route,
        id: &Arc<str>,
        task: &task::Task,
        reply: &Reply,
    ) -> Result<(), Withheld> {
        let told = tasks::of_result(reply);
        if told.is_some_and(|told| tasks::id(told).as_deref() != Some(&*task.id)) {
            return Err(Withheld::Broken);
        }
        self.task_id = told.map(|_| Arc::clone(id));
        if route.version.era() == Era::Legacy {
            return Ok(());
        }
        let reach = route.present_reach().ok_or(Withheld::Instead(TASK_ASKS))?;
        let noted = task::note_questions(&reach, &route.grant, route.abilities, task, reply.result());
        noted.ok_or(Withheld::Instead(TASK_ASKS))
    }

    /// What is put into a notification; none where the client may not know of it.
    #[must_use]
    pub fn in_notice(
        client: Client<'_>,
        grant: &str,
        reach: &Reach,
        abilities: Abilities,
        notice: &Reply,
    ) -> Option<Self> {
        let mut given = Self { related: client.related(notice), ..Self::default() };
        if notice.method().is_some_and(|method| tasks::NOTICES.contains(&method)) {
            let found = client.known(&tasks::id(tasks::of_notice(notice)?)?)?;
            task::judge(reach, grant, &found.task.tool).ok()?;
            if notice.method() == Some("notifications/tasks") {
                task::note_questions(reach, grant, abilities, &found.task, notice.params())?;
            }
            given.task_id = Some(found.id);
        }
        if let Some(listened) = tasks::listened(notice.params()) {
            let known = listened.elements().filter_map(|id| client.known(&tasks::id(id)?));
            let ids: Vec<String> = known.map(|found| tasks::quoted(&found.id)).collect();
            given.task_ids = Some(format!("[{}]", ids.join(",")));
        }
        Some(given)
    }
}

/// The client's own tasks of a page, under our ids.
fn own_tasks(client: Client<'_>, page: &Reply) -> Option<(&'static str, String)> {
    let entries = page.list("tasks")?.elements();
    let own = entries.filter_map(|entry| {
        let found = client.known(&tasks::id(entry.get("taskId")?)?)?;
        tasks::with_id(entry, &found.id)
    });
    Some(("tasks", format!("[{}]", own.collect::<Vec<_>>().join(","))))
}
