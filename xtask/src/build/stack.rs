//! How deep the core's stack can get, read from its module: the stack is a few kilobytes, and a core that
//! outgrows it traps in its visitors' browsers. A module enters; bytes of stack leave.

use anyhow::{Context, Result, bail};
use wasmparser::{ExternalKind, FunctionBody, Operator, Parser, Payload};

/// What a function takes of the stack itself, and which others it calls.
#[derive(Default)]
struct Function {
    frame: u32,
    calls: Vec<usize>,
    /// Bytes below it and its own, once known.
    depth: Option<u32>,
    visited: bool,
}

/// The bytes of stack that the exported functions need at most. Refused are modules of which that cannot be
/// read: with recursion, imported functions or calls through a table.
pub(super) fn deepest(module: &[u8]) -> Result<u32> {
    let mut functions = Vec::new();
    let mut exported = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) if imports.count() > 0 => {
                bail!("the core imports something, and what that needs of the stack is not known");
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        exported.push(export.index as usize);
                    }
                }
            }
            Payload::CodeSectionEntry(body) => functions.push(function(&body)?),
            _ => {}
        }
    }
    if exported.is_empty() {
        bail!("the core exports no function");
    }
    let mut deepest = 0;
    for export in exported {
        deepest = deepest.max(depth(&mut functions, export)?);
    }
    Ok(deepest)
}

/// Frames are taken as `stack pointer - size`; the stack pointer is the first global
/// (<https://github.com/WebAssembly/tool-conventions/blob/main/BasicCABI.md>). Frames of functions inlined into
/// this one are added up: they may be nested.
fn function(body: &FunctionBody) -> Result<Function> {
    let mut function = Function::default();
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        match operators.read()? {
            Operator::GlobalGet { global_index: 0 } => {
                let size = match (operators.read()?, operators.read()?) {
                    (Operator::I32Const { value }, Operator::I32Sub) => value,
                    (Operator::I32Const { value }, Operator::I32Add) => value.wrapping_neg(),
                    (next, _) => bail!("the stack pointer is used in a way not known: {next:?}"),
                };
                function.frame += u32::try_from(size).context("a frame of negative size")?;
            }
            Operator::Call { function_index } => function.calls.push(function_index as usize),
            Operator::CallIndirect { .. } => bail!("the core calls through a table"),
            _ => {}
        }
    }
    Ok(function)
}

fn depth(functions: &mut [Function], index: usize) -> Result<u32> {
    let function = functions
        .get_mut(index)
        .with_context(|| format!("no function {index}"))?;
    if let Some(depth) = function.depth {
        return Ok(depth);
    }
    if std::mem::replace(&mut function.visited, true) {
        bail!("function {index} calls itself, by way of others perhaps");
    }
    let mut below = 0;
    for called in std::mem::take(&mut function.calls) {
        below = below.max(depth(functions, called)?);
    }
    let function = &mut functions[index];
    let depth = function.frame + below;
    function.depth = Some(depth);
    Ok(depth)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module of functions without parameters, each given by its code; the first is exported.
    fn module(bodies: &[&[u8]]) -> Vec<u8> {
        let mut functions = vec![bodies.len() as u8];
        let mut code = vec![bodies.len() as u8];
        for body in bodies {
            functions.push(0);
            // Size, no locals, the code, end.
            code.push(body.len() as u8 + 2);
            code.push(0);
            code.extend(*body);
            code.push(0x0b);
        }
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        let global = [1, 0x7f, 1, 0x41, 0, 0x0b];
        for (id, content) in [
            (1, &[1, 0x60, 0, 0][..]),
            (3, &functions),
            (6, &global),
            (7, &[1, 1, b'a', 0, 0]),
            (10, &code),
        ] {
            module.extend([id, content.len() as u8]);
            module.extend(content);
        }
        module
    }

    // `global.get 0; i32.const 16; i32.sub; drop`, and what else is needed.
    const FRAME: &[u8] = &[0x23, 0, 0x41, 16, 0x6b, 0x1a];
    const CALL_1: &[u8] = &[0x10, 1];
    const CALL_2: &[u8] = &[0x10, 2];

    #[test]
    fn frames_of_the_deepest_way_are_added_up() {
        let first = [FRAME, CALL_1, CALL_2].concat();
        let second = [FRAME, FRAME, CALL_2].concat();
        let deep = deepest(&module(&[&first, &second, FRAME]));
        assert_eq!(deep.expect("a depth"), 16 + 32 + 16);
    }

    #[test]
    fn a_frame_may_be_written_as_a_sum() {
        let sum = [0x23, 0, 0x41, 0x70, 0x6a, 0x1a];
        assert_eq!(deepest(&module(&[&sum])).expect("a depth"), 16);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (what, bodies) in [
            ("itself", [CALL_1, &[0x10, 0]]),
            ("not known", [&[0x23, 0, 0x1a, 0x01], &[]]),
            ("negative", [&[0x23, 0, 0x41, 16, 0x6a, 0x1a], &[]]),
            ("table", [&[0x41, 0, 0x11, 0, 0], &[]]),
            ("no function 1", [CALL_1, &[]]),
        ] {
            let bodies = if what.starts_with("no ") {
                &bodies[..1]
            } else {
                &bodies[..]
            };
            let error = deepest(&module(bodies)).expect_err(what);
            assert!(error.to_string().contains(what), "{what}: {error}");
        }
    }
}
