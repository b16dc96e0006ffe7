//! What is written: every text field of every `New…` and every `…Patch`, by every route.

use crm_core::{
    Changes as _, Customer, CustomerId, Email, Entity, ErrorCode, Interaction, InteractionType, Lead,
    NewCustomer, NewInteraction, NewLead, NewTask, NewUser, Order, Patch, Priority, Repositories as _,
    Repository, Role, Stage, Tags, Task, TaskStatus, User, Valid, Validate,
};

use super::strings::{all, dealt, short, shown};
use super::world::{World, credential, same_user};

/// Is a field that takes a text: its name, and how to put one into an input and into a patch.
type Field<E> = (&'static str, fn(&mut <E as Entity>::New, &str), fn(&mut <E as Entity>::Patch, &str));

/// Puts a text into every field that accepts it; where a field refuses it, asserts that the input says so of this field.
fn fit<I: Validate + Clone>(
    plain: &I,
    text: &str,
    fields: impl Iterator<Item = (&'static str, fn(&mut I, &str))>,
) -> (Valid<I>, Vec<&'static str>) {
    let mut fitted = plain.clone();
    let mut accepted = Vec::new();
    for (name, set) in fields {
        let mut one = plain.clone();
        set(&mut one, text);
        match one.validate() {
            Ok(_) => {
                accepted.push(name);
                set(&mut fitted, text);
            }
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::Validation);
                let violations = error.violations();
                assert!(violations.iter().all(|violation| violation.field == name), "{violations:?}");
            }
        }
    }
    (fitted.validate().expect("each field accepts it by itself"), accepted)
}

/// Sends every text through a repository: by `create`, `create_many` and `update`.
async fn send<E: Entity>(
    texts: &[String],
    repository: &dyn Repository<E>,
    plain: impl Fn(usize) -> E::New,
    fields: &[Field<E>],
    same: fn(&E::New, &E) -> bool,
    clear: impl AsyncFn(),
) {
    let (mut news, mut patches) = (Vec::new(), Vec::new());
    for (n, text) in texts.iter().enumerate() {
        let (new, accepted) = fit(&plain(n), text, fields.iter().map(|&(name, set, _)| (name, set)));
        let (patch, changed) =
            fit(&E::Patch::default(), text, fields.iter().map(|&(name, _, set)| (name, set)));
        assert_eq!(accepted, changed, "{}", shown(text));
        let kept = crm_core::stored_text(text);
        let harmless = !kept.is_empty() && text.len() < 64 && !kept.chars().any(char::is_control);
        assert!(!harmless || accepted.contains(&fields[0].0), "{} is refused", shown(text));
        news.push(new);
        patches.push(patch);
    }
    for new in &news {
        let stored = repository.create(new.clone()).await.unwrap();
        assert!(same(new, &stored), "{new:?} became {stored:?}");
        assert!(same(new, &repository.get(stored.id()).await.unwrap()));
    }
    clear().await;
    let ids = repository.create_many(news.clone()).await.unwrap();
    let many = repository.get_many(&ids).await.unwrap();
    assert_eq!(many.len(), news.len());
    for (new, stored) in news.iter().zip(&many) {
        assert!(same(new, stored), "{new:?} became {stored:?}");
    }
    clear().await;
    let plain = (0..news.len()).map(plain).map(|new| new.validate().unwrap()).collect();
    let ids = repository.create_many(plain).await.unwrap();
    for ((id, new), patch) in ids.into_iter().zip(&news).zip(patches) {
        if patch.is_empty() {
            continue;
        }
        let stored = repository.update(id, patch, None).await.unwrap();
        assert!(same(new, &stored), "{new:?} became {stored:?}");
    }
    clear().await;
}

const USER: &[Field<User>] = &[
    ("name", |new, text| new.name = text.into(), |patch, text| patch.name = text.into()),
    ("email", |new, text| new.email = text.into(), |patch, text| patch.email = text.into()),
];

const CUSTOMER: &[Field<Customer>] = &[
    ("name", |new, text| new.name = text.into(), |patch, text| patch.name = text.into()),
    ("email", |new, text| new.email = Some(text.to_owned()), |patch, text| patch.email = text.into()),
    ("phone", |new, text| new.phone = Some(text.to_owned()), |patch, text| patch.phone = text.into()),
    ("company", |new, text| new.company = Some(text.to_owned()), |patch, text| patch.company = text.into()),
    ("tags", |new, text| new.tags = tags(text), |patch, text| patch.tags = Patch::Set(tags(text))),
    ("notes", |new, text| new.notes = Some(text.to_owned()), |patch, text| patch.notes = text.into()),
];

const LEAD: &[Field<Lead>] = &[
    ("title", |new, text| new.title = text.into(), |patch, text| patch.title = text.into()),
    (
        "description",
        |new, text| new.description = Some(text.to_owned()),
        |patch, text| patch.description = text.into(),
    ),
];

const TASK: &[Field<Task>] = &[
    ("title", |new, text| new.title = text.into(), |patch, text| patch.title = text.into()),
    (
        "description",
        |new, text| new.description = Some(text.to_owned()),
        |patch, text| patch.description = text.into(),
    ),
];

const INTERACTION: &[Field<Interaction>] =
    &[("notes", |new, text| new.notes = Some(text.to_owned()), |patch, text| patch.notes = text.into())];

fn tags(text: &str) -> Vec<String> {
    ["first", text, "{a,b}", "last"].map(str::to_owned).to_vec()
}

pub(super) fn same_customer(new: &NewCustomer, stored: &Customer) -> bool {
    let NewCustomer { name, email, phone, company, tags, notes, created_by: _ } = new;
    *name == stored.name
        && email.as_deref() == stored.email.as_ref().map(Email::as_str)
        && (phone, company) == (&stored.phone, &stored.company)
        && (tags, notes) == (&stored.tags, &stored.notes)
}

fn same_lead(new: &NewLead, stored: &Lead) -> bool {
    (&new.title, &new.description) == (&stored.title, &stored.description)
}

fn same_task(new: &NewTask, stored: &Task) -> bool {
    (&new.title, &new.description) == (&stored.title, &stored.description)
}

fn same_interaction(new: &NewInteraction, stored: &Interaction) -> bool {
    new.notes == stored.notes
}

#[tokio::test]
async fn every_text_comes_back_as_validated_or_is_refused_as_invalid() {
    let world = World::new().await;
    let customer = CustomerId::from(1);
    let nothing = async || {};
    for (handle, crm) in world.handles().into_iter().enumerate() {
        let texts = &dealt(all(), handle);
        send(texts, crm.customers(), |n| NewCustomer::new(format!("{n}")), CUSTOMER, same_customer, nothing)
            .await;
        send(texts, crm.leads(), |n| NewLead::new(format!("{n}")), LEAD, same_lead, nothing).await;
        send(texts, crm.tasks(), |n| NewTask::new(format!("{n}")), TASK, same_task, nothing).await;
        let call = |_| NewInteraction::new(customer, InteractionType::Call);
        send(texts, crm.interactions(), call, INTERACTION, same_interaction, nothing).await;
        world.assert_unharmed().await;
    }
}

#[tokio::test]
async fn every_text_of_a_user_comes_back_as_validated_or_is_refused_as_invalid() {
    let world = World::new().await;
    let remove = async || world.remove_users().await;
    let plain = |trusted| {
        move |n: usize| NewUser::new(format!("{n}"), format!("{n}@example.org"), credential(trusted))
    };
    send(&all(), world.quick.users(), plain(true), USER, same_user, remove).await;
    let admin = world.quick.acting_as(world.admin);
    send(&all(), admin.users(), plain(false), USER, same_user, remove).await;
    world.assert_unharmed().await;
}

#[tokio::test]
async fn every_tag_can_be_added_counted_and_removed() {
    let world = World::new().await;
    for (handle, crm) in world.handles().into_iter().enumerate() {
        let customers = crm.customers();
        let id = customers.create(NewCustomer::new("Tagged").validate().unwrap()).await.unwrap().id;
        for text in dealt(all(), handle) {
            let Ok(tags) = Tags(vec![text.clone()]).validate() else { continue };
            let added = customers.add_tags(id, tags.clone()).await.unwrap();
            assert_eq!(added.tags, tags.0, "{}", shown(&text));
            let counted = customers.tag_counts().await.unwrap();
            assert!(
                counted.iter().any(|count| count.tag == tags.0[0] && count.count == 1),
                "{}",
                shown(&text)
            );
            let removed = customers.remove_tags(id, tags).await.unwrap();
            assert_eq!(removed.tags, Vec::<String>::new(), "{}", shown(&text));
        }
    }
    world.assert_unharmed().await;
}

#[test]
fn a_text_that_is_no_label_order_or_email_is_refused_as_invalid() {
    fn refused<T>(result: crm_core::Result<T>) -> bool {
        result.is_err_and(|error| error.code() == ErrorCode::Validation)
    }
    for text in short() {
        assert!(refused(text.parse::<Stage>()) && refused(text.parse::<TaskStatus>()), "{text:?}");
        assert!(refused(text.parse::<Priority>()) && refused(text.parse::<InteractionType>()), "{text:?}");
        assert!(refused(text.parse::<Role>()) || text == "admin", "{text:?}");
        assert!(refused(text.parse::<Order<crm_core::CustomerOrderBy>>()), "{text:?}");
        assert!(refused(text.parse::<Email>()) || text.contains('@'), "{text:?}");
    }
}
