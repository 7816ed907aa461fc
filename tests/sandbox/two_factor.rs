use serde_json::{Value, json};
use tagoio::profile::{Credentials, OtpType};
use tagoio::sandbox::Sandbox;
use tagoio::token::{NewToken, Permission};
use tagoio::transport::Method::{Delete, Post};
use tagoio::{PinCode, ProfileId};

use super::{builder, password, sandbox, sentence, tell};

const CODE: &str = "493027";

#[test]
fn tokens_and_the_end_of_a_profile_take_the_password_and_the_code() {
    let good = json!(Sandbox::PASSWORD);
    for (two_factor, password, pin_code, status, message) in [
        (false, Value::Null, Value::Null, 401, "Invalid password"),
        (false, json!("wrong"), Value::Null, 401, "Invalid password"),
        (false, json!(1), Value::Null, 400, "Invalid password (type)"),
        (false, good.clone(), Value::Null, 200, ""),
        (false, good.clone(), json!("000000"), 200, ""),
        (true, json!("wrong"), json!(CODE), 401, "Invalid password"),
        (true, good.clone(), json!("000000"), 401, "Invalid password"),
        (true, good.clone(), json!(493_027), 400, "Invalid pin_code (type)"),
        (true, good.clone(), Value::Null, 401, r#"{"otp_autosend":"authenticator","otp_enabled":["authenticator"]}"#),
        (true, good.clone(), json!(CODE), 200, ""),
    ] {
        let builder = if two_factor { builder().two_factor(PinCode::new(CODE).unwrap()) } else { builder() };
        let sandbox = builder.build();
        let proof = json!({"password": password, "pin_code": pin_code, "otp_type": "authenticator"});
        let mut token = proof.clone();
        token["name"] = json!("ci");
        token["permission"] = json!("read");
        token["email"] = json!(Sandbox::EMAIL.to_uppercase());
        for (method, path, body) in [(Post, "/profile/current/token", &token), (Delete, "/profile/current", &proof)] {
            let (found, answer) = tell(&sandbox, method, path, &body.to_string());
            assert_eq!(found, status, "{method} {path} {body}");
            if status != 200 {
                assert_eq!(sentence(&answer), message);
            }
        }
    }
}

#[test]
fn the_question_for_a_code_can_be_read_as_json() {
    let sandbox = builder().two_factor(PinCode::new(CODE).unwrap()).build();
    let tago = sandbox.client().unwrap();
    let new = NewToken::new("ci", Permission::Full).sign_in(Sandbox::EMAIL, password());
    let error = tago.token().create(ProfileId::CURRENT, &new).unwrap_err();
    let question: Value = serde_json::from_str(error.message().unwrap()).unwrap();
    assert_eq!(question["otp_enabled"], json!(["authenticator"]));

    let proof = new.two_factor(OtpType::Authenticator, PinCode::new(CODE).unwrap());
    assert!(tago.token().create(ProfileId::CURRENT, &proof).is_ok());
}

#[test]
fn a_way_to_get_a_code_has_to_be_one_that_there_is() {
    let (sandbox, _) = sandbox();
    for (otp_type, status) in
        [("authenticator", 200), ("sms", 200), ("email", 200), ("pigeon", 400), ("", 400), ("SMS", 400)]
    {
        let token = json!({
            "name": "ci", "permission": "read", "email": Sandbox::EMAIL, "password": Sandbox::PASSWORD,
            "otp_type": otp_type,
        });
        let (found, answer) = tell(&sandbox, Post, "/profile/current/token", &token.to_string());
        assert_eq!(found, status, "{otp_type}");
        if status == 400 {
            assert_eq!(sentence(&answer), "Invalid enum value", "{otp_type}");
        }
    }
}

#[test]
fn somebody_elses_address_is_no_proof() {
    let (_, tago) = sandbox();
    let new = NewToken::new("ci", Permission::Full).sign_in("priya.raman@example.com", password());
    assert_eq!(tago.token().create(ProfileId::CURRENT, &new).unwrap_err().message(), Some("Invalid password"));
}

#[test]
fn a_deleted_profile_takes_its_tokens_with_it() {
    let (sandbox, tago) = sandbox();
    let staging = tago.profile().list().unwrap()[1].id.clone();
    let other = sandbox.client_with(sandbox.token_with(&Permission::Full)).unwrap();
    other.profile().transfer_token(&staging).unwrap();
    let gone = tago.profile().delete(&staging, &Credentials::new(password())).unwrap();
    assert_eq!(gone, "Successfully Removed");
    assert!(other.profile().list().unwrap_err().is_unauthorized());
    assert!(tago.profile().info(&staging).unwrap_err().is_not_found());
    assert_eq!(tago.profile().list().unwrap().len(), 2);
}
