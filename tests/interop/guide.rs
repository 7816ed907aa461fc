//! The blocks of Python and JavaScript in the guide, `docs/`: each is a program, and ends well in a sandbox of its own.

use std::path::Path;

use tagoio::sandbox::Sandbox;

use crate::clients::command;
use crate::page::Page;

/// Runs them all, and gives how many there are.
pub(crate) fn run(home: &Path) -> Result<usize, String> {
    // A module finds its packages beside itself.
    let script = home.join("node/guide.mjs");
    let mut count = 0;
    for page in Page::guide() {
        for block in page.blocks() {
            let text = block.lines.join("\n");
            let mut program = match block.info {
                "python" => {
                    let mut program = command(&home.join("venv/bin/python"));
                    program.arg("-c").arg(text);
                    program
                }
                "javascript" => {
                    std::fs::write(&script, text).map_err(|error| format!("{}: {error}", script.display()))?;
                    let mut program = command(&home.join("node/bin/node"));
                    program.arg(&script);
                    program
                }
                _ => continue,
            };
            let says = |what: String| format!("{}: the block in {}: {what}", page.name(), block.info);
            let server = Sandbox::new().serve("127.0.0.1:0").map_err(|error| error.to_string())?;
            let (url, token) = (server.url(), server.sandbox().token());
            program.env("TAGOIO_API", &url).env("TAGOIO_SSE", &url).env("T_ANALYSIS_TOKEN", token.expose());
            let output = program.output().map_err(|error| says(error.to_string()))?;
            if !output.status.success() {
                return Err(says(String::from_utf8_lossy(&output.stderr).into_owned()));
            }
            if server.journal().is_empty() {
                return Err(says("it calls nothing".to_owned()));
            }
            count += 1;
        }
    }
    if count == 0 { Err("the guide has no block in Python or JavaScript".to_owned()) } else { Ok(count) }
}
