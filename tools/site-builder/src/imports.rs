//! Short names for what the main part imports from wasm-bindgen's script.
//!
//! wasm-bindgen names each import by what it does and by a hash, once in the module and once in the
//! script. Nobody reads them there, and hashes do not compress: they were 8 KiB of every page.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use wasmparser::BinaryReader;

use crate::config::Site;

const HEADER_BYTES: usize = 8;
const IMPORTS: u8 = 2;
const FUNCTION: u8 = 0;

/// Renames the imports in the main part and in the script that has them, both in `pkg`.
pub(crate) fn shorten(site: &Site, pkg: &Path) -> Result<()> {
    let name = &site.output_name;
    let (part, script) = (
        pkg.join(format!("{name}.wasm")),
        pkg.join(format!("{name}.js")),
    );
    let module = fs::read(&part).with_context(|| format!("read {}", part.display()))?;
    let text = fs::read_to_string(&script).with_context(|| format!("read {}", script.display()))?;
    let (module, names) = shorten_module(&module, &format!("./{name}_bg.js"))
        .with_context(|| format!("shorten the imports of {}", part.display()))?;
    let text = shorten_script(&text, &names)
        .with_context(|| format!("shorten the imports in {}", script.display()))?;
    fs::write(&part, module).with_context(|| format!("write {}", part.display()))?;
    fs::write(&script, text).with_context(|| format!("write {}", script.display()))
}

/// The module with short names for what it imports from `from`, and the short name of each.
fn shorten_module(module: &[u8], from: &str) -> Result<(Vec<u8>, HashMap<String, String>)> {
    ensure!(module.len() >= HEADER_BYTES, "the module has no header");
    let (header, sections) = module.split_at(HEADER_BYTES);
    let (mut shortened, mut names) = (header.to_vec(), HashMap::new());
    let mut reader = BinaryReader::new(sections, 0);
    while !reader.eof() {
        let start = reader.current_position();
        let kind = reader.read_u8()?;
        let bytes = reader.read_var_u32()?;
        let content = reader.read_bytes(bytes as usize)?;
        if kind == IMPORTS {
            let content = shorten_section(content, from, &mut names)?;
            shortened.push(IMPORTS);
            write_bytes(&mut shortened, &content)?;
        } else {
            shortened.extend_from_slice(&sections[start..reader.current_position()]);
        }
    }
    Ok((shortened, names))
}

/// The content of an import section.
fn shorten_section(
    section: &[u8],
    from: &str,
    names: &mut HashMap<String, String>,
) -> Result<Vec<u8>> {
    let mut reader = BinaryReader::new(section, 0);
    let count = reader.read_var_u32()?;
    let mut shortened = Vec::new();
    write_number(&mut shortened, count);
    for _ in 0..count {
        let (module, name) = (reader.read_string()?, reader.read_string()?);
        let (kind, signature) = (reader.read_u8()?, reader.read_var_u32()?);
        ensure!(kind == FUNCTION, "`{name}` of {module} is no function");
        write_bytes(&mut shortened, module.as_bytes())?;
        if module == from {
            let short = short_name(names.len());
            write_bytes(&mut shortened, short.as_bytes())?;
            let known = names.insert(name.to_owned(), short);
            ensure!(known.is_none(), "`{name}` is imported twice");
        } else {
            write_bytes(&mut shortened, name.as_bytes())?;
        }
        shortened.push(FUNCTION);
        write_number(&mut shortened, signature);
    }
    ensure!(reader.eof(), "the import section is longer than its count");
    Ok(shortened)
}

/// `a` to `z`, then `aa` and so on.
fn short_name(mut index: usize) -> String {
    const LETTERS: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(LETTERS[index % LETTERS.len()]));
        match (index / LETTERS.len()).checked_sub(1) {
            Some(rest) => index = rest,
            None => return letters.into_iter().rev().collect(),
        }
    }
}

/// The script with the short names, each of which must stand there once: as the key of a function.
fn shorten_script(text: &str, names: &HashMap<String, String>) -> Result<String> {
    let is_part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let mut shortened = String::with_capacity(text.len());
    let (mut rest, mut replaced) = (text, 0);
    while let Some(start) = rest.find(is_part_of_name) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_part_of_name(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        shortened.push_str(before);
        match names.get(word) {
            // After a dot it is what the module exports.
            Some(short) if !before.ends_with('.') => {
                shortened.push_str(short);
                replaced += 1;
            }
            _ => shortened.push_str(word),
        }
        rest = after;
    }
    shortened.push_str(rest);
    ensure!(
        replaced == names.len(),
        "{} imports, but {replaced} names of them: does wasm-bindgen write them in another form?",
        names.len()
    );
    Ok(shortened)
}

fn write_bytes(to: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    write_number(to, u32::try_from(bytes.len())?);
    to.extend_from_slice(bytes);
    Ok(())
}

/// LEB128.
fn write_number(to: &mut Vec<u8>, mut number: u32) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            return to.push(low);
        }
        to.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use wasmparser::{Parser, Payload};

    use super::*;

    /// A type, then the imports `long_name` of `./a_bg.js` and `load` of `./b.js`.
    fn module() -> Vec<u8> {
        let mut imports = vec![2];
        for (module, name) in [("./a_bg.js", "long_name"), ("./b.js", "load")] {
            write_bytes(&mut imports, module.as_bytes()).unwrap();
            write_bytes(&mut imports, name.as_bytes()).unwrap();
            imports.extend([FUNCTION, 0]);
        }
        let mut module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0".to_vec();
        module.push(IMPORTS);
        write_bytes(&mut module, &imports).unwrap();
        module
    }

    fn imports(module: &[u8]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            if let Payload::ImportSection(section) = payload.unwrap() {
                let named = section.into_imports().map(|import| {
                    let import = import.unwrap();
                    (import.module.to_owned(), import.name.to_owned())
                });
                found.extend(named);
            }
        }
        found
    }

    fn pair(module: &str, name: &str) -> (String, String) {
        (module.to_owned(), name.to_owned())
    }

    #[test]
    fn only_the_imports_of_that_script_get_short_names() {
        let (shortened, names) = shorten_module(&module(), "./a_bg.js").unwrap();
        let expected = [pair("./a_bg.js", "a"), pair("./b.js", "load")];
        assert_eq!(imports(&shortened), expected);
        assert_eq!(names, HashMap::from([pair("long_name", "a")]));
    }

    #[test]
    fn the_script_has_the_same_names_and_keeps_its_own() {
        let names = HashMap::from([pair("long_name", "a")]);
        let script = "long_name: function() { wasm.long_name(long_name_2); }";
        let shortened = shorten_script(script, &names).unwrap();
        assert_eq!(shortened, "a: function() { wasm.long_name(long_name_2); }");
    }

    #[test]
    fn a_name_that_the_script_lacks_or_has_twice_is_a_mistake() {
        let names = HashMap::from([pair("long_name", "a")]);
        for script in ["", "long_name(long_name)"] {
            assert!(shorten_script(script, &names).is_err(), "{script}");
        }
    }

    #[test]
    fn short_names_do_not_repeat() {
        let names: Vec<_> = [0, 25, 26, 27, 701, 702].map(short_name).into();
        assert_eq!(names, ["a", "z", "aa", "ab", "zz", "aaa"]);
    }
}
