//! Gets packages from the distribution (Debian and its relatives).

use super::command;
use std::process::Command;

/// Installs `names` with apt-get, refreshing its lists first.
///
/// # Errors
/// Where there is no apt-get, says which programs to bring by hand.
pub fn install(names: &[&str]) -> Result<(), String> {
    if command::which("apt-get").is_none() {
        return Err(format!(
            "there is no apt-get here; install by other means: {}",
            names.join(", ")
        ));
    }
    command::run(command::as_root("apt-get")?.args(["-q", "update"]))?;
    let mut apt = command::as_root("apt-get")?;
    command::run(
        apt.args(["-qq", "install", "-y", "--no-install-recommends"])
            .args(names),
    )
}

/// Whether a Chromium is there that the browser tests can drive.
pub fn chromium_is_there() -> bool {
    command::which("chromium").is_some()
}

/// Chromium from the distribution: Playwright's own browsers come from a host that many networks close.
///
/// # Errors
/// As [`install`].
pub fn install_chromium() -> Result<(), String> {
    install(&["chromium"])
}

/// Whether the distribution's package `name` is installed.
pub fn is_installed(name: &str) -> bool {
    let query = command::output(Command::new("dpkg-query").args(["-W", "-f=${Status}", name]));
    query.is_some_and(|status| status == "install ok installed")
}
