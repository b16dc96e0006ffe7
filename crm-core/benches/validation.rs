//! Measures validation: `cargo bench -p crm-core --bench validation`. A typical customer is to take less than a microsecond.

use std::time::Duration;

use criterion::{BatchSize, Criterion};
use crm_core::{
    CustomerId, InteractionType, MAX_PROSE, NewCustomer, NewInteraction, NewLead, NewTask, NewUser, Password,
    Priority, Stage, UserId, Validate,
};

fn main() {
    let criterion = Criterion::default().without_plots();
    let times = (Duration::from_millis(500), Duration::from_secs(2));
    let mut criterion = criterion.warm_up_time(times.0).measurement_time(times.1).configure_from_args();
    typical(&mut criterion);
    longest(&mut criterion);
    criterion.final_summary();
}

/// Measures what a program validates all day.
fn typical(criterion: &mut Criterion) {
    measure(criterion, "validate/customer", &customer());
    let accents = NewCustomer { name: "Zo\u{eb} M\u{fc}ller & S\u{f8}nner".into(), ..customer() };
    measure(criterion, "validate/customer, accents in the name", &accents);
    let spaces = NewCustomer { name: " Acme Corporation ".into(), ..customer() };
    measure(criterion, "validate/customer, spaces around the name", &spaces);
    let lead = NewLead {
        title: "Enterprise Software Deal".into(),
        description: Some("Large enterprise looking for a CRM, decides by the end of May".into()),
        stage: Stage::Qualified,
        value: "50000.00".parse().ok(),
        customer_id: Some(CustomerId(1)),
        assigned_to: Some(UserId(1)),
        created_by: None,
    };
    measure(criterion, "validate/lead", &lead);
    let task = NewTask {
        title: "Follow up with Acme Corp".into(),
        description: Some("Schedule a demo of the enterprise edition with their team".into()),
        priority: Priority::High,
        due_date: "2026-01-15".parse().ok(),
        assigned_to: Some(UserId(1)),
        customer_id: Some(CustomerId(1)),
        ..NewTask::default()
    };
    measure(criterion, "validate/task", &task);
    let interaction = NewInteraction {
        notes: Some("Followed up on the proposal, the client asked for a meeting".into()),
        date: "2026-01-15T09:30:00.123456Z".parse().ok(),
        ..NewInteraction::new(CustomerId(1), InteractionType::Call)
    };
    measure(criterion, "validate/interaction", &interaction);
    // The hash is the store's, and a thousand times as much.
    let user = NewUser::new("Ann Example", "ann@example.com", Password::new("correct horse battery staple"));
    measure(criterion, "validate/user", &user);
}

/// Measures texts of the largest length, by what has to be done to them.
fn longest(criterion: &mut Criterion) {
    let sentence = "The client asked for a meeting.\n";
    let texts = [
        ("ASCII", sentence.repeat(MAX_PROSE / sentence.len())),
        ("composed accents", "\u{e9}".repeat(MAX_PROSE)),
        ("accents to compose", "e\u{301}".repeat(MAX_PROSE)),
        // They are put in order and stay, for the first of them stands between the letter and the rest.
        ("one letter's accents", format!("e{}", "\u{315}\u{300}".repeat(MAX_PROSE / 2 - 1))),
        ("line ends", "\r\n.".repeat(MAX_PROSE / 2)),
    ];
    for (name, text) in texts {
        let input = NewCustomer { notes: Some(text), ..customer() };
        measure(criterion, &format!("validate/longest notes, {name}"), &input);
    }
}

fn customer() -> NewCustomer {
    NewCustomer {
        name: "Acme Corporation".into(),
        email: Some("contact@acme.com".into()),
        phone: Some("+1-555-0123".into()),
        company: Some("Acme Corp".into()),
        tags: vec!["Enterprise".into(), "Technology".into()],
        notes: Some("Initial contact made, wants an offer for 50 seats by Friday.".into()),
        created_by: None,
    }
}

/// Measures the validation alone, without the making of the input and the dropping of the result.
fn measure<T: Validate + Clone>(criterion: &mut Criterion, name: &str, input: &T) {
    assert!(input.clone().validate().is_ok(), "{name}");
    criterion.bench_function(name, |bencher| {
        bencher.iter_batched(|| input.clone(), T::validate, BatchSize::SmallInput);
    });
}
