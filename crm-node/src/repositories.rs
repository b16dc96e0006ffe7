//! The repositories' operations, which `crm_core::calls` dispatches by their names: arguments from the wire, results to it.

use crm_core::calls::{self, AnyCall, Call, Gives, Input, Returns, Serves};
use crm_postgres::background::elsewhere;
use crm_postgres::crm_core::{Order, Repositories, Stored};
use crm_postgres::{Error, Result};

use crate::bridge::{Job, job, unknown};
use crate::handle::{Handle, Store, fill};
use crate::inputs::{Fields, Value, Values, many};
use crate::rows::stream;
use crate::wire::Wire;
use crate::{connect, crm};

/// A future in a box, as the traits of the library return them.
type Boxed<'r, T> = std::pin::Pin<Box<dyn Future<Output = Result<T>> + Send + 'r>>;

/// An entity that can be read, stored and written out.
pub(crate) trait Known: Input + Stored + Wire {}

impl<E: Input + Stored + Wire> Known for E {}

/// Begins a call: `customers.create`, or a word for one of the handle's own.
pub(crate) fn begin(
    op: &str,
    handle: &Handle,
    made: Option<&Handle>,
    values: &mut Values<'_>,
) -> Result<Job> {
    if op.contains('.') {
        return calls::begin(op, Operation { store: handle.store()?, made, values });
    }
    match (op, made) {
        ("connect" | "embedded", Some(made)) => connect::open(op, made, values),
        _ => crm::call(op, handle.store()?, made, values),
    }
}

/// A call of a repository's operation.
struct Operation<'c, 'v> {
    store: &'c Store,
    made: Option<&'c Handle>,
    values: &'c mut Values<'v>,
}

impl Operation<'_, '_> {
    /// Makes the job of what would keep the loop waiting, and so is done by the runtime's threads.
    fn elsewhere<T: Wire>(self, work: impl Future<Output = Result<T>> + Send + 'static) -> Job {
        let store = self.store.clone();
        job(async move { store.turn(elsewhere(work)).await })
    }
}

impl Call for Operation<'_, '_> {
    type Error = Error;
    type Object = Fields;
    type Begun = Job;

    fn input(&mut self, name: &'static str) -> Fields {
        self.values.input(name)
    }

    fn options(&mut self, name: &'static str) -> Fields {
        self.values.fields(name)
    }

    fn also(&mut self, object: Fields) {
        self.values.also(object);
    }

    fn finish<T>(&mut self, checked: Result<T>) -> Result<T> {
        self.values.finish(checked)
    }

    fn unknown(&self, operation: &str) -> Error {
        unknown(operation)
    }
}

impl<T: Value> Gives<T> for Operation<'_, '_> {
    fn optional(&mut self, name: &'static str) -> Result<Option<T>> {
        Ok(self.values.optional(name))
    }

    fn required(&mut self, name: &'static str, instead: T) -> Result<T> {
        Ok(self.values.read(name).unwrap_or(instead))
    }
}

impl<T: Wire> Returns<T> for Operation<'_, '_> {
    fn begin(
        self,
        work: impl for<'r> FnOnce(&'r dyn Repositories) -> Boxed<'r, T> + Send + 'static,
    ) -> Result<Job> {
        let store = self.store.clone();
        Ok(job(async move { store.turn(async { work(store.repositories()?).await }).await }))
    }
}

impl<E: Known> Serves<E> for Operation<'_, '_> {
    /// Also reads the rows in the runtime's threads: to check 100,000 would keep the loop waiting.
    fn create_many(self) -> Result<Job> {
        let (store, rows) = (self.store.clone(), self.values.given());
        Ok(self.elsewhere(async move {
            let new = many::<E>(rows)?;
            let ids = E::repository(store.repositories()?).create_many(new).await?;
            Ok(ids.into_iter().map(Into::into).collect::<Vec<i64>>())
        }))
    }

    fn get_many(self, ids: Vec<E::Id>) -> Result<Job> {
        let store = self.store.clone();
        Ok(self.elsewhere(async move { E::repository(store.repositories()?).get_many(&ids).await }))
    }

    fn stream(self, filter: E::Filter, order: Order<E::OrderBy>) -> Result<Job> {
        let made = self.made.ok_or_else(|| unknown("stream"))?;
        let rows = stream::<E>(self.store.clone(), filter, order)?;
        fill(&made.slot(), rows)?;
        Ok(job(std::future::ready(Ok(()))))
    }
}

impl AnyCall for Operation<'_, '_> {}
