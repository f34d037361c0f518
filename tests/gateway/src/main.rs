//! Shows the numbered attacks with and without Envoy, and starts an Envoy for the browser's tests.

use std::{
    io::{Read, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use flowdeck_fronts::{
    Certificate, Envoy, Places,
    cases::{self, Shown},
};

const HELP: &str = "flowdeck-fronts tests what stands in front of a gateway. FLOWDECK_ENVOY names the Envoy.

  flowdeck-fronts cases                    run the 48 numbered attacks on the gateway alone and behind Envoy
                                           (34 and 35 need the page in dist/ and target/release/flowdeck-gateway)
  flowdeck-fronts envoy LISTEN GATEWAY [FROM TO]…
                                           start the deployed Envoy between two addresses until stdin ends;
                                           each FROM in its settings is replaced by TO
";

/// Tests of what nobody reaches through a front: our answers to a front's own questions and words.
const BEHIND_THE_FRONT: [&str; 3] = ["check::", "trusted::", "tls::"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["cases"] => show_cases(),
        ["envoy", listen, gateway, changes @ ..] => envoy(listen, gateway, changes),
        _ => Err(HELP.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("flowdeck-fronts: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Prints a result.
fn say(text: &str) -> Result<(), String> {
    writeln!(std::io::stdout(), "{text}").map_err(|why| why.to_string())
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Runs a program in the checkout and keeps what it prints; its exit code says only what the output says better.
fn output(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_owned();
    let output = command
        .current_dir(root())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|why| format!("{}: {why}", program.display()))?;
    String::from_utf8(output.stdout).map_err(|why| why.to_string())
}

fn run(front: bool) -> Result<Shown, String> {
    let mut shown = Shown::new();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args([
        "test",
        "-q",
        "-p",
        "flowdeck-gateway",
        "--locked",
        "--test",
        "gateway",
        "--",
    ]);
    command.args(["--format", "pretty", "::t0", "::t1", "::t2", "::t3", "::t4"]);
    if front {
        command.env("FLOWDECK_FRONT", "envoy").arg("--include-ignored");
        for module in BEHIND_THE_FRONT {
            command.args(["--skip", module]);
        }
    }
    let said = output(&mut command)?;
    cases::read_cargo(&said, &mut shown);
    let mut command = Command::new("node_modules/.bin/playwright");
    // On the sandbox, whatever else this run has.
    command.env_remove("FLOWDECK_CLUSTER");
    command.args([
        "test",
        "-c",
        "tests/browser",
        "--grep",
        "case [0-9]",
        "--reporter",
        "json",
    ]);
    if front {
        command.env("FLOWDECK_FRONT", "envoy");
    }
    let report = output(&mut command)?;
    match serde_json::from_str(&report) {
        Ok(report) => cases::read_playwright(&report, &mut shown)
            .iter()
            .for_each(|why| eprintln!("{why}")),
        Err(_) => eprintln!("the browser's tests did not run:\n{report}"),
    }
    if let Some((_, failures)) = said.split_once("\nfailures:\n") {
        eprintln!("{failures}");
    }
    Ok(shown)
}

fn show_cases() -> Result<(), String> {
    if flowdeck_fronts::path().is_none() {
        return Err("FLOWDECK_ENVOY is not set: where is Envoy?".to_owned());
    }
    let (table, all) = cases::table(&run(false)?, &run(true)?);
    say(&table)?;
    if all {
        Ok(())
    } else {
        Err("not every attack is shown to fail".to_owned())
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|why| format!("{text:?} is no address with a port: {why}"))
}

fn envoy(listen: &str, gateway: &str, changes: &[&str]) -> Result<(), String> {
    let gateway = address(gateway)?;
    let places = Places {
        listen: address(listen)?,
        gateway,
        pipelines: gateway,
    };
    let (pairs, []) = changes.as_chunks::<2>() else {
        return Err("what is replaced lacks what replaces it".to_owned());
    };
    let pairs: Vec<_> = pairs.iter().map(|[from, to]| (*from, (*to).to_owned())).collect();
    let envoy = Envoy::start_with(places, &Certificate::new()?, &pairs)?;
    say(&format!("https://{}", envoy.address))?;
    // Whoever started us has gone when this ends.
    std::io::stdin()
        .read_to_end(&mut Vec::new())
        .map_err(|why| why.to_string())?;
    Ok(())
}
