//! Makes Wasm small to send: `wasm-opt`, then its functions in an order that compresses well.

mod imports;
mod order;

use crate::root;
use crate::setup::command;
use std::path::Path;
use std::process::Command;
use wasm_encoder::{Encode, NameMap, NameSection, Section};
use wasmparser::{Parser, Payload, TypeRef};

/// What rustc's default wasm32 target may use, and the vectors that `crates/scalars` names; with more, `wasm-opt` writes
/// what browsers do not read yet.
const FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// Flattened code shows `wasm-opt` more of what repeats: 1.5 % less after gzip than `-Oz` alone. Nothing of ours lies in
/// the first KiB, where the stack ends, so offsets may be folded into loads.
const PASSES: &[&str] = &[
    "-Oz",
    "--flatten",
    "--local-cse",
    "--rereloop",
    "-Oz",
    "--always-inline-max-function-size=0",
    "--one-caller-inline-max-function-size=0",
    "--low-memory-unused",
    "--strip-producers",
];

/// Makes the module in `file` small, in its place.
///
/// # Errors
/// What `wasm-opt` or the parser said, and what could not be written.
pub fn wasm(file: &Path) -> Result<(), String> {
    let words = |why: String| format!("{}: {why}", file.display());
    wasm_opt(file, PASSES)?;
    let module = std::fs::read(file).map_err(|why| words(why.to_string()))?;
    let named = with_names_by_likeness(module).map_err(|why| words(why.to_string()))?;
    std::fs::write(file, named).map_err(|why| words(why.to_string()))?;
    wasm_opt(file, &["--reorder-functions-by-name"])
}

/// Shortens the names by which the app's Wasm calls its script.
///
/// # Errors
/// What could not be read or written, and that module and script don't fit.
pub fn imports(wasm: &Path, script: &Path) -> Result<(), String> {
    let words = |why: std::io::Error| format!("{}: {why}", wasm.display());
    let module = std::fs::read(wasm).map_err(words)?;
    let text = std::fs::read_to_string(script).map_err(words)?;
    let (module, text) = imports::shorten(&module, &text)?;
    std::fs::write(wasm, module)
        .and_then(|()| std::fs::write(script, text))
        .map_err(words)
}

fn wasm_opt(file: &Path, passes: &[&str]) -> Result<(), String> {
    let mut wasm_opt = Command::new(root().join("node_modules/.bin/wasm-opt"));
    wasm_opt.args(FEATURES).args(passes).arg(file).arg("-o").arg(file);
    command::run(&mut wasm_opt)
}

/// Names each function by its place among its like, which is how `wasm-opt` learns the order.
fn with_names_by_likeness(mut module: Vec<u8>) -> wasmparser::Result<Vec<u8>> {
    let mut imported = 0;
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(&module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes()),
            _ => {}
        }
    }
    let mut names = vec![String::new(); bodies.len()];
    for (place, function) in order::by_likeness(&bodies).into_iter().enumerate() {
        names[function] = format!("{place:06}");
    }
    let mut map = NameMap::new();
    for (index, name) in (imported..).zip(&names) {
        map.append(index, name);
    }
    let mut section = NameSection::new();
    section.functions(&map);
    module.push(section.id());
    section.encode(&mut module);
    Ok(module)
}
