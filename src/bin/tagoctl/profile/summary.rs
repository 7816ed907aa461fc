//! `tagoctl profile summary`.

use serde::Serialize;
use serde_json::Value;
use tagoio::ProfileId;
use tagoio::profile::{ProfileSummary, Service};

use crate::connect::Context;
use crate::failure::Result;
use crate::output::{Columns, Format};

const LINES: Columns = Columns::new(&["kind", "name", "used", "limit", "percent"], &[]);

/// What there is of one service or resource.
#[derive(Debug, PartialEq, Serialize)]
struct Line {
    kind: &'static str,
    name: String,
    used: f64,
    limit: Option<f64>,
    percent: Option<f64>,
}

pub(super) fn show(context: &Context<'_>, id: &ProfileId, only_amount: bool) -> Result<()> {
    let whole = matches!(context.out.format(), Format::Json | Format::Jsonl);
    if !whole {
        context.out.chosen(&LINES)?;
    }
    let client = context.client()?;
    let profiles = client.profile();
    let summary = if only_amount { profiles.summary_amount(id)? } else { profiles.summary(id)? };
    if whole { context.out.item(&[], summary) } else { context.out.list(&LINES, lines(&summary)) }
}

/// The services, and then the resources.
fn lines(summary: &ProfileSummary) -> Vec<Line> {
    let services = Service::KNOWN.iter().filter_map(|service| {
        let (used, limit) = (summary.limit_used.get(service), summary.limit.get(service));
        used.or(limit)?;
        let used = used.unwrap_or_default();
        Some(Line {
            kind: "service",
            name: service.to_string(),
            used,
            limit,
            percent: limit.and_then(|limit| percent(used, limit)),
        })
    });
    let amounts = serde_json::to_value(summary.amount).unwrap_or_default();
    let amounts: Vec<(String, Value)> =
        amounts.as_object().map(|amounts| amounts.clone().into_iter().collect()).unwrap_or_default();
    let resources = amounts.into_iter().filter_map(|(name, amount)| {
        Some(Line { kind: "resource", name, used: amount.as_f64()?, limit: None, percent: None })
    });
    services.chain(resources).collect()
}

/// To one decimal place; none of a limit of nothing.
fn percent(used: f64, limit: f64) -> Option<f64> {
    (limit > 0.0).then(|| (used / limit * 1000.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_is_what_is_used_of_what_there_may_be() {
        let summary = serde_json::from_value(json!({
            "limit": {"input": 3000, "sms": 0, "email": 10},
            "limit_used": {"input": 1000, "sms": 0, "tcore": 3},
            "amount": {"device": 79, "bucket": null},
        }));
        let line = |kind, name: &str, used, limit, percent| Line { kind, name: name.to_owned(), used, limit, percent };
        assert_eq!(
            lines(&summary.unwrap()),
            [
                line("service", "input", 1000.0, Some(3000.0), Some(33.3)),
                line("service", "sms", 0.0, Some(0.0), None),
                line("service", "email", 0.0, Some(10.0), Some(0.0)),
                line("service", "tcore", 3.0, None, None),
                line("resource", "device", 79.0, None, None),
            ]
        );
    }
}
