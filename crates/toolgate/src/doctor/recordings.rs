//! Whether values of calls are recorded, where, and whether their key is there.

use std::path::Path;

use store::recordings::Key;

use crate::config::recordings::Recordings;

use super::Finding;

const CHECK: &str = "recordings";

/// Looks at what is to be recorded; nothing where that is nothing and there is nothing of before.
#[must_use]
pub fn look(recordings: Option<&Recordings>, data: &Path) -> Option<Finding> {
    let folder = data.join("recordings");
    let shown = folder.display();
    let is_there = std::fs::read_dir(&folder).is_ok_and(|mut files| files.next().is_some());
    let Some(recordings) = recordings else {
        let advice = "read them with `toolgate recordings list`, or remove them with `toolgate recordings purge --all`";
        let text = format!("off; values of earlier calls are still in `{shown}`");
        return is_there.then(|| Finding::warning(CHECK, text, advice));
    };
    if let Err(why) = recordings.plan() {
        return Some(Finding::problem(CHECK, why, "put the key back; without it the gateway does not start"));
    }
    if recordings.key.is_some() {
        return Some(Finding::ok(
            CHECK,
            format!("on: values of calls are kept in `{shown}`, sealed with the configured key"),
        ));
    }
    match Key::load(data) {
        Ok(None) if is_there => {
            let text = format!(
                "`{}` is missing, and `{shown}` cannot be read without it",
                Key::file(data).display()
            );
            let advice = "restore it from a backup, or remove what cannot be read with `toolgate recordings purge --all`";
            Some(Finding::problem(CHECK, text, advice))
        }
        Err(problem) => Some(Finding::problem(CHECK, problem.to_string(), "restore it from a backup")),
        Ok(_) => {
            let text = format!("on: values of calls are kept in `{shown}`, and their key lies beside them");
            let advice = "whoever reads the data folder reads them; `recordings.key` can name a key that is kept elsewhere";
            Some(Finding::warning(CHECK, text, advice))
        }
    }
}
