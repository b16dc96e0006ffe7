//! Passwords: who gets in, and how a password is replaced.

use crm_core::{
    NewUser, Password, PasswordHash, Repositories, Store, User, UserFilter, UserId, Valid, Validate,
    ViolationCode,
};

use super::tools::*;

const RIGHT: &str = "correct horse";
const OTHER: &str = "battery staple";

/// Are the hash of `correct horse` as other systems make it: bcryptjs, and the reference program of argon2.
const BCRYPT: &str = "$2b$04$G46UZnhR7M7KIiI60A/1C.OrgJfSovw48A1l/Y8K4LruKEcRx6l7C";
const ARGON2I: &str = "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$u5FbxbNSh1+1OeYFBPQHNc5VFKr9pMNJIzsw/4BaR8Y";

fn password(plain: &str) -> Password {
    Password::new(plain)
}

async fn ann(crm: &dyn Repositories) -> User {
    create(crm, NewUser::new("Ann", "Ann@Example.com", password(RIGHT))).await
}

async fn login(crm: &dyn Repositories, plain: &str) -> crm_core::Result<User> {
    crm.users().authenticate("ann@example.com", password(plain)).await
}

async fn change(crm: &dyn Repositories, id: UserId, current: &str, new: &str) -> crm_core::Result<()> {
    crm.users().change_password(id, password(current), valid(password(new))).await
}

async fn set(crm: &dyn Repositories, id: UserId, new: &str) -> crm_core::Result<()> {
    crm.users().set_password(id, valid(password(new))).await
}

pub(super) async fn a_user_made_with_a_password_logs_in(crm: &dyn Store) {
    let ann = ann(crm).await;
    assert_eq!(ann.version, 1);
    for email in ["Ann@Example.com", "ann@example.com", "ANN@EXAMPLE.COM", " ann@example.com\n"] {
        assert_eq!(crm.users().authenticate(email, password(RIGHT)).await.unwrap(), ann, "{email:?}");
    }
    let many = ["bob@example.com", "eve@example.com"];
    let many =
        many.into_iter().zip([OTHER, RIGHT]).map(|(email, plain)| NewUser::new("B", email, password(plain)));
    let ids = crm.users().create_many(Valid::all(many).unwrap()).await.unwrap();
    let bob = crm.users().authenticate("bob@example.com", password(OTHER)).await.unwrap();
    let eve = crm.users().authenticate("eve@example.com", password(RIGHT)).await.unwrap();
    assert_eq!([bob.id, eve.id], *ids);
    assert_eq!(
        code(crm.users().authenticate("bob@example.com", password(RIGHT)).await),
        "invalid_credentials"
    );
}

pub(super) async fn a_password_counts_to_the_letter(crm: &dyn Store) {
    let letters = " Zoe\u{308} horse\t";
    let id = create::<User>(crm, NewUser::new("Ann", "ann@example.com", password(letters))).await.id;
    assert_eq!(login(crm, letters).await.unwrap().id, id);
    for wrong in ["Zoe\u{308} horse", " Zo\u{eb} horse\t", " zoe\u{308} horse\t", " Zoe\u{308} horse\t "] {
        assert_eq!(code(login(crm, wrong).await), "invalid_credentials", "{wrong:?}");
    }
}

pub(super) async fn a_wrong_password_an_unknown_email_and_a_retired_user_are_one_error(crm: &dyn Store) {
    let ann = ann(crm).await;
    assert_eq!(code(login(crm, OTHER).await), "invalid_credentials");
    assert_eq!(
        code(crm.users().authenticate("bob@example.com", password(RIGHT)).await),
        "invalid_credentials"
    );
    crm.users().deactivate(ann.id).await.unwrap();
    assert_eq!(code(login(crm, RIGHT).await), "invalid_credentials");
    assert_eq!(code(change(crm, ann.id, RIGHT, OTHER).await), "invalid_credentials");
    let back = crm.users().reactivate(ann.id).await.unwrap();
    assert_eq!(login(crm, RIGHT).await.unwrap(), back);
}

pub(super) async fn what_is_checked_may_be_anything(crm: &dyn Store) {
    let ann = ann(crm).await;
    let imported = NewUser::new("Bob", "bob@example.com", PasswordHash::new(BCRYPT));
    let bob: User = create(crm, imported).await;
    let long = "x".repeat(1 << 20);
    for wrong in ["", "x", "\0", "correct\0horse", "correct horse\0", &long] {
        for user in [&ann, &bob] {
            let refused = crm.users().authenticate(user.email.as_str(), password(wrong)).await;
            assert_eq!(code(refused), "invalid_credentials");
            assert_eq!(code(change(crm, user.id, wrong, OTHER).await), "invalid_credentials");
        }
    }
    for email in ["", "ann", "\0", "ann@example.com\0", "%", &long] {
        assert_eq!(code(crm.users().authenticate(email, password(RIGHT)).await), "invalid_credentials");
    }
    assert_eq!(get::<User>(crm, bob.id).await, bob);
}

pub(super) async fn a_hash_of_another_system_is_replaced_by_the_first_login(crm: &dyn Store) {
    let of_others = [
        BCRYPT.to_owned(),
        BCRYPT.replacen("$2b$", "$2a$", 1),
        BCRYPT.replacen("$2b$", "$2y$", 1),
        ARGON2I.to_owned(),
    ];
    for (n, hash) in of_others.into_iter().enumerate() {
        let email = format!("user{n}@example.com");
        let made: User = create(crm, NewUser::new("Ann", &email, PasswordHash::new(hash))).await;
        let login = async |plain: &str| crm.users().authenticate(&email, password(plain)).await;
        assert_eq!(code(login(OTHER).await), "invalid_credentials");
        assert_eq!(get::<User>(crm, made.id).await, made);
        pause().await;
        let first = login(RIGHT).await.unwrap();
        assert_eq!((first.id, first.version), (made.id, 2));
        assert!(first.updated_at > made.updated_at);
        assert_eq!(login(RIGHT).await.unwrap(), first);
        assert_eq!(code(login(OTHER).await), "invalid_credentials");
        assert_eq!(get::<User>(crm, made.id).await, first);
    }
}

pub(super) async fn a_user_who_knows_the_password_changes_it(crm: &dyn Store) {
    let ann = ann(crm).await;
    assert_eq!(code(change(crm, ann.id, OTHER, "another one").await), "invalid_credentials");
    assert_eq!(code(change(crm, UserId(i64::MAX), RIGHT, OTHER).await), "invalid_credentials");
    assert_eq!(login(crm, RIGHT).await.unwrap(), ann);
    change(crm, ann.id, RIGHT, OTHER).await.unwrap();
    assert_eq!(code(login(crm, RIGHT).await), "invalid_credentials");
    assert_eq!(login(crm, OTHER).await.unwrap().version, 2);
    change(crm, ann.id, OTHER, OTHER).await.unwrap();
    assert_eq!(login(crm, OTHER).await.unwrap().version, 3);

    let imported = NewUser::new("Bob", "bob@example.com", PasswordHash::new(BCRYPT));
    let bob = create::<User>(crm, imported).await.id;
    change(crm, bob, RIGHT, OTHER).await.unwrap();
    let bob = crm.users().authenticate("bob@example.com", password(OTHER)).await.unwrap();
    assert_eq!(bob.version, 2, "the new hash is of this system at once");
}

pub(super) async fn a_password_is_set_without_knowing_the_present_one(crm: &dyn Store) {
    let ann = ann(crm).await;
    set(crm, ann.id, OTHER).await.unwrap();
    assert_eq!(code(login(crm, RIGHT).await), "invalid_credentials");
    assert_eq!(login(crm, OTHER).await.unwrap().version, 2);
    assert_not_found::<User, _>(set(crm, UserId(i64::MAX), OTHER).await, UserId(i64::MAX));
    crm.users().deactivate(ann.id).await.unwrap();
    set(crm, ann.id, RIGHT).await.unwrap();
    assert_eq!(code(login(crm, RIGHT).await), "invalid_credentials");
    crm.users().reactivate(ann.id).await.unwrap();
    assert_eq!(login(crm, RIGHT).await.unwrap().version, 5);
}

pub(super) async fn a_new_password_is_refused_with_all_else_that_is_wrong(crm: &dyn Store) {
    let wrong = || NewUser::new("Ann", "nobody", password("1234567"));
    let told = |error: crm_core::Error| {
        let told = error.violations().iter().map(|violation| (violation.field.clone(), violation.code));
        told.collect::<Vec<_>>()
    };
    let (short, email) = (ViolationCode::TooShort, ViolationCode::InvalidEmail);
    assert_eq!(
        told(wrong().validate().unwrap_err()),
        [violated("email", email), violated("password", short)]
    );
    let batch = Valid::all([NewUser::new("Ann", "ann@example.com", password(RIGHT)), wrong()]);
    assert_eq!(told(batch.unwrap_err()), [violated("[1].email", email), violated("[1].password", short)]);
    assert_eq!(violation(password("1234567").validate()), violated("new_password", short));
    let long = password(&"x".repeat(129));
    assert_eq!(violation(long.validate()), violated("new_password", ViolationCode::TooLong));
    let hash = NewUser::new("Ann", "ann@example.com", PasswordHash::new("plain"));
    assert_eq!(violation(hash.validate()), violated("password_hash", ViolationCode::InvalidHash));

    let ann = ann(crm).await;
    for plain in ["12345678".to_owned(), "\u{1f40e}".repeat(128), "\0".repeat(8)] {
        set(crm, ann.id, &plain).await.unwrap();
        assert_eq!(login(crm, &plain).await.unwrap().id, ann.id);
    }
}

pub(super) async fn a_password_goes_with_its_user_through_transactions(crm: &dyn Store) {
    let tx = crm.begin().await.unwrap();
    let made = ann(&*tx).await;
    assert_eq!(login(&*tx, RIGHT).await.unwrap(), made);
    assert_eq!(code(login(crm, RIGHT).await), "invalid_credentials");
    tx.commit().await.unwrap();
    assert_eq!(login(crm, RIGHT).await.unwrap(), made);

    let tx = crm.begin().await.unwrap();
    set(&*tx, made.id, OTHER).await.unwrap();
    assert_eq!(code(login(&*tx, RIGHT).await), "invalid_credentials");
    assert_eq!(code(change(&*tx, made.id, RIGHT, OTHER).await), "invalid_credentials");
    assert_eq!(login(&*tx, OTHER).await.unwrap().version, 2);
    assert_eq!(login(crm, RIGHT).await.unwrap(), made);
    tx.rollback().await.unwrap();
    assert_eq!(login(crm, RIGHT).await.unwrap(), made);

    let tx = crm.begin().await.unwrap();
    change(&*tx, made.id, RIGHT, OTHER).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(login(crm, OTHER).await.unwrap().version, 2);

    crm.users().delete(made.id).await.unwrap();
    assert_eq!(code(login(crm, OTHER).await), "invalid_credentials");
    let again = ann(crm).await;
    assert_eq!(code(login(crm, OTHER).await), "invalid_credentials");
    assert_eq!(login(crm, RIGHT).await.unwrap(), again);
    assert_eq!(crm.users().count(&UserFilter::default()).await.unwrap(), 1);
}
