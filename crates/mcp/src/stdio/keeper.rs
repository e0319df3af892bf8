//! What servers leave behind when the gateway is killed outright: a process of its own, the keeper, knows their groups
//! and kills them once the gateway is gone. It learns of that by the end of its input, which no way of dying prevents.
//!
//! Must never: signal a group that the gateway has reaped.

use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeSet;
use std::io::{self, BufRead, PipeWriter, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// One for the whole process, as the end that it watches for is that of the whole process.
static KEEPER: OnceLock<Mutex<PipeWriter>> = OnceLock::new();

/// Starts the keeper, a command that does nothing but [`keep`] its standard input. A second one is not started.
///
/// # Errors
/// Where it cannot be started; servers are started all the same.
pub fn start(mut command: Command) -> io::Result<()> {
    if KEEPER.get().is_some() {
        return Ok(());
    }
    let (input, output) = io::pipe()?;
    // A keeper that is stopped must not hold up the gateway.
    rustix::io::ioctl_fionbio(&output, true)?;
    // Its own group: what a terminal sends to the gateway's is not meant for it.
    command.stdin(input).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn()?;
    // Of two that were started at once one ends when its input is dropped here.
    let _ = KEEPER.set(Mutex::new(output));
    Ok(())
}

/// The group of this leader is to be killed when the gateway is gone.
pub(super) fn note(leader: Pid) {
    tell('+', leader);
}

/// It is gone, or about to be reaped.
pub(super) fn forget(leader: Pid) {
    tell('-', leader);
}

fn tell(sign: char, leader: Pid) {
    let Some(keeper) = KEEPER.get() else { return };
    let line = format!("{sign}{}\n", leader.as_raw_nonzero());
    // Shorter than what a pipe takes at once, so it is written wholly or not at all.
    let told = keeper.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
    if let Err(error) = told {
        tracing::debug!(%error, "the keeper of servers does not listen");
    }
}

/// Reads which groups there are until the input ends, and kills those that are left.
pub fn keep(input: impl BufRead) {
    let mut groups = BTreeSet::new();
    for line in input.lines().map_while(Result::ok) {
        let Some((sign, number)) = line.split_at_checked(1) else { continue };
        let Ok(number) = number.parse::<i32>() else { continue };
        match sign {
            "+" => drop(groups.insert(number)),
            "-" => drop(groups.remove(&number)),
            _ => {}
        }
    }
    for group in groups.into_iter().filter_map(Pid::from_raw) {
        // One that is gone already is as it should be, and there is nobody to tell of others.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::keep;
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::{Command, Stdio};

    #[test]
    fn what_is_left_is_killed_and_what_is_not_is_not() {
        let start = || Command::new("cat").stdin(Stdio::piped()).process_group(0).spawn().unwrap();
        let (mut left, mut ended) = (start(), start());
        let input = format!("+{0}\n+{1}\nnonsense\n\n-{1}\n", left.id(), ended.id());
        keep(input.as_bytes());
        assert_eq!(left.wait().unwrap().signal(), Some(9));
        drop(ended.stdin.take());
        assert_eq!(ended.wait().unwrap().code(), Some(0));
    }
}
