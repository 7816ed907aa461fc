//! What goes over the wire: typed operation → request, response → typed value. Pure functions, no transport.

mod answer;
mod json_path;
mod number;
mod operation;
mod query;
mod raw;
mod redact;
mod retry_after;
mod sensitive;
mod wiped;

#[cfg(feature = "sandbox")]
pub(crate) use answer::describe;
pub(crate) use answer::{Confirmation, Object, OneOrArray, decode};
pub(crate) use number::number;
#[cfg(any(feature = "sandbox", feature = "testing"))]
pub(crate) use operation::ENCODED;
pub(crate) use operation::{Operation, delete, get, post, put, refusal};
pub(crate) use query::Query;
pub(crate) use raw::raw;
pub(crate) use redact::{Members, Odd, masked, presentable};
pub(crate) use retry_after::retry_after;
pub(crate) use sensitive::is_sensitive_key;
#[cfg(feature = "testing")]
pub(crate) use {
    redact::{download_address, guises},
    sensitive::is_signed_address,
};
