//! The operations by their names, and those that all five repositories have.

mod customers;
mod leads;
mod reports;
mod tasks;
mod users;

use crm_core::calls::Input;
use crm_postgres::Result;
use crm_postgres::background::elsewhere;
use crm_postgres::crm_core::{Interaction, List, Repositories, Stored, Validate as _};

use crate::bridge::{Job, job, unknown};
use crate::handle::{Handle, Store, fill};
use crate::inputs::{Values, many};
use crate::rows::stream;
use crate::wire::Wire;
use crate::{connect, crm};

/// Is a future in a box, as the traits of the library return them.
type Boxed<'r, T> = std::pin::Pin<Box<dyn Future<Output = Result<T>> + Send + 'r>>;

/// Is an entity that can be read, stored and written out.
pub(crate) trait Known: Input + Stored + Wire {}

impl<E: Input + Stored + Wire> Known for E {}

/// Begins a call: `customers.create`, or a word for one of the handle's own.
pub(crate) fn begin(
    op: &str,
    handle: &Handle,
    made: Option<&Handle>,
    values: &mut Values<'_>,
) -> Result<Job> {
    let Some((repository, operation)) = op.split_once('.') else {
        return match (op, made) {
            ("connect" | "embedded", Some(made)) => connect::open(op, made, values),
            _ => crm::call(op, handle.store()?, made, values),
        };
    };
    let call = Call { store: handle.store()?, operation, made };
    match repository {
        "users" => users::begin(&call, values),
        "customers" => customers::begin(&call, values),
        "leads" => leads::begin(&call, values),
        "tasks" => tasks::begin(&call, values),
        "interactions" => call.begin::<Interaction>(values),
        "reports" => reports::begin(&call, values),
        _ => Err(unknown(op)),
    }
}

/// Is a call of a repository's operation.
struct Call<'a> {
    store: &'a Store,
    operation: &'a str,
    made: Option<&'a Handle>,
}

impl Call<'_> {
    /// Makes the job of what is done with the repositories.
    fn with<T: Wire>(
        &self,
        work: impl for<'r> FnOnce(&'r dyn Repositories) -> Boxed<'r, T> + Send + 'static,
    ) -> Job {
        let store = self.store.clone();
        job(async move { store.turn(async { work(store.repositories()?).await }).await })
    }

    /// Makes the job of what would keep the loop waiting, and so is done by the runtime's threads.
    fn elsewhere<T: Wire>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Job {
        let store = self.store.clone();
        job(async move { store.turn(elsewhere(work)).await })
    }

    /// Begins an operation that every repository has.
    fn begin<E: Known>(&self, values: &mut Values<'_>) -> Result<Job> {
        Ok(match self.operation {
            "create" => {
                let fields = values.input("row");
                let new = fields.new_row::<E>().validate();
                let new = fields.finish(new)?;
                self.with(move |crm| E::repository(crm).create(new))
            }
            "createMany" => {
                // To check 100,000 rows would keep the loop waiting.
                let (store, rows) = (self.store.clone(), values.given());
                self.elsewhere(async move {
                    let new = many::<E>(rows)?;
                    let ids = E::repository(store.repositories()?).create_many(new).await?;
                    Ok(ids.into_iter().map(Into::into).collect::<Vec<i64>>())
                })
            }
            "get" => {
                let id = values.last_id()?;
                self.with(move |crm| E::repository(crm).get(id))
            }
            "find" => {
                let id = values.last_id()?;
                self.with(move |crm| E::repository(crm).find(id))
            }
            "getMany" => {
                let ids = values.read::<Vec<i64>>("ids");
                let ids: Vec<_> = values.all(ids)?.into_iter().map(E::Id::from).collect();
                let store = self.store.clone();
                self.elsewhere(async move { E::repository(store.repositories()?).get_many(&ids).await })
            }
            "list" => {
                let fields = values.fields("options");
                let mut list = List::<E>::new().filter(fields.filter::<E>());
                list.order = fields.optional("order").unwrap_or_default();
                list.limit = fields.optional("limit").unwrap_or(list.limit);
                list.cursor = fields.optional("cursor");
                fields.finish(list.start())?;
                self.with(move |crm| Box::pin(async move { E::repository(crm).list(&list).await }))
            }
            "stream" => {
                let fields = values.fields("options");
                let (filter, order) = (fields.filter::<E>(), fields.optional("order").unwrap_or_default());
                fields.finish(Ok(()))?;
                let made = self.made.ok_or_else(|| unknown("stream"))?;
                let rows = stream::<E>(self.store.clone(), filter, order)?;
                fill(&made.slot(), rows)?;
                job(std::future::ready(Ok(())))
            }
            "count" => {
                let fields = values.fields("filter");
                let filter = fields.filter::<E>();
                fields.finish(Ok(()))?;
                self.with(move |crm| Box::pin(async move { E::repository(crm).count(&filter).await }))
            }
            "update" => {
                let (id, fields, options) =
                    (values.id::<E::Id>(), values.input("patch"), values.fields("options"));
                let (patch, expected) = (fields.patch_row::<E>(), options.optional("expected_version"));
                values.also(fields);
                values.also(options);
                let patch = values.finish(patch.validate())?;
                let id = values.all(id)?;
                self.with(move |crm| E::repository(crm).update(id, patch, expected))
            }
            "delete" => {
                let id = values.last_id()?;
                self.with(move |crm| E::repository(crm).delete(id))
            }
            other => return Err(unknown(other)),
        })
    }
}
