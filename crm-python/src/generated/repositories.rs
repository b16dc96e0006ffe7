//! Generated from crm-core's sources by `cargo xtask generate`. Do not edit.
//! Repositories: the calls of each entity, as Python has them.

use crm_postgres::crm_core;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::frames::FramesBase;
use crate::handle::{Handle, Store};
use crate::inputs::read;
use crate::repositories::{ReportsBase, arguments, faces, users};
use crate::run::Face;

faces! {
    users: UsersBase, Users, AsyncUsers, "Stores users.";
    customers: CustomersBase, Customers, AsyncCustomers, "Stores customers. Deleting one deletes its leads, tasks and interactions.";
    leads: LeadsBase, Leads, AsyncLeads, "Stores leads.";
    tasks: TasksBase, Tasks, AsyncTasks, "Stores tasks. `start`, `complete` and `reopen` go from any status to theirs, and change nothing where the task has it.";
    interactions: InteractionsBase, Interactions, AsyncInteractions, "Stores interactions.";
    reports: ReportsBase, Reports, AsyncReports, "Answers the three questions.";
    frames: FramesBase, Frames, AsyncFrames, "Reads lists and reports as frames for pandas, Polars and Arrow.";
}

/// Stores users.
#[pyclass(frozen, subclass, name = "Users", module = "crm")]
pub(crate) struct UsersBase(pub(crate) Handle);

impl UsersBase {
    pub(crate) fn of_handle(handle: Handle) -> PyClassInitializer<Self> {
        Self(handle).into()
    }
}

#[pymethods]
impl UsersBase {
    /// Creates a user and returns it as stored.
    ///
    /// Raises ConflictError when a unique value is taken, MissingReferenceError when a reference
    /// points at nothing.
    ///
    /// Args:
    ///     name: The name, 1 to 255 characters.
    ///     email: The email, at most 254 characters, unique without regard to case.
    ///     role: What the user may do: 'admin' or 'user'.
    ///     password: The password, or its hash in another system: `password` or `password_hash`
    ///         must be given.
    ///     password_hash: The password, or its hash in another system: `password` or
    ///         `password_hash` must be given.
    #[pyo3(signature = (name, email, **fields), text_signature = "($self, name, email, *, role='user', password=None, password_hash=None)")]
    fn create(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        email: &Bound<'_, PyAny>,
        fields: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.create::<crm_core::User>(py, &[("name", name), ("email", email)], fields)
    }

    /// Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
    /// `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
    /// `[50].name` for the 51st.
    fn create_many(&self, py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.create_many::<crm_core::User>(py, rows)
    }

    /// Reads a row, or raises NotFoundError.
    fn get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.get::<crm_core::User>(py, id)
    }

    /// Reads a row, or returns None.
    fn find(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.find::<crm_core::User>(py, id)
    }

    /// Reads rows in the order asked: repeats are repeated, missing ones left out.
    fn get_many(&self, py: Python<'_>, ids: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.get_many::<crm_core::User>(py, ids)
    }

    /// Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
    /// when it descends; the limit is 1 to 1,000.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, role=None, email=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order='-id', limit=50, cursor=None)")]
    fn list(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.list::<crm_core::User>(py, options)
    }

    /// Reads any number of rows from one snapshot, in bounded memory.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, role=None, email=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order='-id')")]
    fn stream(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.stream::<crm_core::User>(py, options)
    }

    /// Counts the rows that a filter selects.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, role=None, email=None, created_since=None, created_until=None, updated_since=None, updated_until=None)")]
    fn count(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.count::<crm_core::User>(py, options)
    }

    /// Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
    /// not the row's it raises ConflictError.
    #[pyo3(signature = (id, **fields), text_signature = "($self, id, *, expected_version=None, name=..., email=..., role=...)")]
    fn update(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.update::<crm_core::User>(py, id, fields)
    }

    /// Deletes a row, or raises NotFoundError.
    fn delete(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.delete::<crm_core::User>(py, id)
    }

    /// Finds the user with this email, compared without regard to case. Returns None when there is
    /// none.
    fn find_by_email(&self, py: Python<'_>, email: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let email = read::<String>(email, "email")?;
        self.0.call(py, "users.find_by_email", move |crm| {
            Box::pin(async move { crm.users().find_by_email(&email).await })
        })
    }

    /// Checks a login and returns the user. A hash of another system or of other parameters is
    /// replaced by one of the configured parameters, which raises the user's version. An unknown
    /// email takes as long as a wrong password. How often somebody may try is the application's to
    /// limit.
    ///
    /// Raises InvalidCredentialsError for a wrong password, an unknown email and a deactivated user
    /// alike; PermissionDeniedError for an acting handle: only the trusted system lets people in.
    fn authenticate(
        &self,
        py: Python<'_>,
        email: &Bound<'_, PyAny>,
        password: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        users::authenticate(&self.0, py, email, password)
    }

    /// Replaces a password by one who knows the present one. It ends no session that the
    /// application keeps.
    ///
    /// Raises InvalidCredentialsError for a wrong password, an unknown id and a deactivated user
    /// alike; PermissionDeniedError when somebody else than the user acts.
    fn change_password(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        current_password: &Bound<'_, PyAny>,
        new_password: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let id = crm_core::UserId(read(id, "id")?);
        let current_password = arguments::compared(py, current_password, "current_password")?;
        let new_password = arguments::password(py, new_password, "new_password")?;
        self.0.call(py, "users.change_password", move |crm| {
            crm.users().change_password(id, current_password, new_password)
        })
    }

    /// Replaces a password. It ends no session that the application keeps.
    ///
    /// Raises NotFoundError.
    fn set_password(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        new_password: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let id = crm_core::UserId(read(id, "id")?);
        let new_password = arguments::password(py, new_password, "new_password")?;
        self.0.call(py, "users.set_password", move |crm| crm.users().set_password(id, new_password))
    }

    /// Deactivates a user, who can neither log in nor act any more; doing it again changes nothing.
    /// The last administrator is no exception: the trusted system can reactivate.
    ///
    /// Raises NotFoundError.
    fn deactivate(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let id = crm_core::UserId(read(id, "id")?);
        self.0.call(py, "users.deactivate", move |crm| crm.users().deactivate(id))
    }

    /// Takes a deactivated user back; doing it again changes nothing.
    ///
    /// Raises NotFoundError.
    fn reactivate(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let id = crm_core::UserId(read(id, "id")?);
        self.0.call(py, "users.reactivate", move |crm| crm.users().reactivate(id))
    }
}

/// Stores customers. Deleting one deletes its leads, tasks and interactions.
#[pyclass(frozen, subclass, name = "Customers", module = "crm")]
pub(crate) struct CustomersBase(pub(crate) Handle);

impl CustomersBase {
    pub(crate) fn of_handle(handle: Handle) -> PyClassInitializer<Self> {
        Self(handle).into()
    }
}

#[pymethods]
impl CustomersBase {
    /// Creates a customer and returns it as stored.
    ///
    /// Raises ConflictError when a unique value is taken, MissingReferenceError when a reference
    /// points at nothing.
    ///
    /// Args:
    ///     name: The name, 1 to 255 characters.
    ///     email: The email.
    ///     phone: The phone number: at least 3 digits of any script, at most 50 characters. Spaces,
    ///         dashes and digits become ASCII.
    ///     company: The company, at most 255 characters.
    ///     tags: At most 100 tags of at most 64 characters; duplicates without regard to case are
    ///         dropped.
    ///     notes: Notes, at most 100,000 characters.
    ///     created_by: Who made the row; only the trusted system says so, an acting handle leaves
    ///         it out.
    #[pyo3(signature = (name, **fields), text_signature = "($self, name, *, email=None, phone=None, company=None, tags=(), notes=None, created_by=None)")]
    fn create(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        fields: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.create::<crm_core::Customer>(py, &[("name", name)], fields)
    }

    /// Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
    /// `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
    /// `[50].name` for the 51st.
    fn create_many(&self, py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.create_many::<crm_core::Customer>(py, rows)
    }

    /// Reads a row, or raises NotFoundError.
    fn get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.get::<crm_core::Customer>(py, id)
    }

    /// Reads a row, or returns None.
    fn find(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.find::<crm_core::Customer>(py, id)
    }

    /// Reads rows in the order asked: repeats are repeated, missing ones left out.
    fn get_many(&self, py: Python<'_>, ids: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.get_many::<crm_core::Customer>(py, ids)
    }

    /// Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
    /// when it descends; the limit is 1 to 1,000.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, tags_any=None, tags_all=None, company=None, email=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order='-id', limit=50, cursor=None)")]
    fn list(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.list::<crm_core::Customer>(py, options)
    }

    /// Reads any number of rows from one snapshot, in bounded memory.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, tags_any=None, tags_all=None, company=None, email=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order='-id')")]
    fn stream(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.stream::<crm_core::Customer>(py, options)
    }

    /// Counts the rows that a filter selects.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, tags_any=None, tags_all=None, company=None, email=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None)")]
    fn count(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.count::<crm_core::Customer>(py, options)
    }

    /// Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
    /// not the row's it raises ConflictError.
    #[pyo3(signature = (id, **fields), text_signature = "($self, id, *, expected_version=None, name=..., email=..., phone=..., company=..., tags=..., notes=...)")]
    fn update(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.update::<crm_core::Customer>(py, id, fields)
    }

    /// Deletes a row, or raises NotFoundError.
    fn delete(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.delete::<crm_core::Customer>(py, id)
    }

    /// Adds tags, leaving out those that are there already without regard to case. No concurrent
    /// change is lost.
    ///
    /// Raises NotFoundError; ValidationError when there would be more than `MAX_TAGS`.
    fn add_tags(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        tags: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let id = crm_core::CustomerId(read(id, "id")?);
        let tags = arguments::tags(py, tags, "tags")?;
        self.0.call(py, "customers.add_tags", move |crm| crm.customers().add_tags(id, tags))
    }

    /// Removes tags, compared without regard to case. No concurrent change is lost.
    ///
    /// Raises NotFoundError.
    fn remove_tags(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        tags: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let id = crm_core::CustomerId(read(id, "id")?);
        let tags = arguments::tags(py, tags, "tags")?;
        self.0.call(py, "customers.remove_tags", move |crm| crm.customers().remove_tags(id, tags))
    }

    /// Counts the customers of each tag, most used first, then by tag. It reads every customer.
    fn tag_counts(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.0.call(py, "customers.tag_counts", |crm| crm.customers().tag_counts())
    }

    /// Reads a customer with its open leads and tasks and its latest `recent` interactions (0 to
    /// 1,000), in one round trip.
    ///
    /// Raises NotFoundError; ValidationError when `recent` is out of range.
    #[pyo3(signature = (id, recent = None), text_signature = "($self, id, recent=10)")]
    fn overview(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        recent: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let id = crm_core::CustomerId(read(id, "id")?);
        let recent = recent.map_or(Ok(10), |recent| read(recent, "recent"))?;
        self.0.call(py, "customers.overview", move |crm| crm.customers().overview(id, recent))
    }
}

/// Stores leads.
#[pyclass(frozen, subclass, name = "Leads", module = "crm")]
pub(crate) struct LeadsBase(pub(crate) Handle);

impl LeadsBase {
    pub(crate) fn of_handle(handle: Handle) -> PyClassInitializer<Self> {
        Self(handle).into()
    }
}

#[pymethods]
impl LeadsBase {
    /// Creates a lead and returns it as stored.
    ///
    /// Raises ConflictError when a unique value is taken, MissingReferenceError when a reference
    /// points at nothing.
    ///
    /// Args:
    ///     title: The title, 1 to 255 characters.
    ///     description: What it is about, at most 100,000 characters.
    ///     stage: How far it has come: 'lead', 'qualified', 'proposal' or 'closed'.
    ///     value: What it is worth: 0 to 99,999,999.99, at most two decimals. A Decimal, an int or
    ///         a str such as '12.50', never a float.
    ///     customer_id: Whose lead it is.
    ///     assigned_to: Who works on it.
    ///     created_by: Who made the row; only the trusted system says so, an acting handle leaves
    ///         it out.
    #[pyo3(signature = (title, **fields), text_signature = "($self, title, *, description=None, stage='lead', value=None, customer_id=None, assigned_to=None, created_by=None)")]
    fn create(
        &self,
        py: Python<'_>,
        title: &Bound<'_, PyAny>,
        fields: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.create::<crm_core::Lead>(py, &[("title", title)], fields)
    }

    /// Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
    /// `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
    /// `[50].name` for the 51st.
    fn create_many(&self, py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.create_many::<crm_core::Lead>(py, rows)
    }

    /// Reads a row, or raises NotFoundError.
    fn get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.get::<crm_core::Lead>(py, id)
    }

    /// Reads a row, or returns None.
    fn find(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.find::<crm_core::Lead>(py, id)
    }

    /// Reads rows in the order asked: repeats are repeated, missing ones left out.
    fn get_many(&self, py: Python<'_>, ids: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.get_many::<crm_core::Lead>(py, ids)
    }

    /// Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
    /// when it descends; the limit is 1 to 1,000.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, stage=None, customer_id=None, assigned_to=None, unassigned=False, min_value=None, max_value=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order='-id', limit=50, cursor=None)")]
    fn list(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.list::<crm_core::Lead>(py, options)
    }

    /// Reads any number of rows from one snapshot, in bounded memory.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, stage=None, customer_id=None, assigned_to=None, unassigned=False, min_value=None, max_value=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order='-id')")]
    fn stream(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.stream::<crm_core::Lead>(py, options)
    }

    /// Counts the rows that a filter selects.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, stage=None, customer_id=None, assigned_to=None, unassigned=False, min_value=None, max_value=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None)")]
    fn count(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.count::<crm_core::Lead>(py, options)
    }

    /// Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
    /// not the row's it raises ConflictError.
    #[pyo3(signature = (id, **fields), text_signature = "($self, id, *, expected_version=None, title=..., description=..., stage=..., value=..., customer_id=..., assigned_to=...)")]
    fn update(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.update::<crm_core::Lead>(py, id, fields)
    }

    /// Deletes a row, or raises NotFoundError.
    fn delete(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.delete::<crm_core::Lead>(py, id)
    }

    /// Moves a lead to a stage, from any to any; where it is there already, nothing changes.
    ///
    /// Raises NotFoundError.
    fn move_to(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        stage: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let id = crm_core::LeadId(read(id, "id")?);
        let stage = read(stage, "stage")?;
        self.0.call(py, "leads.move_to", move |crm| crm.leads().move_to(id, stage))
    }
}

/// Stores tasks. `start`, `complete` and `reopen` go from any status to theirs, and change nothing where the task has it.
#[pyclass(frozen, subclass, name = "Tasks", module = "crm")]
pub(crate) struct TasksBase(pub(crate) Handle);

impl TasksBase {
    pub(crate) fn of_handle(handle: Handle) -> PyClassInitializer<Self> {
        Self(handle).into()
    }
}

#[pymethods]
impl TasksBase {
    /// Creates a task and returns it as stored.
    ///
    /// Raises ConflictError when a unique value is taken, MissingReferenceError when a reference
    /// points at nothing.
    ///
    /// Args:
    ///     title: The title, 1 to 255 characters.
    ///     description: What is to be done, at most 100,000 characters.
    ///     status: Whether it is done: 'pending', 'in-progress' or 'completed'.
    ///     priority: How much it matters: 'low', 'medium' or 'high'.
    ///     due_date: The day by which it should be done, in the years 0001 to 9999.
    ///     assigned_to: Who has to do it.
    ///     customer_id: Whom it is about.
    ///     created_by: Who made the row; only the trusted system says so, an acting handle leaves
    ///         it out.
    #[pyo3(signature = (title, **fields), text_signature = "($self, title, *, description=None, status='pending', priority='medium', due_date=None, assigned_to=None, customer_id=None, created_by=None)")]
    fn create(
        &self,
        py: Python<'_>,
        title: &Bound<'_, PyAny>,
        fields: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.create::<crm_core::Task>(py, &[("title", title)], fields)
    }

    /// Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
    /// `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
    /// `[50].name` for the 51st.
    fn create_many(&self, py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.create_many::<crm_core::Task>(py, rows)
    }

    /// Reads a row, or raises NotFoundError.
    fn get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.get::<crm_core::Task>(py, id)
    }

    /// Reads a row, or returns None.
    fn find(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.find::<crm_core::Task>(py, id)
    }

    /// Reads rows in the order asked: repeats are repeated, missing ones left out.
    fn get_many(&self, py: Python<'_>, ids: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.get_many::<crm_core::Task>(py, ids)
    }

    /// Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
    /// when it descends; the limit is 1 to 1,000.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, status=None, priority=None, assigned_to=None, unassigned=False, customer_id=None, due_since=None, due_until=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order='-id', limit=50, cursor=None)")]
    fn list(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.list::<crm_core::Task>(py, options)
    }

    /// Reads any number of rows from one snapshot, in bounded memory.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, status=None, priority=None, assigned_to=None, unassigned=False, customer_id=None, due_since=None, due_until=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order='-id')")]
    fn stream(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.stream::<crm_core::Task>(py, options)
    }

    /// Counts the rows that a filter selects.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, status=None, priority=None, assigned_to=None, unassigned=False, customer_id=None, due_since=None, due_until=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None)")]
    fn count(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.count::<crm_core::Task>(py, options)
    }

    /// Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
    /// not the row's it raises ConflictError.
    #[pyo3(signature = (id, **fields), text_signature = "($self, id, *, expected_version=None, title=..., description=..., status=..., priority=..., due_date=..., assigned_to=..., customer_id=...)")]
    fn update(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.update::<crm_core::Task>(py, id, fields)
    }

    /// Deletes a row, or raises NotFoundError.
    fn delete(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.delete::<crm_core::Task>(py, id)
    }

    /// Begins a task: its status becomes `in-progress`.
    ///
    /// Raises NotFoundError.
    fn start(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let id = crm_core::TaskId(read(id, "id")?);
        self.0.call(py, "tasks.start", move |crm| crm.tasks().start(id))
    }

    /// Finishes a task: its status becomes `completed`.
    ///
    /// Raises NotFoundError.
    fn complete(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let id = crm_core::TaskId(read(id, "id")?);
        self.0.call(py, "tasks.complete", move |crm| crm.tasks().complete(id))
    }

    /// Puts a task back: its status becomes `pending`.
    ///
    /// Raises NotFoundError.
    fn reopen(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let id = crm_core::TaskId(read(id, "id")?);
        self.0.call(py, "tasks.reopen", move |crm| crm.tasks().reopen(id))
    }
}

/// Stores interactions.
#[pyclass(frozen, subclass, name = "Interactions", module = "crm")]
pub(crate) struct InteractionsBase(pub(crate) Handle);

impl InteractionsBase {
    pub(crate) fn of_handle(handle: Handle) -> PyClassInitializer<Self> {
        Self(handle).into()
    }
}

#[pymethods]
impl InteractionsBase {
    /// Creates an interaction and returns it as stored.
    ///
    /// Raises ConflictError when a unique value is taken, MissingReferenceError when a reference
    /// points at nothing.
    ///
    /// Args:
    ///     customer_id: With whom.
    ///     type: What kind of contact it was: 'call', 'email', 'meeting' or 'note'.
    ///     notes: What was said, at most 100,000 characters.
    ///     date: When it was, in the years 0001 to 9999; None means now.
    ///     created_by: Who made the row; only the trusted system says so, an acting handle leaves
    ///         it out.
    #[pyo3(signature = (customer_id, r#type, **fields), text_signature = "($self, customer_id, type, *, notes=None, date=None, created_by=None)")]
    fn create(
        &self,
        py: Python<'_>,
        customer_id: &Bound<'_, PyAny>,
        r#type: &Bound<'_, PyAny>,
        fields: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.create::<crm_core::Interaction>(py, &[("customer_id", customer_id), ("type", r#type)], fields)
    }

    /// Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
    /// `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
    /// `[50].name` for the 51st.
    fn create_many(&self, py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.create_many::<crm_core::Interaction>(py, rows)
    }

    /// Reads a row, or raises NotFoundError.
    fn get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.get::<crm_core::Interaction>(py, id)
    }

    /// Reads a row, or returns None.
    fn find(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.find::<crm_core::Interaction>(py, id)
    }

    /// Reads rows in the order asked: repeats are repeated, missing ones left out.
    fn get_many(&self, py: Python<'_>, ids: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.get_many::<crm_core::Interaction>(py, ids)
    }

    /// Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
    /// when it descends; the limit is 1 to 1,000.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, customer_id=None, type=None, created_by=None, date_since=None, date_until=None, text=None, created_since=None, created_until=None, order='-id', limit=50, cursor=None)")]
    fn list(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.list::<crm_core::Interaction>(py, options)
    }

    /// Reads any number of rows from one snapshot, in bounded memory.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, customer_id=None, type=None, created_by=None, date_since=None, date_until=None, text=None, created_since=None, created_until=None, order='-id')")]
    fn stream(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.stream::<crm_core::Interaction>(py, options)
    }

    /// Counts the rows that a filter selects.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, customer_id=None, type=None, created_by=None, date_since=None, date_until=None, text=None, created_since=None, created_until=None)")]
    fn count(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.count::<crm_core::Interaction>(py, options)
    }

    /// Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
    /// not the row's it raises ConflictError.
    #[pyo3(signature = (id, **fields), text_signature = "($self, id, *, expected_version=None, customer_id=..., type=..., notes=..., date=...)")]
    fn update(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.update::<crm_core::Interaction>(py, id, fields)
    }

    /// Deletes a row, or raises NotFoundError.
    fn delete(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.delete::<crm_core::Interaction>(py, id)
    }
}
