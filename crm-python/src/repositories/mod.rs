//! The repositories, the reports and the frames as Python has them.
//!
//! Both faces of each share one class, whose calls go by the handle's face; their own classes only have names of their own,
//! by which editors and type checkers tell what is awaited. `generated/repositories.rs` has the calls.

pub(crate) mod arguments;
mod reports;
pub(crate) mod users;

pub(crate) use crate::generated::repositories::{Repositories, add_to};
pub(crate) use reports::{ReportsBase, due};

/// Declares the objects that a handle hands out: for each its field, the class with its calls, and those of both faces.
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

        /// The objects that a handle hands out.
        pub(crate) struct Repositories {
            $(pub(crate) $field: Py<PyAny>,)+
        }

        impl Repositories {
            pub(crate) fn new(py: Python<'_>, store: &Store, face: Face) -> PyResult<Self> {
                $(
                    let base = $base::of_handle(Handle::new(store, face));
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
pub(crate) use faces;
