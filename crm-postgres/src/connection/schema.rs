//! What a database says of its schema, and whether a login may trust it.

use std::time::Duration;

use crm_core::{Error, Result};
use sqlx::{PgConnection, Row as _};

use crate::connection::call::within;
use crate::connection::error_mapping::Intent;
use crate::connection::migrations::{Migration, known, not_migrated, refuse_newer};

/// The state of a database's schema, as a login sees it.
#[derive(Debug, Default)]
pub(crate) struct State {
    applied: Vec<i64>,
    oldest_library: Option<i64>,
    /// The server's encoding of the database.
    encoding: String,
    login: String,
    /// Whether row security binds the login, which would then see rows missing where there are some.
    bound: bool,
    /// Whether the login is a member of `crm_reporter` and of no other role of the library: it reads everything.
    reporter: bool,
    /// The owner of the schema, or of its tables, where the login has no reason to trust it.
    strange_owner: Option<String>,
    /// Roles beside the owner that may create objects in the schema.
    creators: Option<String>,
    /// Objects in the schema that belong to other roles.
    strange_objects: Option<String>,
}

/// Reads the state; nothing where the library's schema was never there.
pub(crate) async fn state(connection: &mut PgConnection, timeout: Duration) -> Result<State> {
    within(timeout, Intent::Read, read_state(connection)).await.map_err(|failure| failure.error)
}

/// Asks in two messages, each of which stays whole behind `PgBouncer`. The second reads tables of the schema, so it is sent only where
/// the first has found that their owner may be trusted: a view in their place would run its owner's code.
async fn read_state(connection: &mut PgConnection) -> sqlx::Result<State> {
    let row = sqlx::raw_sql(TRUST).fetch_one(&mut *connection).await?;
    let mut state = State {
        encoding: row.try_get("encoding")?,
        login: row.try_get("login")?,
        bound: row.try_get::<Option<bool>, _>("bound")?.unwrap_or(false),
        reporter: row.try_get("reporter")?,
        strange_owner: row.try_get("strange_owner")?,
        creators: row.try_get("creators")?,
        strange_objects: row.try_get("strange_objects")?,
        ..State::default()
    };
    if state.refuse_strangers().is_err() {
        return Ok(state);
    }
    let text = match (row.try_get("history")?, row.try_get("compatibility")?) {
        (true, true) => {
            "set local search_path = pg_catalog, pg_temp;
             select version, null::bigint from crm._migrations where success
             union all select null, max(oldest_library) from crm.compatibility order by 1"
        }
        (true, false) => {
            "set local search_path = pg_catalog, pg_temp;
             select version, null::bigint from crm._migrations where success order by 1"
        }
        (false, _) => return Ok(state),
    };
    for row in sqlx::raw_sql(text).fetch_all(connection).await? {
        match row.try_get::<Option<i64>, _>(0)? {
            Some(version) => state.applied.push(version),
            None => state.oldest_library = row.try_get(1)?,
        }
    }
    Ok(state)
}

/// Asks who could put code into the schema that the login would then run, by the catalogue alone.
///
/// The login trusts itself, the roles it is a member of, superusers, and the database's owner. A superuser is a member of every role, so
/// for one that does not count. Who is a member of the schema's owner, or of the owner of the tables, can do what that one can anyway. A
/// reporter is a member of neither: it trusts who has all the library's roles, which an administrator grants to owners of a schema only.
///
/// The path holds until the end of the message, which is a transaction. Objects that the server's first superuser owns have no entry in
/// `pg_shdepend`.
const TRUST: &str = "
    set local search_path = pg_catalog, pg_temp;
    with
      me as (select r.oid, r.rolsuper from pg_roles r where r.rolname = current_user),
      library as (
        select coalesce(array_agg(r.oid), '{}') as roles,
          coalesce(
            bool_or(r.rolname = 'crm_reporter' and pg_has_role(me.oid, r.oid, 'member'))
              and not bool_or(r.rolname <> 'crm_reporter' and pg_has_role(me.oid, r.oid, 'member')),
            false
          ) as reporter
        from me, pg_roles r where r.rolname in ('crm_admin', 'crm_user', 'crm_reporter')
      ),
      database as (select d.oid, d.datdba, d.encoding from pg_database d where d.datname = current_database()),
      crm as (
        select n.oid, n.nspowner, n.nspacl, users.oid as users, users.relowner as tables_owner
        from pg_namespace n left join pg_class users on users.relnamespace = n.oid and users.relname = 'users'
        where n.nspname = 'crm'
      ),
      objects as (
        select d.classid, d.objid, d.objsubid, s.refobjid as owner
        from database, crm, pg_depend d, pg_shdepend s
        where d.refclassid = 'pg_namespace'::regclass and d.refobjid = crm.oid
          and s.dbid = database.oid and s.classid = d.classid and s.objid = d.objid and s.deptype = 'o'
      ),
      creators as (select g.grantee as role from crm, aclexplode(crm.nspacl) g where g.privilege_type = 'CREATE'),
      trusted as (
        select r.oid from me, library, database, pg_roles r
        where r.oid in (
            select crm.nspowner from crm union select crm.tables_owner from crm
            union select objects.owner from objects union select creators.role from creators
          )
          and (
            r.rolsuper or r.rolname = 'pg_database_owner' or r.oid = database.datdba
            or r.oid = me.oid or (not me.rolsuper and pg_has_role(me.oid, r.oid, 'member'))
            or (
              library.reporter and cardinality(library.roles) = 3
              and pg_has_role(r.oid, library.roles[1], 'member') and pg_has_role(r.oid, library.roles[2], 'member')
              and pg_has_role(r.oid, library.roles[3], 'member')
            )
          )
      ),
      -- Of a role that the login is a member of, others may be members too: that one may own the schema or the tables and no more.
      strangers as (
        select r.oid from me, database, crm, pg_roles r
        where r.oid in (select objects.owner from objects union select creators.role from creators)
          and not (
            r.rolsuper or r.rolname = 'pg_database_owner' or r.oid = database.datdba or r.oid = me.oid
            or pg_has_role(r.oid, crm.nspowner, 'member')
            or (exists (select from trusted where trusted.oid = crm.tables_owner) and pg_has_role(r.oid, crm.tables_owner, 'member'))
          )
      )
    select
      pg_encoding_to_char(database.encoding)::text as encoding,
      current_user::text as login,
      exists (select from pg_class c where c.relnamespace = crm.oid and c.relname = '_migrations') as history,
      exists (select from pg_class c where c.relnamespace = crm.oid and c.relname = 'compatibility') as compatibility,
      row_security_active(crm.users) as bound,
      library.reporter,
      (
        select format('%I', pg_get_userbyid(o.role)) from (values (crm.nspowner), (crm.tables_owner)) o (role)
        where o.role is not null and o.role not in (select trusted.oid from trusted) limit 1
      ) as strange_owner,
      (
        select string_agg(distinct case c.role when 0 then 'public' else format('%I', pg_get_userbyid(c.role)) end, ', ')
        from creators c where c.role = 0 or c.role in (select strangers.oid from strangers)
      ) as creators,
      (
        select string_agg(format('%s of %I', pg_describe_object(o.classid, o.objid, o.objsubid), pg_get_userbyid(o.owner)), ', ')
        from (
          select * from objects where objects.owner in (select strangers.oid from strangers) order by classid, objid limit 5
        ) o
      ) as strange_objects
    from database cross join library left join crm on true";

impl State {
    /// Returns the version of the newest step that the database has, if it has any.
    pub(crate) fn version(&self) -> Option<i64> {
        self.applied.last().copied()
    }

    /// Returns the version, and the oldest library that may use it, of what is to be dumped: also one that this library could not use.
    #[cfg(unix)]
    pub(crate) fn dumpable(&self) -> Result<(i64, i64)> {
        self.refuse_strangers()?;
        self.refuse_bound()?;
        match self.version() {
            Some(version) => Ok((version, self.oldest_library.unwrap_or(0))),
            None => Err(not_migrated()),
        }
    }

    /// Lists the steps that the database does not have.
    pub(crate) fn pending(&self) -> Vec<Migration> {
        known().into_iter().filter(|step| !self.applied.contains(&step.version)).collect()
    }

    /// Refuses an encoding that cannot hold, or does not know, every character.
    pub(crate) fn refuse_encoding(&self) -> Result<()> {
        if self.encoding == "UTF8" {
            return Ok(());
        }
        Err(Error::Schema(format!(
            "the database has the encoding {}, and the library needs UTF8: make another database (create database … encoding 'UTF8' \
             template template0) and move the data there",
            self.encoding
        )))
    }

    /// Refuses a schema into which other roles have put, or could put, code that would run with the login's rights.
    pub(crate) fn refuse_strangers(&self) -> Result<()> {
        let Self { login, .. } = self;
        let message = if let Some(owner) = &self.strange_owner {
            format!(
                "the schema crm or its tables belong to the role {owner}, of which the login {login} is no member: what {owner} makes in it would run \
                 with the rights of {login}. If {owner} is the right owner, connect as {owner} or as a member of it (a \
                 superuser with options[role]={owner} in the URL). If not, an administrator frees the name: alter schema crm rename \
                 to crm_of_another"
            )
        } else if let Some(creators) = &self.creators {
            format!(
                "other roles may create objects in the schema crm, which would run with the rights of {login}. As the schema's owner \
                 run: revoke create on schema crm from {creators}"
            )
        } else if let Some(objects) = &self.strange_objects {
            format!(
                "the schema crm holds objects of other roles, which would run with the rights of {login}: {objects}. Drop them, or \
                 give them to the owner of the schema"
            )
        } else {
            return Ok(());
        };
        Err(Error::Schema(message))
    }

    pub(crate) fn refuse_too_new(&self) -> Result<()> {
        refuse_newer("the database", self.oldest_library.unwrap_or(0))
    }

    fn refuse_bound(&self) -> Result<()> {
        if self.bound {
            let message = "the login is not the schema's owner: connect as the owner or as a member of it";
            return Err(Error::Schema(message.to_owned()));
        }
        Ok(())
    }

    /// Refuses a database that is behind this library or too far ahead, or that the login must not use.
    pub(crate) fn check(&self) -> Result<()> {
        self.refuse_encoding()?;
        self.refuse_strangers()?;
        self.refuse_too_new()?;
        if !self.reporter {
            self.refuse_bound()?;
        }
        match self.pending().first() {
            None => Ok(()),
            Some(_) if self.applied.is_empty() => Err(not_migrated()),
            Some(Migration { version, description }) => Err(Error::Schema(format!(
                "the database lacks migration {version} ({description}); run migrate()"
            ))),
        }
    }
}
