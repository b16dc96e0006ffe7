//! The repositories, the reports and the frames as Python has them.
//!
//! Both faces of each share one class, whose calls go by the handle's face; their own classes only have names of their own,
//! by which editors and type checkers tell what is awaited.

mod customers;
mod interactions;
mod leads;
mod reports;
mod tasks;
mod users;

use pyo3::prelude::*;

use crate::frames::FramesBase;
use crate::handle::{Handle, Store};
use crate::run::Face;
use customers::CustomersBase;
use interactions::InteractionsBase;
use leads::LeadsBase;
use reports::ReportsBase;
pub(crate) use reports::due;
use tasks::TasksBase;
use users::UsersBase;

/// Is the objects that a handle hands out.
pub(crate) struct Repositories {
    pub(crate) users: Py<PyAny>,
    pub(crate) customers: Py<PyAny>,
    pub(crate) leads: Py<PyAny>,
    pub(crate) tasks: Py<PyAny>,
    pub(crate) interactions: Py<PyAny>,
    pub(crate) reports: Py<PyAny>,
    pub(crate) frames: Py<PyAny>,
}

macro_rules! faces {
    ($($field:ident: $base:ident, $sync:ident, $asynchronous:ident, $doc:literal;)+) => {
        $(
            #[doc = $doc]
            #[pyclass(frozen, extends = $base, module = "crm")]
            pub(crate) struct $sync;

            #[doc = $doc]
            #[pyclass(frozen, extends = $base, module = "crm")]
            pub(crate) struct $asynchronous;
        )+

        impl Repositories {
            pub(crate) fn new(py: Python<'_>, store: &Store, face: Face) -> PyResult<Self> {
                $(
                    let base = PyClassInitializer::from($base(Handle::new(store, face)));
                    let $field = match face {
                        Face::Sync => Py::new(py, base.add_subclass($sync))?.into_any(),
                        Face::Async => Py::new(py, base.add_subclass($asynchronous))?.into_any(),
                    };
                )+
                Ok(Self { $($field),+ })
            }
        }

        /// Adds the classes to the module.
        pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
            $(
                module.add_class::<$sync>()?;
                module.add_class::<$asynchronous>()?;
            )+
            Ok(())
        }
    };
}

faces! {
    users: UsersBase, Users, AsyncUsers, "Stores users: the people who work with the CRM.";
    customers: CustomersBase, Customers, AsyncCustomers,
        "Stores customers. Deleting one deletes its leads, tasks and interactions.";
    leads: LeadsBase, Leads, AsyncLeads, "Stores leads: deals on their way through the sales pipeline.";
    tasks: TasksBase, Tasks, AsyncTasks, "Stores tasks: what somebody has to do, perhaps by a day.";
    interactions: InteractionsBase, Interactions, AsyncInteractions,
        "Stores interactions: calls, emails, meetings and notes about a customer.";
    reports: ReportsBase, Reports, AsyncReports, "Answers the reports.";
    frames: FramesBase, Frames, AsyncFrames, "Reads lists and reports as frames for pandas, Polars and Arrow.";
}
