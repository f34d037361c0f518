//! The program itself: users on the command line, bad settings, links, a clean end.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::support::{ALICE, Ask, Echo, app};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowdeck-gateway"));
    command.env_clear();
    command
}

fn user(dir: &Path, arguments: &str, password: &str) -> Output {
    let file = dir.join("users.toml");
    let mut child = program()
        .arg("user")
        .args(arguments.split_whitespace())
        .arg("--users")
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that fails before it asks has closed its end.
    child.stdin.take().unwrap().write_all(password.as_bytes()).ok();
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn users_are_added_listed_changed_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &str, password: &str| {
        let output = user(dir.path(), arguments, password);
        (output.status.success(), said(&output))
    };
    let text = || std::fs::read_to_string(dir.path().join("users.toml")).unwrap();
    assert_eq!(
        run("add alice@example.com --group vision", "a long password\n"),
        (true, format!("{ALICE} can sign in.\n"))
    );
    let first = text();
    assert!(first.contains("$argon2id$") && !first.contains("a long password"));
    assert!(
        run("add alice@example.com", "another password\n")
            .1
            .contains("is there already")
    );
    assert!(
        run("add bob@example.com", "short\n")
            .1
            .contains("at least 10 characters")
    );
    assert!(
        run("add system:admin", "a long password\n")
            .1
            .contains("of the cluster's own")
    );
    assert_eq!(run("list", "").1, "alice@example.com\tvision\n");
    assert!(run("password alice@example.com", "another password\n").0);
    assert_ne!(text(), first);
    assert!(run("remove nobody", "").1.contains("there is no user nobody"));
    assert!(run("remove alice@example.com", "").0);
    assert_eq!(run("list", ""), (true, String::new()));
}

#[test]
fn bad_setting_ends_with_one_sentence() {
    let output = program().args(["--listen", "8080"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        said(&output),
        "flowdeck-gateway: --listen: \"8080\" is not an address with a port, such as 127.0.0.1:8080\n"
    );
    let output = program().env("FLOWDECK_LISTEN", "there").output().unwrap();
    assert!(said(&output).contains("--listen: \"there\""), "the environment is read");
}

#[test]
fn address_in_use_is_said() {
    let dir = tempfile::tempdir().unwrap();
    app(dir.path());
    user(dir.path(), "add alice@example.com", "a long password\n");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = program()
        .args(["--upstream", "http://127.0.0.1:1", "--listen", &address])
        .arg("--app")
        .arg(dir.path())
        .arg("--users")
        .arg(dir.path().join("users.toml"))
        .output()
        .unwrap();
    assert_eq!(
        said(&output),
        format!("flowdeck-gateway: {address} is in use: another program listens there; choose another with --listen\n")
    );
}

#[test]
fn help_begins_with_what_a_newcomer_needs() {
    let help = said(&program().arg("--help").output().unwrap());
    for part in [
        "flowdeck-gateway --sandbox --app dist",
        "user add",
        "--upstream",
        "FLOWDECK_LISTEN",
        "[default: 8h]",
    ] {
        assert!(help.contains(part), "{part} in {help}");
    }
}

#[tokio::test]
async fn settings_file_starts_a_gateway_that_prints_links_and_ends_when_told() {
    let echo = Echo::start().await;
    let dir = tempfile::tempdir().unwrap();
    app(dir.path());
    user(dir.path(), "add alice@example.com", "a long password\n");
    let path = dir.path().display();
    let settings = format!(
        "listen = \"127.0.0.1:0\"\napp = \"{path}\"\nusers = \"{path}/users.toml\"\nupstream = \"{}\"\nsign-in-link = [\"{ALICE}\", \"{ALICE}\"]\n",
        echo.url()
    );
    let file = dir.path().join("gateway.toml");
    std::fs::write(&file, settings).unwrap();
    let mut child = program()
        .arg("--config")
        .arg(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let url = lines
        .next()
        .unwrap()
        .strip_prefix("Flowdeck is at ")
        .unwrap()
        .to_owned();
    let address = url.strip_prefix("http://").unwrap().parse().unwrap();
    let links: Vec<_> = lines
        .by_ref()
        .filter_map(|line| line.strip_prefix("Sign in as alice@example.com: ").map(str::to_owned))
        .take(2)
        .collect();
    assert_ne!(links[0], links[1]);
    assert!(links[0].starts_with(&format!("{url}/#sign-in=")));
    assert_eq!(Ask::new(address, "GET", "/readyz").send().await.status, 200);
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
