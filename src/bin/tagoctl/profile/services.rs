//! `tagoctl profile services`.

use std::str::FromStr;

use clap::Args;
use serde_json::json;
use tagoio::ProfileId;
use tagoio::profile::{Service, ServiceAllocation};

use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::nearest::did_you_mean;
use crate::output::UPDATED;
use crate::request::{Fields, JsonArgs, Pair};
use crate::shape::{UnknownArgs, is_amount};

#[derive(Debug, Args)]
pub(crate) struct Services {
    /// The profile
    #[arg(value_parser = str::parse::<ProfileId>)]
    id: ProfileId,
    /// How much of a service it may use
    #[arg(long, num_args = 1.., value_name = "SERVICE=AMOUNT")]
    set: Vec<Amount>,
    #[command(flatten)]
    json: JsonArgs,
    #[command(flatten)]
    unknown: UnknownArgs,
}

/// How much of one service.
#[derive(Debug, Clone)]
struct Amount {
    service: Service,
    amount: f64,
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let Pair { key, value } = text.parse()?;
        let service = match Service::from(key) {
            // Should there be one that isn't known here, --json takes it with --allow-unknown.
            Service::Other(unknown) => {
                let guess = did_you_mean(&unknown, names());
                let among = if guess.is_empty() { format!("; there are {}", all_names()) } else { guess };
                return Err(format!("there is no service `{unknown}`{among}"));
            }
            service => service,
        };
        match value.parse::<f64>() {
            Ok(amount) if is_amount(amount) => Ok(Self { service, amount }),
            _ => Err(format!("`{value}` is not an amount")),
        }
    }
}

fn all_names() -> String {
    names().collect::<Vec<_>>().join(", ")
}

fn names() -> impl Iterator<Item = &'static str> {
    Service::KNOWN.iter().map(Service::as_str)
}

impl Services {
    pub(super) fn run(self, context: &Context<'_>) -> Result<()> {
        let set = |fields: Fields, Amount { service, amount }: &Amount| fields.set(service.as_str(), Some(*amount));
        let allocation: ServiceAllocation = self.json.request(self.set.iter().fold(Fields::default(), set))?;
        if allocation.iter().next().is_none() {
            return Err(Failure::usage("no_changes", "no service's amount would change")
                .hint(format!("--set SERVICE=AMOUNT, or --json; the services are {}", all_names())));
        }
        context.out.chosen(&UPDATED)?;
        self.unknown.check_allocation(&allocation)?;
        let said = context.client()?.profile().edit_services(&self.id, &allocation)?;
        context.out.ack(&json!({"id": self.id, "updated": true}), &said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_of_a_service_that_there_is() {
        for (text, service, amount) in [
            ("input=350000", Service::Input, 350_000.0),
            ("file_storage=1.5", Service::FileStorage, 1.5),
            ("sms=0", Service::Sms, 0.0),
        ] {
            let read: Amount = text.parse().unwrap();
            assert_eq!((read.service, read.amount), (service, amount), "{text}");
        }
        for (text, said) in [
            ("input", "it needs a `=`, with something before it"),
            ("input=", "`` is not an amount"),
            ("input=-1", "`-1` is not an amount"),
            ("input=inf", "`inf` is not an amount"),
            ("inptu=1", "there is no service `inptu`; did you mean `input`?"),
            ("colour=1", "there is no service `colour`; there are input, output, "),
        ] {
            let problem = text.parse::<Amount>().unwrap_err();
            assert!(problem.starts_with(said), "{problem}");
        }
    }
}
