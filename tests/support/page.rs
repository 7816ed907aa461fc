//! Markdown, as far as the tests look at it.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A Markdown file.
pub(crate) struct Page {
    /// From the root of the repository on.
    pub(crate) path: PathBuf,
    text: String,
}

/// A block of code.
pub(crate) struct Block<'a> {
    /// What stands behind the back-ticks: `rust`, `rust,no_run`, …
    pub(crate) info: &'a str,
    pub(crate) lines: Vec<&'a str>,
}

impl Page {
    pub(crate) fn read(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let text = read(path.to_str().expect("names are UTF-8"));
        Self { path, text }
    }

    /// The pages of the guide, but for the summary.
    pub(crate) fn guide() -> Vec<Self> {
        let mut names: Vec<_> = fs::read_dir(root().join("docs"))
            .expect("there is a guide")
            .map(|entry| entry.expect("it can be listed").file_name().into_string().expect("names are UTF-8"))
            .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "md"))
            .filter(|name| name != "SUMMARY.md")
            .collect();
        names.sort();
        assert!(names.len() > 10, "{names:?}");
        names.into_iter().map(|name| Self::read(Path::new("docs").join(name))).collect()
    }

    /// The page's name in the guide.
    pub(crate) fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// The lines outside of blocks of code.
    pub(crate) fn prose(&self) -> impl Iterator<Item = &str> {
        let mut in_block = false;
        self.text.lines().filter(move |line| {
            let is_fence = line.trim_start().starts_with("```");
            in_block ^= is_fence;
            !in_block && !is_fence
        })
    }

    pub(crate) fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks = Vec::new();
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            if let Some(info) = line.trim_start().strip_prefix("```") {
                let lines = lines.by_ref().take_while(|line| line.trim_start() != "```").collect();
                blocks.push(Block { info, lines });
            }
        }
        blocks
    }

    /// The targets of its links, in their order.
    pub(crate) fn links(&self) -> Vec<String> {
        // A link may be broken over two lines.
        let text = without_code(&self.prose().collect::<Vec<_>>().join("\n"));
        let inline = text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()));
        let referred = text.lines().filter_map(|line| {
            let (_, target) = line.strip_prefix('[')?.split_once("]: ")?;
            Some(target.to_owned())
        });
        inline.chain(referred).collect()
    }

    /// What its headings are known by in links.
    pub(crate) fn anchors(&self) -> Vec<String> {
        self.prose().filter(|line| line.starts_with('#')).map(|line| anchor(line.trim_start_matches('#'))).collect()
    }

    /// The cells of the rows of the table that has this head.
    pub(crate) fn table(&self, head: &str) -> Vec<Vec<&str>> {
        let mut lines = self.text.lines().skip_while(|line| *line != head);
        assert!(lines.next().is_some(), "{} has no table {head}", self.name());
        let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
        rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
    }
}

/// The text without what stands between back-ticks.
fn without_code(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// As GitHub and mdBook make them: letters in small, hyphens for spaces, nothing else but digits and underscores.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>().to_lowercase()
}
