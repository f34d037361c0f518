//! Gives what the Wasm imports from its script short names on both sides: wasm-bindgen's end in sixteen random digits.

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{ImportSection, Module, RawSection};
use wasmparser::{Parser, Payload};

/// The module and its script with new names for the functions between them.
///
/// # Errors
/// That the module can't be read, or that the script does not give an import exactly once.
pub(super) fn shorten(module: &[u8], script: &str) -> Result<(Vec<u8>, String), String> {
    let mut script = script.to_owned();
    let mut out = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(|why| why.to_string())?;
        if let Payload::ImportSection(imports) = payload {
            let mut section = ImportSection::new();
            for (number, import) in imports.into_imports().enumerate() {
                let import = import.map_err(|why| why.to_string())?;
                let kind = RoundtripReencoder
                    .entity_type(import.ty)
                    .map_err(|why| why.to_string())?;
                if import.module.ends_with("_bg.js") {
                    let name = format!("i{number}");
                    script = with_key(&script, import.name, &name)?;
                    section.import(import.module, &name, kind);
                } else {
                    section.import(import.module, import.name, kind);
                }
            }
            out.section(&section);
        } else if let Some((id, range)) = payload.as_section() {
            out.section(&RawSection {
                id,
                data: &module[range.start as usize..range.end as usize],
            });
        }
    }
    Ok((out.finish(), script))
}

/// The script with the key `old` of its imports' object renamed.
fn with_key(script: &str, old: &str, new: &str) -> Result<String, String> {
    let key = format!(" {old}: ");
    let mut parts = script.split(&key);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(before), Some(after), None) => Ok(format!("{before} {new}: {after}")),
        _ => Err(format!(
            "the script does not give `{old}` once: look at wasm-bindgen's output again"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{EntityType, TypeSection};

    fn module(names: &[(&str, &str)]) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        for (module, name) in names {
            imports.import(module, name, EntityType::Function(0));
        }
        Module::new().section(&types).section(&imports).clone().finish()
    }

    #[test]
    fn both_sides_get_the_same_name() {
        let old = module(&[("./__wasm_split.js", "load"), ("./a_bg.js", "__wbg_a_0123")]);
        let (new, script) = shorten(&old, "const import0 = { __wbg_a_0123: function() {} };").unwrap();
        assert_eq!(new, module(&[("./__wasm_split.js", "load"), ("./a_bg.js", "i1")]));
        assert_eq!(script, "const import0 = { i1: function() {} };");
    }

    #[test]
    fn script_of_another_shape_is_refused() {
        let old = module(&[("./a_bg.js", "b")]);
        assert!(shorten(&old, "const import0 = { \"b\": 1 };").is_err());
        assert!(shorten(&old, "{ b: 1, b: 2 }").is_err());
    }
}
