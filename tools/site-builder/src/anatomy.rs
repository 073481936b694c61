//! What a module consists of: its functions by name and size, and everything else.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use wasmparser::{BinaryReader, KnownCustom, Name, Parser, Payload, TypeRef};

/// The bytes of one module, by what they are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Anatomy {
    /// Every defined function: its symbol, empty where the module names none, and its bytes.
    pub(crate) functions: Vec<(String, u64)>,
    /// Constants: strings, tables of the compiler, static values.
    pub(crate) data: u64,
    /// Types, imports, exports and the table of functions that are called by address.
    pub(crate) tables: u64,
}

impl Anatomy {
    /// Reads a module with its name section; custom sections do not count.
    pub(crate) fn of(module: &[u8]) -> Result<Self> {
        let mut anatomy = Self::default();
        let mut bodies = Vec::new();
        let mut names = HashMap::new();
        let mut imported = 0_u32;
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload.context("read the module")?;
            if let Some((_, range)) = payload.as_section() {
                let bytes = range.end - range.start;
                match &payload {
                    Payload::DataSection(_) => anatomy.data += bytes,
                    Payload::CustomSection(_) | Payload::CodeSectionStart { .. } => {}
                    _ => anatomy.tables += bytes,
                }
            }
            match payload {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let is_function = matches!(import?.ty, TypeRef::Func(_));
                        imported += u32::from(is_function);
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    let range = body.range();
                    bodies.push(range.end - range.start);
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(section) = section.as_known() {
                        for name in section {
                            if let Name::Function(map) = name? {
                                for entry in map {
                                    let entry = entry?;
                                    names.insert(entry.index, entry.name.to_owned());
                                }
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        anatomy.functions = (imported..)
            .zip(bodies)
            .map(|(index, bytes)| (names.remove(&index).unwrap_or_default(), bytes))
            .collect();
        Ok(anatomy)
    }
}

/// The module without its custom sections: names, producers. A browser needs none of them.
pub(crate) fn strip(module: &[u8]) -> Result<Vec<u8>> {
    const HEADER_BYTES: usize = 8;
    const CUSTOM: u8 = 0;
    ensure!(module.len() >= HEADER_BYTES, "the module has no header");
    let (header, sections) = module.split_at(HEADER_BYTES);
    let mut stripped = header.to_vec();
    let mut reader = BinaryReader::new(sections, 0);
    while !reader.eof() {
        let start = reader.current_position();
        let kind = reader.read_u8()?;
        let bytes = reader.read_var_u32()?;
        reader.read_bytes(bytes as usize)?;
        if kind != CUSTOM {
            stripped.extend_from_slice(&sections[start..reader.current_position()]);
        }
    }
    Ok(stripped)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One imported function, one defined (3 bytes) that is named `own`, two bytes of constants.
    const MODULE: [u8; 61] = [
        0, b'a', b's', b'm', 1, 0, 0, 0, // header
        1, 4, 1, 0x60, 0, 0, // type: () -> ()
        2, 7, 1, 1, b'e', 1, b'f', 0, 0, // import: e.f
        3, 2, 1, 0, // function
        5, 3, 1, 0, 1, // memory
        10, 5, 1, 3, 0, 1, 0x0b, // code: nop
        11, 5, 1, 1, 2, b'h', b'i', // data
        0, 13, 4, b'n', b'a', b'm', b'e', 1, 6, 1, 1, 3, b'o', b'w', b'n',
    ];

    const NAMES_BYTES: usize = 15;

    #[test]
    fn functions_have_their_names_and_the_rest_is_counted_apart() {
        let anatomy = Anatomy::of(&MODULE).unwrap();
        assert_eq!(anatomy.functions, [("own".to_owned(), 3)]);
        assert_eq!(anatomy.data, 5);
        assert_eq!(anatomy.tables, 4 + 7 + 2 + 3);
    }

    #[test]
    fn stripping_takes_the_names_and_nothing_else() {
        let whole = Anatomy::of(&MODULE).unwrap();
        let stripped = strip(&MODULE).unwrap();
        assert_eq!(stripped, MODULE[..MODULE.len() - NAMES_BYTES]);
        let bare = Anatomy::of(&stripped).unwrap();
        assert_eq!(bare.functions, [(String::new(), 3)]);
        assert_eq!((bare.data, bare.tables), (whole.data, whole.tables));
    }
}
