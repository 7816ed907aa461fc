//! Servers that repeat what they were sent, in whatever they answer.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tagoio::transport::{Request, Response};

use super::canaries::{LISTED, METADATA, METADATA_XML, MINTED, Writing};

/// What a server repeats: each thing that it was sent, in some writing.
pub(crate) fn echo(request: &Request, writing: Writing) -> String {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut pieces: Vec<String> = request.path().split('/').map(decoded).collect();
    pieces.extend(request.query().unwrap_or_default().split(['&', '=']).map(decoded));
    pieces.extend(request.headers().map(|(_, value)| value.to_owned()));
    let body: Value = request.body().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
    leaves(&body, &mut pieces);
    if pieces.iter().any(|piece| piece == METADATA.secret) {
        pieces.push(METADATA_XML.to_owned());
    }
    let mut text = format!("{} ", request.method());
    if writing == Writing::Plain {
        // As they were written, too.
        text.push_str(request.url());
        text.push_str(&String::from_utf8_lossy(request.body().unwrap_or_default()));
    }
    for piece in &pieces {
        text.push(' ');
        text.push_str(&writing.write(piece));
    }
    text
}

fn leaves(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::Object(members) => members.values().for_each(|member| leaves(member, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// What a server makes of what it repeats and of the call's result.
pub(crate) type Answer = fn(&Request, echo: String, result: &Value) -> Response;

fn json_answer(status: u16, body: &Value) -> Response {
    Response::new(status).with_header("content-type", "application/json").with_body(body.to_string())
}

/// How many answers at the beginning have what TagoIO would have in its result.
pub(crate) const PLANNED: usize = 3;

pub(crate) const ANSWERS: [(&str, Answer); 24] = [
    ("a success", |_, _, result| json_answer(200, &json!({"status": true, "result": result}))),
    ("a success with a warning", |_, echo, result| {
        json_answer(200, &json!({"status": true, "result": result, "message": echo}))
    }),
    ("a success without an envelope", |_, _, result| json_answer(200, result)),
    ("a success that is what was sent", |_, echo, _| json_answer(200, &json!({"status": true, "result": echo}))),
    ("a success with a sentence in it", |_, echo, _| {
        json_answer(200, &json!({"status": true, "result": {"message": echo}}))
    }),
    ("a success that is the whole body", |request, _, _| {
        let body: Value = request.body().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
        json_answer(200, &json!({"status": true, "result": [body]}))
    }),
    ("keys that were sent", |_, echo, _| {
        json_answer(
            200,
            &json!({"status": true, "result": {"info": {&echo: {&echo: 1}}, "theme": {&echo: [1]}, &echo: 2}}),
        )
    }),
    ("values of no type that is expected", |_, echo, _| {
        let row = json!({"id": [&echo], "name": {&echo: &echo}, "token": [&echo], "active": &echo, "tags": &echo});
        json_answer(200, &json!({"status": true, "result": [row]}))
    }),
    ("one value of a wrong type", |_, echo, _| {
        let all = json!({"info": &echo, "amount": &echo, "user": [&echo], "id": [&echo], "token": [&echo], "events": &echo,
            "sp": &echo, "dns_ssl": &echo, "expire_time": [&echo]});
        json_answer(200, &json!({"status": true, "result": all}))
    }),
    ("a refusal", |_, echo, _| json_answer(400, &json!({"status": false, "message": echo}))),
    ("a refusal under a success", |_, echo, _| json_answer(200, &json!({"status": false, "message": echo}))),
    ("a refusal in a result", |_, echo, _| json_answer(401, &json!({"status": false, "result": {"message": echo}}))),
    ("a refusal that is a result", |_, echo, _| json_answer(403, &json!({"status": false, "result": echo}))),
    ("a refusal in quotes", |_, echo, _| json_answer(404, &json!(echo))),
    ("a refusal with parts", |request, echo, result| {
        let body: Value = request.body().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
        json_answer(
            422,
            &json!({"status": false, "message": {"errors": [&echo], &echo: &echo, "body": body, "result": result}}),
        )
    }),
    ("a refusal that names what it made", |_, _, result| {
        let message = format!("{} {} {}", MINTED.secret, LISTED.secret, json!(result));
        let made = json!([{"token": MINTED.secret}, {"token": LISTED.secret}]);
        json_answer(500, &json!({"status": false, "message": message, "made": [result, made]}))
    }),
    ("a refusal in JSON in JSON", |_, echo, _| {
        let inner = json!({"otp_enabled": ["email"], "echo": &echo, "token": MINTED.secret}).to_string();
        json_answer(401, &json!({"status": false, "message": inner}))
    }),
    ("too many requests", |_, echo, _| {
        json_answer(429, &json!({"status": false, "message": format!("Too many requests (Retry-After: {echo})")}))
            .with_header("retry-after", echo)
    }),
    ("a redirect", |_, echo, _| Response::new(302).with_header("location", echo)),
    ("a page", |_, echo, _| {
        Response::new(502).with_header("content-type", format!("text/html{echo}")).with_body(format!("<html>{echo}"))
    }),
    ("a page under a success", |_, echo, _| {
        Response::new(200).with_header("content-type", echo.clone()).with_body(format!("<html>{echo}"))
    }),
    ("half of an answer", |_, echo, result| {
        let whole = json!({"result": result, "status": true, "echo": echo, "token": MINTED.secret}).to_string();
        Response::new(200).with_body(&whole.as_bytes()[..whole.len() - 3])
    }),
    ("what isn't UTF-8", |_, echo, _| {
        Response::new(200).with_body([br#"{"status":true,"result":""#, echo.as_bytes(), b"\xff\"}"].concat())
    }),
    ("a key twice", |_, echo, _| {
        let (echo, again) = (json!(echo), json!("x"));
        let body = format!(r#"{{"status":true,"result":{{"id":{again},"id":{echo},"token":{echo},"token":{echo}}}}}"#);
        Response::new(200).with_body(body)
    }),
];
