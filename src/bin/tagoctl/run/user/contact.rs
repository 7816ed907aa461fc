//! How a user is reached.

use clap::Args;

use crate::request::Fields;

/// What may be set of a new user as well as of one that there is.
#[derive(Debug, Args)]
pub(super) struct ContactArgs {
    /// The company
    #[arg(long)]
    company: Option<String>,
    /// The telephone number
    #[arg(long)]
    phone: Option<String>,
    /// The language, such as en or en-US
    #[arg(long)]
    language: Option<String>,
}

impl ContactArgs {
    /// Adds what is given to the other fields.
    pub(super) fn set(&self, fields: Fields) -> Fields {
        fields
            .set("company", self.company.as_deref())
            .set("phone", self.phone.as_deref())
            .set("language", self.language.as_deref())
    }
}
