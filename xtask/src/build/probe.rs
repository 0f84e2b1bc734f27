//! The probe's npm package: the core compiled for size, bound in-process by the very version of
//! wasm-bindgen it was built with, optimised, and its JavaScript minified.

use super::{names, npm};
use crate::shell;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";
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
/// probe's lints forbid panics; what remains is unreachable), and the stack is one page, not sixteen.
const FLAGS: [&str; 5] = [
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    "-Zlocation-detail=none",
    "-Zfmt-debug=none",
    "-Clink-arg=-zstack-size=65536",
];
const COPIED: [&str; 6] = [
    "package.json",
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
                    FLAGS.join(" "),
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
        let renamed = shell::output_of_command(
            npm::tool(&npm_dir, "wasm-opt")
                .args(FEATURES)
                .args(["-Oz", "--strip-debug", "--strip-producers"])
                // Inlining less leaves more raw bytes and fewer compressed ones.
                .args(["-aimfs=4", "-fimfs=10", "-ocimfs=10"])
                .args(["--minify-imports-and-exports-and-modules", "-o"])
                .arg(package.join("core.wasm"))
                .arg(work.join("glue_bg.wasm")),
        )?;
        let glue = work.join("glue.js");
        fs::write(
            &glue,
            names::shorten(&fs::read_to_string(&glue)?, &renamed)?,
        )?;
        for name in [
            "core.js",
            "body.js",
            "check.js",
            "persist.js",
            "transport.js",
            "vitals.js",
        ] {
            fs::copy(source.join("js").join(name), work.join(name))
                .with_context(|| name.to_owned())?;
        }
        let build = mark_build(&package.join("core.wasm"), &glue)?;
        minify(
            &npm_dir,
            &work.join("core.js"),
            &package.join("core.js"),
            &[
                "--bundle",
                "--format=esm",
                &format!("--define:BUILD={build:?}"),
            ],
        )?;
        minify(
            &npm_dir,
            &source.join("js/early.js"),
            &package.join("early.js"),
            &[],
        )?;
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

fn minify(npm_dir: &Path, from: &Path, to: &Path, more: &[&str]) -> Result<()> {
    if !from.is_file() {
        bail!("{} is missing", from.display());
    }
    shell::run_quietly(
        npm::tool(npm_dir, "esbuild")
            .arg(from)
            .args([
                "--minify",
                "--target=es2020",
                "--charset=utf8",
                "--legal-comments=none",
                "--log-level=warning",
            ])
            .args(more)
            .arg(format!("--outfile={}", to.display())),
    )
}
