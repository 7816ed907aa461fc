//! Faults on demand: what a test wants to go wrong.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::{Error, Result};
use crate::transport::{Method, Request, Response};

/// What goes wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// The answer comes late.
    Delay {
        /// By how many milliseconds.
        milliseconds: u64,
    },
    /// The answer is this one.
    Answer {
        /// The HTTP status: 200 to 599, so one that ends a call.
        status: u16,
        /// The content type: the value of a header, so without control characters.
        #[serde(default = "json_type")]
        content_type: String,
        /// The body.
        body: String,
    },
    /// Too many requests, in TagoIO's words.
    TooManyRequests {
        /// For how many seconds.
        retry_after: u64,
    },
    /// The connection is dropped without an answer.
    HangUp,
    /// The connection is dropped in the middle of the answer's body.
    CutBody,
    /// The answer is a success, but not JSON.
    Garbage,
    /// `"status": false` under HTTP 200.
    StatusFalse {
        /// TagoIO's sentence.
        message: String,
    },
}

impl Fault {
    /// Its name in JSON.
    #[cfg(feature = "sandbox-server")]
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Delay { .. } => "delay",
            Self::Answer { .. } => "answer",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::HangUp => "hang_up",
            Self::CutBody => "cut_body",
            Self::Garbage => "garbage",
            Self::StatusFalse { .. } => "status_false",
        }
    }
}

fn json_type() -> String {
    "application/json".to_owned()
}

/// Which requests a [`Fault`] is for, and how many of them.
///
/// ```
/// use tagoio::sandbox::{Fault, FaultRule, Sandbox};
/// use tagoio::transport::Method;
///
/// let sandbox = Sandbox::new();
/// // The next user is created, but the answer gets lost.
/// sandbox.inject(FaultRule::new(Fault::HangUp).on(Method::Post, "/run/users").taking_effect())?;
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FaultRule {
    /// What goes wrong.
    pub fault: Fault,
    /// The method; any, when there is none.
    #[serde(default, with = "method", skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// The path, in which `*` or `{…}` stands for one segment; any, when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How many requests it is for.
    #[serde(default = "once")]
    pub times: u32,
    /// Whether the request takes effect all the same.
    #[serde(default)]
    pub takes_effect: bool,
}

fn once() -> u32 {
    1
}

impl FaultRule {
    /// The next request, whatever it is.
    pub fn new(fault: Fault) -> Self {
        Self { fault, method: None, path: None, times: 1, takes_effect: false }
    }

    /// Only requests of this method and path, in which `*` or `{…}` stands for one segment.
    pub fn on(mut self, method: Method, path: impl Into<String>) -> Self {
        self.method = Some(method);
        self.path = Some(path.into());
        self
    }

    /// So many requests, not only one.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// The request takes effect all the same; only its answer is not what it should be.
    pub fn taking_effect(mut self) -> Self {
        self.takes_effect = true;
        self
    }

    /// Whether what it asks for can be sent at all.
    pub(super) fn check(&self) -> Result<()> {
        let Fault::Answer { status, content_type, .. } = &self.fault else { return Ok(()) };
        if !(200..=599).contains(status) {
            return Err(Error::config("fault rule", format!("{status} is not the status of an answer: 200 to 599")));
        }
        if content_type.chars().any(|c| c.is_ascii_control() && c != '\t') {
            return Err(Error::config("fault rule", "the content type has a control character"));
        }
        Ok(())
    }

    /// Whether the request is handled as without it.
    pub(super) fn lets_through(&self) -> bool {
        self.takes_effect || matches!(self.fault, Fault::Delay { .. })
    }

    fn fits(&self, request: &Request) -> bool {
        let same_path = |pattern: &str| {
            let trim = |path: &str| path.strip_suffix('/').unwrap_or(path).to_owned();
            let (pattern, path) = (trim(pattern), trim(request.path()));
            let wild = |segment: &str| segment == "*" || (segment.starts_with('{') && segment.ends_with('}'));
            pattern.split('/').count() == path.split('/').count()
                && pattern.split('/').zip(path.split('/')).all(|(want, have)| wild(want) || want == have)
        };
        self.method.is_none_or(|method| method == request.method()) && self.path.as_deref().is_none_or(same_path)
    }
}

/// A method by its name, for JSON.
mod method {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::transport::Method;

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
    pub(super) fn serialize<S: Serializer>(method: &Option<Method>, serializer: S) -> Result<S::Ok, S::Error> {
        match method {
            Some(method) => serializer.serialize_str(method.as_str()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Method>, D::Error> {
        let name = Option::<String>::deserialize(deserializer)?;
        name.map(|name| name.parse().map_err(serde::de::Error::custom)).transpose()
    }
}

/// The rules that wait for their requests, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<FaultRule>);

impl Faults {
    pub(super) fn inject(&mut self, rule: FaultRule) -> Result<()> {
        rule.check()?;
        if rule.times > 0 {
            self.0.push(rule);
        }
        Ok(())
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn waiting(&self) -> Vec<FaultRule> {
        self.0.clone()
    }

    /// The first rule for a request; it is for one request less from now on.
    pub(super) fn take(&mut self, request: &Request) -> Option<FaultRule> {
        let at = self.0.iter().position(|rule| rule.fits(request))?;
        let rule = self.0[at].clone();
        self.0[at].times -= 1;
        if self.0[at].times == 0 {
            self.0.remove(at);
        }
        Some(rule)
    }
}

/// What comes of a request, at whichever door.
pub(super) struct Outcome {
    pub(super) delay: Duration,
    pub(super) ending: Ending,
}

pub(super) enum Ending {
    Answer(Response),
    /// No answer: the connection is dropped.
    HangUp,
    /// The connection is dropped after so many bytes of the body.
    Cut {
        response: Response,
        after: usize,
    },
}

impl Outcome {
    pub(super) fn answer(response: Response) -> Self {
        Self { delay: Duration::ZERO, ending: Ending::Answer(response) }
    }

    /// What a fault makes of a request. Its answer is `None` when it did not take effect.
    pub(super) fn of(fault: &Fault, answer: Option<Response>) -> Self {
        let success = |body: String| Response::new(200).with_header("content-type", "application/json").with_body(body);
        let unharmed = || answer.unwrap_or_else(|| success("{\"status\":true}".to_owned()));
        let mut delay = Duration::ZERO;
        let ending = match fault {
            Fault::Delay { milliseconds } => {
                delay = Duration::from_millis(*milliseconds);
                Ending::Answer(unharmed())
            }
            Fault::HangUp => Ending::HangUp,
            Fault::CutBody => {
                let response = unharmed();
                let after = response.body().len() / 2;
                Ending::Cut { response, after }
            }
            Fault::Answer { status, content_type, body } => Ending::Answer(
                Response::new(*status).with_header("content-type", content_type).with_body(body.as_str()),
            ),
            Fault::TooManyRequests { retry_after } => {
                Ending::Answer(super::answer::respond(Err(super::answer::Refusal::too_many_requests(*retry_after))))
            }
            Fault::Garbage => {
                let garbage = b"<!doctype html><title>Welcome</title>\xff\xfe\x00".to_vec();
                Ending::Answer(Response::new(200).with_header("content-type", "text/html").with_body(garbage))
            }
            Fault::StatusFalse { message } => {
                Ending::Answer(success(json!({"status": false, "message": message}).to_string()))
            }
        };
        Self { delay, ending }
    }

    /// The status that is sent; `None` when there is no answer.
    pub(super) fn status(&self) -> Option<u16> {
        match &self.ending {
            Ending::Answer(response) | Ending::Cut { response, .. } => Some(response.status()),
            Ending::HangUp => None,
        }
    }
}
