//! Tables for people.

use comfy_table::{ContentArrangement, Table, presets};
use console::{Term, style};
use serde_json::Value;

use super::cell::{text_of, visible};

/// A list: a header and a line for each row. On a terminal it is as wide as that at most.
pub(super) fn rows(columns: &[String], rows: &[Vec<String>]) -> String {
    let mut table = empty();
    table.set_header(columns.iter().map(|column| heading(column)));
    for row in rows {
        table.add_row(row.iter().map(|cell| visible(cell)));
    }
    let text = lines(&table);
    // The colours come last: they have no width.
    match text.split_once('\n') {
        Some((header, rest)) => format!("{}\n{rest}", style(header).bold()),
        None => text,
    }
}

/// One thing: a line for each field.
pub(super) fn fields(fields: &[(String, Value)]) -> String {
    let mut table = empty();
    for (path, value) in fields {
        table.add_row([path.clone(), visible(&text_of(value, ", "))]);
    }
    lines(&table)
}

fn heading(column: &str) -> String {
    visible(&column.replace(['_', '.'], " ").to_uppercase())
}

fn empty() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    // Only a terminal has a width; what is piped is never wrapped.
    if let (true, Some((_, width))) = (Term::stdout().is_term(), Term::stdout().size_checked()) {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table
}

fn lines(table: &Table) -> String {
    let mut text: String =
        table.lines().map(|line| line.trim_end().trim_start_matches(' ').to_owned() + "\n").collect();
    if text.is_empty() {
        text.push('\n');
    }
    text
}
