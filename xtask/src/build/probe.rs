//! The probe's npm package: the core compiled for size, bound in-process by the very version of
//! wasm-bindgen it was built with, optimised, and its JavaScript minified.

use super::{members, names, npm, stack};
use crate::shell;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";
/// Bytes of the core's stack; what it needs of them is measured on the finished module.
const STACK: u32 = 1024;
/// What browsers of the last years run: <https://webassembly.org/features/>.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-multivalue",
    "--enable-reference-types",
];
/// The standard library is built along, so that a panic is one instruction and carries no text (the
/// probe's lints forbid panics; what remains is unreachable), and the stack is small, so that addresses are short.
const FLAGS: [&str; 5] = [
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    "-Zlocation-detail=none",
    "-Zfmt-debug=none",
    // Loops over our slots get smaller without it.
    "-Cllvm-args=-disable-lsr",
];
/// Flattened first, more is found to be alike; where functions are in the order of their use, the calls of
/// them have short and similar numbers.
const OPTIMISATIONS: [&str; 11] = [
    "--traps-never-happen",
    "--low-memory-unused",
    "--flatten",
    "--local-cse",
    "--rereloop",
    "-Oz",
    "--converge",
    "-Oz",
    "--converge",
    "--reorder-locals",
    "--reorder-functions",
];
/// Modules of their own: the second one, and those fetched only by option or use.
const MODULES: [&str; 6] = [
    "more.js",
    "api.js",
    "check.js",
    "console.js",
    "events.js",
    "debug.js",
];
/// Not modules, because they must run at once.
const SCRIPTS: [&str; 2] = ["early.js", "trace.js"];
const COPIED: [&str; 8] = [
    "package.json",
    "config-check.js",
    "event-types.d.ts",
    "index.js",
    "index.d.ts",
    "inline.js",
    "vite.js",
    "vite.d.ts",
];

/// Where the package is put together.
pub(crate) fn package_dir() -> PathBuf {
    shell::root().join("probe-wasm/pkg")
}

/// Builds the package.
pub(crate) fn probe() -> Result<()> {
    let source = shell::root().join("probe-wasm");
    let npm_dir = source.join("npm");
    let package = package_dir();
    let work = shell::target_dir().join("probe");
    fs::create_dir_all(&package)?;
    fs::create_dir_all(&work)?;
    shell::step("tools for the probe", || {
        wasm_target()?;
        npm::install(&npm_dir)
    })?;
    shell::step("probe, wasm core", || {
        shell::run(
            shell::cargo()
                .env("RUSTC_BOOTSTRAP", "1")
                .env(
                    "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
                    format!("{} -Clink-arg=-zstack-size={STACK}", FLAGS.join(" ")),
                )
                .args([
                    "build",
                    "--package",
                    "probe-wasm",
                    "--profile",
                    "probe",
                    "--target",
                    TARGET,
                ])
                .args([
                    "-Z",
                    "build-std=std,panic_abort",
                    "-Z",
                    "build-std-features=optimize_for_size",
                ]),
        )
    })?;
    shell::step("probe, package", || {
        let core = shell::target_dir()
            .join(TARGET)
            .join("probe/probe_wasm.wasm");
        bind(&core, &work)?;
        let doors = only_doors(&npm_dir, &work)?;
        let optimised = work.join("optimised.wasm");
        shell::run_quietly(
            npm::tool(&npm_dir, "wasm-opt")
                .args(FEATURES)
                // A trap would be a bug of ours, and low addresses hold our stack.
                .args(OPTIMISATIONS)
                .args([
                    "--strip-debug",
                    "--strip-producers",
                    "--strip-target-features",
                    "-o",
                ])
                .arg(&optimised)
                .arg(doors),
        )?;
        let renamed = shell::output_of_command(
            npm::tool(&npm_dir, "wasm-opt")
                .args(FEATURES)
                .args(["--minify-imports-and-exports-and-modules", "-o"])
                .arg(package.join("core.wasm"))
                .arg(optimised),
        )?;
        // One file first, so that the short names are given once to all that knows the long ones.
        let names = work.join("members.json");
        for name in COPIED {
            members::stay_out_of(name, &fs::read_to_string(npm_dir.join(name))?)?;
        }
        let bundle = work.join("core.js");
        bundled(&npm_dir, &source.join("js/core.js"), &bundle)?;
        let short = names::shorten(&fs::read_to_string(&bundle)?, &renamed)?;
        fs::write(&bundle, short)?;
        let needed = stack::deepest(&fs::read(package.join("core.wasm"))?)?;
        if needed > STACK {
            bail!(
                "the core may need {needed} bytes of stack and has {STACK}: look for values built on the stack \
                 that could be written in place"
            );
        }
        let build = mark_build(&package.join("core.wasm"), &bundle)?;
        let named = fs::read_to_string(&bundle)?.replace("BUILD", &format!("{build:?}"));
        fs::write(&bundle, named)?;
        minify(&npm_dir, &names, &bundle, &package.join("core.js"), true)?;
        for name in MODULES {
            let module = source.join("js").join(name);
            if module.is_file() {
                let bundle = work.join(name);
                bundled(&npm_dir, &module, &bundle)?;
                let short = names::shorten(&fs::read_to_string(&bundle)?, &renamed)?;
                fs::write(&bundle, short)?;
                minify(&npm_dir, &names, &bundle, &package.join(name), true)?;
            }
        }
        for name in SCRIPTS {
            let script = source.join("js").join(name);
            minify(&npm_dir, &names, &script, &package.join(name), false)?;
        }
        for name in COPIED {
            fs::copy(npm_dir.join(name), package.join(name)).with_context(|| name.to_owned())?;
        }
        fs::copy(shell::root().join("LICENSE"), package.join("LICENSE"))?;
        Ok(())
    })
}

/// The target's own libraries, and the standard library's source, which is built along.
fn wasm_target() -> Result<()> {
    let sysroot = shell::output_of("rustc", &["--print", "sysroot"])?;
    let rustlib = Path::new(sysroot.trim()).join("lib/rustlib");
    let parts: [(&str, PathBuf, &[&str]); 2] = [
        (
            "target wasm32-unknown-unknown",
            rustlib.join(TARGET).join("lib"),
            &["target", "add", TARGET],
        ),
        (
            "component rust-src",
            rustlib.join("src/rust/library"),
            &["component", "add", "rust-src"],
        ),
    ];
    for (name, place, add) in parts {
        if !place.is_dir() {
            shell::run_quietly(Command::new("rustup").args(add)).with_context(|| {
                format!("Rust's {name} is missing and rustup (https://rustup.rs) could not add it")
            })?;
        }
    }
    Ok(())
}

fn bind(core: &Path, into: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(core)
        .out_name("glue")
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true);
    bindgen.web(true)?;
    // The default lookup beside the module is never used: core.js hands the file over.
    bindgen.omit_default_module_path(true);
    bindgen.generate(into).context("wasm-bindgen")
}

/// What wasm-bindgen leaves for modules that hold JavaScript's values, which ours does not, is taken out:
/// all that the exported doors do not reach.
fn only_doors(npm_dir: &Path, work: &Path) -> Result<PathBuf> {
    let bound = work.join("glue_bg.wasm");
    let module = fs::read(&bound)?;
    let mut graph = Vec::new();
    let mut reached = Vec::new();
    for name in names::exports(&module)?
        .into_iter()
        .filter(|name| !name.starts_with("__"))
    {
        reached.push(name.clone());
        graph.push(serde_json::json!({ "name": name, "export": name }));
    }
    graph.push(serde_json::json!({ "name": "shell", "reaches": reached, "root": true }));
    let (file, doors) = (work.join("doors.json"), work.join("doors.wasm"));
    fs::write(&file, serde_json::to_string(&graph)?)?;
    shell::output_of_command(
        npm::tool(npm_dir, "wasm-metadce")
            .args(FEATURES)
            .arg(bound)
            .arg("--graph-file")
            .arg(file)
            .arg("-o")
            .arg(&doors),
    )?;
    Ok(doors)
}

/// Writes into the wasm, as the name of an empty custom section, which build it is: core.js knows the
/// same name and starts no other, because the short names of another build would bind wrongly.
fn mark_build(wasm: &Path, glue: &Path) -> Result<String> {
    let mut bytes = fs::read(wasm)?;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes);
    hasher.update(&fs::read(glue)?);
    let build = format!("{:08x}", hasher.finalize());
    // Section id 0, size, length of the name, name: <https://webassembly.github.io/spec/core/binary/modules.html>.
    bytes.extend([0, 9, 8]);
    bytes.extend(build.as_bytes());
    fs::write(wasm, bytes)?;
    Ok(build)
}

/// All modules of an entry point in one, still readable.
fn bundled(npm_dir: &Path, from: &Path, to: &Path) -> Result<()> {
    shell::run_quietly(
        npm::tool(npm_dir, "esbuild")
            .arg(from)
            .args([
                "--bundle",
                "--format=esm",
                "--target=es2020",
                "--charset=utf8",
                "--log-level=warning",
            ])
            .arg(format!("--outfile={}", to.display())),
    )
}

/// terser's output is a twentieth smaller than esbuild's once it is compressed. `names` is where the short names of
/// members stand for it.
fn minify(npm_dir: &Path, names: &Path, from: &Path, to: &Path, module: bool) -> Result<()> {
    let text = fs::read_to_string(from).with_context(|| format!("{}", from.display()))?;
    members::stay_out_of_strings(&from.display().to_string(), &text)?;
    let readable = names.with_file_name("script.js");
    fs::write(&readable, without_constants(&text))?;
    members::write_names(names)?;
    let mut terser = npm::tool(npm_dir, "terser");
    terser.arg(&readable).args([
        "--compress",
        "passes=3,unsafe_arrows=true,keep_fargs=false,pure_getters=true,inline=1",
        "--mangle",
        "--mangle-props",
        &members::terser_option(),
        "--ecma",
        "2020",
        "--output",
    ]);
    terser.arg(to).arg("--name-cache").arg(names);
    if module {
        terser.arg("--module");
    }
    shell::run_quietly(&mut terser)?;
    Ok(())
}

/// One word for all variables compresses better than two, and neighbours are joined: `const` becomes `let` where a
/// line or a loop begins.
fn without_constants(script: &str) -> String {
    let mut without = String::with_capacity(script.len());
    for line in script.lines() {
        let code = line.trim_start();
        let changed = match code.strip_prefix("const ") {
            Some(declaration) => format!("let {declaration}"),
            None => code.replacen("for (const ", "for (let ", 1),
        };
        without.push_str(&line[..line.len() - code.len()]);
        without.push_str(&changed);
        without.push('\n');
    }
    without
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_declarations_lose_their_constancy() {
        let script = "const a = 1;\n  for (const [b] of c) {\n    const { constant: d } = b;\n}\ne('a const is');\n";
        let without = "let a = 1;\n  for (let [b] of c) {\n    let { constant: d } = b;\n}\ne('a const is');\n";
        assert_eq!(without_constants(script), without);
    }
}
