//! What Python gets: frozen, typed records: entity → wire. Those of crm-core are in `generated/records.rs`.

mod backup;
mod page;
mod schema;
mod values;
mod violation;

pub(crate) use backup::{Manifest, Progress};
use page::Page;
use schema::{Migration, Seeded};
pub(crate) use values::Listed;
use values::{Counts, nested};
pub(crate) use violation::Violation;

use crm_postgres::chrono::{DateTime, Utc};
use crm_postgres::crm_core;
use pyo3::prelude::*;
use pyo3::{Borrowed, IntoPyObjectExt as _};

use crate::inputs::read;

/// Is a moment: an aware datetime in UTC outside, and from any aware one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, IntoPyObject, IntoPyObjectRef)]
pub(crate) struct Moment(DateTime<Utc>);

impl From<DateTime<Utc>> for Moment {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment)
    }
}

impl FromPyObject<'_, '_> for Moment {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        read(&value, "it").map(Self)
    }
}

/// Turns a result into Python's value.
pub(crate) trait Wire: Send + 'static {
    fn wire(self, py: Python<'_>) -> PyResult<Py<PyAny>>;
}

/// Implements [`Wire`] for types that a record is made of.
macro_rules! wired {
    ($($core:ty => $record:ty;)+) => {$(
        impl $crate::records::Wire for $core {
            fn wire(self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                use pyo3::IntoPyObjectExt as _;
                <$record>::from(self).into_py_any(py)
            }
        }
    )+};
}
pub(crate) use wired;

wired! {
    crm_postgres::Manifest => Manifest;
    crm_postgres::Migration => Migration;
    crm_postgres::Seeded => Seeded;
}

impl Wire for i64 {
    fn wire(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.into_py_any(py)
    }
}

impl Wire for () {
    fn wire(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(py.None())
    }
}

impl<T: Wire> Wire for Option<T> {
    fn wire(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.map_or_else(|| Ok(py.None()), |value| value.wire(py))
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn wire(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let items = self.into_iter().map(|item| item.wire(py)).collect::<PyResult<Vec<_>>>()?;
        items.into_py_any(py)
    }
}

impl<T: Wire> Wire for crm_core::Page<T> {
    fn wire(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let Self { items, next_cursor } = self;
        let next_cursor = next_cursor.map(|cursor| cursor.to_string());
        Page { items: items.wire(py)?, next_cursor }.into_py_any(py)
    }
}

/// Declares a record. It gets what all records have: a constructor of its fields, `__match_args__`, `repr`, `==`, `hash`,
/// pickling, `replace` and `to_dict`.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)+ }) => {
        $(#[$meta])*
        #[pyo3::pyclass(frozen, eq, hash, get_all, from_py_object, new = "from_fields", module = "crm")]
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub(crate) struct $name {
            $($(#[$field_meta])* pub(crate) $field: $type,)+
        }

        #[pyo3::pymethods]
        impl $name {
            #[classattr]
            fn __match_args__(py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                use pyo3::IntoPyObjectExt as _;
                pyo3::types::PyTuple::new(py, Self::FIELDS)?.into_py_any(py)
            }

            fn __repr__(slf: &pyo3::Bound<'_, Self>) -> pyo3::PyResult<String> {
                $crate::records::repr(slf.as_any(), stringify!($name), &Self::FIELDS)
            }

            fn __reduce__(slf: &pyo3::Bound<'_, Self>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                $crate::records::reduce(slf.as_any(), &Self::FIELDS)
            }

            /// Returns a copy with some fields changed; nothing is stored.
            #[pyo3(signature = (**changes))]
            fn replace(
                slf: &pyo3::Bound<'_, Self>,
                changes: Option<&pyo3::Bound<'_, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                $crate::records::replace(slf.as_any(), &Self::FIELDS, changes)
            }

            #[pyo3(signature = (**changes))]
            fn __replace__(
                slf: &pyo3::Bound<'_, Self>,
                changes: Option<&pyo3::Bound<'_, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                $crate::records::replace(slf.as_any(), &Self::FIELDS, changes)
            }

            /// Returns the fields as a dict, records within it too.
            fn to_dict(slf: &pyo3::Bound<'_, Self>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                $crate::records::to_dict(slf.as_any(), &Self::FIELDS)
            }
        }

        impl $name {
            const FIELDS: [&'static str; [$(stringify!($field)),+].len()] = [$($crate::records::plain(stringify!($field))),+];
        }
    };
}
pub(crate) use record;

/// Declares a record that holds pages. Python only reads it: a page is neither compared nor hashed.
macro_rules! view {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident,)+ }) => {
        $(#[$meta])*
        #[pyo3::pyclass(frozen, get_all, module = "crm")]
        pub(crate) struct $name {
            $($(#[$field_meta])* $field: pyo3::Py<pyo3::PyAny>,)+
        }

        #[pyo3::pymethods]
        impl $name {
            #[classattr]
            fn __match_args__(py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                use pyo3::IntoPyObjectExt as _;
                pyo3::types::PyTuple::new(py, Self::FIELDS)?.into_py_any(py)
            }

            fn __repr__(slf: &pyo3::Bound<'_, Self>) -> pyo3::PyResult<String> {
                $crate::records::repr(slf.as_any(), stringify!($name), &Self::FIELDS)
            }

            /// Returns the fields as a dict, records within it too.
            fn to_dict(slf: &pyo3::Bound<'_, Self>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                $crate::records::to_dict(slf.as_any(), &Self::FIELDS)
            }
        }

        impl $name {
            const FIELDS: [&'static str; [$(stringify!($field)),+].len()] = [$(stringify!($field)),+];
        }
    };
}
pub(crate) use view;

/// Returns a field's name without what Rust puts before a word of its own.
pub(crate) const fn plain(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

pub(crate) fn repr(record: &Bound<'_, PyAny>, name: &str, fields: &[&str]) -> PyResult<String> {
    let shown = fields.iter().map(|field| Ok(format!("{field}={}", record.getattr(*field)?.repr()?)));
    Ok(format!("{name}({})", shown.collect::<PyResult<Vec<_>>>()?.join(", ")))
}

pub(crate) fn reduce(record: &Bound<'_, PyAny>, fields: &[&str]) -> PyResult<Py<PyAny>> {
    let values = fields.iter().map(|field| record.getattr(*field)).collect::<PyResult<Vec<_>>>()?;
    let values = pyo3::types::PyTuple::new(record.py(), values)?;
    (record.get_type(), values).into_py_any(record.py())
}

pub(crate) fn replace(
    record: &Bound<'_, PyAny>,
    fields: &[&str],
    changes: Option<&Bound<'_, pyo3::types::PyDict>>,
) -> PyResult<Py<PyAny>> {
    let values = pyo3::types::PyDict::new(record.py());
    for field in fields {
        values.set_item(field, record.getattr(*field)?)?;
    }
    if let Some(changes) = changes {
        values.update(changes.as_mapping())?;
    }
    Ok(record.get_type().call((), Some(&values))?.unbind())
}

pub(crate) fn to_dict(record: &Bound<'_, PyAny>, fields: &[&str]) -> PyResult<Py<PyAny>> {
    let values = pyo3::types::PyDict::new(record.py());
    for field in fields {
        values.set_item(field, plainly(record.getattr(*field)?)?)?;
    }
    values.into_py_any(record.py())
}

/// Turns the records within a value into dicts.
fn plainly(value: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    nested(|| {
        if let Ok(list) = value.cast::<pyo3::types::PyList>() {
            let items = list.iter().map(plainly).collect::<PyResult<Vec<_>>>()?;
            return Ok(pyo3::types::PyList::new(value.py(), items)?.into_any());
        }
        match value.getattr_opt("to_dict")? {
            Some(method) => method.call0(),
            None => Ok(value),
        }
    })
}

/// Adds the classes that are written by hand to the module.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Migration>()?;
    module.add_class::<Manifest>()?;
    module.add_class::<Progress>()?;
    module.add_class::<Violation>()?;
    module.add_class::<Seeded>()?;
    module.add_class::<Page>()
}
