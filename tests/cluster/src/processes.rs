//! Keeps the processes of one cluster and their folder, and sees to it that neither outlives it.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::error::{Error, Result};

/// Waits until we are gone, however we went, then ends the group whose number it was told and removes the folder.
const GUARDIAN: &str = r#"read -r group || group=
cat >/dev/null
[ -n "$group" ] && kill -s KILL -- "-$group" 2>/dev/null
tries=0
until rm -rf -- "$0" 2>/dev/null || [ "$tries" = 100 ]; do tries=$((tries + 1)); sleep 0.05; done"#;
/// The environment variable that names a folder for the whole logs of clusters of tests that failed.
const KEEP_LOGS: &str = "FLOWDECK_KEEP_LOGS";
const TAIL_LINES: usize = 15;
const TAIL_WIDTH: usize = 300;
const KILLED_AFTER: Duration = Duration::from_secs(10);

/// The processes of one cluster, in one process group, and the temporary folder that holds their data and logs.
pub(crate) struct Processes {
    folder: PathBuf,
    guardian: Child,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    group: Option<Pid>,
    children: Vec<(String, Child)>,
    /// Something did not come up, or ended by itself.
    failed: bool,
}

impl Processes {
    pub(crate) fn new() -> Result<Self> {
        let cannot = |why| Error::of("the cluster's folder could not be made", why);
        let folder = tempfile::Builder::new()
            .prefix("flowdeck-cluster-")
            .tempdir()
            .map_err(cannot)?
            .keep();
        std::fs::create_dir(folder.join("logs")).map_err(cannot)?;
        let mut guardian = Command::new("sh");
        guardian.args(["-c", GUARDIAN]).arg(&folder).process_group(0);
        guardian
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/");
        let guardian = guardian
            .spawn()
            .map_err(|why| Error::of("sh could not be started", why))?;
        Ok(Self {
            folder,
            guardian,
            state: Mutex::default(),
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn log_file(&self, name: &str) -> PathBuf {
        self.folder.join("logs").join(format!("{name}.log"))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a process whose output goes to its log.
    pub(crate) fn spawn(&self, name: &str, command: &mut Command) -> Result<()> {
        let mut state = self.state();
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_file(name))
            .and_then(|log| Ok((log.try_clone()?, log)))
            .map_err(|why| Error::of(format!("the log of {name}"), why))?;
        let group = state.group.map_or(0, |group| group.as_raw_nonzero().get());
        command
            .process_group(group)
            .stdin(Stdio::null())
            .stdout(log.0)
            .stderr(log.1);
        let child = command
            .spawn()
            .map_err(|why| Error::of(format!("{name} could not be started"), why))?;
        if state.group.is_none() {
            state.group = pid(&child);
            if let Some(pipe) = &self.guardian.stdin {
                let mut pipe = pipe;
                writeln!(pipe, "{}", child.id()).map_err(|why| Error::of("telling the guardian", why))?;
            }
        }
        state.children.push((name.to_owned(), child));
        Ok(())
    }

    /// Ends one process: by `signal`, and by force where that takes too long.
    pub(crate) fn stop(&self, name: &str, signal: Signal) -> Result<()> {
        let Some((_, mut child)) = self.take(name) else {
            return Err(Error::new(format!("{name} does not run")));
        };
        let cannot = |why: std::io::Error| Error::of(format!("stopping {name}"), why);
        if let Some(pid) = pid(&child) {
            kill_process(pid, signal).map_err(|why| cannot(why.into()))?;
        }
        let began = Instant::now();
        while child.try_wait().map_err(cannot)?.is_none() {
            if began.elapsed() > KILLED_AFTER {
                child.kill().map_err(cannot)?;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn take(&self, name: &str) -> Option<(String, Child)> {
        let mut state = self.state();
        let at = state.children.iter().position(|(known, _)| known == name)?;
        Some(state.children.remove(at))
    }

    /// The first process that ended though nobody stopped it, with the end of its log.
    pub(crate) fn check(&self) -> Result<()> {
        let mut state = self.state();
        for (name, child) in &mut state.children {
            if let Ok(Some(status)) = child.try_wait() {
                let why = format!("{name} ended with {status}\n{}", self.tail(name));
                state.failed = true;
                return Err(Error::new(why));
            }
        }
        Ok(())
    }

    /// The error that `name` did not come up, with the end of its log.
    pub(crate) fn not_ready(&self, name: &str, after: Duration) -> Error {
        self.state().failed = true;
        Error::new(format!(
            "{name} is not ready after {} s\n{}",
            after.as_secs(),
            self.tail(name)
        ))
    }

    /// The last lines of a process's log.
    pub(crate) fn tail(&self, name: &str) -> String {
        let text = std::fs::read(self.log_file(name)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<String> = text
            .lines()
            .map(|line| line.chars().take(TAIL_WIDTH).collect())
            .collect();
        let last = &lines[lines.len().saturating_sub(TAIL_LINES)..];
        format!("── the last lines of {name}'s log\n{}", last.join("\n"))
    }

    /// The last lines of every log.
    pub(crate) fn tails(&self) -> String {
        let names: Vec<String> = self.state().children.iter().map(|(name, _)| name.clone()).collect();
        let tails: Vec<String> = names.iter().map(|name| self.tail(name)).collect();
        tails.join("\n")
    }
}

/// Copies the logs of a cluster to where somebody wants to read them.
fn keep(folder: &Path, kept: &Path) {
    let target = kept.join(folder.file_name().unwrap_or_default());
    let copied = std::fs::create_dir_all(&target).and_then(|()| {
        for log in std::fs::read_dir(folder.join("logs"))? {
            let log = log?;
            std::fs::copy(log.path(), target.join(log.file_name()))?;
        }
        Ok(())
    });
    match copied {
        Ok(()) => eprintln!("the whole logs are in {}", target.display()),
        Err(why) => eprintln!("the logs could not be kept in {}: {why}", target.display()),
    }
}

fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

impl Drop for Processes {
    fn drop(&mut self) {
        let panicking = std::thread::panicking();
        if panicking {
            eprintln!("{}", self.tails());
        }
        if let Some(kept) = std::env::var_os(KEEP_LOGS).filter(|_| panicking || self.state().failed) {
            keep(&self.folder, Path::new(&kept));
        }
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = state.group {
            // Nothing here is worth an orderly end; those that are gone already are no fault.
            kill_process_group(group, Signal::KILL).ok();
        }
        for (_, child) in &mut state.children {
            child.wait().ok();
        }
        // The guardian removes the folder when its pipe closes.
        drop(self.guardian.stdin.take());
        self.guardian.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lives(pid: u32) -> bool {
        Path::new(&format!("/proc/{pid}")).exists()
    }

    fn sleeper() -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", "echo ready; sleep 1000 & wait"]);
        command
    }

    #[test]
    fn nothing_is_left_of_what_was_dropped() {
        let processes = Processes::new().expect("processes");
        processes.spawn("one", &mut sleeper()).expect("one");
        processes.spawn("two", &mut sleeper()).expect("two");
        let pids: Vec<u32> = processes.state().children.iter().map(|(_, child)| child.id()).collect();
        let folder = processes.folder().to_owned();
        assert!(pids.iter().all(|&pid| lives(pid)));
        drop(processes);
        assert!(!pids.iter().any(|&pid| lives(pid)));
        assert!(!folder.exists());
    }

    #[test]
    fn process_that_ended_is_told_with_its_last_words() {
        let processes = Processes::new().expect("processes");
        let mut command = Command::new("sh");
        processes
            .spawn("broken", command.args(["-c", "echo why it broke; exit 3"]))
            .expect("broken");
        let began = Instant::now();
        let told = loop {
            match processes.check() {
                Err(told) => break told.to_string(),
                Ok(()) => assert!(began.elapsed() < Duration::from_secs(10)),
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(
            told.contains("exit status: 3") && told.contains("why it broke"),
            "{told}"
        );
    }
}
