//! Weighs what the notebooks page loads first, against its ceiling and goal.

use crate::{dist, inputs, root};
use std::path::{Path, PathBuf};

/// Bytes of gzip that the first load should take. Kubeflow's shell and Jupyter app take 694,846.
const GOAL: u64 = 300_000;
/// Bytes of gzip that it may take today: 282,892 and some room, for the same code weighs up to 1 kB more or less by the
/// machine and folder that built it. It goes down with the measured size.
const CEILING: u64 = 284_500;

/// Prints the first load's files with their sizes.
///
/// # Errors
/// That the page isn't built, or that it is over the ceiling.
#[expect(clippy::print_stdout, reason = "the table is what the command is for")]
pub fn check() -> Result<(), String> {
    let folder = root().join("dist");
    let files = first_load(&folder)?;
    println!("{:>9} {:>9} {:>9}  first load", "raw", "gzip", "brotli");
    let mut sums = [0; 3];
    for file in &files {
        let copies = [
            file.clone(),
            dist::with_suffix(file, "gz"),
            dist::with_suffix(file, "br"),
        ];
        let plain = length(&copies[0]).ok_or_else(|| format!("{} is missing", file.display()))?;
        let sizes = [
            plain,
            length(&copies[1]).unwrap_or(plain),
            length(&copies[2]).unwrap_or(plain),
        ];
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        println!("{:>9} {:>9} {:>9}  {name}", sizes[0], sizes[1], sizes[2]);
        for (sum, size) in sums.iter_mut().zip(sizes) {
            *sum += size;
        }
    }
    println!(
        "{:>9} {:>9} {:>9}  in all; ceiling {CEILING} gzip, goal {GOAL}",
        sums[0], sums[1], sums[2]
    );
    if sums[1] > CEILING {
        return Err(format!(
            "the first load is {} B of gzip over its ceiling of {CEILING} B",
            sums[1] - CEILING
        ));
    }
    Ok(())
}

/// index.html, what it links to, what the app fetches on every start, and the fonts of what Flowdeck itself writes.
fn first_load(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let index = folder.join("index.html");
    let html =
        std::fs::read_to_string(&index).map_err(|why| format!("{} ({why}): build the page first", index.display()))?;
    let mut files = vec![index];
    let mut names: Vec<&str> = html
        .split(['"', '\''])
        .filter_map(|word| word.strip_prefix('/'))
        .collect();
    names.push("config.json");
    // The app's script imports the chunks' loader at once.
    let loaders: Vec<String> = std::fs::read_dir(folder)
        .map_err(|why| format!("{}: {why}", folder.display()))?
        .flatten()
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with("-chunks.js"))
        .collect();
    names.extend(loaders.iter().map(String::as_str));
    names.sort_unstable();
    names.dedup();
    for name in names {
        let file = folder.join(name);
        if file.is_file() && !files.contains(&file) {
            files.push(file);
        }
    }
    for font in fonts(&files)?.iter().map(|name| folder.join(name)) {
        if !files.contains(&font) {
            files.push(font);
        }
    }
    if !files.iter().any(|file| inputs::is_kind(file, "wasm")) {
        return Err("index.html links to no Wasm file: the page's weight cannot be told".to_owned());
    }
    Ok(files)
}

/// The `-core` fonts that the style sheets name; browsers fetch the others only for characters outside of these.
fn fonts(files: &[PathBuf]) -> Result<Vec<String>, String> {
    let mut fonts = Vec::new();
    for sheet in files.iter().filter(|file| inputs::is_kind(file, "css")) {
        let css = std::fs::read_to_string(sheet).map_err(|why| format!("{}: {why}", sheet.display()))?;
        fonts.extend(
            css.split("url(")
                .skip(1)
                .filter_map(|rest| rest.split(')').next())
                .map(|address| address.trim_matches(['"', '\'', '/']).to_owned())
                .filter(|address| address.ends_with("-core.woff2")),
        );
    }
    Ok(fonts)
}

fn length(file: &Path) -> Option<u64> {
    std::fs::metadata(file).ok().map(|data| data.len())
}
