//! Passwords are bytes to be hashed: none of them means anything else.

use crm_core::{ErrorCode, NewUser, Password, PasswordHash, Repositories as _, Validate};

use super::strings::{all, short, shown, sought};
use super::world::World;

/// Lists the texts that can be a new password, and enough of each to be one.
fn passwords() -> Vec<String> {
    let long_enough = short().into_iter().map(|text| format!("{text}{text}12345678"));
    let mut all: Vec<_> = all().into_iter().chain(long_enough).collect();
    all.retain(|text| Password::new(text.as_str()).violation("password").is_none());
    all.sort_unstable();
    all.dedup();
    all
}

fn code<T>(result: crm_core::Result<T>) -> Option<ErrorCode> {
    result.err().map(|error| error.code())
}

#[tokio::test]
async fn every_password_lets_in_and_no_other_does() {
    let world = World::new().await;
    let passwords = passwords();
    assert!(passwords.len() > 150, "{}", passwords.len());
    let users = world.quick.users();
    let admin = world.quick.acting_as(world.admin);
    let email = "login@example.com";
    let mut last = passwords.last().unwrap();
    let new = NewUser::new("Login", email, Password::new(last.as_str()));
    let id = admin.users().create(new.validate().unwrap()).await.unwrap().id;
    let own = world.quick.acting_as(id);
    for (n, text) in passwords.iter().enumerate() {
        let (old, new) = (Password::new(last.as_str()), Password::new(text.as_str()));
        let valid = new.clone().validate().unwrap();
        match n % 4 {
            0 => users.set_password(id, valid).await.unwrap(),
            1 => users.change_password(id, old.clone(), valid).await.unwrap(),
            2 => admin.users().set_password(id, valid).await.unwrap(),
            _ => own.users().change_password(id, old.clone(), valid).await.unwrap(),
        }
        assert_eq!(users.authenticate(email, new).await.unwrap().id, id, "{}", shown(text));
        let refused = users.authenticate(email, old).await;
        assert_eq!(code(refused), Some(ErrorCode::InvalidCredentials), "{}", shown(text));
        last = text;
    }
    world.remove_users().await;
    world.assert_unharmed().await;
}

#[tokio::test]
async fn a_wrong_login_is_invalid_credentials_whatever_was_typed() {
    let world = World::new().await;
    let users = world.quick.users();
    let new = NewUser::new("Login", "login@example.com", Password::new("correct horse"));
    let id = users.create(new.validate().unwrap()).await.unwrap().id;
    let own = world.quick.acting_as(id);
    for text in sought() {
        let wrong = || Password::new(text.as_str());
        let next = || Password::new("battery staple").validate().unwrap();
        let refusals = [
            code(users.authenticate("login@example.com", wrong()).await),
            code(users.authenticate(&text, Password::new("correct horse")).await),
            code(users.authenticate(&text, wrong()).await),
            code(users.change_password(id, wrong(), next()).await),
            code(own.users().change_password(id, wrong(), next()).await),
        ];
        assert_eq!(refusals, [Some(ErrorCode::InvalidCredentials); 5], "{}", shown(&text));
    }
    users.authenticate("login@example.com", Password::new("correct horse")).await.unwrap();
    world.remove_users().await;
    world.assert_unharmed().await;
}

#[test]
fn a_text_that_is_no_hash_is_refused_as_invalid() {
    for text in all() {
        let new = NewUser::new("x", "x@example.com", PasswordHash::new(text.as_str()));
        let error = new.validate().unwrap_err();
        assert_eq!(error.violations()[0].field, "password_hash", "{}", shown(&text));
    }
}
