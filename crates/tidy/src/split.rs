//! Splits the app's Wasm into the part that the first page needs and chunks that load when a page asks for them.
//!
//! Trunk runs `wasm-bindgen` after cargo, and that is the one place to split: earlier there is no module yet, later its
//! relocations are gone (trunk-rs/trunk#1022). So Trunk finds a `wasm-bindgen` of ours first,
//! three lines of shell that come back here; we run `wasm-split-cli`, then the real one.

use crate::dist::hash;
use crate::setup::{command, tools};
use crate::{inputs, root, shrink};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The name by which split-off code calls its loader, as `wasm-split-cli` writes it.
const LOADER: &str = "__wasm_split.js";
/// How the loader's name ends in `dist`.
const OUR_LOADER: &str = "-chunks.js";

/// What is changed in the loader: the app itself says in words that a chunk did not come, so the console need not be
/// red, neither by the loader's own report nor by a fetch that fails while another chunk is still awaited.
const MENDED: [(&str, &str); 2] = [
    ("console.error(e)", "console.info(e)"),
    (", import.meta.url));", ", import.meta.url));\nsrc.catch(() => {});"),
];

/// Set where Trunk runs, if what it builds is to be made small.
pub const SHRINK: &str = "FLOWDECK_SHRINK";

/// Where the chunks of the last build wait for [`into_dist`].
fn waiting() -> PathBuf {
    root().join("target/chunks")
}

/// A folder for PATH whose `wasm-bindgen` comes back to [`bindgen`].
///
/// # Errors
/// What could not be written.
pub fn shim() -> Result<PathBuf, String> {
    let words = |why: std::io::Error| format!("target/shim/wasm-bindgen: {why}");
    let folder = root().join("target/shim");
    let program = folder.join("wasm-bindgen");
    std::fs::create_dir_all(&folder).map_err(words)?;
    // A copy, and of the file that runs: `cargo test` may have put another one in its place meanwhile.
    let tidy = folder.join("tidy");
    std::fs::remove_file(&tidy).ok();
    std::fs::copy("/proc/self/exe", &tidy).map_err(words)?;
    let script = format!("#!/bin/sh\nexec '{}' bindgen \"$@\"\n", tidy.display());
    std::fs::write(&program, script).map_err(words)?;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).map_err(words)?;
    Ok(folder)
}

/// Does what Trunk asks `wasm-bindgen` for, with the input split before.
///
/// # Errors
/// What one of the two tools said.
pub fn bindgen(arguments: &[&str]) -> Result<(), String> {
    let mut real = Command::new(tools::wasm_bindgen());
    let option = |name: &str| {
        arguments
            .iter()
            .enumerate()
            .find_map(|(at, word)| match word.strip_prefix(name)? {
                "" => arguments.get(at + 1).copied(),
                rest => rest.strip_prefix('='),
            })
    };
    let input = arguments.iter().find(|word| word.ends_with(".wasm"));
    let (Some(input), Some(name), Some(folder)) = (input, option("--out-name"), option("--out-dir")) else {
        return command::run(real.args(arguments));
    };
    let chunks = waiting();
    std::fs::remove_dir_all(&chunks).ok();
    let mut split = Command::new(tools::wasm_split());
    split
        .arg(input)
        .arg(&chunks)
        .args(["--target", "web", "--out-name", name]);
    command::run(&mut split)?;
    let main = chunks.join(format!("{name}.wasm"));
    // The loader hands the chunks the app's function table, which is an export of the linker's.
    real.arg("--keep-lld-exports");
    real.args(
        arguments
            .iter()
            .map(|word| if word == input { main.as_os_str() } else { word.as_ref() }),
    );
    command::run(&mut real)?;
    let made = |ending: &str| Path::new(folder).join(format!("{name}{ending}"));
    let (glue, app) = (made(".js"), made("_bg.wasm"));
    std::fs::remove_file(&main).map_err(|why| format!("{}: {why}", main.display()))?;
    let parts = inputs::files(&[chunks.clone(), app.clone(), glue.clone()]);
    if std::env::var_os(SHRINK).is_some() {
        shrink::imports(&app, &glue)?;
        for part in parts.iter().filter(|part| inputs::is_kind(part, "wasm")) {
            shrink::wasm(part)?;
        }
    }
    rename(&chunks, name, &glue, &parts).map_err(|why| format!("chunks of {name}: {why}"))
}

/// Gives loader and chunks a name with a hash of all `parts`, so that they may be cached for ever, and `glue` the
/// loader's. All, because they name each other: when one changes, they all get another name.
fn rename(chunks: &Path, name: &str, glue: &Path, parts: &[PathBuf]) -> std::io::Result<()> {
    let content: Vec<Vec<u8>> = parts.iter().map(std::fs::read).collect::<Result<_, _>>()?;
    let stem = format!("{name}-{:016x}", hash(&(content, MENDED)));
    let mut loader = mended(&std::fs::read_to_string(chunks.join(LOADER))?)?;
    std::fs::remove_file(chunks.join(LOADER))?;
    loader = loader.replace(&format!("./{name}.js"), &format!("./{stem}.js"));
    for file in std::fs::read_dir(chunks)?.flatten() {
        let old = file.file_name().to_string_lossy().into_owned();
        let new = format!("{stem}-{old}");
        loader = loader.replace(&format!("./{old}"), &format!("./{new}"));
        std::fs::rename(file.path(), chunks.join(&new))?;
    }
    let loader_name = format!("{stem}{OUR_LOADER}");
    std::fs::write(chunks.join(&loader_name), loader)?;
    // Only where it is imported: the Wasm itself goes on calling the module by its old name.
    let text = std::fs::read_to_string(glue)?;
    let import = |name: &str| format!("from \"./{name}\"");
    std::fs::write(glue, text.replace(&import(LOADER), &import(&loader_name)))
}

fn mended(loader: &str) -> std::io::Result<String> {
    let mut text = loader.to_owned();
    for (theirs, ours) in MENDED {
        if !text.contains(theirs) {
            let words = format!("wasm-split-cli's loader has no `{theirs}`: look at it again");
            return Err(std::io::Error::other(words));
        }
        text = text.replace(theirs, ours);
    }
    Ok(text)
}

/// Copies the chunks into `dist`, and names the app's script and Wasm there like them: Trunk names both by what cargo
/// built, which stays the same when only what comes after cargo has changed.
///
/// # Errors
/// What could not be copied, renamed or found.
pub fn into_dist(dist: &Path) -> Result<(), String> {
    let mut stem = None;
    for file in inputs::files(&[waiting()]) {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        std::fs::copy(&file, dist.join(&name)).map_err(|why| format!("{name}: {why}"))?;
        stem = stem.or(name.strip_suffix(OUR_LOADER).map(str::to_owned));
    }
    let stem = stem.ok_or("target/chunks has no loader")?;
    rename_app(dist, &stem).map_err(|why| format!("the app's script and Wasm in dist: {why}"))
}

fn rename_app(dist: &Path, stem: &str) -> std::io::Result<()> {
    const WASM: &str = "_bg.wasm";
    let old = std::fs::read_dir(dist)?
        .flatten()
        .find_map(|file| file.file_name().to_string_lossy().strip_suffix(WASM).map(str::to_owned))
        .ok_or_else(|| std::io::Error::other("no Wasm"))?;
    for ending in [".js", WASM] {
        std::fs::rename(
            dist.join(format!("{old}{ending}")),
            dist.join(format!("{stem}{ending}")),
        )?;
    }
    let index = dist.join("index.html");
    let html = std::fs::read_to_string(&index)?;
    std::fs::write(index, html.replace(&old, stem))
}
