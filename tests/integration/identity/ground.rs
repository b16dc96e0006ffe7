//! A database that shows every operation under a wrong identity.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use crm_core::{
    CustomerId, Lead, LeadId, List, NewCustomer, NewLead, NewUser, PasswordHash, Repositories, Role, Store,
    UserId, Valid, Validate,
};
use crm_postgres::Crm;
use crm_tests::Database;

use crate::sessions::wait_for;

/// Makes visible in whose name things are done. A lead's description, a customer's company (who made it) and notes (who
/// changed it last) and an interaction's notes name whoever is meant; an actor sees only leads that name that actor; and
/// every write leaves a line with the role and the actor that the database saw.
const WATCH: &str = "
    create policy leads_named on crm.leads as restrictive for select to crm_user, crm_admin
      using (description = crm.actor()::text);
    create table public.writes (
      what text not null,
      meant text not null,
      role text not null default current_user,
      actor text not null default coalesce(current_setting('crm.actor', true), '')
    );
    grant insert on public.writes to public;
    create function public.watch() returns trigger language plpgsql as $$
    declare
      changed jsonb := to_jsonb(case tg_op when 'DELETE' then old else new end);
    begin
      insert into public.writes (what, meant) values (tg_op || ' ' || tg_table_name, changed ->> tg_argv[0]);
      return null;
    end
    $$;
    create trigger watch after insert or update or delete on crm.leads
      for each row execute function public.watch('description');
    create trigger watch after insert or update or delete on crm.customers
      for each row execute function public.watch('notes');
    create trigger watch after insert or update or delete on crm.interactions
      for each row execute function public.watch('notes')";

/// Lists what was done in another name than was meant.
const STRANGE: &str = "
    select 'lead ' || title from crm.leads
    where (coalesce(created_by::text, 'trusted'), coalesce(updated_by::text, 'trusted'))
      is distinct from (description, description)
    union all
    select 'customer ' || name from crm.customers
    where (coalesce(created_by::text, 'trusted'), coalesce(updated_by::text, 'trusted'))
      is distinct from (company, notes)
    union all
    select 'interaction ' || id from crm.interactions
    where coalesce(created_by::text, 'trusted') is distinct from notes
    union all
    select format('%s of %s as %s, actor %s', what, meant, w.role, actor)
    from public.writes w left join crm.users u on u.id::text = w.meant
    where case meant
      when 'trusted' then (w.role, actor) is distinct from (session_user::text, '')
      else (w.role, actor) is distinct from ('crm_' || u.role, meant)
    end";

/// Is in whose name something is done: a user's, or the trusted system's.
pub(crate) type Who = Option<UserId>;

/// Names it in the rows.
pub(crate) fn mark(who: Who) -> String {
    who.map_or_else(|| "trusted".to_owned(), |actor| actor.to_string())
}

/// Describes a lead that names whoever makes it.
pub(crate) fn lead(who: Who, title: impl Into<String>) -> Valid<NewLead> {
    NewLead { description: Some(mark(who)), ..NewLead::new(title) }.validate().unwrap()
}

/// Describes a customer that names whoever makes it.
pub(crate) fn customer(who: Who) -> Valid<NewCustomer> {
    let (company, notes) = (Some(mark(who)), Some(mark(who)));
    NewCustomer { company, notes, ..NewCustomer::new("Acme") }.validate().unwrap()
}

/// Is a database with five actors, two of them administrators, and a few rows.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) database: Database,
    /// The trusted system, then the actors.
    pub(crate) everybody: Vec<Who>,
    /// Leads that stay, three of everybody's.
    pub(crate) leads: Vec<(Who, LeadId)>,
    /// Customers that everybody changes.
    pub(crate) customers: Vec<CustomerId>,
}

impl Ground {
    pub(crate) async fn new() -> Self {
        let database = Database::fresh().await;
        database.execute(WATCH).await;
        let hash = PasswordHash::new(format!("$2b$10${}", ".".repeat(53)));
        let users = (0..5).map(|n| NewUser {
            role: if n < 3 { Role::User } else { Role::Admin },
            ..NewUser::new("Ann", format!("ann{n}@example.com"), hash.clone())
        });
        let actors = database.crm.users().create_many(Valid::all(users).unwrap()).await.unwrap();
        let everybody: Vec<_> = std::iter::once(None).chain(actors.into_iter().map(Some)).collect();
        let (mut leads, mut customers) = (Vec::new(), Vec::new());
        for &who in &everybody {
            let store = store(&database.crm, who);
            for n in 0..3 {
                let lead = store.leads().create(lead(who, format!("stays {n}"))).await.unwrap();
                leads.push((who, lead.id));
            }
            customers.push(store.customers().create(customer(who)).await.unwrap().id);
        }
        database.crm.close().await;
        Self { database, everybody, leads, customers }
    }

    /// Lists the leads that stay and name whoever it is.
    pub(crate) fn leads_of(&self, who: Who) -> impl Iterator<Item = LeadId> {
        self.leads.iter().filter(move |(whose, _)| *whose == who).map(|&(_, id)| id)
    }

    /// Checks what a read has returned in somebody's name: an actor's own leads, or for the trusted system everybody's.
    pub(crate) fn check_leads(&self, who: Who, found: &[Lead]) {
        let seen = |id| found.iter().any(|lead| lead.id == id);
        let missing: Vec<_> =
            self.leads.iter().filter(|&&(whose, id)| (who.is_none() || whose == who) && !seen(id)).collect();
        assert!(missing.is_empty(), "{} does not see {missing:?}", mark(who));
        let own = mark(who);
        let foreign = found.iter().find(|lead| lead.description.as_ref() != Some(&own));
        assert!(who.is_none() || foreign.is_none(), "{own} sees {foreign:?}");
    }

    /// Checks that nothing was ever written in another name than was meant.
    pub(crate) async fn check_writes(&self) {
        let mut connection = self.database.connection().await;
        let strange: Vec<String> = sqlx::query_scalar(STRANGE).fetch_all(&mut connection).await.unwrap();
        assert!(strange.is_empty(), "{strange:#?}");
    }

    /// Checks that a handle serves everybody rightly, several times over all its connections, and leaves nothing open.
    pub(crate) async fn check_serves(&self, crm: &Crm) {
        for _ in 0..2 {
            let calls = self.everybody.iter().map(|&who| async move {
                let store = store(crm, who);
                let (read, written) =
                    tokio::join!(leads(&*store), store.leads().create(lead(who, "afterwards")));
                self.check_leads(who, &read);
                let written = written.unwrap();
                assert_eq!((written.created_by, written.updated_by), (who, who));
            });
            futures_util::future::join_all(calls).await;
        }
        self.check_writes().await;
        wait_for(&self.database, "state <> 'idle'", 0).await;
    }
}

/// Works in somebody's name.
pub(crate) fn store(crm: &Crm, who: Who) -> Box<dyn Store> {
    match who {
        None => Box::new(crm.clone()),
        Some(actor) => Box::new(crm.acting_as(actor)),
    }
}

/// Reads all leads that it sees.
pub(crate) async fn leads(store: &dyn Store) -> Vec<Lead> {
    store.leads().list(&List::new().limit(1_000)).await.unwrap().items
}

/// Polls a call at most so many times and then drops it: a Pending is an await at which the call was left.
pub(crate) async fn give_up_after<T>(polls: usize, call: impl Future<Output = T>) -> Option<T> {
    let mut call = pin!(call);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        call.as_mut().poll(context).map(Some)
    })
    .await
}
