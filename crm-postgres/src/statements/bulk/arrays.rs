//! One array a column, which the server pairs up again by `unnest`: the rows of an actor, and a few rows of the trusted system.

use chrono::{DateTime, Utc};
use crm_core::UserId;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo};
use sqlx::{Encode, Postgres, Row as _, Type};

use super::put;
use crate::connection::call::Failure;
use crate::connection::error_mapping::Intent;
use crate::connection::pool::Lease;
use crate::connection::session::Session;
use crate::sql::Sql;
use crate::statements::table::{Fields, Table};

/// Is how many rows a statement has at the most.
const PART: usize = 10_000;

/// Ends a part that is larger, in bytes: a message to the server holds less than 1 GiB.
const PART_SIZE: usize = 16 << 20;

/// Stands between the tags of a row, as an array of arrays would have to be rectangular. No tag holds a control character.
const BETWEEN_TAGS: &str = "\u{1f}";

/// Loads the rows.
pub(super) async fn load<E: Table>(
    session: &Session,
    lease: &mut Lease,
    new: &[E::New],
) -> Result<Vec<E::Id>, Failure> {
    let mut ids = Vec::with_capacity(new.len());
    let mut rest = new;
    while !rest.is_empty() {
        let (sql, count) = insert::<E>(rest, session.actor.is_none());
        rest = &rest[count..];
        let rows = session.run(lease, Intent::Read, sql).await?;
        let mut part: Vec<i64> = rows.iter().filter_map(|row| row.try_get(0).ok()).collect();
        // The rows are numbered in their order, but need not come back in it.
        part.sort_unstable();
        ids.extend(part.into_iter().map(E::Id::from));
    }
    Ok(ids)
}

/// Builds the statement that inserts the first of the rows, and tells how many it takes.
fn insert<E: Table>(rows: &[E::New], trusted: bool) -> (Sql, usize) {
    let mut arrays = Arrays { trusted, ..Arrays::default() };
    let mut count = 0;
    for row in rows.iter().take(PART) {
        arrays.at = 0;
        E::fields(row, &mut arrays);
        count += 1;
        if arrays.size() > PART_SIZE {
            break;
        }
    }
    let (mut names, mut values, mut parameters) = (Vec::new(), Vec::new(), Vec::new());
    let mut sql = Sql::default();
    for (number, column) in arrays.columns.into_iter().enumerate() {
        names.push(column.name);
        values.push(column.value);
        parameters.push(format!("${}", number + 1));
        sql.argument(column.array);
    }
    let (names, values, parameters) = (names.join(", "), values.join(", "), parameters.join(", "));
    sql.text = format!(
        "insert into {} as t ({names})
         select {values} from unnest({parameters}) with ordinality as r ({names}, row_number)
         order by r.row_number
         returning t.id",
        E::TABLE
    );
    (sql, count)
}

/// Collects the fields of all rows, column by column.
#[derive(Default)]
struct Arrays {
    columns: Vec<Column>,
    /// The column of the next field.
    at: usize,
    /// Whether who made the rows is said, and not the database's to know.
    trusted: bool,
}

struct Column {
    name: &'static str,
    /// The expression that makes the column's value of the array's.
    value: String,
    array: Array,
}

impl Arrays {
    fn size(&self) -> usize {
        self.columns.iter().map(|column| column.array.elements.len()).sum()
    }

    fn put<'t, T>(&mut self, name: &'static str, value: T, expression: impl FnOnce() -> String)
    where
        T: Encode<'t, Postgres> + PgHasArrayType + Type<Postgres>,
    {
        if self.at == self.columns.len() {
            let array = Array::of::<T>();
            self.columns.push(Column { name, value: expression(), array });
        }
        let array = &mut self.columns[self.at].array;
        array.has_null |= put(&mut array.elements, value);
        array.length += 1;
        self.at += 1;
    }
}

impl Fields for Arrays {
    fn value<'t, T: Encode<'t, Postgres> + PgHasArrayType + Type<Postgres>>(
        &mut self,
        column: &'static str,
        value: T,
    ) {
        self.put(column, value, || format!("r.{column}"));
    }

    fn label(&mut self, column: &'static str, label: &'static str, enum_type: &'static str) {
        self.put(column, label, || format!("r.{column}::{enum_type}"));
    }

    fn tags(&mut self, column: &'static str, tags: &[String]) {
        let tags = tags.join(BETWEEN_TAGS);
        self.put(column, tags.as_str(), || format!("string_to_array(r.{column}, '{BETWEEN_TAGS}')"));
    }

    fn creator(&mut self, creator: Option<UserId>) {
        if self.trusted {
            self.put("created_by", creator.map(i64::from), || "r.created_by".to_owned());
        }
    }

    fn moment_or_now(&mut self, column: &'static str, moment: Option<DateTime<Utc>>) {
        self.put(column, moment, || format!("coalesce(r.{column}, current_timestamp)"));
    }
}

/// Is an array under construction, in PostgreSQL's binary format.
struct Array {
    whole: PgTypeInfo,
    element: Oid,
    elements: PgArgumentBuffer,
    length: i32,
    has_null: bool,
}

impl Array {
    fn of<T: PgHasArrayType + Type<Postgres>>() -> Self {
        Self {
            whole: T::array_type_info(),
            element: T::type_info().oid().expect("the types of the columns are PostgreSQL's own"),
            elements: PgArgumentBuffer::default(),
            length: 0,
            has_null: false,
        }
    }
}

impl Type<Postgres> for Array {
    fn type_info() -> PgTypeInfo {
        <Vec<String> as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for Array {
    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.whole.clone())
    }

    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let [dimensions, first] = [1_i32.to_be_bytes(), 1_i32.to_be_bytes()];
        buffer.extend_from_slice(&dimensions);
        buffer.extend_from_slice(&i32::from(self.has_null).to_be_bytes());
        buffer.extend_from_slice(&self.element.0.to_be_bytes());
        buffer.extend_from_slice(&self.length.to_be_bytes());
        buffer.extend_from_slice(&first);
        buffer.extend_from_slice(&self.elements);
        Ok(IsNull::No)
    }
}

#[cfg(test)]
mod tests {
    use crm_core::{Customer, NewCustomer};

    use super::*;

    #[test]
    fn a_part_is_bounded_in_rows_and_in_bytes() {
        let rows = |count, notes: &str| {
            vec![NewCustomer { notes: Some(notes.to_owned()), ..NewCustomer::new("Acme") }; count]
        };
        assert_eq!(insert::<Customer>(&rows(PART, ""), false).1, PART);
        assert_eq!(insert::<Customer>(&rows(PART + 1, ""), false).1, PART);
        let largest = "\u{10ffff}".repeat(100_000);
        let of_bytes = PART_SIZE.div_ceil(largest.len());
        assert_eq!(insert::<Customer>(&rows(of_bytes + 9, &largest), false).1, of_bytes);
        assert_eq!(insert::<Customer>(&rows(1, &"w".repeat(PART_SIZE * 2)), false).1, 1);
    }
}
